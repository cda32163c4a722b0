"""uvicorn's HTTP protocol with limits on the time for a request's head, on its size and on connections.

When the server stops, every request that arrived is answered.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from typing import Any, ClassVar

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from voting import telemetry
from voting.errors import HeadersTooLarge, Malformed, VotingError
from voting.web.guard import http_answer

# Well below a person's patience, and enough for a phone in a lift.
HEAD_SECONDS = 10.0
MOST_CONNECTIONS = 10_000
# Limits one request without its body: the parser would keep any amount in memory.
MOST_HEAD_BYTES = 128 * 1024
# How long an idle connection is kept while the server stops: its client may have sent a request already.
LINGER_SECONDS = 0.5
AGAIN_SECONDS = 0.05


class BoundedProtocol(HttpToolsProtocol):
    """Closes connections whose request does not arrive, or that are too many for one process."""

    _open: ClassVar[set[BoundedProtocol]] = set()
    _patience: asyncio.TimerHandle | None = None
    _answering: RequestResponseCycle | None = None
    stopping = False
    _begun = False
    """A request's head is being received."""
    _head_bytes = 0
    """Bytes of the current request besides its body: head, trailers and the framing of chunks."""
    _ended = False
    """Further data is ignored."""

    def connection_made(self, transport: Any) -> None:
        """Handles a new connection."""
        super().connection_made(transport)
        self._open.add(self)
        if len(self._open) > MOST_CONNECTIONS:
            transport.close()
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Handles a closed connection."""
        self._open.discard(self)
        self._stop_waiting()
        if self._answering:
            # uvicorn notifies the latest request only, which need not be the one being answered.
            self._answering.disconnected = True
            self._answering.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parses the data.

        Counts malformed requests, for which uvicorn writes a log line each, so that anybody could fill the log.
        Restarts the timer after bytes that begin no request, such as empty lines, since uvicorn stops it for them.
        """
        if self._ended:
            return
        self._unset_keepalive_if_required()
        self._head_bytes += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            telemetry.NOT_SERVED.labels("malformed").inc()
            self.send_400_response("Invalid HTTP request received.")
        except httptools.HttpParserUpgrade:
            telemetry.NOT_SERVED.labels("upgrade").inc()
            self._answer_the_last()
        if self._head_bytes > MOST_HEAD_BYTES and not self._ended:
            self._end(HeadersTooLarge("all but the body is larger than any request needs; send fewer fields"))
        if self._patience is None and self.timeout_keep_alive_task is None and self._is_idle():
            self._wait_for_head()

    def on_message_begin(self) -> None:
        """Handles the beginning of the first request, or the next one on a kept connection."""
        self._begun = True
        self._head_bytes = 0
        self._wait_for_head()
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Handles a field of the head.

        Fields of the trailers are dropped: a proxy may pass on a client's trailers, which must not become
        X-Forwarded-For (RFC 9110 section 6.5.1).
        """
        if self._begun:
            super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        """Handles a part of the body."""
        self._head_bytes -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Handles a complete request."""
        self._head_bytes = 0
        super().on_message_complete()

    def on_headers_complete(self) -> None:
        """Handles a complete head; the body has its own deadline (web/guard.py)."""
        self.head_has_come()
        super().on_headers_complete()
        if self.stopping:
            self.cycle.keep_alive = False

    def head_has_come(self) -> None:
        """Stops the timer for the head."""
        self._begun = False
        self._stop_waiting()

    def send_400_response(self, msg: str) -> None:
        """Answers data that is not HTTP."""
        if isinstance(sys.exc_info()[1], httptools.HttpParserInvalidURLError):
            msg = "the address is not ASCII; write other characters with %, such as %E9%A3%8E"
        self._end(Malformed(msg))

    def _end(self, error: VotingError) -> None:
        """Answers and closes after the response to the request before: otherwise a counted ballot is answered 400."""
        self._ended = True
        if self._answering is None or self._answering.response_complete or self._answering.more_body:
            self.transport.write(http_answer(error, keep=False))
            self.transport.close()
            return
        self.pipeline.clear()
        self._answering.keep_alive = False

    def _answer_the_last(self) -> None:
        """Answers a request for another protocol as HTTP and closes the connection.

        The parser assigns its body to that protocol; if reading went on, it would become a next request that a proxy in
        front does not know.
        """
        self._ended = True
        if self._is_idle():
            self.transport.close()
        else:
            self.cycle.keep_alive = False

    def shutdown(self) -> None:
        """Stops: requests already sent are answered, and the connection is closed with the response or soon after."""
        self.stopping = True
        if self._is_idle():
            self.loop.call_later(LINGER_SECONDS, self._close_if_idle)
        else:
            self.cycle.keep_alive = False

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _close_if_idle(self) -> None:
        """Closes an idle connection, unless unread data has arrived, which would be lost: that is answered first."""
        if self.transport.is_closing() or not self._is_idle():
            return
        if self._begun or _holds_bytes(self.transport.get_extra_info("socket")):
            self.loop.call_later(AGAIN_SECONDS, self._close_if_idle)
        else:
            self.transport.close()

    def _wait_for_head(self) -> None:
        self._stop_waiting()
        self._patience = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._patience:
            self._patience.cancel()
            self._patience = None


def _holds_bytes(connection: Any) -> bool:
    """Whether data is waiting to be read."""
    try:
        with socket.fromfd(connection.fileno(), connection.family, connection.type) as same:
            return bool(same.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
    except OSError:
        return False
