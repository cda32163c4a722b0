"""The organisers' live board."""

from __future__ import annotations

from typing import Any

from litestar import MediaType, Request, Response, get
from litestar.params import FromPath

from voting.domain.contest.cautions import cautions
from voting.errors import CredentialInvalid, CredentialMissing, Forbidden
from voting.web.auth import by, permit
from voting.web.dependencies import GivenOptions, GivenServices
from voting.web.flood_limiter import READS
from voting.web.i18n.words import WORDS
from voting.web.rendering import html, language_of, page, phase_of


@get("/board/{contest:str}", media_type=MediaType.HTML, opt=READS | by("owner", "organiser"))
async def show_board(
    contest: FromPath[str], request: Request[Any, Any, Any], services: GivenServices, options: GivenOptions
) -> Response[str]:
    """Returns the board, or the sign-in form."""
    snapshot = await services.contest_cache.get(contest)
    language, person, problem = language_of(request), None, ""
    try:
        person = await permit(request, services, contest)
    except Forbidden:
        problem = WORDS[language].error_forbidden
    except (CredentialMissing, CredentialInvalid):
        pass
    values: dict[str, Any] = {
        "contest": snapshot.contest,
        "entries": snapshot.entries.values(),
        "phase": phase_of(snapshot),
    }
    values["cautions"] = cautions(snapshot.contest, language)
    if missing := options.site.missing:
        values["cautions"] = (WORDS[language].site_missing.format(", ".join(missing)), *values["cautions"])
    if person and snapshot.has_joined_voters:
        overlaps = await services.persons.overlaps(contest)
        values["cautions"] += (WORDS[language].overlaps.format(*overlaps),)
    return html(request, page(request, "board.html", **values, person=person, problem=problem))
