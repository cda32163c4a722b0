"""Casting a ballot: the documented route. The server casts plain ballots past it: voting/web/plain_ballots.py."""

from __future__ import annotations

from typing import Any, cast

from litestar import Request, Response, post
from litestar.params import FromPath, JSONBody

from voting.domain.ballots.ballot import check_key
from voting.services.ballots.cast import BallotRequest, CastBallot
from voting.web.auth import PUBLIC, voter_token
from voting.web.client import Scope
from voting.web.dependencies import GivenClients, GivenServices
from voting.web.flood_limiter import BALLOTS


@post(BALLOTS, status_code=201, opt=PUBLIC)
async def cast_ballot(
    contest: FromPath[str],
    data: JSONBody[CastBallot],
    request: Request[Any, Any, Any],
    services: GivenServices,
    clients: GivenClients,
) -> Response[bytes]:
    """Returns 201 only after the ballot is durable; the same key and picks give the same bytes again."""
    key = check_key(request.headers.get("idempotency-key"))
    token = voter_token(request, contest)
    facts = clients.read(cast(Scope, request.scope))
    answer = await services.casting.cast(contest, BallotRequest(token, key, data, facts))
    return Response(answer, status_code=201, media_type="application/json", headers={"cache-control": "no-store"})
