"""Pages from templates, in Chinese or English."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from litestar import MediaType, Request, Response
from litestar.datastructures import Cookie

from voting.domain.contest.explain import local
from voting.domain.language import Language
from voting.services.contests.contest_cache import ContestSnapshot
from voting.web.i18n.words import WORDS

LANGUAGE_SECONDS = 400 * 86400

_environment = Environment(
    loader=PackageLoader("voting.web.pages", "templates"),
    autoescape=select_autoescape(),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.globals["local"] = local


def page(template: str, language: Language, **values: Any) -> str:
    """The page as HTML."""
    words = WORDS[language]
    return _environment.get_template(template).render(values, language=language, t=words, asset=asset)


def html(request: Request[Any, Any, Any], text: str) -> Response[str]:
    """The answer that carries a page; a language that was asked for is remembered."""
    wish = request.query_params.get("lang")
    cookies = [Cookie("lang", value=wish, max_age=LANGUAGE_SECONDS, samesite="lax")] if wish in ("zh", "en") else []
    return Response(text, media_type=MediaType.HTML, headers={"cache-control": "no-store"}, cookies=cookies)


def phase_of(snapshot: ContestSnapshot) -> str:
    """The phase as pages call it: `none` where there is no public vote."""
    return snapshot.phase() if snapshot.contest.public_vote else "none"


def language_of(request: Request[Any, Any, Any]) -> Language:
    """`?lang=` goes before the cookie, the cookie before Accept-Language; Chinese where nothing is said."""
    for wish in (request.query_params.get("lang"), request.cookies.get("lang")):
        if wish in ("zh", "en"):
            return "zh" if wish == "zh" else "en"
    first = request.headers.get("accept-language", "zh").split(",")[0].strip().lower()
    return "en" if first.startswith("en") else "zh"


def asset(name: str) -> str:
    """The address of a built file; its name holds its content's hash, so it may be cached for ever."""
    return f"/static/{manifest()[name]}"


@cache
def manifest() -> dict[str, str]:
    """Logical name -> built name, written by the wheel's build hook."""
    found: dict[str, str] = json.loads((files("voting.web") / "static" / "manifest.json").read_text("utf-8"))
    return found
