"""The protocol of `voting serve`: sends ballots away while the process has enough of them."""

from __future__ import annotations

import re
from functools import cache
from typing import ClassVar

from voting import telemetry
from voting.errors import TryAgain
from voting.server.gate import Gate, Line, Turnstile
from voting.server.protocol import AGAIN_SECONDS, BoundedProtocol
from voting.web.guard import http_answer

# Found once: the library takes a lock for each look-up.
_REFUSED = telemetry.BALLOTS.labels(TryAgain.code)
_MOST_HELD = 64 * 1024
_BALLOT = re.compile(rb"POST /api/v1/contests/[^/? ]+/ballots HTTP/1\.1\r\n")
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,6})[ \t]*(?=\r\n)", re.I)
_SPECIAL = re.compile(
    rb"\r\n(?:transfer-encoding|expect|upgrade|connection(?!:[ \t]*keep-alive[ \t]*\r\n))[ \t]*:", re.I
)


class GatedProtocol(BoundedProtocol):
    """Counts ballots in and out, and answers for the service those who are not let in."""

    _gate: ClassVar[Gate] = Gate()
    _line: ClassVar[Line] = Line()
    _others: ClassVar[Turnstile] = Turnstile()
    _entered: float | None = None
    _ballot = _refusing = _arriving = False
    _held = b""

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone."""
        self._leave()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Some of a request. What begins one waits in the line while the gate is full; and what begins no ballot waits
        for its turn while ballots are inside."""
        if self._held:
            self._held += data
            if len(self._held) > _MOST_HELD:
                self.transport.pause_reading()
        elif not self._arriving and (place := self._place_of(data)):
            self._held = data
            place.join(self._go_on)
        else:
            super().data_received(data)

    def on_message_begin(self) -> None:
        """A request begins."""
        self._arriving = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is there. Of what is let in the body has a deadline of its own (web/guard.py); of a ballot that is
        not, it must be here in the same time as the head."""
        self._ballot = self._is_ballot()
        self._refusing = self._ballot and self._gate.full
        if not self._refusing:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Some of the body."""
        if not self._refusing:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """All of the request is there. Only now it takes a place: whoever sends half a ballot must not hold one."""
        self._arriving = False
        if self._refusing:
            self._refusing = False
            self._refuse()
            return
        if self._ballot and not self.cycle.response_complete:
            self._entered = self._gate.enter()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """It is answered."""
        self._leave()
        super().on_response_complete()

    def _place_of(self, data: bytes) -> Line | Turnstile | None:
        """Where a request that begins so must wait."""
        if self._gate.full and data.startswith(b"POST "):
            return self._line
        return self._others if self._gate.busy and not _BALLOT.match(data) else None

    def _is_ballot(self) -> bool:
        """Whether the gate counts it. Not what is sent before the answer to the former, which waits for that, nor what
        waits for a 100 (Continue), which a refusal without its body would take out of step."""
        return self._is_idle() and self.url.endswith(b"/ballots") and not self.expect_100_continue

    def _go_on(self) -> None:
        data, self._held = self._held, b""
        if self.transport.is_closing():
            return
        if len(data) > _MOST_HELD:
            self.transport.resume_reading()
        if self._gate.full and not self.stopping and self._is_idle() and is_whole_ballot(data):
            self._refuse_unread()
        else:
            super().data_received(data)

    def _refuse_unread(self) -> None:
        """At a quarter of the cost: neither the parser nor a timer has work with it."""
        _count()
        self.transport.write(_refusal(self._gate.refuse(), True))
        self._stop_waiting()
        if self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def _close_if_idle(self) -> None:
        if self._held:
            self.loop.call_later(AGAIN_SECONDS, self._close_if_idle)
        else:
            super()._close_if_idle()

    def _leave(self) -> None:
        if self._entered is not None:
            self._gate.leave(self._entered)
            self._entered = None

    def _refuse(self) -> None:
        """Past ASGI: the answer is ready, and the connection is kept."""
        self.head_has_come()
        _count()
        keep = self.parser.should_keep_alive() and not self.stopping
        self.transport.write(_refusal(self._gate.refuse(), keep))
        if keep:
            self.on_response_complete()
        else:
            self.transport.close()


def is_whole_ballot(data: bytes) -> bool:
    """Whether this is one ballot from its first byte to its last, and nothing about it is special."""
    head, _, body = data.partition(b"\r\n\r\n")
    head += b"\r\n"
    lengths = _LENGTH.findall(head) if _BALLOT.match(head) and not _SPECIAL.search(head) else ()
    return len(lengths) == 1 and int(lengths[0]) == len(body)


def _count() -> None:
    telemetry.QUEUE_REFUSALS.inc()
    _REFUSED.inc()


@cache
def _refusal(seconds: int, keep: bool) -> bytes:
    return http_answer(TryAgain(retry_after=seconds), keep)
