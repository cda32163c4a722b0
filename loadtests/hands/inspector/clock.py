"""When people vote: the window, the load of a day, the rushes at both ends."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from loadtests.traffic.world import DAYS

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Generator = np.random.Generator

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
_OFFSET = 8 * HOUR
_LOAD = (
    *(9, 4, 2, 1, 1, 2, 8, 24, 38, 44, 46, 44),
    *(60, 52, 42, 40, 42, 46, 56, 70, 88, 92, 66, 30),
)


class Clock:
    """Ten days from a full hour of Shanghai; load by minute: diurnal, uneven days, opening and closing rush."""

    def __init__(self, rng: Generator) -> None:
        self._rng = rng
        self._first = 20_330 + int(rng.integers(0, 300))
        self.opens = (self._first * 24 + int(rng.choice([0, 0, 8, 9, 10, 12, 20, 22]))) * HOUR - _OFFSET
        self.closes = self.opens + DAYS * DAY
        minute = np.arange(DAYS * 24 * 60)
        local = self.opens + _OFFSET + minute * MINUTE
        load = np.interp(local % DAY / HOUR, np.arange(25), [*_LOAD, _LOAD[0]])
        day = local // DAY - self._first
        load *= rng.lognormal(0, 0.2, DAYS + 1)[day]
        left = DAYS * 24 - minute / 60
        load *= 1 + rng.uniform(1, 3) * np.exp(-minute / 150) + rng.uniform(1, 3) * np.exp(-left / 2)
        self._cdf = np.concatenate([[0.0], np.cumsum(load / load.sum())])
        edges = np.searchsorted(day, np.arange(DAYS + 2))
        self._low, self._high = self._cdf[edges[:-1]], self._cdf[edges[1:]]
        self.days = np.flatnonzero(np.diff(edges) == 24 * 60)

    def on(self, day: Ints, hour: Floats | float) -> Ints:
        """The hour of a calendar day of the contest."""
        return (self._first + day) * DAY - _OFFSET + (np.asarray(hour) * HOUR).astype(np.int64)

    def day(self, at: Ints) -> Ints:
        """The calendar day in Shanghai."""
        return (at + _OFFSET) // DAY - self._first

    def moments(self, day: Ints) -> Ints:
        """Moments of these calendar days as the public's load has it."""
        return self._inverse(self._low[day] + self._rng.random(len(day)) * (self._high - self._low)[day])

    def visits(self, times: Ints) -> tuple[Ints, Ints]:
        """Who comes on which calendar day: each person `times` different ones, by the days' load."""
        weight = np.log(np.maximum(self._high - self._low, 1e-9))
        rank = np.argsort(-(weight + self._rng.gumbel(size=(len(times), DAYS + 1))), axis=1)
        who, place = np.nonzero(np.arange(DAYS + 1) < times[:, None])
        return who, rank[who, place]

    def start(self, span: float) -> int:
        """A moment from which `span` ms still fit into the window; people start things by day."""
        room = max(int(self.closes - self.opens - span), 1)
        at = self._inverse(self._rng.random(1))[0]
        return int(at if at - self.opens < room else self.opens + self._rng.integers(room))

    def _inverse(self, mass: Floats) -> Ints:
        spot = np.interp(mass, self._cdf, np.arange(len(self._cdf)))
        return np.minimum(self.opens + (spot * MINUTE).astype(np.int64), self.closes - 1)
