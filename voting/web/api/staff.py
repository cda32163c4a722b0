"""Staff sessions."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, delete, post
from litestar.params import JSONBody

from voting.web.auth import staff_cookie, staff_session
from voting.web.dependencies import GivenOptions, GivenServices
from voting.web.flood_limiter import WRITES


class SignIn(msgspec.Struct, forbid_unknown_fields=True):
    """A staff key."""

    key: str


@post("/api/v1/staff/session", status_code=201, opt=WRITES)
async def sign_in(data: JSONBody[SignIn], services: GivenServices, options: GivenOptions) -> Response[dict[str, Any]]:
    """Returns a session cookie for a live staff key; it ends after 12 hours, at sign-out or with its key."""
    key, session = await services.staff_sessions.sign_in(data.key)
    content = {"name": key.name, "role": key.role, "contest": key.contest}
    return Response(content, status_code=201, cookies=[staff_cookie(session, options.secure_cookies)])


@delete("/api/v1/staff/session", status_code=204, opt=WRITES)
async def sign_out(request: Request[Any, Any, Any], services: GivenServices, options: GivenOptions) -> Response[None]:
    """Ends the session in all processes."""
    if session := staff_session(request):
        await services.staff_sessions.sign_out(session)
    return Response(None, status_code=204, cookies=[staff_cookie("", options.secure_cookies)])
