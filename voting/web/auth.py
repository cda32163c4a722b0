"""Credentials of a request: a voter's bearer token or cookie, a staff member's bearer key or session."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.datastructures import Cookie

from voting.domain.identity.roles import Role, StaffKey
from voting.errors import CredentialInvalid, CredentialMissing
from voting.services.contests.contest_cache import ContestSnapshot
from voting.web.dependencies import Services

STAFF_COOKIE = "voting-staff"
# Browsers accept such a cookie only over TLS and from this host: no other host of the domain can set one.
HOST_PREFIX = "__Host-"
VOTER_SECONDS = 400 * 86400
STAFF_SECONDS = 12 * 3600
SIGN_IN_SECONDS = 600


def voter_cookie_name(contest: str, secure: bool = False) -> str:
    """Returns the cookie's name; each contest has a separate voter."""
    return f"{HOST_PREFIX if secure else ''}voter-{contest}"


def held_token(request: Request[Any, Any, Any], contest: str) -> str | None:
    """Returns the token in the voter's cookie.

    Until 0.2.0 the plain name is read too where cookies are secure, so that its owner does not become a second voter.
    The page sets the same token under the other name.
    """
    secure = request.cookies.get(voter_cookie_name(contest, secure=True))
    return secure or request.cookies.get(voter_cookie_name(contest))


def voter_token(request: Request[Any, Any, Any], contest: str) -> str:
    """Returns the voter's token. Raises CredentialMissing, or CredentialInvalid for another scheme than Bearer."""
    token = bearer(request) or held_token(request, contest)
    if not token:
        raise CredentialMissing
    return token


def bearer(request: Request[Any, Any, Any]) -> str | None:
    """Returns the bearer token if there is an Authorization header (RFC 6750 section 2.1)."""
    header = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise CredentialInvalid("send the credential as: Authorization: Bearer <credential>")
    return token.strip()


def voter_cookie(contest: str, token: str, secure: bool) -> Cookie:
    """Returns the cookie of the voter's token; scripts cannot read it and other sites' forms do not send it."""
    name = voter_cookie_name(contest, secure)
    return Cookie(name, value=token, max_age=VOTER_SECONDS, path="/", httponly=True, samesite="lax", secure=secure)


def sign_in_cookie_name(secure: bool) -> str:
    """Returns the name of the cookie of a sign-in under way."""
    return f"{HOST_PREFIX if secure else ''}voting-sign-in"


def sign_in_cookie(value: str, secure: bool) -> Cookie:
    """Returns the cookie that lets a browser come back from another host's sign-in page."""
    name = sign_in_cookie_name(secure)
    return Cookie(name, value=value, max_age=SIGN_IN_SECONDS, path="/", httponly=True, samesite="lax", secure=secure)


def staff_cookie(value: str, secure: bool) -> Cookie:
    """Returns the cookie of a staff session; an empty value ends it."""
    seconds = STAFF_SECONDS if value else 0
    name = f"{HOST_PREFIX if secure else ''}{STAFF_COOKIE}"
    return Cookie(name, value=value, max_age=seconds, path="/", httponly=True, samesite="strict", secure=secure)


def staff_session(request: Request[Any, Any, Any]) -> str | None:
    """Returns the session in the staff cookie."""
    name = f"{HOST_PREFIX if request.app.state.secure_cookies else ''}{STAFF_COOKIE}"
    return request.cookies.get(name)


async def permit(
    request: Request[Any, Any, Any], services: Services, snapshot: ContestSnapshot, *roles: Role
) -> StaffKey:
    """Returns the staff key of the request. Raises CredentialMissing, CredentialInvalid or Forbidden."""
    session = staff_session(request)
    return await services.staff_sessions.permit(snapshot.contest.id, frozenset(roles), bearer(request), session)
