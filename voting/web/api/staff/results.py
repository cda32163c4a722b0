"""The results, for judges."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath, FromQuery

from voting.domain.identity.roles import ROLES
from voting.services.results.reports import as_csv, as_json
from voting.services.results.workbook import as_xlsx_in_turn
from voting.web.auth import by, permit
from voting.web.dependencies import GivenServices
from voting.web.flood_limiter import SLOW_READS

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@get("/api/v1/contests/{contest:str}/results", opt=SLOW_READS | by(*ROLES))
async def show_results(
    contest: FromPath[str],
    request: Request[Any, Any, Any],
    services: GivenServices,
    format: FromQuery[Literal["json", "csv", "xlsx"]] = "json",
    blended: FromQuery[bool] = False,
) -> Response[bytes]:
    """Returns raw, held and counted picks, rank and exact public points of each entry.

    `blended` adds cuts, final scores and awards; 409 while marks or figures for them are missing.
    """
    snapshot = await services.contest_cache.get(contest)
    person = await permit(request, services, contest)
    await services.staff_sessions.record(person, "results.read", snapshot.contest.id)
    report = await services.reports.report(snapshot, blended=blended)
    headers = {"cache-control": "no-store"}
    if format == "json":
        return Response(msgspec.json.encode(as_json(report)), media_type="application/json", headers=headers)
    headers["content-disposition"] = f'attachment; filename="results-{snapshot.contest.id}.{format}"'
    if format == "csv":
        return Response(as_csv(report).encode(), media_type="text/csv", headers=headers)
    return Response(await as_xlsx_in_turn(report), media_type=_XLSX, headers=headers)
