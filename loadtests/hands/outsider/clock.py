"""The contest's window and when people are awake in it."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from loadtests.hands.outsider.base import DAY, HOUR, MINUTE, Bools, Floats, Ints
from loadtests.traffic.world import DAYS

_OFFSET = 8 * HOUR
_HOURS = (1.3, 0.7, 0.4, 0.3, 0.3, 0.5, 1.3, 2.7, 4.0, 5.0, 5.4, 5.4, 6.4, 5.7, 4.8, 4.7, 4.8, 5.0, 5.5, 6.1, 7.1)
_LOAD = np.array([*_HOURS, 7.3, 5.8, 3.1])
_FIRST = int(datetime(2025, 10, 8, tzinfo=UTC).timestamp() * 1000) - _OFFSET


class Clock:
    """A window of 10 days that opens at noon, in the evening or at midnight: diurnal load, livelier and duller days, a
    rush when it opens (2-5 x) and one before it closes (2-5 x)."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self.opens = _FIRST + int(rng.integers(160)) * DAY + int(rng.choice([0, 12, 18, 20])) * HOUR
        self.closes = self.opens + DAYS * DAY
        self._edges = self.opens + MINUTE * np.arange(DAYS * 1440 + 1, dtype=np.int64)
        minutes = self._edges[:-1]
        into, left = (minutes - self.opens) / HOUR, (self.closes - minutes) / HOUR
        rush = 1 + rng.uniform(1, 4) * np.exp(-into / 2) + rng.uniform(1, 4) * np.exp(-left / 1.5)
        load = _LOAD[((minutes + _OFFSET) % DAY) // HOUR] * rush * rng.lognormal(0, 0.15, DAYS + 1)[self.day(minutes)]
        self._cumulative = np.concatenate([[0.0], np.cumsum(load) / load.sum()])
        first = -(-(self.opens + _OFFSET) // DAY) * DAY - _OFFSET
        # Midnights of the days that are wholly in the window.
        self.midnights = np.arange(first, self.closes - DAY + 1, DAY, dtype=np.int64)

    def day(self, at: Ints) -> Ints:
        """Calendar days of Shanghai, counted from the first of the window."""
        days: Ints = (at + _OFFSET) // DAY - (self.opens + _OFFSET) // DAY
        return days

    def held(self, at: Ints) -> Bools:
        """Which moments are in the window."""
        return (at >= self.opens) & (at < self.closes)

    def awake(self, count: int) -> Ints:
        """Moments drawn by the public's load over the whole window."""
        return self._moments(self._rng.random(count))

    def visits(self, days: Ints, habit: Floats) -> Ints:
        """A moment on each calendar day, by each voter's habit: the share of the day's load that he waits for."""
        last = int(self.day(np.array([self.closes - 1]))[0])
        starts = np.clip(self.opens - (self.opens + _OFFSET) % DAY + DAY * np.arange(last + 2), self.opens, self.closes)
        at = np.interp(starts, self._edges, self._cumulative)
        return self._moments(at[days] + habit * (at[days + 1] - at[days]))

    def within(self, midnights: Ints) -> Ints:
        """A moment on the day of each midnight, by the public's load."""
        return self.visits(self.day(midnights), self._rng.random(len(midnights)))

    def weights(self) -> Floats:
        """Each calendar day's share of the public's load."""
        last = int(self.day(np.array([self.closes - 1]))[0])
        days = self.day(self._edges[:-1])
        weights: Floats = np.bincount(days, np.diff(self._cumulative), last + 1).astype(np.float64)
        return weights

    def start(self, length: float, first: float = 8, last: float = 22.5) -> int:
        """A moment between two local hours of a whole day, from which the length fits into the window."""
        for midnight in self._rng.permutation(self.midnights):
            at = int(midnight + self._rng.uniform(first, last) * HOUR)
            if at + length < self.closes:
                return at
        return int(self.opens + self._rng.random() * max(0, self.closes - self.opens - length))

    def hours(self, count: int, days: int, first: float, last: float) -> Ints:
        """Moments between two local hours (the later may be past 24) of so many days in a row."""
        nights = self.row(days)
        hour = self._rng.uniform(first, last, count) * HOUR
        return (self._rng.choice(nights, count) + hour).astype(np.int64)

    def row(self, days: int) -> Ints:
        """Midnights of so many whole days in a row."""
        # The last night may not be whole.
        begin = int(self._rng.integers(max(1, len(self.midnights) - days)))
        return self.midnights[begin : begin + days]

    def _moments(self, share: Floats) -> Ints:
        return np.clip(np.interp(share, self._cumulative, self._edges), self.opens, self.closes - 1).astype(np.int64)
