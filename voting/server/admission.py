"""The protocol of `voting serve`: refuses ballots while the process is at capacity."""

from __future__ import annotations

import re
from functools import cache
from typing import ClassVar

from voting import telemetry
from voting.errors import TryAgain
from voting.server.ballot_lane import LaneProtocol, read_plain
from voting.server.gate import Gate, Line, Turnstile
from voting.server.protocol import AGAIN_SECONDS
from voting.web.guard import http_answer

# Cached: the library takes a lock for each look-up.
_REFUSED = telemetry.BALLOTS.labels(TryAgain.code)
_MOST_HELD = 64 * 1024
_BALLOT = re.compile(rb"POST /api/v1/contests/[^/? ]+/ballots HTTP/1\.1\r\n")


class GatedProtocol(LaneProtocol):
    """Counts ballots in and out, and answers refused ones itself."""

    _gate: ClassVar[Gate] = Gate()
    _line: ClassVar[Line] = Line()
    _others: ClassVar[Turnstile] = Turnstile()
    _entered: float | None = None
    _ballot = _refusing = _arriving = False
    _held = b""

    def connection_lost(self, exc: Exception | None) -> None:
        """Handles a closed connection."""
        self._leave()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Handles data of a request.

        A POST waits in the line while the gate is full; other requests wait for their turn while ballots are inside.
        """
        if self._held:
            self._held += data
            if len(self._held) > _MOST_HELD:
                self.transport.pause_reading()
        elif not (self._arriving or self.in_lane) and (place := self._place_of(data)):
            # The parser waits for the rest of a head that is not complete, when it gets it.
            self._stop_waiting()
            self._held = data
            place.join(self._go_on)
        else:
            super().data_received(data)

    def on_message_begin(self) -> None:
        """Handles the beginning of a request."""
        self._arriving = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Handles a complete head: whether this is a ballot that the gate counts, and whether it is refused.

        Not counted are ballots that the parser gets pipelined, since they wait for the response before, and those that
        expect 100 (Continue), since a refusal without their body would break the protocol.

        The body of an admitted request has its own deadline (web/guard.py); that of a refused ballot must arrive within
        the time for the head.
        """
        self._ballot = self._is_idle() and self.url.endswith(b"/ballots") and not self.expect_100_continue
        self._refusing = self._ballot and self._gate.full
        if not self._refusing:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Handles a part of the body."""
        if not self._refusing:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Handles a complete request. Only now it enters the gate: half a ballot must not take a place."""
        self._arriving = False
        if self._refusing:
            self._refusing = False
            self._refuse()
            return
        if self._ballot and not self.cycle.response_complete:
            self._entered = self._gate.enter()
        super().on_message_complete()

    @property
    def is_busy(self) -> bool:
        """Whether a request waits here or is in the lane."""
        return bool(self._held) or super().is_busy

    def lane_begins(self) -> None:
        """Counts a plain ballot in."""
        self._entered = self._gate.enter()

    def lane_ends(self) -> None:
        """Counts it out."""
        self._leave()

    def on_response_complete(self) -> None:
        """Handles a complete response."""
        self._leave()
        super().on_response_complete()

    def _place_of(self, data: bytes) -> Line | Turnstile | None:
        """Returns where a request that begins with `data` must wait, if anywhere."""
        if self._gate.full and data.startswith(b"POST "):
            return self._line
        return self._others if self._gate.busy and not _BALLOT.match(data) else None

    def _go_on(self) -> None:
        data, self._held = self._held, b""
        if self.transport.is_closing():
            return
        if len(data) > _MOST_HELD:
            self.transport.resume_reading()
        if self._gate.full and not self.stopping and self._is_idle() and (contest := _contest_of(data)):
            self._refuse_unread(contest)
        else:
            super().data_received(data)

    def _refuse_unread(self, contest: str) -> None:
        """Refuses at a quarter of the cost: without the parser and a timer."""
        self._count(contest)
        if self.flow.write_paused:
            # It sends ballots and reads no answers.
            self.transport.abort()
            return
        self.transport.write(_refusal(self._gate.refuse(), True))
        self.answered()

    def _close_if_idle(self) -> None:
        if self._held:
            self.loop.call_later(AGAIN_SECONDS, self._close_if_idle)
        else:
            super()._close_if_idle()

    def _leave(self) -> None:
        if self._entered is not None:
            self._gate.leave(self._entered)
            self._entered = None

    def _count(self, contest: str) -> None:
        telemetry.QUEUE_REFUSALS.inc()
        _REFUSED.inc()
        if self._plain_ballots:
            self._plain_ballots.note_refused(contest, TryAgain.code)

    def _refuse(self) -> None:
        """Refuses without ASGI: the response is ready, and the connection is kept."""
        self.head_has_come()
        self._count(self.url.decode("latin-1").removesuffix("/ballots").rpartition("/")[2])
        keep = self.parser.should_keep_alive() and not self.stopping
        self.transport.write(_refusal(self._gate.refuse(), keep))
        if keep:
            self.on_response_complete()
        else:
            self.transport.close()


def _contest_of(data: bytes) -> str | None:
    """Returns the contest if the data is exactly one plain ballot."""
    request = read_plain(data)
    return request.contest if request and request.size == len(data) else None


@cache
def _refusal(seconds: int, keep: bool) -> bytes:
    return http_answer(TryAgain(retry_after=seconds), keep)
