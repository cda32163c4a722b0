"""When people vote: the window, its days, and the load over day and night. Times are seconds since the opening."""

from __future__ import annotations

import numpy as np

from loadtests.hands.literal.rows import DAY, HOUR, Floats, Ints

DAYS = 10
_MINUTES = 1440  # of a day
_FIRST_MIDNIGHT = 1_762_099_200_000  # 2025-11-03 in Shanghai
# How busy each hour of a Chinese day is, from midnight.
_MORNING = (0.25, 0.12, 0.07, 0.05, 0.05, 0.12, 0.35, 0.7, 0.9, 1, 1.05, 1.1)
_EVENING = (1.3, 1.15, 0.95, 0.95, 0.95, 1, 1.1, 1.3, 1.5, 1.55, 1.3, 0.7)
_HOURS = np.array(_MORNING + _EVENING)


class Clock:
    """The window of the contest, and its genuine load. `opening` and `closing` are seconds after midnight of the first
    and of the last day."""

    def __init__(self, random: np.random.Generator, opening: float, closing: float) -> None:
        self._random = random
        self.opening = opening
        self.end = (DAYS - 1) * DAY + closing - opening
        self.opens = _FIRST_MIDNIGHT + int(opening * 1000)
        self._minutes = self._load(closing)
        self.daily: Floats = self._minutes.reshape(DAYS, _MINUTES).sum(1)

    def _load(self, closing: float) -> Floats:
        minutes = np.arange(DAYS * _MINUTES)
        weights = np.interp((minutes % _MINUTES) / 60, np.arange(25) + 0.5, np.append(_HOURS, _HOURS[0]))
        weights = weights * np.repeat(self._random.uniform(0.75, 1.3, DAYS), _MINUTES)
        since = minutes - self.opening / 60
        until = ((DAYS - 1) * _MINUTES + closing / 60) - minutes
        inside = (since >= 0) & (until > 0)
        mean = weights[inside].mean()
        rush = mean * 5 * np.exp(-np.maximum(since, 0) / 90)
        weights = weights + rush + mean * 4 * np.exp(-np.maximum(until, 0) / 100)
        return np.where(inside, weights, 0.0)

    def when(self, days: Ints) -> Floats:
        """A time by the usual load on each of the days."""
        total = np.concatenate([[0.0], np.cumsum(self._minutes)])
        low, high = total[days * _MINUTES], total[(days + 1) * _MINUTES]
        wanted = low + self._random.random(len(days)) * (high - low)
        minute = np.searchsorted(total, wanted, side="right") - 1
        # Rounding may lead into the next day.
        minute = np.clip(minute, days * _MINUTES, days * _MINUTES + _MINUTES - 1)
        at: Floats = minute * 60.0 + self._random.random(len(days)) * 60 - self.opening
        return at

    def usual(self, count: int, first: int = 0, last: int = DAYS) -> Floats:
        """Times by the usual load, from the first of these days to before the last."""
        share = self.daily[first:last] / self.daily[first:last].sum()
        return self.when(self._random.choice(np.arange(first, last), count, p=share))

    def awake(self, at: Floats) -> Floats:
        """How busy the hour is, as a share of the busiest."""
        hour = ((at + self.opening) % DAY / HOUR).astype(int)
        share: Floats = _HOURS[hour] / _HOURS.max()
        return share

    def at(self, days: Ints, hour: Floats | float) -> Floats:
        """The times of these hours on these days."""
        return days.astype(np.float64) * DAY + hour * HOUR - self.opening

    def start(self, day: int, hour: float) -> float:
        """The time of one hour on one day."""
        return day * DAY + hour * HOUR - self.opening

    def hour(self, low: float = 8.0, high: float = 22.0) -> float:
        """Some hour of a day."""
        return float(self._random.uniform(low, high))

    def moment(self, low: float, high: float) -> float:
        """An hour of some day that lies in the window, with half an hour to spare."""
        for _ in range(200):
            at = self.start(int(self._random.integers(0, DAYS)), self.hour(low, high))
            if 0 <= at <= self.end - HOUR / 2:
                break
        return at

    def run(self, gaps: Floats) -> Floats:
        """One run with these gaps, somewhere in the window."""
        steps: Floats = np.cumsum(gaps)
        steps = steps * min(1.0, 0.97 * self.end / steps[-1])
        begin = float(self._random.uniform(0, self.end - steps[-1]))
        return begin + steps
