"""Admission: limits the ballots inside one process, and assigns the others a time to come back.

A ballot refused late has cost nearly as much as one recorded: in a rush, refusals would take the time that ballots
need, and the more are refused, the more come back. So the gate is the first step of a ballot, costs microseconds, and
spreads refused ballots over time. Even microseconds add up when ten times too many come, so requests that arrive while
it is full wait in a line, which gets a fixed share of the process's time: admitted ballots go on.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable

from voting import retry_after

# The size of the batches in progress with default settings: more would only wait.
MOST_AT_ONCE = 256
# Two batches in parallel keep a process busy; with fewer ballots it would idle.
LEAST_AT_ONCE = 128
# If a ballot takes longer, fewer are admitted at a time.
GOAL_SECONDS = 0.15
MOST_WAIT_SECONDS = 15
# The line gets 4 ms, then the ballots inside 8 ms.
LINE_SECONDS = 0.004
PAUSE_SECONDS = 0.008
TURN_SECONDS = 0.001
MOST_TURNS = 1000
_FIRST_GUESS_SECONDS = 0.05
_WEIGHT_OF_THE_LATEST = 0.02
_STEP = 0.1


class Gate:
    """Counts ballots inside, and refused ones that will come back."""

    def __init__(self, least: int = LEAST_AT_ONCE, most: int = MOST_AT_ONCE) -> None:
        self._least = least
        self._most = most
        self._room = float(most)
        self._inside = 0
        # The moving average time of a ballot, from its last byte to its response.
        self._seconds = _FIRST_GUESS_SECONDS
        self._turned_away = 0.0
        self._looked = 0.0

    @property
    def full(self) -> bool:
        """Whether another ballot would be too many."""
        return self._inside >= self._room

    @property
    def busy(self) -> bool:
        """Whether a ballot is inside."""
        return self._inside > 0

    def enter(self) -> float:
        """Admits a ballot; returns the time to pass to `leave`."""
        self._inside += 1
        return time.monotonic()

    def leave(self, entered: float) -> None:
        """Removes a ballot that was answered, or whose client has gone."""
        self._inside -= 1
        self._seconds += _WEIGHT_OF_THE_LATEST * (time.monotonic() - entered - self._seconds)
        step = _STEP if self._seconds < GOAL_SECONDS else -_STEP
        self._room = min(self._most, max(self._least, self._room + step))

    def refuse(self) -> int:
        """Returns after how many seconds a refused ballot should come back: after those refused before it."""
        now, rate = time.monotonic(), self._room / max(self._seconds, 0.001)
        self._turned_away = max(0.0, self._turned_away - (now - self._looked) * rate) + 1
        self._looked = now
        wait = min(self._turned_away / rate, MOST_WAIT_SECONDS)
        return retry_after.spread(wait, wait + 1)


class Turnstile:
    """Starts requests other than ballots one after another while ballots are inside.

    Each ballot then waits for one other request at a time, however many come.
    """

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()

    def join(self, go_on: Callable[[], None]) -> None:
        """Calls `go_on` soon."""
        self._waiting.append(go_on)
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_later(TURN_SECONDS, self._serve)

    def _serve(self) -> None:
        # With many waiting, serve several each turn, so that the last does not wait for seconds.
        for _ in range(1 + len(self._waiting) // MOST_TURNS):
            _serve_first(self._waiting)
        if self._waiting:
            asyncio.get_running_loop().call_later(TURN_SECONDS, self._serve)


class Line:
    """Requests waiting for admission or refusal, first come, first served."""

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
            _serve_first(self._waiting)
        if self._waiting:
            asyncio.get_running_loop().call_later(PAUSE_SECONDS, self._serve)


def _serve_first(waiting: deque[Callable[[], None]]) -> None:
    """Lets the first go on. It is removed afterwards: a request that joins meanwhile must not start a second round."""
    try:
        waiting[0]()
    except Exception:
        # The others must go on.
        logging.getLogger("voting").exception("a request could not go on")
    finally:
        waiting.popleft()
