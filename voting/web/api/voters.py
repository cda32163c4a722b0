"""Registration of web voters: a challenge, a credential, and the voter's own status."""

from __future__ import annotations

from typing import Any, cast

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody

from voting.services.identity.providers.provider import Visitor
from voting.web.auth import bearer, held_token, voter_cookie, voter_token
from voting.web.client import Scope
from voting.web.dependencies import GivenClients, GivenOptions, GivenServices
from voting.web.flood_limiter import READS, WRITES


class Registration(msgspec.Struct, forbid_unknown_fields=True):
    """The proof of one channel."""

    challenge: str
    """Web: a solved challenge, the base64 text that ALTCHA's clients produce."""


@post("/api/v1/contests/{contest:str}/challenges", status_code=200, opt=WRITES)
async def ask_challenge(
    contest: FromPath[str], request: Request[Any, Any, Any], services: GivenServices, clients: GivenClients
) -> dict[str, Any]:
    """Returns an ALTCHA challenge for this contest, valid for ten minutes. 409 outside the window."""
    snapshot = await services.contest_cache.get(contest)
    return await services.web_provider.ask(snapshot, clients.address(cast(Scope, request.scope)))


@post("/api/v1/contests/{contest:str}/voters", status_code=201, opt=WRITES)
async def register_voter(
    contest: FromPath[str],
    data: JSONBody[Registration],
    request: Request[Any, Any, Any],
    services: GivenServices,
    clients: GivenClients,
    options: GivenOptions,
) -> Response[dict[str, Any]]:
    """Returns a credential in the body and as a cookie; 409 outside the window.

    A browser with a valid credential gets the same again.
    """
    snapshot = await services.contest_cache.get(contest)
    held = bearer(request) or held_token(request, contest)
    visitor = Visitor(clients.address(cast(Scope, request.scope)), held)
    token = await services.posted_providers["web"].sign_in(snapshot, visitor, data.challenge)
    content = {"token": token, "ticket": services.keyring.issue_ticket(contest, snapshot.now())}
    cookie = voter_cookie(contest, token, options.secure_cookies)
    return Response(content, status_code=201, cookies=[cookie], headers={"cache-control": "no-store"})


@get("/api/v1/contests/{contest:str}/me", opt=READS)
async def show_me(
    contest: FromPath[str], request: Request[Any, Any, Any], services: GivenServices
) -> Response[dict[str, Any]]:
    """Returns the voter's remaining quota and own ballots' ids and states, never the picks."""
    snapshot = await services.contest_cache.get(contest)
    content = await services.voter_status.status(snapshot, voter_token(request, contest))
    return Response(content, headers={"cache-control": "no-store"})
