"""Admission: so many ballots at a time in one process, and a time to come back for the others.

A ballot that is refused late has cost nearly as much as one that is recorded: under a rush the refusals would take the
time that the ballots need, and the more are refused the more come back. So the gate is the first thing that a ballot
meets, it costs microseconds, and it spreads those whom it sends away over the time that they take.
"""

from __future__ import annotations

import random
import time

# As many as the batches under way hold, of the settings' default: more would only wait.
MOST_AT_ONCE = 256
MOST_WAIT_SECONDS = 15
_FIRST_GUESS_SECONDS = 0.05
_WEIGHT_OF_THE_LATEST = 0.02


class Gate:
    """Counts those inside, and those who will come back."""

    def __init__(self, most: int = MOST_AT_ONCE) -> None:
        self._most = most
        self._inside = 0
        # What a ballot took of late, from its head to its answer.
        self._seconds = _FIRST_GUESS_SECONDS
        self._turned_away = 0.0
        self._looked = 0.0

    @property
    def full(self) -> bool:
        """Whether one more would be too many."""
        return self._inside >= self._most

    def enter(self) -> float:
        """One goes in; answers when, to be told to `leave`."""
        self._inside += 1
        return time.monotonic()

    def leave(self, entered: float) -> None:
        """It is answered, or its client has gone."""
        self._inside -= 1
        self._seconds += _WEIGHT_OF_THE_LATEST * (time.monotonic() - entered - self._seconds)

    def refuse(self) -> int:
        """For how many seconds one who is not let in is asked to wait: until those sent away before have been in."""
        now, rate = time.monotonic(), self._most / max(self._seconds, 0.001)
        self._turned_away = max(0.0, self._turned_away - (now - self._looked) * rate) + 1
        self._looked = now
        wait = min(self._turned_away / rate, MOST_WAIT_SECONDS)
        # At least over a second: those refused at once must not come back at once.
        return 1 + int(wait + random.random())  # noqa: S311 (not a secret)
