"""One simulated contest: its people, networks and browsers, and how groups of people cast ballots."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loadtests.fraud_lab.simulator.batch import Addresses, Batch, Bools, Floats, Ints
from loadtests.fraud_lab.simulator.clients import Catalogue
from loadtests.fraud_lab.simulator.clock import DAY, Clock
from loadtests.fraud_lab.simulator.entries import Entries
from loadtests.fraud_lab.simulator.headers import DIRECT, GROUP, NO_REFERER, ODDITIES, SINGLE, TIMELINE, Odd, Site
from loadtests.fraud_lab.simulator.networks import Networks

_SECOND = 1000.0


@dataclass(slots=True)
class People:
    """Voters, one a row; `age`: how long before the first ballot the device's token was issued, in ms (0: with it)."""

    voter: Ints
    device: Ints
    profile: Ints
    province: Ints
    carrier: Ints
    home: Addresses
    age: Ints
    odd: Ints
    web_id: Ints
    pace: Floats
    roams: Floats

    def __len__(self) -> int:
        return len(self.voter)


class Scene:
    """Draws for one world. Everything comes from one random generator, so a seed always gives the same world."""

    def __init__(self, random: np.random.Generator, entries: int, days: int) -> None:
        self.random = random
        self.clock = Clock(random, days)
        self.networks = Networks(random)
        self.entries = Entries(random, entries, self.networks.people)
        self.clients = Catalogue(random, self.about(1100, 5.5), random.uniform(0.35, 0.85))
        self.fresh = random.uniform(0.4, 0.8)
        self.odd = random.uniform(0.005, 0.03)
        self.median = random.uniform(8, 35)
        self.sigma = random.uniform(0.55, 0.85)
        self.on_air = random.uniform(0.35, 0.7)
        self.forgets = random.uniform(0.01, 0.08)
        self.referers = random.uniform(0.5, 0.98)
        self._voters = 0
        self._sources = 6

    def about(self, middle: float, factor: float = 2.0) -> float:
        """A log-uniform number from middle / factor to middle * factor."""
        return float(middle * np.exp(self.random.uniform(-np.log(factor), np.log(factor))))

    def chance(self, middle: float) -> float:
        """A share from half to twice the middle, 0.97 at most."""
        return min(0.97, self.about(middle))

    def whole(self, middle: float, least: int = 1) -> int:
        """An integer about the middle."""
        return max(least, round(self.about(middle)))

    def province(self) -> int:
        """A province, drawn by population."""
        return int(self.networks.provinces(1)[0])

    def source(self) -> int:
        """The code of a campaign's own link to the contest."""
        self._sources += 1
        return self._sources

    def identities(self, count: int) -> Ints:
        """New numbers for voters or devices."""
        self._voters += count
        return np.arange(self._voters - count, self._voters, dtype=np.int64)

    def people(
        self,
        count: int,
        *,
        profile: Ints | None = None,
        province: int | Ints | None = None,
        town: int | None = None,
        fresh: float | None = None,
    ) -> People:
        """Genuine-looking people, by default of the whole country and with any client."""
        random = self.random
        where = (
            self.networks.provinces(count)
            if province is None
            else np.broadcast_to(np.asarray(province, dtype=np.int64), count)
        )
        carrier = self.networks.carriers(count)
        towns = None if town is None else np.full(count, town, dtype=np.int64)
        aged = np.exp(random.normal(np.log(4), 1.3, count)) * DAY
        is_fresh = random.random(count) < (self.fresh if fresh is None else fresh)
        odd = random.choice(ODDITIES, count)
        return People(
            voter=self.identities(count),
            device=self.identities(count),
            profile=self.clients.draw(count) if profile is None else profile,
            province=where.astype(np.int64),
            carrier=carrier,
            home=self.networks.home(where.astype(np.int64), carrier, towns),
            age=np.where(is_fresh, 0, aged).astype(np.int64),
            odd=np.where(random.random(count) < self.odd, odd, Odd.NOTHING).astype(np.int64),
            web_id=random.integers(1, 10_000, count),
            pace=np.exp(random.normal(0, 0.3, count)),
            roams=random.beta(2, 2, count) * 2 * self.on_air,
        )

    def reach(self, people: People, who: Ints) -> Addresses:
        """The address of each ballot: mobile for phones away from home, else the household."""
        air = self.networks.mobile(people.province[who], people.carrier[who])
        home = self.networks.fresh_low(people.home.take(who))
        out = (self.random.random(len(who)) < people.roams[who]) & self.clients.is_mobile(people.profile[who])
        return air.where(out, home)

    def spots(self, place: Addresses, count: int) -> Addresses:
        """One of these addresses per ballot, the first ones more often."""
        which = (len(place.asn) * self.random.random(count) ** 1.3).astype(np.int64)
        return self.networks.fresh_low(place.take(which))

    def reading(self, pace: Floats, median: float | None = None, sigma: float | None = None) -> Ints:
        """Log-normal reading times in ms, by default those of this world's people."""
        spread = self.random.normal(0, self.sigma if sigma is None else sigma, len(pace))
        middle = self.median if median is None else median
        return (middle * _SECOND * pace * np.exp(spread)).clip(650, 5_400_000).astype(np.int64)

    def exact(self, count: int, median: float, sigma: float) -> Ints:
        """Waiting times of a script: as `reading`, without the lower bound of people."""
        return (median * _SECOND * np.exp(self.random.normal(0, sigma, count))).clip(30, None).astype(np.int64)

    def sources(self, count: int) -> Ints:
        """How people reach the page without a campaign."""
        found = self.random.choice([DIRECT, SINGLE, GROUP, TIMELINE], count, p=[0.45, 0.2, 0.2, 0.15])
        return np.where(self.random.random(count) < self.referers, found, NO_REFERER).astype(np.int64)

    def cast(  # noqa: PLR0913 (all by name)
        self,
        people: People,
        who: Ints,
        at: Ints,
        entry: Ints | int,
        *,
        reading: Ints,
        address: Addresses,
        source: Ints | int | None = None,
        site: Ints | int = Site.OWN,
        loses: float | None = None,
    ) -> Batch:
        """One ballot for each of `who` (rows of `people`) at `at`. `loses`: the share whose token was lost before."""
        count = len(who)
        opened = at - reading
        owned, row = np.unique(people.device, return_index=True)
        place = np.searchsorted(owned, people.device[who])
        first = np.full(len(owned), np.iinfo(np.int64).max)
        np.minimum.at(first, place, opened)
        age = np.where(people.age[row] > 0, people.age[row], self._browsed(len(owned)))
        lost = self.random.random(count) < (self.forgets if loses is None else loses)
        device = np.where(lost, self.identities(count), people.device[who])
        issued = np.where(lost, opened - self._browsed(count), first[place] - age[place])
        return Batch(
            at=at,
            opened=opened,
            issued=issued,
            voter=people.voter[who],
            device=device,
            entry=np.broadcast_to(np.asarray(entry, dtype=np.int64), count).copy(),
            profile=people.profile[who],
            web_id=people.web_id[who],
            odd=people.odd[who],
            source=self.sources(count)
            if source is None
            else np.broadcast_to(np.asarray(source, dtype=np.int64), count).copy(),
            site=np.broadcast_to(np.asarray(site, dtype=np.int64), count).copy(),
            v4=address.v4,
            high=address.high,
            low=address.low,
            asn=address.asn,
            hosting=address.hosting,
            air=address.air,
        )

    def _browsed(self, count: int) -> Ints:
        """The time from a fresh token to its ballot's page: none, or the reading of a first page."""
        browsed = np.exp(self.random.normal(np.log(40), 1.0, count)) * _SECOND
        return np.where(self.random.random(count) < 0.5, self.random.integers(0, 900, count), browsed).astype(np.int64)

    def odds(self, count: int, share: float) -> Ints:
        """Contradictions in requests made without care."""
        kinds = self.random.choice([odd for odd in ODDITIES if odd != Odd.FOREIGN_ZONE], count)
        return np.where(self.random.random(count) < share, kinds, Odd.NOTHING).astype(np.int64)

    def run(self, start: float, gaps: Floats) -> Ints:
        """Moments from `start` on with these gaps in seconds."""
        return (start + np.cumsum(gaps) * _SECOND).astype(np.int64)

    def mask(self, count: int, share: float) -> Bools:
        """True for this share."""
        return self.random.random(count) < share
