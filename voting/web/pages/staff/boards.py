"""The organisers' live board, and the big screen of a hall."""

from __future__ import annotations

from typing import Any

from litestar import MediaType, Request, Response, get
from litestar.params import FromPath

from voting.domain.contest.cautions import cautions
from voting.domain.identity.tier import NAMES
from voting.domain.language import Language
from voting.services.contests.contest_cache import ContestSnapshot
from voting.web.auth import by
from voting.web.dependencies import GivenOptions, GivenServices
from voting.web.flood_limiter import READS
from voting.web.i18n import board_words
from voting.web.i18n.words import WORDS
from voting.web.pages.posters import qr_code
from voting.web.pages.staff.reader import opened
from voting.web.rendering import html, language_of, page, phase_of

_TEXTS: dict[Language, dict[str, str]] = {"zh": board_words.ZH, "en": board_words.EN}


@get("/board/{contest:str}", media_type=MediaType.HTML, opt=READS | by("owner", "organiser"))
async def show_board(
    contest: FromPath[str], request: Request[Any, Any, Any], services: GivenServices, options: GivenOptions
) -> Response[str]:
    """Returns the board."""
    snapshot, _, values = await opened(request, services, contest)
    language = language_of(request)
    values |= _shared(snapshot, language)
    values["titles"] = {entry.code: entry.title for entry in snapshot.entries.values()}
    values["cautions"] = ()
    if not snapshot.certified:
        values["cautions"] = cautions(snapshot.contest, language)
        if missing := options.site.missing:
            values["cautions"] = (WORDS[language].site_missing.format(", ".join(missing)), *values["cautions"])
        if snapshot.has_joined_voters:
            overlaps = await services.persons.overlaps(contest)
            values["cautions"] += (WORDS[language].overlaps.format(*overlaps),)
    return html(request, page(request, "board.html", **values))


@get("/board/{contest:str}/screen", media_type=MediaType.HTML, opt=READS | by("owner", "organiser"))
async def show_screen(
    contest: FromPath[str], request: Request[Any, Any, Any], services: GivenServices, options: GivenOptions
) -> Response[str]:
    """Returns the big screen."""
    snapshot, _, values = await opened(request, services, contest)
    values |= _shared(snapshot, language_of(request))
    values["code"] = qr_code(request, options, f"/c/{contest}").png_data_uri(scale=8)
    return html(request, page(request, "screen.html", **values))


def _shared(snapshot: ContestSnapshot, language: Language) -> dict[str, Any]:
    return {
        "phase": phase_of(snapshot),
        "closes": int(snapshot.contest.closes_at.timestamp()),
        "board_words": _TEXTS[language] | {f"board_tier_{tier}": name for tier, name in NAMES[language].items()},
    }
