"""A contest's world before anybody votes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loadtests.hands.newcomer import oddities
from loadtests.hands.newcomer.browsers import Browsers
from loadtests.hands.newcomer.dice import Array, Rng, shifted
from loadtests.hands.newcomer.entries import Entries
from loadtests.hands.newcomer.networks import Networks
from loadtests.hands.newcomer.times import Times, draw_window


@dataclass(frozen=True, slots=True)
class Traits:
    """What differs from public to public: shares of WeChat, of its mini program, of mobile networks and of IPv6,
    typical seconds of reading, shares of new tokens, of tokens lost between two votes and of odd headers."""

    wechat: float
    mini: float
    mobile: float
    reading: float
    six: float
    fresh: float
    refresh: float
    odd: float


def _draw_traits(rng: Rng) -> Traits:
    return Traits(
        wechat=float(np.clip(0.6 * rng.uniform(0.8, 1.25), 0.3, 0.85)),
        mini=float(rng.choice([0, 0.1, 0.3])),
        mobile=float(np.clip(0.55 * rng.uniform(0.8, 1.3), 0.3, 0.8)),
        reading=rng.uniform(9, 28),
        six=rng.uniform(0.05, 0.3),
        fresh=rng.uniform(0.88, 0.99),
        refresh=rng.uniform(0.14, 0.38),
        odd=0.015 * rng.uniform(0.6, 1.6),
    )


class Scene:
    """Entries, browsers, times and networks; all of them draw from one generator."""

    def __init__(self, rng: Rng, ballots: int) -> None:
        self.rng = rng
        midnight, opens = draw_window(rng)
        self.entries = Entries(rng)
        self.browsers = Browsers(rng)
        self.traits = _draw_traits(rng)
        self.times = Times(rng, midnight, opens)
        self.networks = Networks(rng, ballots)
        self._next = 1

    def shifted(self, value: float) -> float:
        """A figure of the page, moved by x0.5 to x2."""
        return shifted(self.rng, value)

    def ranged(self, low: float, high: float) -> float:
        """A figure of the page's range, moved."""
        return self.shifted(self.rng.uniform(low, high))

    def serials(self, n: int) -> Array:
        """n new identities."""
        start, self._next = self._next, self._next + n
        return np.arange(start, start + n)

    def region(self) -> int:
        """A region by where the voters are."""
        return int(self.rng.choice(len(self.networks.regions), p=self.networks.regions))

    def oddly(self, n: int, share: float | None = None, codes: tuple[int, ...] = oddities.PUBLIC) -> Array:
        """Codes of unusual headers for a share of n requests (the public's if not given)."""
        share = self.traits.odd if share is None else share
        return np.where(self.rng.random(n) < share, self.rng.choice(codes, n), oddities.USUAL)
