"""Credentials of a request: the voter's, as bearer token or cookie, and the staff's, as bearer key or session."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.datastructures import Cookie

from voting.domain.identity.roles import Role, StaffKey
from voting.errors import CredentialInvalid, CredentialMissing
from voting.services.contests.contest_cache import ContestSnapshot
from voting.web.dependencies import Services

STAFF_COOKIE = "voting-staff"
# Browsers take such a cookie over TLS and from this very host: no other host of the domain can set one.
HOST_PREFIX = "__Host-"
VOTER_SECONDS = 400 * 86400
STAFF_SECONDS = 12 * 3600


def voter_cookie_name(contest: str, secure: bool = False) -> str:
    """Each contest has a voter of its own."""
    return f"{HOST_PREFIX if secure else ''}voter-{contest}"


def held_token(request: Request[Any, Any, Any], contest: str) -> str | None:
    """The token in the voter's cookie.

    Until 0.2.0 the plain name is read too where cookies are secure: whoever voted with it must not become a second
    voter. The page gives the same token the other name.
    """
    secure = request.cookies.get(voter_cookie_name(contest, secure=True))
    return secure or request.cookies.get(voter_cookie_name(contest))


def voter_token(request: Request[Any, Any, Any], contest: str) -> str:
    """The voter's token. Raises CredentialMissing, or CredentialInvalid for another scheme than Bearer."""
    token = bearer(request) or held_token(request, contest)
    if not token:
        raise CredentialMissing
    return token


def bearer(request: Request[Any, Any, Any]) -> str | None:
    """The bearer token, if there is an Authorization header (RFC 6750 section 2.1)."""
    header = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise CredentialInvalid("send the credential as: Authorization: Bearer <credential>")
    return token.strip()


def voter_cookie(contest: str, token: str, secure: bool) -> Cookie:
    """Holds the voter's token; scripts cannot read it and other sites' forms do not send it."""
    name = voter_cookie_name(contest, secure)
    return Cookie(name, value=token, max_age=VOTER_SECONDS, path="/", httponly=True, samesite="lax", secure=secure)


def staff_cookie(value: str, secure: bool) -> Cookie:
    """Holds the staff session; an empty value ends it."""
    seconds = STAFF_SECONDS if value else 0
    name = f"{HOST_PREFIX if secure else ''}{STAFF_COOKIE}"
    return Cookie(name, value=value, max_age=seconds, path="/", httponly=True, samesite="strict", secure=secure)


def staff_session(request: Request[Any, Any, Any]) -> str | None:
    """The session in the staff's cookie."""
    name = f"{HOST_PREFIX if request.app.state.secure_cookies else ''}{STAFF_COOKIE}"
    return request.cookies.get(name)


async def permit(
    request: Request[Any, Any, Any], services: Services, snapshot: ContestSnapshot, *roles: Role
) -> StaffKey:
    """The staff key behind the request. Raises CredentialMissing, CredentialInvalid or Forbidden."""
    session = staff_session(request)
    return await services.staff_sessions.permit(snapshot.contest.id, frozenset(roles), bearer(request), session)
