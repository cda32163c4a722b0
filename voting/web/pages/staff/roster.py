"""The roster of a contest: a table is checked first, and imported by a second button."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

from litestar import MediaType, Request, Response, get, post
from litestar.params import FromPath

from voting.domain.identity.roles import ORGANISING
from voting.errors import FileInvalid
from voting.services.contests.rosters import read_report
from voting.web.auth import by
from voting.web.dependencies import GivenServices
from voting.web.flood_limiter import FILES, READS
from voting.web.pages.staff.reader import opened
from voting.web.rendering import html, page

ORGANISERS = by(*ORGANISING)
SHOWN_FAULTS = 200


@get("/control/{contest:str}/roster", media_type=MediaType.HTML, opt=READS | ORGANISERS)
async def show_roster(
    contest: FromPath[str], request: Request[Any, Any, Any], services: GivenServices
) -> Response[str]:
    """Returns how many entries there are, and the form for a table."""
    _, _, values = await opened(request, services, contest)
    snapshot = await services.contest_cache.renew(contest)
    in_category = [(category, snapshot.in_category.get(category.id, 0)) for category in snapshot.contest.categories]
    values |= {
        "number": len(snapshot.entries),
        "in_category": in_category,
        "without_cover": sorted(entry.code for entry in snapshot.entries.values() if not entry.cover),
        "is_certified": snapshot.certified,
        "has_opened": bool(snapshot.entries) and snapshot.now() >= snapshot.contest.opens_at,
    }
    return html(request, page(request, "roster.html", **values))


@post("/control/{contest:str}/roster", media_type=MediaType.HTML, status_code=200, opt=FILES | ORGANISERS)
async def check_roster(
    contest: FromPath[str], request: Request[Any, Any, Any], services: GivenServices
) -> Response[str]:
    """Returns what an import would change and what is wrong, as a part of the page. The body is the file."""
    _, _, values = await opened(request, services, contest)
    snapshot = await services.contest_cache.renew(contest)
    body, stored = await request.body(), tuple(snapshot.known_entries.values())
    try:
        report = await asyncio.to_thread(read_report, body, snapshot.contest, stored)
    except FileInvalid as error:
        values |= {"report": None, "faults": error.faults, "more": 0}
        return html(request, page(request, "roster_report.html", **values))
    values |= {
        "report": report,
        "body_sha256": hashlib.sha256(body).hexdigest(),
        "faults": report.faults[:SHOWN_FAULTS],
        "more": len(report.faults) - SHOWN_FAULTS,
        "change": report.change(stored, snapshot.known_entries.keys() - snapshot.entries.keys()),
        "covers": sum(bool(entry.cover) for entry in report.entries),
    }
    return html(request, page(request, "roster_report.html", **values))
