"""When people vote: the window, its days, and the load over day and night."""

from __future__ import annotations

import numpy as np

from loadtests.hands.foreign.rows import DAY, HOUR, MINUTE, Bools, Floats, Ints

ZONE = 8 * HOUR
DAYS = 10
_BIN = 10 * MINUTE
# How busy each hour of a Chinese day is, from midnight.
_HOURS = (2.0, 1.1, 0.6, 0.4, 0.4, 0.7, 1.8, 3.6, 5.0, 5.6, 5.8, 5.9)
_LATER = (6.6, 5.9, 5.2, 5.1, 5.2, 5.4, 6.0, 7.0, 8.2, 8.4, 6.9, 4.3)
_FIRST_MIDNIGHT = 1_714_492_800_000  # 2024-05-01 in Shanghai


class Clock:
    """The window of the contest, and its genuine load."""

    def __init__(self, random: np.random.Generator) -> None:
        self._random = random
        self.midnight = _FIRST_MIDNIGHT + int(random.integers(0, 900)) * DAY
        self.opens = self.midnight + int(random.choice([0, 8, 9, 10, 12])) * HOUR
        last = self.midnight + DAYS * DAY
        self.closes = last - int(random.choice([0, 2, 4, 6])) * HOUR
        self.days = DAYS
        self._weights(random)

    def _weights(self, random: np.random.Generator) -> None:
        starts = self.midnight + np.arange(DAYS * DAY // _BIN) * _BIN
        hours = np.array(_HOURS + _LATER) * np.exp(random.normal(0, 0.12, 24))
        hour = (starts - self.midnight) / HOUR % 24
        load = np.interp(hour, np.arange(25), np.append(hours, hours[0]))
        opening, closing = random.uniform(0.5, 4, 2)
        load *= 1 + opening * np.exp(-np.maximum(starts - self.opens, 0) / (random.uniform(1, 6) * HOUR))
        load *= 1 + closing * np.exp(-np.maximum(self.closes - starts, 0) / (random.uniform(2, 8) * HOUR))
        load *= np.repeat(np.exp(random.normal(0, 0.2, DAYS)), DAY // _BIN)
        load[(starts < self.opens) | (starts >= self.closes)] = 0
        self._ends = np.concatenate([[0.0], np.cumsum(load)])
        self._marks = self._ends[:: DAY // _BIN]
        self.day_weights: Floats = np.diff(self._marks) / self._ends[-1]

    def in_days(self, days: Ints, place: Floats) -> Ints:
        """Moments of these days: `place` from 0 to 1 is the part of the day's genuine load that lies before."""
        low, high = self._marks[days], self._marks[days + 1]
        return self._moments(low + place % 1 * (high - low))

    def draw(self, count: int) -> Ints:
        """Moments as genuine voters have them."""
        return self._moments(self._random.random(count) * self._ends[-1])

    def _moments(self, sums: Floats) -> Ints:
        where = np.clip(np.searchsorted(self._ends, sums, "right") - 1, 0, len(self._ends) - 2)
        step = self._ends[where + 1] - self._ends[where]
        part = np.where(step > 0, (sums - self._ends[where]) / np.where(step > 0, step, 1), 0.5)
        found: Ints = (self.midnight + (where + np.clip(part, 0, 0.9999)) * _BIN).astype(np.int64)
        return np.clip(found, self.opens, self.closes - 1)

    def day_of(self, at: Ints) -> Ints:
        """Days of the contest from 0, by the calendar."""
        return (at - self.midnight) // DAY

    def moment(self, day: int, hour: float) -> int:
        """The moment of a day; it may be outside the window."""
        return int(self.midnight + day * DAY + hour * HOUR)

    def inside(self, at: Ints) -> Bools:
        """Which are in the window."""
        return (at >= self.opens) & (at < self.closes)

    def start_of(self, duration: float) -> int:
        """When somebody begins what takes this long: as people do, but early enough to end in time."""
        latest = max(self.closes - int(duration) - HOUR, self.opens + 1)
        begun = int(self.draw(1)[0])
        return begun if begun < latest else int(self._random.integers(self.opens, latest))

    def whole_days(self, hour: float = 0) -> Ints:
        """Days in which this hour is open."""
        days = np.arange(self.days)
        return days[self.inside(self.midnight + days * DAY + int(hour * HOUR))]
