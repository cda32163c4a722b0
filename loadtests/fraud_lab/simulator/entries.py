"""Entries with popularity, province and category, and how people choose among them."""

from __future__ import annotations

import numpy as np

from loadtests.fraud_lab.simulator.batch import Floats, Ints
from loadtests.fraud_lab.simulator.networks import PROVINCES

# A voter who changes entries stays in the category, in the province, or among the favourites.
_TASTES = 3


class Entries:
    """The entries of one world; elsewhere an entry is its index in `codes`."""

    def __init__(self, random: np.random.Generator, count: int, people: Floats) -> None:
        self._random = random
        self.codes = [f"E{number:03d}" for number in range(1, count + 1)]
        popularity = random.dirichlet(np.full(count, random.uniform(0.45, 0.9)))
        # Every entry has some supporters.
        self.popularity: Floats = popularity * 0.97 + 0.03 / count
        self.province = random.choice(PROVINCES, count, p=people * 0.7 + 0.3 / PROVINCES).astype(np.int64)
        self.category = random.integers(0, 5, count)
        self.local = random.uniform(0.25, 0.65)
        self.order = np.argsort(-self.popularity).astype(np.int64)
        # A framed entry is never a client of another campaign, so that the effect of framing can be measured.
        self._taken: set[int] = set()

    def pick(self, count: int) -> Ints:
        """Entries, drawn by popularity."""
        return self._by(self.popularity, count)

    def _by(self, weights: Floats, count: int) -> Ints:
        steps = np.cumsum(weights / weights.sum())
        return np.searchsorted(steps, self._random.random(count)).clip(max=len(weights) - 1).astype(np.int64)

    def near(self, province: Ints) -> Ints:
        """Entries, drawn by popularity; some people choose from their own province if it has entries."""
        found = self.pick(len(province))
        at_home = self._random.random(len(province)) < self.local
        for each in range(PROVINCES):
            who = np.flatnonzero(at_home & (province == each))
            if (self.province == each).any():
                found[who] = self._by(self.popularity * (self.province == each), len(who))
        return found

    def similar(self, first: Ints) -> Ints:
        """Another choice of the same person, by category, province or popularity."""
        taste = self._random.integers(0, _TASTES, len(first))
        found = self.order[self._random.integers(0, min(12, len(self.order)), len(first))]
        for group, mask in ((self.category, taste == 0), (self.province, taste == 1)):
            for each in np.unique(group):
                who = np.flatnonzero(mask & (group[first] == each))
                found[who] = self._by(self.popularity * (group == each), len(who))
        return found

    def target(self) -> int:
        """The entry that a campaign helps: mostly from the middle, else near the top."""
        while True:
            if self._random.random() < 0.65:
                place = int(len(self.order) * self._random.uniform(0.05, 0.6))
            else:
                place = int(self._random.integers(0, 8))
            entry = int(self.order[place])
            if entry not in self._taken:
                return entry

    def targets(self, count: int) -> Ints:
        """Different targets."""
        found: dict[int, None] = {}
        while len(found) < min(count, len(self.order) // 2):
            found[self.target()] = None
        return np.array(list(found), dtype=np.int64)

    def framed(self) -> int:
        """A rival near the top that is framed."""
        entry = int(self.order[int(self._random.integers(1, 12))])
        self._taken.add(entry)
        return entry

    def liked(self) -> int:
        """An entry that has a crowd: popular ones more often."""
        return int(self.pick(1)[0]) if self._random.random() < 0.7 else int(self._random.integers(len(self.order)))
