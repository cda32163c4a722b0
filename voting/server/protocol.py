"""uvicorn's HTTP protocol with the bounds that it lacks: on the time for a request's head, and on connections; and
with an end in which no request that came is left without its answer."""

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

# Well below what a person would wait, and above what a phone in a lift needs.
HEAD_SECONDS = 10.0
MOST_CONNECTIONS = 10_000
# Of one request, besides its body: the parser by itself keeps any number of them in memory.
MOST_HEAD_BYTES = 128 * 1024
# While the server stops, an idle connection is kept for so long: its client may have sent a request already.
LINGER_SECONDS = 0.5
AGAIN_SECONDS = 0.05


class BoundedProtocol(HttpToolsProtocol):
    """Closes connections whose request does not come, or that are too many for one process."""

    _open: ClassVar[set[BoundedProtocol]] = set()
    _patience: asyncio.TimerHandle | None = None
    _answering: RequestResponseCycle | None = None
    stopping = False
    _begun = False
    """A request's head is on its way."""
    _head_bytes = 0
    """Of the request that is on its way: its head, its trailers, and what its chunks have around the body."""
    _ended = False
    """What comes now is not read."""

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
        if self._answering:
            # uvicorn tells the latest request only, which need not be the one that is being answered.
            self._answering.disconnected = True
            self._answering.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parses them. Counts what it cannot serve, where uvicorn logs a line for each, with which anybody could fill
        the log. Bytes that begin no request, such as empty lines, have put an end to uvicorn's patience.
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
        """Its request begins: the first, or the next on a connection that was kept."""
        self._begun = True
        self._head_bytes = 0
        self._wait_for_head()
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field of the head, or of the trailers, which are dropped: a proxy in front may pass on those of a client,
        which must not become X-Forwarded-For (RFC 9110 section 6.5.1)."""
        if self._begun:
            super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        """Some of the body."""
        self._head_bytes -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """All of the request is there."""
        self._head_bytes = 0
        super().on_message_complete()

    def on_headers_complete(self) -> None:
        """The head is there; the body has a deadline of its own (web/guard.py)."""
        self.head_has_come()
        super().on_headers_complete()
        if self.stopping:
            self.cycle.keep_alive = False

    def head_has_come(self) -> None:
        """It is no longer waited for."""
        self._begun = False
        self._stop_waiting()

    def send_400_response(self, msg: str) -> None:
        """What came is not HTTP."""
        if isinstance(sys.exc_info()[1], httptools.HttpParserInvalidURLError):
            msg = "the address is not ASCII; write other characters with %, such as %E9%A3%8E"
        self._end(Malformed(msg))

    def _end(self, error: VotingError) -> None:
        """Not before the answer to the request before: a ballot that is counted would be answered 400."""
        self._ended = True
        if self._answering is None or self._answering.response_complete or self._answering.more_body:
            self.transport.write(http_answer(error, keep=False))
            self.transport.close()
            return
        self.pipeline.clear()
        self._answering.keep_alive = False

    def _answer_the_last(self) -> None:
        """The request is answered as if it had not asked for another protocol. The parser takes its body for that
        protocol: read on, it would be the next request, which a proxy in front knows nothing of."""
        self._ended = True
        if self._is_idle():
            self.transport.close()
        else:
            self.cycle.keep_alive = False

    def shutdown(self) -> None:
        """The server stops: what was sent is answered, and the connection closed with that answer or a moment later."""
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
        """What has come, and was not read yet, would be lost with the connection: it is answered first."""
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
    """Whether something waits to be read."""
    try:
        with socket.fromfd(connection.fileno(), connection.family, connection.type) as same:
            return bool(same.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
    except OSError:
        return False
