"""The window of a contest and when ballots come in it."""

from __future__ import annotations

import numpy as np

from loadtests.hands.newcomer.dice import Array, Rng

MS, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000
_DAYS = 10
_MINUTES = _DAYS * 1440
_JANUARY = 1_735_660_800_000  # a midnight in Shanghai
# How many come in each hour of a day.
_HOURS = (14, 7, 4, 3, 3, 5, 14, 34, 56, 62, 64, 60, 66, 58, 50, 50, 52, 56, 62, 74, 88, 92, 70, 34)


def draw_window(rng: Rng) -> tuple[int, int]:
    """The midnight of the first day, and the opening (ms)."""
    midnight = _JANUARY + int(rng.integers(0, 300)) * DAY
    return midnight, midnight + int(rng.choice([0, 8, 9, 10, 12])) * HOUR


class Times:
    """Moments of a contest of ten days, in ms since 1970; `days` are calendar days counted from the first."""

    def __init__(self, rng: Rng, midnight: int, opens: int) -> None:
        self._rng = rng
        self.midnight, self.opens, self.closes = midnight, opens, opens + _DAYS * DAY
        self.days: Array = np.arange(_DAYS + 1 if opens > midnight else _DAYS)
        rate = self._rate()
        self._mass = np.concatenate([[0.0], np.cumsum(rate)]) / rate.sum()
        edges = np.clip((midnight + np.arange(_DAYS + 2) * DAY - opens) / MINUTE, 0, _MINUTES)
        self._day_mass = np.interp(edges, np.arange(_MINUTES + 1), self._mass)

    def _rate(self) -> Array:
        """Ballots a minute: hours of a day, days of their own, more after the opening and before the closing."""
        rng = self._rng
        hours = np.array(_HOURS, float) * rng.lognormal(0, 0.12, 24)
        minutes = np.arange(_MINUTES)
        since = (self.opens - self.midnight) // MINUTE + minutes
        rate: Array = np.interp((since % 1440) / 60, np.arange(25) + 0.5, np.append(hours, hours[0]))
        rate *= rng.lognormal(0, 0.2, _DAYS + 1)[since // 1440]
        opening = rng.uniform(1.5, 5) * np.exp(-minutes / rng.uniform(120, 600))
        closing = rng.uniform(1.5, 5) * np.exp(-(_MINUTES - minutes) / rng.uniform(90, 480))
        rate *= 1 + opening + closing
        return rate

    def _at(self, mass: Array) -> Array:
        minutes: Array = np.interp(mass, self._mass, np.arange(_MINUTES + 1))
        return self.opens + (minutes * MINUTE).astype(np.int64)

    def on(self, day: Array) -> Array:
        """Ordinary times on these calendar days."""
        return self._at(self._rng.uniform(self._day_mass[day], self._day_mass[day + 1]))

    def ordinary(self, n: int) -> Array:
        """Ordinary times of the whole contest."""
        return self._at(self._rng.random(n))

    def clock(self, day: Array | int, hour: Array | float) -> Array:
        """An hour of a calendar day."""
        made: Array = (self.midnight + np.asarray(day) * DAY + np.asarray(hour) * HOUR).astype(np.int64)
        return made

    def days_at(self, hour: float, span: float) -> Array:
        """Days on which this hour and `span` hours more lie in the window."""
        starts, ends = self.clock(self.days, hour), self.clock(self.days, hour + span)
        made: Array = self.days[(starts >= self.opens) & (ends <= self.closes)]
        return made

    def day_of(self, at: Array) -> Array:
        """The calendar days of these times."""
        return ((at - self.midnight) // DAY).astype(np.int64)

    def last_moment(self, at: Array) -> Array:
        """These times, but none after the closing."""
        return np.minimum(at, self.closes - 1)

    def start(self, span: float, *, waking: bool = True) -> int:
        """A start so that `span` ms still fit before the closing."""
        for _ in range(50):
            start = int(self.ordinary(1)[0]) if waking else int(self._rng.integers(self.opens, self.closes))
            if start + span < self.closes:
                return start
        return int(self.opens + self._rng.random() * max(0.0, _DAYS * DAY - span))

    def visits(self, people: int, often: Array, days: Array, *, even: bool = False) -> tuple[Array, Array]:
        """Each of the people on so many different ones of `days`: person and day of each visit."""
        weight = np.zeros(len(days)) if even else np.log(np.diff(self._day_mass)[days] + 1e-9)
        keys = self._rng.gumbel(size=(people, len(days))) + weight
        rank = np.argsort(np.argsort(-keys, axis=1), axis=1)
        who, col = np.nonzero(rank < often[:, None])
        return who, days[col]

    def paced(self, n: int, gap: float, *, sessions: int, jitter: float | None = None) -> Array:
        """n times in runs with exponential gaps (s), or steady ones with a jitter; closer if time is short."""
        sessions = max(1, min(sessions, n // 20))
        gap = min(gap, 9 * 86_400 / max(1, n))
        parts = []
        for size in self._rng.multinomial(n, np.full(sessions, 1 / sessions)):
            drawn = (
                self._rng.exponential(1, size) if jitter is None else self._rng.uniform(1 - jitter, 1 + jitter, size)
            )
            run = np.cumsum(gap * drawn) * MS
            parts.append(self.start(run[-1] if size else 0, waking=False) + run)
        return np.concatenate(parts)
