"""What a world's families are made from: the public with its phones, homes and favourites."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
import polars as pl

from loadtests.hands.inspector.clock import DAY, Clock, Flags, Floats, Generator, Ints
from loadtests.hands.inspector.networks import Networks
from loadtests.hands.inspector.software import Fleet

# How a ballot's headers differ from what its program sends.
PLAIN, NO_LANGUAGE, NO_FETCH, NO_REFERER, NO_REPORT, DESKTOP, NO_HINTS, CONTRARY, CROSS = range(9)
WIFI, LTE, NR = range(3)
SHANGHAI, UTC, URUMQI = 0, 1, 7
WECHAT, WEB = pl.col("channel") != "web", pl.col("channel") == "web"
ANDROID, PC = pl.col("kind") == "android", pl.col("kind") == "windows"


@dataclass(slots=True)
class Draft:
    """Ballots of one family's instance, one array a column. `who`, `token` (negative: none) and `gadget` (the
    physical device) count from 0; `lead`: ms from the token's issue to the page; `work`: ms for a challenge."""

    who: Ints
    at: Ints
    entry: Ints
    dwell: Ints
    lead: Ints
    token: Ints
    gadget: Ints
    profile: Ints
    ip: Ints
    asn: Ints
    net: Ints
    hosting: Ints
    odd: Ints
    zone: Ints
    work: Ints

    def taken(self, kept: Ints) -> Draft:
        """Only these rows."""
        return Draft(**{each.name: getattr(self, each.name)[kept] for each in fields(self)})

    def move(self, lines: tuple[Ints, Ints], where: Flags | bool = True, net: int = WIFI) -> None:
        """Moves the ballots `where` to these addresses (one a ballot) and this kind of connection."""
        self.ip, self.asn = np.where(where, lines[0], self.ip), np.where(where, lines[1], self.asn)
        self.net = np.where(where, net, self.net)


