"""Casting a ballot."""

from __future__ import annotations

from typing import Annotated, Any, cast

import msgspec
from litestar import Request, Response, post
from litestar.params import FromPath, JSONBody

from voting.domain.ballot import check_key
from voting.services.casting import Submission
from voting.web.access import voter_token
from voting.web.client import Scope
from voting.web.given import GivenClients, GivenServices

_CODE = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class CastBallot(msgspec.Struct, forbid_unknown_fields=True):
    """`entries`: the picks. The rest may be absent and weighs nothing then."""

    entries: Annotated[list[_CODE], msgspec.Meta(min_length=1, max_length=1000)]
    ticket: str | None = None
    client: dict[str, Any] | None = None
    challenge: str | None = None


@post("/api/v1/contests/{contest:str}/ballots", status_code=201)
async def cast_ballot(
    contest: FromPath[str],
    data: JSONBody[CastBallot],
    request: Request[Any, Any, Any],
    services: GivenServices,
    clients: GivenClients,
) -> Response[bytes]:
    """201 only after the ballot is durable; the same bytes again for the same key and picks."""
    key = check_key(request.headers.get("idempotency-key"))
    token = voter_token(request, contest)
    submission = Submission(key, data.entries, data.ticket, _reported(data.client), data.challenge)
    answer = await services.casting.cast(contest, token, submission, clients.read(cast(Scope, request.scope)))
    return Response(answer, status_code=201, media_type="application/json", headers={"cache-control": "no-store"})


def _reported(client: dict[str, Any] | None) -> dict[str, Any] | None:
    """Of what the page reports, what has the documented shape: no ballot is refused for a signal's sake."""
    if client is None:
        return None
    kept: dict[str, Any] = {
        name: value
        for name in ("screen", "timezone", "platform")
        if isinstance(value := client.get(name), str) and len(value) <= 100
    }
    languages, dpr = client.get("languages"), client.get("dpr")
    if isinstance(languages, list):
        kept["languages"] = [value for value in languages[:10] if isinstance(value, str) and len(value) <= 40]
    if isinstance(dpr, (int, float)) and 0 < dpr < 100:
        kept["dpr"] = dpr
    return kept
