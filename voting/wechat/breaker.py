"""A circuit breaker for WeChat: after failures in a row, only one call every two seconds is sent."""

from __future__ import annotations

import time

from voting.errors import WeChatBusy

FAILURES = 3
PAUSE_SECONDS = 2.0


class Breaker:
    """Counts failures in a row. A single late answer of a remote service is no outage."""

    def __init__(self) -> None:
        self._failures = 0
        self._next_at = 0.0

    def admit(self) -> None:
        """Raises WeChatBusy during an outage, except for one call in each pause, which tries again.

        The pause counts from that call's start: a call that hangs does not delay the next attempt.
        """
        if self._failures < FAILURES:
            return
        now = time.monotonic()
        if now < self._next_at:
            raise WeChatBusy
        self._next_at = now + PAUSE_SECONDS

    def failed(self) -> None:
        """Counts a call without a usable answer."""
        self._failures += 1
        if self._failures == FAILURES:
            self._next_at = time.monotonic() + PAUSE_SECONDS

    def answered(self) -> None:
        """Ends an outage."""
        self._failures = 0
