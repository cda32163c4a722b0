"""The protocol's lane for plain ballots: bytes to bytes, past the HTTP parser and ASGI.

A request is taken only if it is one complete, unremarkable ballot; its pattern is a strict part of HTTP/1.1, so that no
proxy can read it otherwise. Everything else goes to the parser, with its bytes untouched.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar, NamedTuple

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from voting.server.protocol import AGAIN_SECONDS, BoundedProtocol
from voting.web.client import Scope
from voting.web.cors import Fields
from voting.web.deadlines import Deadline, Deadlines
from voting.web.guard import BODY_BYTES, HEADER_BYTES, HEADER_FIELDS

# How long a body may be behind its head; then the parser takes over, which waits longer and refuses.
BODY_SECONDS = 1.0
_MOST_REST = 64 * 1024
_HEAD = re.compile(
    rb"POST (/api/v1/contests/([a-z0-9][a-z0-9-]{0,62})/ballots) HTTP/1\.1\r\n((?:[A-Za-z0-9-]+:[ -~]*\r\n)+)\r\n"
)
_LENGTH = re.compile(rb"[0-9]{1,5}")
# With a port that fits.
_HOST = re.compile(rb"[A-Za-z0-9.-]{1,255}(?::[0-5]?[0-9]{1,4})?")
# Fields that change how a request is framed or answered.
_SPECIAL = frozenset((b"transfer-encoding", b"content-encoding", b"expect", b"upgrade", b"te", b"trailer"))


class PlainRequest(NamedTuple):
    """A plain ballot's request. `size` is that of head and body; the data may be shorter, or longer."""

    contest: str
    path: str
    fields: Fields
    body: bytes
    size: int


def read_plain(data: bytes) -> PlainRequest | None:
    """Returns the request that the data begins with, if its head is complete and plain."""
    head = _HEAD.match(data)
    if head is None or head.end() > HEADER_BYTES:
        return None
    fields = []
    for line in head[3][:-2].split(b"\r\n"):
        name, _, value = line.partition(b":")
        fields.append((name.lower(), value.strip(b" ")))
    named = dict(fields)
    length = named.get(b"content-length", b"")
    if (
        len(named) < len(fields)
        or len(fields) > HEADER_FIELDS
        or not _SPECIAL.isdisjoint(named)
        or named.get(b"connection", b"keep-alive").lower() != b"keep-alive"
        or not _LENGTH.fullmatch(length)
        or not _HOST.fullmatch(named.get(b"host", b""))
        or not 0 < int(length) <= BODY_BYTES
    ):
        return None
    size = head.end() + int(length)
    return PlainRequest(head[2].decode(), head[1].decode(), fields, data[head.end() : size], size)


class LaneProtocol(BoundedProtocol):
    """Passes plain ballots to the application's `plain_ballots`, if it has them, and writes their answers."""

    _body_deadlines: ClassVar[Deadlines] = Deadlines(BODY_SECONDS)
    _partial = b""
    """A plain head with a part of its body."""
    _body_deadline: Deadline | None = None
    _casting = False
    _rest = b""
    """What came after the ballot that is being cast."""
    _reading_paused = False
    _answered_at = 0.0

    def __init__(self, *parts: Any, **named: Any) -> None:
        super().__init__(*parts, **named)
        self._plain_ballots: Any = getattr(self.app, "plain_ballots", None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Handles a closed connection. A ballot that is being cast is recorded."""
        self._end_of_partial()
        super().connection_lost(exc)

    @property
    def in_lane(self) -> bool:
        """Whether a plain ballot is being received or cast."""
        return self._casting or bool(self._partial)

    def data_received(self, data: bytes) -> None:
        """Handles data: casts it if it is a plain ballot at the beginning of a request."""
        if self._casting:
            self._keep(self._rest + data)
            return
        if self._partial:
            data = self._end_of_partial() + data
        request = read_plain(data) if self._may_begin() else None
        if request is None:
            super().data_received(data)
        elif len(data) < request.size:
            self._stop_waiting()
            self._partial = data
            self._body_deadline = self._body_deadlines.begin(self._hand_over)
        else:
            self._cast(request, data)

    @property
    def is_busy(self) -> bool:
        """Whether a request is here that the parser has not got."""
        return self.in_lane

    def lane_begins(self) -> None:
        """Called when a ballot is being cast."""

    def lane_ends(self) -> None:
        """Called after its answer."""

    def answered(self) -> None:
        """Keeps the connection for a further request, after an answer past the parser."""
        self._answered_at = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def shutdown(self) -> None:
        """Stops after the answer to the ballot that is being received or cast."""
        if self._partial:
            self._hand_over()
        if self._casting:
            self.stopping = True
        else:
            super().shutdown()

    def timeout_keep_alive_handler(self) -> None:
        """Closes an idle connection. The timer is not set for each ballot: it looks when the last was answered."""
        left = self._answered_at + self.timeout_keep_alive - self.loop.time()
        if self.is_busy or left > 0:
            self.timeout_keep_alive_task = self.loop.call_later(max(left, 1.0), self.timeout_keep_alive_handler)
        else:
            super().timeout_keep_alive_handler()

    def _may_begin(self) -> bool:
        """Whether a request may begin here, and its answer can be written at once."""
        return (
            self._plain_ballots is not None
            and self._is_idle()
            and not (self._begun or self._ended or self.stopping or self.flow.write_paused)
        )

    def _cast(self, request: PlainRequest, data: bytes) -> None:
        scope: Scope = {
            "type": "http",
            "method": "POST",
            "path": request.path,
            "query_string": b"",
            "headers": request.fields,
            "client": self.client,
        }
        if not self._plain_ballots.begin(request.contest, scope, request.body, self._respond):
            super().data_received(data)
            return
        self._stop_waiting()
        self._casting = True
        self.lane_begins()
        self._keep(data[request.size :])

    def _keep(self, rest: bytes) -> None:
        """Keeps what comes while a ballot is cast; reads no more when it is much."""
        self._rest = rest
        if len(rest) > _MOST_REST and not self._reading_paused:
            self._reading_paused = True
            self.transport.pause_reading()

    def _respond(self, status: int, lines: bytes, body: bytes) -> None:
        """Writes the answer as uvicorn does, and goes on with what came meanwhile."""
        self.lane_ends()
        self._casting, rest, self._rest = False, self._rest, b""
        if self.transport.is_closing():
            return
        closes = self.stopping and not rest
        content = [STATUS_LINE[status]]
        # The date, which uvicorn writes once a second.
        content += [b"%b: %b\r\n" % field for field in self.server_state.default_headers]
        content += (lines, b"connection: close\r\n\r\n" if closes else b"\r\n", body)
        self.transport.write(b"".join(content))
        if closes:
            self.transport.close()
            return
        self.answered()
        if rest:
            self.data_received(rest)
        if self._reading_paused and len(self._rest) <= _MOST_REST:
            self._reading_paused = False
            self.transport.resume_reading()

    def _hand_over(self) -> None:
        """Gives a ballot whose body is late to the parser."""
        super().data_received(self._end_of_partial())

    def _end_of_partial(self) -> bytes:
        data, self._partial = self._partial, b""
        if self._body_deadline:
            self._body_deadline.lift()
            self._body_deadline = None
        return data

    def _is_idle(self) -> bool:
        return not self.in_lane and super()._is_idle()

    def _close_if_idle(self) -> None:
        if self.in_lane:
            self.loop.call_later(AGAIN_SECONDS, self._close_if_idle)
        else:
            super()._close_if_idle()
