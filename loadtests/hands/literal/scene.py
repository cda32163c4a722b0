"""What a world's families share: its clock, networks and browsers, its entries, and how parameters are drawn."""

from __future__ import annotations

import math

import numpy as np

from loadtests.hands.literal.clients import Clients
from loadtests.hands.literal.clock import Clock
from loadtests.hands.literal.networks import Networks
from loadtests.hands.literal.rows import HOUR, Floats, Ints

# Apart from the other generators, which have seeds of the same numbers.
_STREAM = 77_003


class Scene:
    """One world in the making."""

    def __init__(self, seed: int, ballots: int) -> None:
        # The order of all that is drawn here is part of the worlds.
        self.random = random = np.random.default_rng([seed, _STREAM])
        opening = float(random.choice([8, 9, 10, 12])) * HOUR
        closing = float(random.choice([20, 22, 24])) * HOUR
        self.entries = int(random.integers(50, 301))
        self.popularity = random.dirichlet(np.full(self.entries, 0.6))
        self.clients = Clients(random)
        self.pace = random.uniform(14, 26)
        self.clock = Clock(random, opening, closing)
        self.networks = Networks(random, ballots)
        self._next = 1

    @property
    def codes(self) -> list[str]:
        """The entries, by their numbers."""
        return [f"E{index + 1:03d}" for index in range(self.entries)]

    def vary(self, value: float) -> float:
        """Half of it to twice as much, as worlds differ from what was published."""
        return value * float(np.exp(self.random.uniform(-math.log(2), math.log(2))))

    def share(self, value: float, most: float = 0.97) -> float:
        """A share, varied."""
        return min(most, self.vary(value))

    def between(self, low: float, high: float) -> float:
        """A value of the range, varied."""
        return self.vary(float(self.random.uniform(low, high)))

    def many(self, low: int, high: int, least: int = 1) -> int:
        """A number of the range, varied."""
        return max(least, round(self.between(low, high)))

    def chance(self, share: float) -> bool:
        """Whether what happens this often happens."""
        return bool(self.random.random() < share)

    def fresh(self, count: int) -> Ints:
        """Numbers that nobody has yet, for voters, devices and IPv6 addresses."""
        self._next += count
        return np.arange(self._next - count, self._next)

    def entry(self) -> int:
        """Any entry."""
        return int(self.random.integers(self.entries))

    def popular(self, count: int) -> Ints:
        """Entries as the public likes them."""
        return self.random.choice(self.entries, count, p=self.popularity)

    def mostly(self, count: int, entry: int, share: float) -> Ints:
        """This entry for so many, and for the others any."""
        return np.where(self.random.random(count) < share, entry, self.popular(count))

    def reading(self, count: int, median: float | None = None, sigma: float = 0.7) -> Floats:
        """How long people look at a page."""
        return np.maximum(0.9, self.random.lognormal(math.log(median or self.pace), sigma, count))

    def waiting(self, count: int, low: float, high: float) -> Floats:
        """How long a script does: about the same each time."""
        return self.random.lognormal(math.log(self.between(low, high)), self.random.uniform(0.08, 0.3), count)
