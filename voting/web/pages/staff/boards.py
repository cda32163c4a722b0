"""The organisers' live board."""

from __future__ import annotations

from typing import Any

from litestar import MediaType, Request, Response, get
from litestar.params import FromPath

from voting.domain.contest.cautions import cautions
from voting.web.auth import by
from voting.web.dependencies import GivenOptions, GivenServices
from voting.web.flood_limiter import READS
from voting.web.i18n.words import WORDS
from voting.web.pages.staff.reader import opened
from voting.web.rendering import html, language_of, page, phase_of


@get("/board/{contest:str}", media_type=MediaType.HTML, opt=READS | by("owner", "organiser"))
async def show_board(
    contest: FromPath[str], request: Request[Any, Any, Any], services: GivenServices, options: GivenOptions
) -> Response[str]:
    """Returns the board."""
    snapshot, _, values = await opened(request, services, contest)
    language = language_of(request)
    values |= {"entries": snapshot.entries.values(), "phase": phase_of(snapshot)}
    values["cautions"] = cautions(snapshot.contest, language)
    if missing := options.site.missing:
        values["cautions"] = (WORDS[language].site_missing.format(", ".join(missing)), *values["cautions"])
    if snapshot.has_joined_voters:
        overlaps = await services.persons.overlaps(contest)
        values["cautions"] += (WORDS[language].overlaps.format(*overlaps),)
    return html(request, page(request, "board.html", **values))
