"""Pages from templates, in Chinese or English."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from litestar import MediaType, Request, Response
from litestar.datastructures import Cookie

from voting.domain.contest.contest import Contest
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
    """Returns the page as HTML."""
    words = WORDS[language]
    return _environment.get_template(template).render(values, language=language, t=words, asset=asset)


def html(request: Request[Any, Any, Any], text: str) -> Response[str]:
    """Returns the response with a page; stores a language chosen in the query in a cookie."""
    wish = request.query_params.get("lang")
    cookies = [Cookie("lang", value=wish, max_age=LANGUAGE_SECONDS, samesite="lax")] if wish in ("zh", "en") else []
    return Response(text, media_type=MediaType.HTML, headers={"cache-control": "no-store"}, cookies=cookies)


def phase_of(snapshot: ContestSnapshot) -> str:
    """Returns the phase for pages: `none` if there is no public vote."""
    return snapshot.phase() if snapshot.contest.public_vote else "none"


def notice_of(contest: Contest, language: Language) -> str:
    """Returns the notice of what is stored of voters: the contest's own, or the program's."""
    own = contest.privacy
    if own is None:
        return str(WORDS[language].privacy)
    return own.notice if language == "zh" else own.notice_en or own.notice


def language_of(request: Request[Any, Any, Any]) -> Language:
    """Returns the language of `?lang=`, else of the cookie, else of Accept-Language; by default Chinese."""
    for wish in (request.query_params.get("lang"), request.cookies.get("lang")):
        if wish in ("zh", "en"):
            return "zh" if wish == "zh" else "en"
    first = request.headers.get("accept-language", "zh").split(",")[0].strip().lower()
    return "en" if first.startswith("en") else "zh"


def moment(moment: datetime) -> str:
    """Returns a moment of staff pages, which are of no one contest and its time zone."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def asset(name: str) -> str:
    """Returns the address of a built file; its name contains its content's hash, so it may be cached for ever."""
    return f"/static/{manifest()[name]}"


@cache
def manifest() -> dict[str, str]:
    """Returns built names by logical name, as written by the wheel's build hook."""
    found: dict[str, str] = json.loads((files("voting.web") / "static" / "manifest.json").read_text("utf-8"))
    return found
