"""Files that the staff check before they send them."""

from __future__ import annotations

import hashlib
from typing import Any

from litestar import Request

from voting.errors import Stale


async def read_checked(request: Request[Any, Any, Any], checked_sha256: str) -> bytes:
    """Returns the body. Raises Stale unless it is what was checked. `checked_sha256`: of that, in hex; empty: any."""
    body = await request.body()
    if checked_sha256 and hashlib.sha256(body).hexdigest() != checked_sha256:
        raise Stale("the body is not the file that was checked: check it again, then send it with its own SHA-256")
    return body
