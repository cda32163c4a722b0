"""The HTTP side of a witness: two addresses, for `voting witness serve`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from voting.services.transparency.witnessing import Response, Witnessing

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
_MOST_BYTES = 64 * 1024
_READ_SECONDS = 10.0


class WitnessApp:
    """An ASGI application."""

    def __init__(self, witnessing: Witnessing) -> None:
        self._witnessing = witnessing

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            return
        answer = await self._answer(scope["method"], scope["path"], receive)
        headers = [(b"content-type", answer.media_type.encode()), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.text.encode()})

    async def _answer(self, method: str, path: str, receive: Receive) -> Response:
        if path == "/add-checkpoint" and method == "POST":
            try:
                body = await asyncio.wait_for(_read(receive), _READ_SECONDS)
                # One at a time, in this process: SQLite's work takes a millisecond.
                return self._witnessing.add_checkpoint(body.decode())
            except (ValueError, TimeoutError) as error:
                return Response(400, f"the request cannot be read: {error}\n")
        name, _, rest = path.removeprefix("/").partition("/")
        if rest == "checkpoint" and method in ("GET", "HEAD"):
            return self._witnessing.checkpoint(name)
        return Response(404, "there is nothing at this address\n")


async def _read(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > _MOST_BYTES:
            raise ValueError(f"it is longer than {_MOST_BYTES} bytes")
    return body
