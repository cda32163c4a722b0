"""Admission: so many ballots at a time in one process, and a time to come back for the others.

A ballot that is refused late has cost nearly as much as one that is recorded: under a rush the refusals would take the
time that the ballots need, and the more are refused the more come back. So the gate is the first thing that a ballot
meets, it costs microseconds, and it spreads those whom it sends away over the time that they take. Even microseconds
add up when ten times too many come, so those who come while it is full stand in a line, which has a share of the
process's time and no more: what has been let in goes on.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable

from voting import retry_after

# As many as the batches under way hold, of the settings' default: more would only wait.
MOST_AT_ONCE = 256
# With as many as two batches, each beside the other, a process is busy; below that it would idle.
LEAST_AT_ONCE = 128
# Where a ballot takes longer, fewer are let in at a time.
GOAL_SECONDS = 0.15
MOST_WAIT_SECONDS = 15
# The line has 4 ms, then the ballots inside have 8.
LINE_SECONDS = 0.004
PAUSE_SECONDS = 0.008
TURN_SECONDS = 0.001
MOST_TURNS = 1000
_FIRST_GUESS_SECONDS = 0.05
_WEIGHT_OF_THE_LATEST = 0.02
_STEP = 0.1


class Gate:
    """Counts those inside, and those who will come back."""

    def __init__(self, least: int = LEAST_AT_ONCE, most: int = MOST_AT_ONCE) -> None:
        self._least = least
        self._most = most
        self._room = float(most)
        self._inside = 0
        # What a ballot took of late, from its last byte to its answer.
        self._seconds = _FIRST_GUESS_SECONDS
        self._turned_away = 0.0
        self._looked = 0.0

    @property
    def full(self) -> bool:
        """Whether one more would be too many."""
        return self._inside >= self._room

    @property
    def busy(self) -> bool:
        """Whether a ballot is inside."""
        return self._inside > 0

    def enter(self) -> float:
        """One goes in; answers when, to be told to `leave`."""
        self._inside += 1
        return time.monotonic()

    def leave(self, entered: float) -> None:
        """It is answered, or its client has gone."""
        self._inside -= 1
        self._seconds += _WEIGHT_OF_THE_LATEST * (time.monotonic() - entered - self._seconds)
        step = _STEP if self._seconds < GOAL_SECONDS else -_STEP
        self._room = min(self._most, max(self._least, self._room + step))

    def refuse(self) -> int:
        """For how many seconds one who is not let in is asked to wait: until those sent away before have been in."""
        now, rate = time.monotonic(), self._room / max(self._seconds, 0.001)
        self._turned_away = max(0.0, self._turned_away - (now - self._looked) * rate) + 1
        self._looked = now
        wait = min(self._turned_away / rate, MOST_WAIT_SECONDS)
        return retry_after.spread(wait, wait + 1)


class Turnstile:
    """Lets what is no ballot begin one after another while ballots are inside: each of them then waits for one other
    request at a time, however many come."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()

    def join(self, go_on: Callable[[], None]) -> None:
        """Calls `go_on` soon."""
        self._waiting.append(go_on)
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_later(TURN_SECONDS, self._serve)

    def _serve(self) -> None:
        # However many wait, the last of them does not wait for seconds.
        for _ in range(1 + len(self._waiting) // MOST_TURNS):
            # Out of the queue only after: who joins meanwhile must not begin a second round beside this one.
            self._waiting[0]()
            self._waiting.popleft()
        if self._waiting:
            asyncio.get_running_loop().call_later(TURN_SECONDS, self._serve)


class Line:
    """Those who wait to be let in or sent away, first come, first served."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()

    def join(self, go_on: Callable[[], None]) -> None:
        """Calls `go_on` soon."""
        self._waiting.append(go_on)
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_later(PAUSE_SECONDS, self._serve)

    def _serve(self) -> None:
        until = time.perf_counter() + LINE_SECONDS
        while self._waiting and time.perf_counter() < until:
            # Out of the line only after: who joins meanwhile must not begin a second round beside this one.
            self._waiting[0]()
            self._waiting.popleft()
        if self._waiting:
            asyncio.get_running_loop().call_later(PAUSE_SECONDS, self._serve)
