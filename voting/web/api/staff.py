"""Staff sessions."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, delete, post
from litestar.params import JSONBody

from voting.web.access import staff_cookie
from voting.web.given import GivenOptions, GivenServices


class SignIn(msgspec.Struct, forbid_unknown_fields=True):
    """A staff key."""

    key: str


@post("/api/v1/staff/session", status_code=201)
async def sign_in(data: JSONBody[SignIn], services: GivenServices, options: GivenOptions) -> Response[dict[str, Any]]:
    """A session cookie for a live staff key; it ends after 12 hours or with its key."""
    key = await services.authorising.by_key(data.key)
    value = await services.authorising.open_session(key)
    content = {"name": key.name, "role": key.role, "contest": key.contest}
    return Response(content, status_code=201, cookies=[staff_cookie(value, options.secure_cookies)])


@delete("/api/v1/staff/session", status_code=204)
async def sign_out(options: GivenOptions) -> Response[None]:
    """Ends the session in this browser."""
    return Response(None, status_code=204, cookies=[staff_cookie("", options.secure_cookies)])
