"""The entries of a contest and who votes for which."""

from __future__ import annotations

import numpy as np

from loadtests.hands.newcomer.dice import Array, Rng


class Entries:
    """Entries by number; their popularity drifts from day to day."""

    def __init__(self, rng: Rng) -> None:
        self._rng = rng
        self.count = int(rng.integers(50, 301))
        self._popularity = rng.dirichlet(np.full(self.count, 0.6))
        self.ranked: Array = np.argsort(-self._popularity)
        self._daily = self._popularity * rng.lognormal(0, 0.3, (11, self.count))
        self._daily /= self._daily.sum(1, keepdims=True)

    @property
    def codes(self) -> list[str]:
        """The codes of all entries."""
        return [f"e{each + 1:03d}" for each in range(self.count)]

    def popular(self, day: Array) -> Array:
        """One by popularity for each of these days."""
        chosen = np.zeros(len(day), np.int64)
        for each in np.unique(day):
            where = day == each
            found = np.searchsorted(np.cumsum(self._daily[each]), self._rng.random(where.sum()))
            chosen[where] = found.clip(0, self.count - 1)
        return chosen

    def client(self) -> int:
        """Who pays: seldom the first, often one who could win a prize."""
        promising = self._rng.random() < 0.45
        low, high = (1, max(3, self.count // 6)) if promising else (self.count // 6, self.count)
        return int(self.ranked[self._rng.integers(low, high)])

    def clients(self, n: int) -> Array:
        """n who pay, perhaps one of them twice."""
        return np.array([self.client() for _ in range(n)])

    def favourite(self) -> int:
        """Whom an honest crowd is for: by popularity, or anybody with friends."""
        if self._rng.random() < 0.5:
            return int(self._rng.choice(self.count, p=self._popularity))
        return int(self._rng.integers(self.count))
