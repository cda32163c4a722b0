"""Written grounds for growth that no single ballot explains; the list of groups shows it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, Response, post
from litestar.params import FromPath, JSONBody

from voting.domain.identity.roles import DECIDING
from voting.services.second_person import person_of
from voting.web.auth import by, permit
from voting.web.dependencies import GivenServices
from voting.web.flood_limiter import WRITES


class GrowthDecision(msgspec.Struct, forbid_unknown_fields=True):
    """`accept`: the reason explains it; `undo`: takes that back."""

    action: Literal["accept", "undo"]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


@post("/api/v1/staff/contests/{contest:str}/growth/{growth:str}/decisions", status_code=200, opt=WRITES | by(*DECIDING))
async def decide_growth(
    contest: FromPath[str],
    growth: FromPath[str],
    data: JSONBody[GrowthDecision],
    request: Request[Any, Any, Any],
    services: GivenServices,
) -> Response[dict[str, Any]]:
    """Accepts growth with a ground; 202 if a second person must confirm it."""
    snapshot = await services.contest_cache.get(contest)
    person = person_of(await permit(request, services, contest))
    ((_, outcome),) = await services.growths.decide(snapshot, [growth], person, data.action, data.reason)
    content = {"outcome": outcome, "growth": growth}
    return Response(content, status_code=202 if outcome == "proposed" else 200, headers={"cache-control": "no-store"})