class Stage:
    """A contest before anyone has voted: 50-300 entries with Dirichlet(0.6) popularity, each at home in one region."""

    def __init__(self, rng: Generator, ballots: int) -> None:
        self.rng, self.clock = rng, Clock(rng)
        self.networks = Networks(rng, ballots)
        self.fleet = Fleet(rng)
        self.entries = int(np.exp(rng.uniform(np.log(50), np.log(300))))
        self.popular: Floats = rng.dirichlet(np.full(self.entries, 0.6))
        self._homes = self.networks.regions(self.entries)
        self._pull = rng.uniform(2, 6)
        self._median = rng.uniform(11, 22)
        self._fresh = rng.uniform(0.8, 0.92)
        self._odd = rng.uniform(0.01, 0.02)

    def liked(self, n: int = 1) -> Ints:
        """Different entries that have a following: crowds come for the well and the little known alike."""
        weight = np.sqrt(self.popular) + 0.002
        return self.rng.choice(self.entries, n, replace=False, p=weight / weight.sum())

    def clients(self, n: int = 1) -> Ints:
        """Different entries that pay: seldom the last, and seldom those far ahead."""
        order = np.argsort(-self.popular)
        return self.rng.choice(order[2 : max(12, int(self.entries * 0.6))], n, replace=False)

    def reading(self, n: int, median: float, spread: float = 0.7, least: float = 1.5) -> Ints:
        """Reading times in ms, log-normal, from `least` seconds to half an hour."""
        return (np.clip(self.rng.lognormal(np.log(median), spread, n), least, 1800) * 1000).astype(np.int64)

    def region(self) -> int:
        """A region by its people."""
        return int(self.networks.regions(1)[0])

    def run(self, n: int, low: float, high: float) -> Ints:
        """Moments of a run of ballots that fits into the window: exponential gaps of `low`-`high` s on average."""
        mean = self.rng.uniform(low, min(high, 7e5 / n)) * 1000
        at = np.cumsum(self.rng.exponential(mean, n)).astype(np.int64)
        return self.clock.start(float(at[-1])) + at

    def script(self, at: Ints, faces: Ints, lines: tuple[Ints, Ints], dwell: Ints, entry: Ints | None = None) -> Draft:
        """A machine's ballots for a client: one of `faces` each, a new voter and token each, addresses given."""
        rng, n = self.rng, len(at)
        draft = self.honest(np.arange(n), at, self.clients() if entry is None else entry)
        draft.gadget, draft.token, draft.dwell = rng.integers(0, len(faces), n), np.arange(n), dwell
        draft.profile, draft.odd[:], draft.lead = faces[draft.gadget], PLAIN, rng.integers(20, 400, n)
        draft.work = rng.lognormal(np.log(420), 0.25, n).astype(np.int64)
        draft.move(lines)
        return draft

    def pool(self, lines: tuple[Ints, Ints], n: int) -> tuple[Ints, Ints]:
        """Addresses anywhere in these /24s."""
        block = self.rng.integers(0, len(lines[0]), n)
        return lines[0][block] + self.rng.integers(2, 254, n), lines[1][block]

    def site(self, draft: Draft, lines: int, region: int, share: float | Floats) -> None:
        """Puts a share of the ballots behind a site's few addresses."""
        ip, asn = self.networks.firms(lines, region)
        line = self.rng.integers(0, lines, len(draft.at))
        draft.move((ip[line], asn[line]), self.rng.random(len(draft.at)) < share)

    def honest(self, who: Ints, at: Ints, entry: Ints | None = None, region: int | None = None) -> Draft:
        """Real people's ballots: households share a line, phones leave home, some devices are known, few are odd."""
        rng, n, people = self.rng, len(who), int(who.max(initial=0)) + 1
        house = rng.integers(0, max(1, int(people / 1.5)), people)
        place = self.networks.regions(people)[house] if region is None else np.full(people, region)
        profile = self.fleet.pick(people)
        odd = np.where(rng.random(people) < self._odd, rng.integers(NO_LANGUAGE, CONTRARY, people), PLAIN)
        # A browser's voter is its token; those of WeChat come without one, or with a new one each day.
        kept = rng.random(people) + self.fleet.rows.select(WEB).to_series().to_numpy()[profile]
        token = np.where(kept[who] < 0.015, -1, np.where(kept[who] < 0.15, people + np.arange(n), who))
        pace = rng.normal(0, 0.45, people)[who] + rng.normal(0, 0.6, n)
        fresh = (rng.random(people) < self._fresh) | (kept < 0.15)
        lead = np.where(fresh, 300 + rng.exponential(14_000, people), rng.exponential(9 * DAY, people))
        return Draft(
            *(who, at, self._choices(who, house, place) if entry is None else np.broadcast_to(entry, n).copy()),
            *((np.clip(self._median * np.exp(pace), 1.8, 3000) * 1000).astype(np.int64), lead.astype(np.int64)[who]),
            *(
                token,
                who.copy(),
                profile[who],
                *self._lines(who, house, place, profile),
                np.zeros(n, np.int64),
                odd[who],
            ),
            np.where(rng.random(people) < 0.004, URUMQI, SHANGHAI)[who],
            rng.lognormal(np.log(1400), 0.55, n).astype(np.int64),
        )

    def public(self, n: int) -> Draft:
        """The public: most vote once, some daily; about `n` ballots or somewhat more."""
        people = max(4, int(n / 1.5))
        times = np.where(self.rng.random(people) < 0.78, 1, np.minimum(1 + self.rng.geometric(0.36, people), 10))
        who, day = self.clock.visits(times)
        return self.honest(who, self.clock.moments(day))

    def daily(self, people: int, days: Ints, share: float, *, rise: bool = False) -> tuple[Ints, Ints]:
        """Who takes part on which of the days: each with the same chance; with `rise` all do on the first."""
        there = self.rng.random((people, len(days))) < share
        if rise:
            there[:, 0] = True
        who, place = np.nonzero(there)
        return who, days[place]

    def days(self, n: int) -> Ints:
        """Full calendar days in a row (all of them at most)."""
        days = self.clock.days
        begin = int(self.rng.integers(0, max(1, len(days) - n + 1)))
        return days[begin : begin + n]

    def of(self, who: Ints, share: float) -> Flags:
        """Whether each ballot is of a share of the people."""
        return (self.rng.random(int(who.max(initial=0)) + 1) < share)[who]

    def _choices(self, who: Ints, house: Ints, place: Ints) -> Ints:
        """Most keep a favourite, half of them their household's; some days go to another entry."""
        own = self._favourite(place)
        common = np.where(self.rng.random(len(own)) < 0.5, own[_heads(house)], own)
        return np.where(self.rng.random(len(who)) < 0.18, self._favourite(place[who]), common[who])

    def _favourite(self, region: Ints) -> Ints:
        chosen = np.zeros(len(region), np.int64)
        for place in np.unique(region):
            weight = self.popular * np.where(self._homes == place, self._pull, 1)
            here = np.flatnonzero(region == place)
            chosen[here] = self.rng.choice(self.entries, len(here), p=weight / weight.sum())
        return chosen

    def _lines(self, who: Ints, house: Ints, place: Ints, profile: Ints) -> tuple[Ints, Ints, Ints]:
        """Address, network and connection: at home the household's line, which may change once, or out by phone."""
        rng, people = self.rng, len(house)
        cell, six = self.networks.cells(place), rng.random(people) < self.networks.six
        moved = (rng.random(len(who)) < 0.15) * people + _heads(house)[who]
        home, owned = self.networks.homes(np.tile(cell, 2), np.tile(six, 2))
        phone, carrier = self.networks.mobile(cell[who], six[who])
        desk = self.fleet.rows["kind"].is_in(["windows", "mac"]).to_numpy()[profile]
        out = rng.random(len(who)) < np.where(desk, 0.03, rng.beta(1.2, 0.85, people))[who]
        net = np.where(rng.random(people) < 0.62, NR, LTE)[who]
        return np.where(out, phone, home[moved]), np.where(out, carrier, owned[moved]), np.where(out, net, WIFI)


def _heads(house: Ints) -> Ints:
    """One member of each one's household."""
    head = np.zeros(int(house.max(initial=0)) + 1, np.int64)
    head[house] = np.arange(len(house))
    return head[house]


@dataclass(frozen=True, slots=True)
class Family:
    """Makes about as many ballots as asked; `least` and `most` are an instance's in a contest of 200,000."""

    make: Callable[[Stage, int], Draft]
    least: int
    most: int
    scripted: bool = False
