"""Pages from templates, in Chinese or English, in normal or large type; those that everybody sees alike are cached."""

from __future__ import annotations

import hashlib
import json
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from litestar import MediaType, Request, Response
from litestar.datastructures import Cookie
from markupsafe import Markup, escape

from voting.domain.contest.announcement import Announcement
from voting.domain.contest.contest import Contest
from voting.domain.contest.explain import local, local_short
from voting.domain.language import Language, called
from voting.services.contests.contest_cache import ContestSnapshot
from voting.web.i18n.faults import fault_text
from voting.web.i18n.words import WORDS
from voting.web.options import NO_SITE

LOOK_SECONDS = 400 * 86400
# Shared caches answer for two seconds; a browser asks each time, with the tag.
PUBLIC_CACHE = "public, max-age=0, s-maxage=2, stale-while-revalidate=10, stale-if-error=21600"
_MOST_PAGES = 500
_PHRASE = re.compile(r"(?<=[”》」·\s])(?=\S)|(?<=\S)(?=[“《「])")

_environment = Environment(
    loader=PackageLoader("voting.web.pages", "templates"),
    autoescape=select_autoescape(),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class Look(NamedTuple):
    """How a page is shown, and whether that follows from its address alone: only then may shared caches keep it."""

    language: Language
    large: bool
    is_public: bool
    cookies: tuple[Cookie, ...]

    @classmethod
    def of(cls, request: Request[Any, Any, Any]) -> Look:
        """Returns the look that the query, the cookies or Accept-Language ask for; a wish of the query is kept."""
        query, kept = request.query_params, request.cookies
        language, size = language_of(request), query.get("size") or kept.get("size")
        cookies = []
        if query.get("lang") and language != _language(kept.get("lang"), request):
            cookies.append(_kept("lang", language))
        if query.get("size") and query["size"] != kept.get("size"):
            cookies.append(_kept("size", "large" if size == "large" else "normal"))
        is_public = not cookies and size != "large" and (language == "zh" or bool(query.get("lang")))
        return cls(language, size == "large", is_public, tuple(cookies))


def page(request: Request[Any, Any, Any], template: str, *, here: str = "", **values: Any) -> str:
    """Returns the page as HTML. `here`: its address if what the query says besides has no meaning."""
    # Not "//", which would name another host.
    look, here = Look.of(request), here or quote("/" + request.scope["path"].lstrip("/"))
    words = WORDS[look.language]

    def to(path: str, **query: object) -> str:
        """Returns an address of this site; it names a language other than the default, for caches on the way."""
        known = {name: value for name, value in query.items() if value not in ("", None)}
        if look.language == "en":
            known.setdefault("lang", "en")
        path, _, before = path.partition("?")
        text = "&".join(filter(None, (before, urlencode(known))))
        return f"{path}?{text}" if text else path

    shared = {
        "language": look.language,
        "large": look.large,
        "t": words,
        "words": words.script,
        "site": getattr(_app_state(request), "site", NO_SITE),
        "to": to,
        "here": here,
        "switch": to(here, lang="en" if look.language == "zh" else "zh"),
        "resize": to(here, size="normal" if look.large else "large"),
        "chinese": Markup(' lang="zh-CN"') if look.language == "en" else "",
    }
    return _environment.get_template(template).render(shared | values)


def html(request: Request[Any, Any, Any], text: str) -> Response[str]:
    """Returns the response with a page for this reader alone."""
    headers = {"cache-control": "no-store"}
    return Response(text, media_type=MediaType.HTML, headers=headers, cookies=Look.of(request).cookies)


class PageCache:
    """The pages that everybody sees alike, as bytes with their tags; those unused for longest are dropped."""

    def __init__(self) -> None:
        self._pages: OrderedDict[tuple[object, ...], tuple[str, bytes]] = OrderedDict()

    def answer(
        self, request: Request[Any, Any, Any], look: Look, key: tuple[object, ...], render: Callable[[], str]
    ) -> Response[bytes]:
        """Returns the page; 304 if the reader has it. It is rendered if no page has the key, which says all of it."""
        key = (*key, look.language, look.large)
        kept = self._pages.get(key)
        if kept is None:
            body = render().encode()
            kept = self._pages[key] = (f'"{hashlib.sha256(body).hexdigest()[:20]}"', body)
            if len(self._pages) > _MOST_PAGES:
                self._pages.popitem(last=False)
        else:
            self._pages.move_to_end(key)
        tag, body = kept
        control = PUBLIC_CACHE if look.is_public else "private, no-cache"
        headers = {"etag": tag, "cache-control": control}
        if tag in (each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")):
            return Response(b"", status_code=304, headers=headers, cookies=look.cookies)
        return Response(body, media_type=MediaType.HTML, headers=headers, cookies=look.cookies)


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
    wish = request.query_params.get("lang")
    return _language(wish if wish in ("zh", "en") else request.cookies.get("lang"), request)


def _language(wish: str | None, request: Request[Any, Any, Any]) -> Language:
    if wish in ("zh", "en"):
        return "zh" if wish == "zh" else "en"
    first = request.headers.get("accept-language", "zh").split(",")[0].strip().lower()
    return "en" if first.startswith("en") else "zh"


def _kept(name: str, value: str) -> Cookie:
    return Cookie(name, value=value, max_age=LOOK_SECONDS, samesite="lax")


def _app_state(request: Request[Any, Any, Any]) -> object:
    """Returns the application's state; None for a request that was refused before it reached the application."""
    app = request.scope.get("litestar_app")
    return app.state if app else None


def about(contest: Contest, language: Language) -> dict[str, Any]:
    """Returns what every page of a contest needs."""
    return {"contest": contest, "base": f"/c/{contest.id}", "title": title_of(contest, language)}


def announced(announcement: Announcement | None, contest: Contest, language: Language) -> dict[str, str] | None:
    """Returns a notice to voters as pages show it."""
    if announcement is None:
        return None
    starts, ends = (local(at, contest, language) for at in (announcement.starts_at, announcement.ends_at))
    text, until = announcement.said(language), announcement.ends_at.isoformat()
    return {"text": text, "span": f"{starts} – {ends}", "until": until}


def moment(moment: datetime) -> str:
    """Returns a moment of staff pages, which are of no one contest and its time zone."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def title_of(contest: Contest, language: Language) -> str:
    """Returns the contest's title."""
    return contest.title if language == "zh" else contest.title_en or contest.title


def host_of(contest: Contest, language: Language) -> str:
    """Returns the contest's host."""
    return contest.host if language == "zh" else contest.host_en or contest.host


def phrased(title: str) -> Markup:
    """Returns a title that is broken between its phrases: before and after quotation marks."""
    return Markup("<wbr>").join(escape(part) for part in _PHRASE.split(title))


def asset(name: str) -> str:
    """Returns the address of a built file; its name contains its content's hash, so it may be cached for ever."""
    return f"/static/{manifest()[name]}"


@cache
def manifest() -> Mapping[str, str]:
    """Returns built names by logical name, as written by the wheel's build hook."""
    found: dict[str, str] = json.loads((files("voting.web") / "static" / "manifest.json").read_text("utf-8"))
    return found


_environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
_environment.globals |= {"local": local, "short": local_short, "asset": asset}
_environment.filters |= {
    "phrased": phrased,
    "heading": title_of,
    "host": host_of,
    "called": called,
    "fault_text": fault_text,
    "digits": lambda text: "".join(filter(str.isdecimal, text)),
}
