"""What all the ballots of one world have in common."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loadtests.hands.foreign.catalogue import Catalogue
from loadtests.hands.foreign.clock import Clock
from loadtests.hands.foreign.networks import Grouped, Networks
from loadtests.hands.foreign.rows import SECOND, Floats, Ints


@dataclass(frozen=True, slots=True)
class Habits:
    """How the people of one crowd come in. `fresh`: the chance that the first ballot's token is new; `keep`: that a
    token is still there on another day; `pace`: reading time as a multiple of the public's."""

    wechat: float
    mobile: float
    fresh: float
    keep: float
    pace: float = 1.0
    sigma: float = 0.65  # with the difference between people 0.7 in all
    roam: float = 0.12
    odd: float = 0.015


class Scene:
    """The contest, its country, its public's habits; and numbers for those who take part."""

    def __init__(self, seed: int, ballots: int) -> None:
        # Another generator with the same seed shall not draw the same numbers.
        self.random = np.random.default_rng([seed, 0xF0E16])
        self.ballots = ballots
        self.clock = Clock(self.random)
        self.once = self.random.uniform(0.5, 0.75)
        self.networks = Networks(self.random, ballots * 0.4)
        self.catalogue = Catalogue(self.random, self.random.choice([0.0, self.random.uniform(0.05, 0.5)]))
        self.reading = self.random.uniform(5, 15) * SECOND
        self._contest()
        self.habits = self._habits()
        self._names = 0
        self._clients: list[int] = []

    def _contest(self) -> None:
        random, cities = self.random, self.networks.cities
        self.entries = int(random.integers(50, 301))
        self.popularity: Floats = random.dirichlet(np.full(self.entries, 0.6))
        self.home = self.networks.some_cities(self.entries)
        local = random.uniform(0.5, 12)
        weights = self.popularity * (1 + local * (self.home == np.arange(cities)[:, None]))
        self._local = Grouped(random, weights + 1e-9)
        self.order: Ints = np.argsort(-self.popularity)

    def _habits(self) -> Habits:
        random = self.random
        keep = random.uniform(0.45, 0.75)
        # Of all ballots about 65 % have a fresh token; those of later days follow from `keep`.
        first = 1 / (self.once + (1 - self.once) * 3.3)
        fresh = (random.uniform(0.55, 0.75) - (1 - first) * (1 - keep)) / first
        # With those who come by links in WeChat it is 60 % in all.
        return Habits(0.56, 0.55, float(np.clip(fresh, 0.3, 0.97)), keep)

    def numbers(self, count: int) -> Ints:
        """Numbers that nobody else has, for voters and tokens."""
        self._names += count
        return np.arange(self._names - count, self._names, dtype=np.int64)

    def vary(self, value: float) -> float:
        """Half to twice as much."""
        return float(value * 2 ** self.random.uniform(-1, 1))

    def between(self, low: float, high: float) -> float:
        """Something of a published range, and half to twice as much."""
        return self.vary(float(np.exp(self.random.uniform(np.log(low), np.log(high)))))

    def many(self, low: float, high: float, least: int = 1) -> int:
        """As `between`, as a count."""
        return max(round(self.between(low, high)), least)

    def chance(self, share: float) -> bool:
        """True with this chance."""
        return bool(self.random.random() < share)

    def mask(self, count: int, share: float) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """True for this share."""
        return self.random.random(count) < share

    def liked(self, cities: Ints) -> Ints:
        """Entries as people of these cities like them."""
        return self._local.draw(cities)

    def ranked(self, low: float, high: float) -> int:
        """An entry whose rank is between these parts of the list."""
        first, last = int(low * self.entries), max(int(high * self.entries), int(low * self.entries) + 1)
        return int(self.order[int(self.random.integers(first, last))])

    def client(self) -> int:
        """An entry that buys votes: mostly one that wants to climb; some buy from several sellers."""
        if self._clients and self.chance(0.2):
            return int(self.random.choice(self._clients))
        drawn = self.random.random()
        low, high = (0.15, 0.7) if drawn < 0.78 else (0.0, 0.15) if drawn < 0.92 else (0.7, 1.0)
        self._clients.append(self.ranked(low, high))
        return self._clients[-1]

    def clients(self, count: int) -> Ints:
        """Different entries that buy votes."""
        found: dict[int, None] = {}
        for _ in range(count * 20):
            found[self.client()] = None
            if len(found) == count:
                break
        return np.array(list(found), np.int64)

    def spread(self, count: int, median: float, sigma: float) -> Ints:
        """Log-normal times."""
        found: Ints = (median * np.exp(self.random.normal(0, sigma, count))).astype(np.int64)
        return found

    def exponential(self, count: int, mean: float) -> Ints:
        """Exponential times."""
        found: Ints = self.random.exponential(mean, count).astype(np.int64)
        return found
