"""The import of a contest's roster, and the table with its faults marked."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Request, Response, post
from litestar.params import FromPath, FromQuery

from voting.domain.identity.roles import ORGANISING
from voting.errors import FileInvalid
from voting.services.contests.rosters import NAME, RosterReport, read_report
from voting.web.api.staff.files import read_checked
from voting.web.auth import by, permit
from voting.web.dependencies import GivenServices, Services
from voting.web.flood_limiter import FILES

_OPT = FILES | by(*ORGANISING)
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@post("/api/v1/staff/contests/{contest:str}/roster", status_code=200, opt=_OPT)
async def import_roster(
    contest: FromPath[str],
    request: Request[Any, Any, Any],
    services: GivenServices,
    amend: FromQuery[bool] = False,
    partly: FromQuery[bool] = False,
    checked_sha256: FromQuery[str] = "",
) -> dict[str, Any]:
    """Imports the entries of a CSV or XLSX file, which is the body, as application/octet-stream; covers are kept.

    422 for a file with faults; `partly` leaves out the rows with faults. `amend`: entries may change although voting
    has begun; otherwise 409. `checked_sha256`: of the file that was checked; 409 for another one.
    """
    await services.contest_cache.get(contest)
    person = await permit(request, services, contest)
    report = await _report(services, contest, await read_checked(request, checked_sha256))
    if report.faults and not (partly and report.entries):
        raise FileInvalid(NAME, report.faults)
    admin = services.contest_admin.acting(person.actor)
    change = await admin.import_roster(contest, report.entries, None, amend)
    return {"contest": contest, "added": change.added, "changed": list(change.changed), "unchanged": change.unchanged}


@post("/api/v1/staff/contests/{contest:str}/roster/faults", status_code=200, opt=_OPT)
async def mark_faults(
    contest: FromPath[str], request: Request[Any, Any, Any], services: GivenServices
) -> Response[bytes]:
    """Returns the roster that is the body as a workbook, with each fault marked; nothing is imported."""
    await services.contest_cache.get(contest)
    await permit(request, services, contest)
    report = await _report(services, contest, await request.body())
    body = await asyncio.to_thread(report.workbook)
    headers = {"cache-control": "no-store", "content-disposition": f'attachment; filename="roster-{contest}.xlsx"'}
    return Response(body, media_type=_XLSX, headers=headers)


async def _report(services: Services, contest: str, body: bytes) -> RosterReport:
    snapshot = await services.contest_cache.renew(contest)
    return await asyncio.to_thread(read_report, body, snapshot.contest, tuple(snapshot.known_entries.values()))
