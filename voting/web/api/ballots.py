"""Casting a ballot: the documented route, and a fast path that bypasses the framework for ordinary ballots."""

from __future__ import annotations

import re
from typing import Any, cast

import msgspec
from litestar import Request, Response, post
from litestar.params import FromPath, JSONBody

from voting.domain.ballots.ballot import check_key
from voting.errors import Malformed
from voting.services.ballots.cast import CastBallot
from voting.web.auth import voter_cookie_name, voter_token
from voting.web.client import ClientReader, Scope
from voting.web.dependencies import GivenClients, GivenServices, Services
from voting.web.flood_limiter import BALLOTS
from voting.web.guard import read_json

_PATH = re.compile(r"/api/v1/contests/([^/]+)/ballots")
_BEARER = re.compile(rb"Bearer [!-~]+")


@post(BALLOTS, status_code=201)
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
    answer = await services.casting.cast(contest, token, key, data, facts)
    return Response(answer, status_code=201, media_type="application/json", headers={"cache-control": "no-store"})


class BallotFastPath:
    """Casts ordinary ballots. It leaves everything else to the documented route, which reports what is wrong."""

    def __init__(self, clients: ClientReader) -> None:
        self._clients = clients
        self.services: Services | None = None
        """Set when the server has started."""

    async def __call__(self, scope: Scope, body: bytes) -> bytes | None:
        """Returns the body of a 201, or None. Raises the refusals of casting."""
        path = _PATH.fullmatch(scope["path"]) if scope["method"] == "POST" else None
        if path is None or self.services is None:
            return None
        headers = dict(scope["headers"])
        token = _bearer_or_cookie(headers, path[1])
        try:
            key = check_key(headers.get(b"idempotency-key", b"").decode("latin-1"))
            data = msgspec.convert(read_json(body), CastBallot)
        except (Malformed, msgspec.ValidationError):
            return None
        if token is None or len(headers) < len(scope["headers"]):
            return None
        scope["path_template"] = BALLOTS
        return await self.services.casting.cast(path[1], token, key, data, self._clients.read(scope))


def _bearer_or_cookie(headers: dict[bytes, bytes], contest: str) -> str | None:
    """Returns the token if it is sent the way nearly every client sends it."""
    header = headers.get(b"authorization")
    if header is not None:
        return header[7:].decode("latin-1") if _BEARER.fullmatch(header) else None
    for name in (voter_cookie_name(contest, secure=True), voter_cookie_name(contest)):
        pattern = rb"(?:^|; )" + re.escape(name.encode()) + rb"=([\w.-]+)(?=;|$)"
        if tokens := re.findall(pattern, headers.get(b"cookie", b"")):
            return tokens[0].decode("latin-1") if len(tokens) == 1 else None
    return None
