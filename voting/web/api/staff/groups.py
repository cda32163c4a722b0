"""Review for staff: groups of ballots, decisions on them, and all tallies side by side."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody

from voting.domain.identity.roles import DECIDING, ROLES
from voting.services.fraud import growth
from voting.services.fraud.group_view import as_json, file_as_json
from voting.services.fraud.review import ReviewAction
from voting.services.results.reports import side_by_side
from voting.services.second_person import person_of
from voting.web.auth import by, permit
from voting.web.dependencies import GivenServices
from voting.web.flood_limiter import READS, WRITES

EVERYBODY = by(*ROLES)
_NO_STORE = {"cache-control": "no-store"}


class Decision(msgspec.Struct, forbid_unknown_fields=True):
    """The decision on a group, its reason, and the version of the group that was seen."""

    action: Literal["release", "void", "undo"]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
    version: int


@get("/api/v1/staff/contests/{contest:str}/groups", opt=READS | EVERYBODY)
async def list_groups(
    contest: FromPath[str], request: Request[Any, Any, Any], services: GivenServices
) -> Response[dict[str, Any]]:
    """Returns every group by effect on the ranking, and the estimates without identified ballots.

    Also the number of ballots that were held when cast and are in no group before the certification.
    """
    snapshot = await services.contest_cache.get(contest)
    await permit(request, services, contest)
    found = await services.reviews.all(snapshot)
    estimates = [growth.as_json(each) for each in await services.growths.all(snapshot)]
    groups = [as_json(group, snapshot.contest.zone) for group in found]
    content = {"groups": groups, "excesses": estimates, "ungrouped": await services.reviews.ungrouped(snapshot)}
    return Response(content, headers=_NO_STORE)


@get("/api/v1/staff/contests/{contest:str}/groups/{group:str}", opt=READS | EVERYBODY)
async def show_group(
    contest: FromPath[str], group: FromPath[str], request: Request[Any, Any, Any], services: GivenServices
) -> Response[dict[str, Any]]:
    """Returns a group with its evidence, some of its ballots and the decisions on it."""
    snapshot = await services.contest_cache.get(contest)
    await permit(request, services, contest)
    found = await services.reviews.show(snapshot, group)
    return Response(file_as_json(found, snapshot.contest.zone), headers=_NO_STORE)


@post("/api/v1/staff/contests/{contest:str}/groups/{group:str}/decisions", status_code=200, opt=WRITES | by(*DECIDING))
async def decide(
    contest: FromPath[str],
    group: FromPath[str],
    data: JSONBody[Decision],
    request: Request[Any, Any, Any],
    services: GivenServices,
) -> Response[dict[str, Any]]:
    """Releases or voids a group, or undoes that; 202 if a second reviewer must confirm it."""
    snapshot = await services.contest_cache.get(contest)
    person = await permit(request, services, contest)
    wish = ReviewAction(data.action, data.reason, data.version)
    outcome, after = await services.reviews.rule(snapshot, group, person_of(person), wish)
    content = {"outcome": outcome} | as_json(after, snapshot.contest.zone)
    return Response(content, status_code=202 if outcome == "proposed" else 200, headers=_NO_STORE)


@get("/api/v1/staff/contests/{contest:str}/ballots/{ballot:uuid}/history", opt=READS | by(*DECIDING, "auditor"))
async def show_history(
    contest: FromPath[str], ballot: FromPath[UUID], request: Request[Any, Any, Any], services: GivenServices
) -> Response[dict[str, Any]]:
    """Returns every decision on a ballot; empty if it was counted from the start."""
    snapshot = await services.contest_cache.get(contest)
    await permit(request, services, contest)
    found = await services.reviews.history(snapshot, ballot)
    zone = snapshot.contest.zone
    rows = [asdict(decided) | {"decided_at": decided.decided_at.astimezone(zone)} for decided in found]
    return Response({"ballot": str(ballot), "history": rows}, headers=_NO_STORE)


@get("/api/v1/staff/contests/{contest:str}/tallies", opt=READS | EVERYBODY)
async def show_staff_tallies(
    contest: FromPath[str], request: Request[Any, Any, Any], services: GivenServices
) -> Response[dict[str, Any]]:
    """Returns raw, held, void and counted picks of every entry, with the ranks by raw and by counted picks."""
    snapshot = await services.contest_cache.get(contest)
    await permit(request, services, contest)
    return Response(side_by_side(await services.reports.report(snapshot)), headers=_NO_STORE)
