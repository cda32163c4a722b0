"""The window of a contest and when people and programs act in it. Times are ms since 1970."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loadtests.hands.stranger.dice import Floats, Ints, Rng
from loadtests.traffic.world import DAYS

SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000
OFFSET = 8 * HOUR
_FIRST = 1_772_294_400_000  # 1 March 2026, midnight in Beijing
_HOURS = (2.6, 1.3, 0.7, 0.45, 0.4, 0.7, 1.8, 3.6, 5.2, 6.0, 6.1, 5.9, 6.6, 5.6, 4.9, 5.0, 5.1, 5.2)
_EVENING = (5.5, 6.6, 7.8, 8.3, 7.4, 4.9)


@dataclass(frozen=True, slots=True)
class Window:
    """When ballots are taken."""

    opens: int
    closes: int

    def midnight(self, day: int) -> int:
        """Beijing's midnight that begins the calendar day `day`; the opening is on day 0."""
        return (self.opens + OFFSET) // DAY * DAY - OFFSET + day * DAY

    def day(self, at: Ints) -> Ints:
        """Calendar day in Beijing, from 0."""
        return (at - self.midnight(0)) // DAY

    @property
    def days(self) -> int:
        """How many calendar days the window touches."""
        return int((self.closes - 1 - self.midnight(0)) // DAY) + 1

    def weekday(self, day: int) -> int:
        """0 is Monday."""
        return int(((self.midnight(day) + OFFSET) // DAY + 3) % 7)

    def workdays(self) -> list[int]:
        """Days of the window that are neither Saturday nor Sunday, and full of votes."""
        return [day for day in range(1, self.days - 1) if self.weekday(day) < 5]


def hour(at: Ints) -> Floats:
    """Beijing's time of day in hours."""
    return ((at + OFFSET) % DAY) / HOUR


def draw_window(rng: Rng) -> Window:
    """Ten days in 2026, from midnight or an office hour."""
    start = int(rng.choice([0, 8, 9, 10, 12], p=[0.35, 0.1, 0.3, 0.2, 0.05]))
    opens = _FIRST + int(rng.integers(200)) * DAY + start * HOUR
    return Window(opens, opens + DAYS * DAY)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How the public's votes are spread over the window: a cumulative curve over minutes."""

    edges: Floats
    mass: Floats

    def share(self, at: Floats | Ints) -> Floats:
        """The part of the votes before a moment."""
        return np.interp(at, self.edges, self.mass)

    def moment(self, share: Floats) -> Ints:
        """The moment before which this part of the votes falls."""
        return np.interp(share, self.mass, self.edges).astype(np.int64)

    def draw(self, rng: Rng, size: int, start: float | None = None, end: float | None = None) -> Ints:
        """Moments of the public between two times."""
        low, high = self.share(np.array([start or self.edges[0], end or self.edges[-1]], np.float64))
        return self.moment(rng.uniform(low, max(high, low + 1e-12), size))

    def on(self, start: Ints, quantile: Floats) -> Ints:
        """The moment at a quantile of each of some days, given by their midnights."""
        low, high = self.share(start), self.share(start + DAY)
        return self.moment(low + (high - low) * quantile)


def draw_rhythm(rng: Rng, window: Window) -> Rhythm:
    """Day and night, an opening rush, a dull middle and a closing rush."""
    edges = np.arange(window.opens, window.closes + 1, MINUTE, dtype=np.float64)
    middle = (edges[:-1] + MINUTE / 2).astype(np.int64)
    hours = np.array(_HOURS + _EVENING) * np.exp(rng.normal(0, 0.1, 24))
    level = np.interp(hour(middle), np.arange(25), np.append(hours, hours[0]))
    daily = np.exp(rng.normal(0, 0.18, window.days))[window.day(middle)]
    since, left = (middle - window.opens) / HOUR, (window.closes - middle) / HOUR
    rush = 1 + rng.uniform(0.6, 2.5) * np.exp(-since / rng.uniform(4, 20))
    rush = rush + rng.uniform(0.6, 3.0) * np.exp(-left / rng.uniform(2, 12))
    mass = np.concatenate([[0.0], np.cumsum(level * daily * rush)])
    return Rhythm(edges, mass / mass[-1])


def begin(rng: Rng, window: Window, span: float) -> int:
    """A start from which `span` ms still fit; sellers work mostly from 8 to 24 o'clock."""
    room = max(window.closes - window.opens - int(span) - MINUTE, MINUTE)
    starts = window.opens + rng.integers(0, room, 8)
    awake = [int(each) for each in starts if hour(np.array([each]))[0] >= 8]
    return awake[0] if awake else int(starts[0])


def paced(rng: Rng, window: Window, gaps: Floats) -> Ints:
    """Moments with these gaps (in s) one after the other, squeezed where the window is too short."""
    room = 0.97 * (window.closes - window.opens)
    steps = np.cumsum(gaps) * SECOND
    steps = steps * min(1.0, room / steps[-1])
    made: Ints = (begin(rng, window, float(steps[-1])) + steps).astype(np.int64)
    return made
