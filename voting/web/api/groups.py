"""The review: groups of ballots, decisions about them, and all tallies side by side. For staff."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody

from voting.services.fraud.group_view import as_json, estimate_as_json, file_as_json
from voting.services.fraud.review import Wish, person_of
from voting.services.results.reports import side_by_side
from voting.web.auth import permit
from voting.web.dependencies import GivenServices

_NO_STORE = {"cache-control": "no-store"}


class Decision(msgspec.Struct, forbid_unknown_fields=True):
    """What is to become of a group, why, and which version of it was seen."""

    action: Literal["release", "void", "undo"]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
    version: int


@get("/api/v1/staff/contests/{contest:str}/groups")
async def list_groups(
    contest: FromPath[str], request: Request[Any, Any, Any], services: GivenServices
) -> Response[dict[str, Any]]:
    """Every group, the greatest effect on the ranking first; estimates where no single ballot can be told; and how many
    ballots were held when they were cast and are in no group before the certification."""
    listing = await services.catalogue.get(contest)
    await permit(request, services, listing, "organiser", "judge", "auditor")
    found = await services.reviewing.all(listing)
    estimates = [estimate_as_json(each) for each in await services.reviewing.excesses(listing)]
    groups = [as_json(each, listing.contest.zone) for each in found]
    content = {"groups": groups, "excesses": estimates, "ungrouped": await services.reviewing.ungrouped(listing)}
    return Response(content, headers=_NO_STORE)


@get("/api/v1/staff/contests/{contest:str}/groups/{group:str}")
async def show_group(
    contest: FromPath[str], group: FromPath[str], request: Request[Any, Any, Any], services: GivenServices
) -> Response[dict[str, Any]]:
    """A group with its evidence, some of its ballots and what was decided about it."""
    listing = await services.catalogue.get(contest)
    await permit(request, services, listing, "organiser", "judge", "auditor")
    found = await services.reviewing.show(listing, group)
    return Response(file_as_json(found, listing.contest.zone), headers=_NO_STORE)


@post("/api/v1/staff/contests/{contest:str}/groups/{group:str}/decisions", status_code=200)
async def decide(
    contest: FromPath[str],
    group: FromPath[str],
    data: JSONBody[Decision],
    request: Request[Any, Any, Any],
    services: GivenServices,
) -> Response[dict[str, Any]]:
    """Releases or voids a group, or undoes that; 202 when it waits for a second person."""
    listing = await services.catalogue.get(contest)
    key = await permit(request, services, listing, "organiser")
    wish = Wish(data.action, data.reason, data.version)
    outcome, after = await services.reviewing.rule(listing, group, person_of(key), wish)
    content = {"outcome": outcome} | as_json(after, listing.contest.zone)
    return Response(content, status_code=202 if outcome == "proposed" else 200, headers=_NO_STORE)


@get("/api/v1/staff/contests/{contest:str}/ballots/{ballot:uuid}/history")
async def show_history(
    contest: FromPath[str], ballot: FromPath[UUID], request: Request[Any, Any, Any], services: GivenServices
) -> Response[dict[str, Any]]:
    """Every decision about a ballot; none when it was counted from the first."""
    listing = await services.catalogue.get(contest)
    await permit(request, services, listing, "organiser", "auditor")
    found = await services.reviewing.history(listing, ballot)
    zone = listing.contest.zone
    rows = [asdict(each) | {"decided_at": each.decided_at.astimezone(zone)} for each in found]
    return Response({"ballot": str(ballot), "history": rows}, headers=_NO_STORE)


@get("/api/v1/staff/contests/{contest:str}/tallies")
async def show_staff_tallies(
    contest: FromPath[str], request: Request[Any, Any, Any], services: GivenServices
) -> Response[dict[str, Any]]:
    """Raw, held, void and counted picks of every entry side by side, with the rank by raw and by counted picks."""
    listing = await services.catalogue.get(contest)
    await permit(request, services, listing, "organiser", "judge", "auditor")
    return Response(side_by_side(await services.reporting.report(listing)), headers=_NO_STORE)
