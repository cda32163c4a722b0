"""When people vote: days of a window, hours of a day, rushes at both ends. Times are ms since 1970 (UTC)."""

from __future__ import annotations

import numpy as np

from loadtests.fraud_lab.simulator.batch import Bools, Floats, Ints

HOUR = 3_600_000
DAY = 24 * HOUR
MINUTE = 60_000
# Weights of the hours 0 to 23 in China: phones of an evening, and of people at work.
_EVENING = (9, 5, 3, 2, 2, 3, 8, 18, 26, 30, 32, 34, 44, 38, 30, 29, 31, 33, 37, 47, 58, 60, 48, 24)
_WORKING = (5, 3, 2, 2, 2, 4, 10, 24, 48, 54, 50, 44, 50, 40, 44, 46, 44, 38, 32, 34, 38, 36, 26, 12)


class Clock:
    """The window [opens, closes) of one world and the habits of its people."""

    def __init__(self, random: np.random.Generator, days: int) -> None:
        self._random = random
        start = 1_767_196_800_000 + int(random.integers(0, 300)) * DAY
        # Midnight in China, by which quotas count days; the window may open later in the day.
        self.midnight = start
        self.opens = start + int(random.choice([0, 0, 8, 9, 10])) * HOUR
        self.closes = self.opens + days * DAY
        self.days = -(-(self.closes - self.midnight) // DAY)
        mixture = random.uniform(0.35, 0.9)
        hours = mixture * np.array(_EVENING) / sum(_EVENING) + (1 - mixture) * np.array(_WORKING) / sum(_WORKING)
        hours = hours * np.exp(random.normal(0, 0.2, 24))
        self._steps = np.concatenate([[0.0], np.cumsum(hours / hours.sum())])
        weights = np.exp(random.normal(0, 0.25, self.days))
        weights[0] *= random.uniform(1.2, 2.8)
        weights[-1] *= random.uniform(1.2, 3.5)
        whole = np.array(
            [min(self.closes, self.start(day) + DAY) - max(self.opens, self.start(day)) for day in range(self.days)]
        )
        self.weights: Floats = weights * whole / DAY
        self._opening = random.uniform(0.1, 0.45)
        self._closing = random.uniform(0.15, 0.5)

    def start(self, day: int) -> int:
        """The midnight at which this day begins."""
        return self.midnight + day * DAY

    def day_of(self, at: Ints) -> Ints:
        """Calendar days in China; the day of the opening is 0."""
        return (at - self.midnight) // DAY

    def inside(self, at: Ints) -> Bools:
        """Whether each moment is within the window."""
        return (at >= self.opens) & (at < self.closes)

    def days_drawn(self, count: int) -> Ints:
        """Days, drawn by how busy they are."""
        return self._random.choice(self.days, count, p=self.weights / self.weights.sum()).astype(np.int64)

    def habits(self, day: Ints) -> Ints:
        """Moments of these days as people choose them, never outside the window."""
        low = np.maximum(self.opens, self.midnight + day * DAY) - self.midnight - day * DAY
        high = np.minimum(self.closes, self.midnight + (day + 1) * DAY) - self.midnight - day * DAY
        hours = np.arange(25) * float(HOUR)
        first, last = np.interp(low, hours, self._steps), np.interp(high, hours, self._steps)
        share = first + (last - first) * self._random.random(len(day))
        at = self.midnight + day * DAY + np.interp(share, self._steps, hours).astype(np.int64)
        rush = self._random.random(len(day))
        early = self.opens + self._random.exponential(1.6 * HOUR, len(day)).astype(np.int64)
        late = self.closes - 1 - self._random.exponential(1.5 * HOUR, len(day)).astype(np.int64)
        at = np.where((day == 0) & (rush < self._opening) & (self.day_of(early) == 0), early, at)
        at = np.where((day == self.days - 1) & (rush < self._closing) & (self.day_of(late) == day), late, at)
        return at.clip(self.opens, self.closes - 1)

    def around(self, day: Ints, hour: Floats | float, spread: float) -> Ints:
        """Moments near an hour of these days, normal with a deviation of `spread` hours."""
        shift = np.asarray(hour) + self._random.normal(0, spread, len(day))
        return self.midnight + day * DAY + (shift * HOUR).astype(np.int64)

    def flat(self, count: int, first: float = 0.0, last: float = 1.0) -> Ints:
        """Moments drawn evenly from this part of the window."""
        share = self._random.uniform(first, last, count)
        return self.opens + (share * (self.closes - self.opens)).astype(np.int64)

    def waking(self) -> int:
        """A moment when a campaign may begin: by day, not in the last hours of the window."""
        begins = int(self.habits(self._random.integers(0, self.days, 1))[0])
        return begins if begins < self.closes - 8 * HOUR else max(self.opens, begins - DAY)

    def span(self, least: int, most: int) -> Ints:
        """Consecutive days: `least` to `most` of them, or all of the window."""
        days = min(int(self._random.integers(least, most + 1)), self.days)
        start = int(self._random.integers(0, self.days - days + 1))
        return np.arange(start, start + days)
