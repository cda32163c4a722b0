"""Sign-in on another host's page: sends the browser there, and takes it back to the contest with a credential."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Any, cast

from litestar import Request, get
from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect

from voting.domain.contest.contest import Contest
from voting.errors import CredentialInvalid, SignInExpired
from voting.web.auth import PUBLIC, held_token, sign_in_cookie, sign_in_cookie_name, voter_cookie, voter_token
from voting.web.client import Scope
from voting.web.dependencies import GivenClients, GivenOptions, GivenServices, Services
from voting.web.flood_limiter import READS

_UNCACHED = {"cache-control": "no-store"}


@get("/c/{contest:str}/sign-in/{channel:str}", status_code=303, opt=READS | PUBLIC)
async def begin(
    contest: FromPath[str],
    channel: FromPath[str],
    request: Request[Any, Any, Any],
    services: GivenServices,
    clients: GivenClients,
    options: GivenOptions,
    back: Annotated[str, QueryParameter(max_length=200)] = "",
) -> Redirect:
    """Redirects to the channel's sign-in page. `back`: the contest's page that the voter returns to."""
    snapshot = await services.contest_cache.get(contest)
    departure = await services.redirects.begin(snapshot, channel, back, clients.address(cast(Scope, request.scope)))
    cookie = sign_in_cookie(departure.cookie, options.secure_cookies)
    return Redirect(departure.url, status_code=303, headers=_UNCACHED, cookies=[cookie])


@get("/c/{contest:str}/confirm/{channel:str}", status_code=303, opt=READS | PUBLIC)
async def begin_confirmation(
    contest: FromPath[str],
    channel: FromPath[str],
    request: Request[Any, Any, Any],
    services: GivenServices,
    clients: GivenClients,
    options: GivenOptions,
) -> Redirect:
    """Redirects a voter who is asked to confirm to the channel's sign-in page; the voter stays the same."""
    snapshot = await services.contest_cache.get(contest)
    await services.confirmations.check(snapshot, voter_token(request, contest), channel)
    address = clients.address(cast(Scope, request.scope))
    departure = await services.redirects.begin(snapshot, channel, f"/c/{contest}/me", address, confirms=True)
    cookie = sign_in_cookie(departure.cookie, options.secure_cookies)
    return Redirect(departure.url, status_code=303, headers=_UNCACHED, cookies=[cookie])


@get("/sign-in/{channel:str}", status_code=303, opt=READS | PUBLIC)
async def finish(
    channel: FromPath[str],
    request: Request[Any, Any, Any],
    services: GivenServices,
    clients: GivenClients,
    options: GivenOptions,
) -> Redirect:
    """Accepts a browser back, and redirects to the contest's page with the voter's cookie.

    A reload or a double request of an address that was used finds the credential that the first one brought, and is
    only redirected. Without one the sign-in begins again, once.
    """
    query, secure = dict(request.query_params), options.secure_cookies
    address = clients.address(cast(Scope, request.scope))
    cookie = request.cookies.get(sign_in_cookie_name(secure), "")
    pending = services.redirects.pending(channel, cookie, query.get("state", ""))
    snapshot = await services.contest_cache.get(pending.contest)
    try:
        if pending.confirms:
            subjects = await services.redirects.identify(snapshot, pending, query, address)
            token = voter_token(request, pending.contest)
            await services.confirmations.confirm(snapshot, token, pending.channel, subjects)
            return Redirect(pending.back, status_code=303, headers=_UNCACHED)
        token = await services.redirects.finish(snapshot, pending, query, address)
    except SignInExpired:
        if _is_voter(request, services, snapshot.contest):
            return Redirect(pending.back, status_code=303, headers=_UNCACHED)
        if pending.is_retry:
            raise
        departure = await services.redirects.begin(snapshot, channel, pending.back, address, is_retry=True)
        again = sign_in_cookie(departure.cookie, secure)
        return Redirect(departure.url, status_code=303, headers=_UNCACHED, cookies=[again])
    voter = voter_cookie(pending.contest, token, secure)
    return Redirect(pending.back, status_code=303, headers=_UNCACHED, cookies=[voter])


def _is_voter(request: Request[Any, Any, Any], services: Services, contest: Contest) -> bool:
    """Whether the browser has a credential of the contest."""
    with suppress(CredentialInvalid):
        token = held_token(request, contest.id)
        return bool(token and services.keyring.credential_of(contest, token))
    return False
