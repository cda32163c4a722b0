"""Voters without a phone or another channel, whom the organiser knows."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, post
from litestar.params import FromPath, JSONBody

from voting.domain.identity.roles import DECIDING
from voting.services.second_person import person_of
from voting.web.auth import by, permit
from voting.web.dependencies import GivenServices
from voting.web.flood_limiter import WRITES


class KnownVoter(msgspec.Struct, forbid_unknown_fields=True):
    """`code`: as the voter read it out; `reason`: how the voter is known, for the audit log."""

    code: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


@post("/api/v1/staff/contests/{contest:str}/confirmations", status_code=204, opt=WRITES | by(*DECIDING))
async def confirm_known_voter(
    contest: FromPath[str], data: JSONBody[KnownVoter], request: Request[Any, Any, Any], services: GivenServices
) -> None:
    """Confirms the voter with this code, and counts what the voter denied by mistake; 404 if none waits."""
    snapshot = await services.contest_cache.get(contest)
    person = person_of(await permit(request, services, contest))
    await services.disowning.by_host(snapshot, data.code, data.reason, person)
