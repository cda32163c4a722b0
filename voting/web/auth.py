"""Credentials of a request: a voter's bearer token or cookie, a staff member's bearer key or session."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.datastructures import Cookie

from voting.domain.identity.roles import Role, Scope, Staff
from voting.errors import CredentialInvalid, CredentialMissing, Forbidden
from voting.web.dependencies import Services

# What each route declares beside its limit: who may ask.
PUBLIC = {"access": "public"}
OWN_ACCOUNT = {"access": "account"}
STAFF_COOKIE = "voting-staff"
# Browsers accept such a cookie only over TLS and from this host: no other host of the domain can set one.
HOST_PREFIX = "__Host-"
VOTER_SECONDS = 400 * 86400
STAFF_SECONDS = 12 * 3600
SIGN_IN_SECONDS = 600


def by(*roles: Role) -> dict[str, Any]:
    """Returns the declaration of a route for staff with one of these roles."""
    return {"access": frozenset(roles)}


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
    """Returns the cookie of the voter's token; an empty one removes it.

    Scripts cannot read it and other sites' forms do not send it.
    """
    name, seconds = voter_cookie_name(contest, secure), VOTER_SECONDS if token else 0
    return Cookie(name, value=token, max_age=seconds, path="/", httponly=True, samesite="lax", secure=secure)


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


def device_cookie_name(secure: bool) -> str:
    """Returns the name of the cookie of a browser in which an account has signed in."""
    return f"{HOST_PREFIX if secure else ''}voting-staff-device"


def device_cookie(value: str, secure: bool) -> Cookie:
    """Returns the cookie that lets a browser sign in although others try the same account's password."""
    name = device_cookie_name(secure)
    return Cookie(name, value=value, max_age=VOTER_SECONDS, path="/", httponly=True, samesite="strict", secure=secure)


async def permit(request: Request[Any, Any, Any], services: Services, contest: str | None) -> Staff:
    """Returns who sends the request, if it is one of the roles that the route declares, for this contest.

    `contest` None: for every contest. Raises CredentialMissing, CredentialInvalid or Forbidden.
    """
    roles, session = request.route_handler.opt["access"], _checked_session(request)
    scope: Scope = "read" if request.method == "GET" else "write"
    return await services.staff_sessions.permit(contest, roles, bearer(request), session, scope)


async def own_account(request: Request[Any, Any, Any], services: Services) -> tuple[str, str]:
    """Returns the account that has signed in, and its session.

    Raises CredentialMissing, CredentialInvalid or Forbidden.
    """
    session = _checked_session(request)
    if session is None:
        raise CredentialMissing("sign in with your account first")
    person = await services.staff_sessions.find(None, session)
    if person.account is None or not person.actor.startswith("account:"):
        raise Forbidden("this takes a session of an account, not of a key")
    return person.account, session


def _checked_session(request: Request[Any, Any, Any]) -> str | None:
    """Returns the staff session, whose cookie a browser sends by itself. Raises Forbidden for another site's page."""
    session = staff_session(request)
    if session and request.method != "GET":
        check_same_origin(request)
    return session


def check_same_origin(request: Request[Any, Any, Any]) -> None:
    """Raises Forbidden if the request comes from a page of another origin, even one on a sibling host.

    Browsers report it in Sec-Fetch-Site or, older ones and without TLS, in Origin, which each sends with a write; a
    request with neither comes from no browser.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    own = request.app.state.public_origin or f"{request.scope['scheme']}://{request.headers.get('host', '')}"
    if (site is not None and site != "same-origin") or (site is None and origin is not None and origin != own):
        raise Forbidden(
            "this request comes from a page of another site; open this site's own page (behind a proxy that ends TLS,"
            " VOTING_PUBLIC_URL must name it)"
        )
