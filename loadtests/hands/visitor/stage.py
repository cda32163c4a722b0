"""The stage of a world: its window, entries and networks, and the tools by which families put ballots on it."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from loadtests.hands.visitor.clients import Clients
from loadtests.hands.visitor.networks import PLACES, Addresses, Bools, Floats, Ints, Networks
from loadtests.traffic.world import DAYS

SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000
OFFSET = 8 * HOUR
# What is odd in a request, as bits of `Part.odd`.
NO_LANGUAGE, FALSE_HINTS, CROSS_SITE, NO_HINTS, NO_REPORT, FOREIGN_PAGE, TOOL, FAR_ZONE = (1 << bit for bit in range(8))
_QUIRKS = np.array([NO_LANGUAGE, FALSE_HINTS, CROSS_SITE, NO_HINTS, NO_REPORT, FOREIGN_PAGE, FAR_ZONE])
LOAD = np.array([9, 5, 3, 2, 2, 4, 12, 27, 38, 44, 47, 49, 58, 52, 44, 42, 43, 46, 52, 64, 76, 80, 62, 29], float)


@dataclass(frozen=True, slots=True)
class People:
    """Persons, or accounts that pose as them: `issued` is the time of the device's token, or -1 for "on arrival". Who
    uses another one's `device` has its token and client."""

    voter: Ints
    device: Ints
    issued: Ints
    client: Ints
    place: Ints
    carrier: Ints
    six: Bools
    home: Addresses
    pace: Floats
    narrow: int | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """Ballots of one campaign or crowd, one element of every array each."""

    at: Ints
    opened: Ints
    voter: Ints
    entry: Ints
    device: Ints
    issued: Ints
    client: Ints
    odd: Ints
    solving: Floats
    where: Addresses

    def head(self, size: int) -> Part:
        """The first so many ballots."""
        cut = np.arange(min(size, len(self.at)))
        return Part(*(each.take(cut) for each in (getattr(self, one.name) for one in fields(self))))


class Stage:
    """Window, entries, public and networks of one world; every draw of its families goes through it."""

    def __init__(self, rng: np.random.Generator, ballots: int) -> None:
        self.rng = rng
        start = 1_772_380_800_000 + int(rng.integers(200)) * DAY
        self.opens = start + int(rng.choice([0, 9, 12, 18, 20])) * HOUR
        self.closes = self.opens + DAYS * DAY
        self.entries = int(rng.integers(50, 301))
        self.popularity = rng.dirichlet(np.full(self.entries, 0.6))
        self.clients = Clients(rng)
        self.net = Networks(rng, max(4, ballots // 12_000))
        spread = rng.dirichlet(np.full(PLACES, 0.25)) * 0.9 + 0.1 / PLACES
        self._places = spread / spread.sum()
        self._serial = 0

    def shift(self, low: float = 0.5, high: float = 2.0) -> float:
        """A factor for a parameter of the page, even in its logarithm."""
        return float(np.exp(self.rng.uniform(np.log(low), np.log(high))))

    def target(self) -> int:
        """An entry that somebody pays or gathers for: seldom the favourite."""
        return int(self.rng.choice(self.entries, p=(self.popularity**0.5) / (self.popularity**0.5).sum()))

    def votes(self, size: int, entry: int | None = None, share: float = 1.0) -> Ints:
        """Entries by their popularity, but `entry` for the given share."""
        drawn = self.rng.choice(self.entries, size, p=self.popularity)
        return drawn if entry is None else np.where(self.rng.random(size) < share, entry, drawn)

    def people(
        self,
        size: int,
        *,
        clients: Ints | None = None,
        fresh: float = 0.62,
        place: int | None = None,
        narrow: int | None = None,
    ) -> People:
        """Persons with a phone or PC, a home and a carrier; `fresh` of them never saw this platform before; of one
        province if `place` is given, of one of its towns if `narrow` is."""
        rng = self.rng
        places = rng.choice(PLACES, size, p=self._places) if place is None else np.full(size, place)
        carrier, six = rng.choice(3, size, p=[0.5, 0.22, 0.28]), rng.random(size) < 0.3
        known = self.opens - (rng.exponential(25 * DAY, size) + 5 * MINUTE).astype(np.int64)
        ids = self._serial + np.arange(size)
        self._serial += size
        home = self.net.home(places, carrier, six, narrow)
        issued = np.where(rng.random(size) < fresh, -1, known)
        client = self.clients.public(size) if clients is None else clients
        pace = rng.lognormal(np.log(13), 0.55, size)
        return People(ids, ids.copy(), issued, client, places, carrier, six, home, pace, narrow)

    def where(self, people: People, who: Ints, wifi: float = 0.42) -> Addresses:
        """The addresses of ballots at home or on the road; some lines were redialled since."""
        homes = people.home.take(who)
        redialled = (homes.host == 0) & (self.rng.random(len(who)) < (0.12 if people.narrow is None else 0))
        homes = Addresses(
            np.where(redialled, homes.net ^ self.rng.integers(1, 4096, len(who)), homes.net),
            *(homes.host, homes.asn, homes.hosting, homes.cell),
        )
        road = self.net.mobile(people.place[who], people.carrier[who], people.six[who], people.narrow)
        desk = self.clients.fixed[people.client[who]] & (self.rng.random(len(who)) < 0.97)
        return road.unless(desk | (self.rng.random(len(who)) < wifi), homes)

    def reading(self, size: int, median: float, sigma: float = 0.65) -> Floats:
        """Reading times in seconds."""
        return self.rng.lognormal(np.log(median), sigma, size)

    def cast(
        self,
        people: People,
        at: Ints,
        entry: Ints | int,
        *,
        who: Ints | None = None,
        dwell: Floats | None = None,
        where: Addresses | None = None,
        odd: Ints | int | None = None,
    ) -> Part:
        """Ballots of the people (each one's own one, or those that `who` names); what is not given is as the
        public has it: own reading times, home or mobile networks, 1.5 % odd requests."""
        rng, size = self.rng, len(at)
        who = np.arange(size) if who is None else who
        at = np.clip(at, self.opens, self.closes - 1)
        if dwell is None:
            dwell = people.pace[who] * rng.lognormal(0, 0.5, size)
        if odd is None:
            odd = np.where(rng.random(size) < 0.015, rng.choice(_QUIRKS, size), 0)
        opened = np.maximum(at - np.maximum(dwell * SECOND, 40).astype(np.int64), self.opens - 4 * MINUTE)
        owner, count = (people.device - people.voter[0])[who], len(people.voter)
        first = np.full(count, np.iinfo(np.int64).max)
        np.minimum.at(first, owner, opened)
        first -= (rng.exponential(25, count) * SECOND * (rng.random(count) < 0.3)).astype(np.int64)
        issued = np.where(people.issued < 0, first, people.issued)[owner]
        solving = np.where(rng.random(size) < 0.08, rng.lognormal(np.log(1100), 0.6, size), np.nan)
        return Part(
            at=at,
            opened=opened,
            voter=people.voter[who],
            entry=np.broadcast_to(np.asarray(entry, np.int64), (size,)).copy(),
            device=people.device[who],
            issued=issued,
            client=people.client[owner],
            odd=np.broadcast_to(np.asarray(odd, np.int64), (size,)).copy(),
            solving=solving,
            where=self.where(people, who) if where is None else where,
        )
