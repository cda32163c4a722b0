"""Results for staff: tallies by category, final scores, awards, and how each score came about."""

from __future__ import annotations

from typing import Any

from litestar import MediaType, Request, Response, get
from litestar.params import FromPath

from voting.domain.contest.explain_outcome import explain_outcome, source_name
from voting.domain.identity.roles import ROLES
from voting.domain.results.derivation import shown
from voting.domain.results.scoring import rounded
from voting.errors import NotScorable
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.results.reports import Report, Row
from voting.web.auth import by
from voting.web.dependencies import GivenServices, Services
from voting.web.flood_limiter import READS
from voting.web.pages.staff.reader import opened
from voting.web.rendering import html, language_of, page

EVERYBODY = by(*ROLES)


@get("/results/{contest:str}", media_type=MediaType.HTML, opt=READS | EVERYBODY)
async def show_results(
    contest: FromPath[str], request: Request[Any, Any, Any], services: GivenServices
) -> Response[str]:
    """Returns every entry's figures by category, and the award list, also for paper."""
    snapshot, person, values = await opened(request, services, contest)
    language = language_of(request)
    await services.staff_sessions.record(person, "results.read", contest)
    report = await _report(services, snapshot)
    values |= {"report": report, "categories": _by_category(report)}
    values["rules"] = explain_outcome(snapshot.contest, language)
    return html(request, page(request, "results.html", **values))


@get("/results/{contest:str}/entries/{code:str}", media_type=MediaType.HTML, opt=READS | EVERYBODY)
async def show_derivation(
    contest: FromPath[str], code: FromPath[str], request: Request[Any, Any, Any], services: GivenServices
) -> Response[str]:
    """Returns how one entry's score came about, step by step."""
    snapshot, _, values = await opened(request, services, contest)
    language = language_of(request)
    values |= {"code": code}
    found = await services.reports.derivation(snapshot, code)
    blend = snapshot.contest.blend
    values |= {
        "derivation": found,
        "entry": snapshot.known_entries[code],
        "rules": explain_outcome(snapshot.contest, language),
        "named": lambda source: source_name(source, snapshot.contest, language),
        "exact": shown,
        "score": rounded(found.final, blend.places) if blend and found.final is not None else None,
    }
    return html(request, page(request, "derivation.html", **values))


async def _report(services: Services, snapshot: ContestSnapshot) -> Report:
    """Returns the report with final scores, or without them while something is missing."""
    try:
        return await services.reports.report(snapshot, blended=True)
    except NotScorable:
        return await services.reports.report(snapshot)


def _by_category(report: Report) -> list[tuple[Any, list[Row]]]:
    """Returns each category, in the order of the contest's file, with its rows, best first; None if there are none."""
    if not report.contest.categories:
        return [(None, list(report.rows))]
    of = {
        category.id: [row for row in report.rows if row.entry.category == category.id]
        for category in report.contest.categories
    }
    return [(category, of[category.id]) for category in report.contest.categories]
