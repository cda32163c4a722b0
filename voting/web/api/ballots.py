"""Casting a ballot: the documented route, and a fast path that bypasses the framework for ordinary ballots."""

from __future__ import annotations

import re
from typing import Annotated, Any, cast

import msgspec
from litestar import Request, Response, post
from litestar.params import FromPath, JSONBody

from voting.domain.ballots.ballot import check_key
from voting.errors import Malformed
from voting.fraud.facts.attempt import Client
from voting.services.ballots.cast import Submission
from voting.web.auth import voter_cookie_name, voter_token
from voting.web.client import ClientReader, Scope
from voting.web.dependencies import GivenClients, GivenServices, Services
from voting.web.flood_limiter import BALLOTS
from voting.web.guard import read_json

_PATH = re.compile(r"/api/v1/contests/([^/]+)/ballots")
_BEARER = re.compile(rb"Bearer [!-~]+")
_CODE = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class CastBallot(msgspec.Struct, forbid_unknown_fields=True):
    """`entries` are the picks. The other fields are optional and have no effect if absent."""

    entries: Annotated[list[_CODE], msgspec.Meta(min_length=1, max_length=1000)]
    ticket: str | None = None
    client: dict[str, Any] | None = None
    challenge: str | None = None


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
    answer = await services.casting.cast(contest, token, _submission(key, data), facts)
    return Response(answer, status_code=201, media_type="application/json", headers={"cache-control": "no-store"})


class ShortWay:
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
        return await self.services.casting.cast(path[1], token, _submission(key, data), self._clients.read(scope))


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


def _submission(key: str, data: CastBallot) -> Submission:
    return Submission(key, data.entries, data.ticket, _reported(data.client), data.challenge)


def _reported(client: dict[str, Any] | None) -> Client | None:
    """Returns the reported values of the documented shape; a wrong signal is no reason to refuse a ballot."""
    if client is None:
        return None
    screen, timezone, platform = (_text(client.get(name), 100) for name in ("screen", "timezone", "platform"))
    languages, dpr = client.get("languages"), client.get("dpr")
    accepted = [value for value in languages[:10] if _text(value, 40)] if isinstance(languages, list) else None
    ratio = float(dpr) if isinstance(dpr, (int, float)) and 0 < dpr < 100 else None
    return Client(screen, ratio, accepted, timezone, platform)


def _text(value: object, most: int) -> str | None:
    return value if isinstance(value, str) and len(value) <= most else None
