"""Cells of ballots whose voters confirm too seldom, and decisions about them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody

from voting.domain.identity.roles import DECIDING, ROLES
from voting.errors import Malformed
from voting.services.fraud.cell_view import as_json
from voting.services.fraud.cells import CellWish
from voting.services.second_person import person_of
from voting.web.auth import by, permit
from voting.web.dependencies import GivenServices
from voting.web.flood_limiter import READS, WRITES

_NO_STORE = {"cache-control": "no-store"}


class CellDecision(msgspec.Struct, forbid_unknown_fields=True):
    """`ask`: all its voters must confirm within `hours`; `accept`: it stays as it is; `undo`: takes that back."""

    action: Literal["ask", "accept", "undo"]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
    hours: Annotated[int, msgspec.Meta(ge=1, le=720)] | None = None


@get("/api/v1/staff/contests/{contest:str}/cells", opt=READS | by(*ROLES))
async def list_cells(
    contest: FromPath[str], request: Request[Any, Any, Any], services: GivenServices
) -> Response[dict[str, Any]]:
    """Returns every suspected cell with the estimate of its invented voters and the effect on the ranking."""
    snapshot = await services.contest_cache.get(contest)
    await permit(request, services, contest)
    found = [as_json(each, snapshot.contest.zone) for each in await services.cells.all(snapshot)]
    return Response({"cells": found}, headers=_NO_STORE)


@post("/api/v1/staff/contests/{contest:str}/cells/{cell:str}/decisions", status_code=200, opt=WRITES | by(*DECIDING))
async def decide_cell(
    contest: FromPath[str],
    cell: FromPath[str],
    data: JSONBody[CellDecision],
    request: Request[Any, Any, Any],
    services: GivenServices,
) -> Response[dict[str, Any]]:
    """Decides about a cell; 202 if a second person must confirm it. The sweeper carries it out within minutes."""
    if (data.action == "ask") != (data.hours is not None):
        raise Malformed("send `hours` with the action `ask`, and only with it")
    snapshot = await services.contest_cache.get(contest)
    person = await permit(request, services, contest)
    wish = CellWish(data.action, data.reason, data.hours)
    outcome, after = await services.cells.decide(snapshot, cell, person_of(person), wish)
    content = {"outcome": outcome, "cell": cell, "state": after.state, "version": after.version}
    return Response(content, status_code=202 if outcome == "proposed" else 200, headers=_NO_STORE)
