"""uvicorn's HTTP protocol with the bounds that it lacks: on the time for a request's head, and on connections."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS = 15.0
MOST_CONNECTIONS = 10_000


class BoundedProtocol(HttpToolsProtocol):
    """Closes connections whose request does not come, or that are too many for one process."""

    _open: ClassVar[set[BoundedProtocol]] = set()
    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """A client has come."""
        super().connection_made(transport)
        self._open.add(self)
        if len(self._open) > MOST_CONNECTIONS:
            transport.close()
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """It has gone."""
        self._open.discard(self)
        self._stop_waiting()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Its request begins: the first, or the next on a connection that was kept."""
        self._wait_for_head()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is there; the body has a deadline of its own (web/edge.py)."""
        self._stop_waiting()
        super().on_headers_complete()

    def _wait_for_head(self) -> None:
        self._stop_waiting()
        self._patience = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._patience:
            self._patience.cancel()
            self._patience = None
