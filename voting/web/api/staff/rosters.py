"""The import of a contest's roster and of its covers, and the table with its faults marked."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated, Any

from litestar import Request, Response, post
from litestar.params import FromPath, FromQuery, QueryParameter

from voting.domain.identity.roles import ORGANISING
from voting.errors import FileInvalid
from voting.services.contests.covers import read_upload
from voting.services.contests.rosters import NAME, RosterReport, read_report
from voting.web.api.staff.files import read_checked
from voting.web.auth import by, permit
from voting.web.dependencies import GivenServices, Services
from voting.web.flood_limiter import FILES
from voting.web.i18n.faults import fault_text
from voting.web.rendering import language_of

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
    """Returns the roster that is the body as a workbook, with each fault marked; nothing is imported.

    The faults are in the language of `?lang=` or of Accept-Language; by default in Chinese.
    """
    await services.contest_cache.get(contest)
    await permit(request, services, contest)
    report = await _report(services, contest, await request.body())
    body = await asyncio.to_thread(report.workbook, partial(fault_text, language=language_of(request)))
    headers = {"cache-control": "no-store", "content-disposition": f'attachment; filename="roster-{contest}.xlsx"'}
    return Response(body, media_type=_XLSX, headers=headers)


@post("/api/v1/staff/contests/{contest:str}/covers", status_code=200, opt=_OPT)
async def import_covers(
    contest: FromPath[str],
    request: Request[Any, Any, Any],
    services: GivenServices,
    name: Annotated[str, QueryParameter(max_length=255)] = "",
    amend: FromQuery[bool] = False,
) -> dict[str, Any]:
    """Gives entries the covers of a picture, or of a zip of pictures, which is the body, as application/octet-stream.

    Each is named by its entry's code, as A001.jpg; `name` is that of the body. Those without faults are taken, and the
    faults of the others are listed, in the language of `?lang=` or of Accept-Language. 422 for a zip that cannot be
    opened. `amend`: they may change although voting has begun; otherwise 409.
    """
    await services.contest_cache.get(contest)
    person = await permit(request, services, contest)
    snapshot, body = await services.contest_cache.renew(contest), await request.body()
    uploaded = await asyncio.to_thread(read_upload, name, body, snapshot.entries.keys())
    admin = services.contest_admin.acting(person.actor)
    changed = await admin.import_covers(contest, uploaded.pictures, amend) if uploaded.pictures else ()
    text = partial(fault_text, language=language_of(request))
    faults = [{"file": each.place, "what": text(each.what), "mend": text(each.mend)} for each in uploaded.faults]
    return {"changed": changed, "unchanged": len(uploaded.pictures) - len(changed), "faults": faults}


async def _report(services: Services, contest: str, body: bytes) -> RosterReport:
    snapshot = await services.contest_cache.renew(contest)
    return await asyncio.to_thread(read_report, body, snapshot.contest, tuple(snapshot.known_entries.values()))
