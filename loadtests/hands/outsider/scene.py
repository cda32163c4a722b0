"""The stage that families play on: one world's dice, clock, networks, clients and entries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loadtests.hands.outsider.base import (
    DAY,
    FINE,
    HOUR,
    MINUTE,
    NO_LANGUAGE,
    NO_REFERER,
    SECOND,
    SILENT,
    Bools,
    Crew,
    Floats,
    Ints,
    Place,
    either,
)
from loadtests.hands.outsider.clients import DESKTOP, SHARES, catalogue
from loadtests.hands.outsider.clock import Clock
from loadtests.hands.outsider.networks import CARRIER_SHARES, REGIONS, Networks


@dataclass(frozen=True, slots=True)
class Kit:
    """What a crew uses: `kinds` of clients (all), only a `few` of them (0: as the public), the share of `fresh` tokens,
    one `region` (-1: the public's)."""

    kinds: tuple[str, ...] = tuple(sorted(SHARES))
    few: int = 0
    fresh: float = 0.65
    region: int = -1


PUBLIC = Kit()


class Scene:
    """Dice and parts of one world."""

    def __init__(self, seed: int, ballots: int) -> None:
        self.rng = np.random.default_rng([seed, 0x0A75])
        self.clock = Clock(self.rng)
        self.net = Networks(self.rng, ballots)
        self.popularity = self.rng.dirichlet(np.full(int(self.rng.integers(50, 301)), 0.6))
        table = catalogue()
        self._kinds = table["kind"].to_numpy()
        # Clients are not equally popular in every contest.
        weights = table["weight"].to_numpy() * self.rng.lognormal(0, 0.5, len(table))
        self._weights = weights * np.maximum(table["share"].to_numpy(), 1e-12)

    def shifted(self, low: float, high: float) -> float:
        """A value of the page's range, then 0.5-2 times it."""
        return float(np.exp(self.rng.uniform(np.log(low), np.log(high)) + self.rng.uniform(-1, 1) * np.log(2)))

    def share(self, value: float) -> float:
        """The page's share, 0.5-2 times it, at most 0.97."""
        return min(0.97, self.shifted(value, value))

    def crew(self, count: int, kit: Kit = PUBLIC) -> Crew:
        """So many voters, in households of 1-4, with tokens fresh or 1 hour to 300 days old; 1 % keep none."""
        keys = self.rng.integers(1, 2**63, size=(3, count)).astype(np.uint64)
        fresh = self.rng.random(count) < kit.fresh
        old = np.exp(self.rng.uniform(np.log(HOUR), np.log(300 * DAY), count))
        age = np.where(fresh, self.rng.exponential(400, count), old).astype(np.int64)
        device = np.where(self.rng.random(count) < 0.01, np.uint64(0), keys[1])
        shares = self.net.regions / self.net.regions.sum()
        homes = self.rng.integers(max(1, count // 2) if count > 40 else 4 * count, size=count)
        # A household is in one place, with one line.
        region = self.rng.choice(REGIONS, count, p=shares)[homes % count] if kit.region < 0 else kit.region
        carrier = self.rng.choice(3, count, p=CARRIER_SHARES)[homes % count]
        where = np.broadcast_to(np.asarray(region, dtype=np.int64), (count,))
        return Crew(keys[0], device, age, self._profiles(count, kit), where, carrier, keys[2][homes % count])

    def _profiles(self, count: int, kit: Kit) -> Ints:
        usable = np.flatnonzero(np.isin(self._kinds, kit.kinds))
        ends = np.cumsum(self._weights[usable])
        draws: Ints = usable[np.searchsorted(ends, self.rng.random(kit.few or count) * ends[-1])]
        if kit.few:
            draws = draws[self.rng.integers(kit.few, size=count)]
        return draws

    def usual(self, crew: Crew, who: Ints, mobile: float = 0.57) -> Place:
        """Where people vote from: carriers' networks, or the line at home, which gets a new address now and then."""
        at_desk = np.isin(self._kinds[crew.profile[who]], DESKTOP)
        out = self.rng.random(len(who)) < np.where(at_desk, 0.03, min(1.0, mobile * 1.12))
        region, carrier = crew.region[who], crew.carrier[who]
        lease = (self.rng.random(len(who)) < 0.25) * self.rng.integers(9, size=len(who))
        house = crew.house[who] + lease.astype(np.uint64)
        return either(out, self.net.mobile(region, carrier), self.net.home(region, carrier, house))

    def target(self, ceiling: int = 1) -> int:
        """An entry that somebody works for; popular ones are likelier, those above the ceiling's rank need no help."""
        ranked = np.argsort(-self.popularity)[ceiling - 1 :]
        weights = self.popularity[ranked] + 1 / len(ranked)
        return int(self.rng.choice(ranked, p=weights / weights.sum()))

    def public(self, count: int) -> Ints:
        """Entries by their popularity."""
        return self.rng.choice(len(self.popularity), count, p=self.popularity)

    def mostly(self, count: int, entry: int, share: float) -> Ints:
        """One entry for this share of ballots, others by popularity."""
        return np.where(self.rng.random(count) < share, entry, self.public(count))

    def read(self, count: int, median: float = 13.0, sigma: float = 0.75) -> Ints:
        """Human reading times: lognormal around the median in seconds, at least 1 s; 3 % leave the page open."""
        seconds = 0.9 + self.rng.lognormal(np.log(median), sigma, count)
        left = self.rng.exponential(9 * MINUTE, count) * (self.rng.random(count) < 0.03)
        return (seconds * SECOND + left).astype(np.int64)

    def waits(self, count: int, low: float, high: float, spread: float = 0.05) -> Ints:
        """A program's waits: one number of seconds for all, jittered by the spread."""
        seconds = self.rng.uniform(low, high) * self.rng.lognormal(0, spread, count)
        return np.maximum(40, seconds * SECOND).astype(np.int64)

    def oddities(self, count: int, share: float = 0.015) -> Ints:
        """Flaws that honest requests have, too."""
        some = self.rng.choice([NO_LANGUAGE, SILENT, NO_REFERER], count)
        return np.where(self.rng.random(count) < share, some, FINE)

    def flawed(self, count: int, flaw: int, share: float) -> Ints:
        """One flaw for this share of requests."""
        return np.where(self.rng.random(count) < share, flaw, FINE)

    def paced(self, count: int, gap: float, steady: bool = False) -> Ints:
        """Moments one after another from a random start: gaps in seconds, fixed +-6 % or exponential, shortened where
        they would not fit into 80 % of the window."""
        step = min(gap * SECOND, 0.8 * (self.clock.closes - self.clock.opens) / count)
        gaps = self.rng.normal(1, 0.06, count).clip(0.5, 1.5) if steady else self.rng.exponential(1, count)
        run = np.cumsum(gaps * step)
        return (self.clock.start(float(run[-1]), 7, 24) + run).astype(np.int64)

    def rota(self, count: int, days: int, rate: float) -> tuple[Ints, Ints, int]:
        """Who votes on which of the days, when members take part at this rate; with the number of members."""
        members = max(2, int(np.ceil(1.1 * count / (days * rate))))
        mask: Bools = self.rng.random((members, days)) < rate
        pairs = np.argwhere(mask)
        pairs = pairs[np.sort(self.rng.permutation(len(pairs))[:count])]
        return pairs[:, 0], pairs[:, 1], members

    def decay(self, count: int, minutes: float) -> Floats:
        """Exponential delays in ms."""
        return self.rng.exponential(minutes * MINUTE, count)
