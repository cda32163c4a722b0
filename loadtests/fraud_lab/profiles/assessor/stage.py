"""The stage of one contest: its clock, entries, people and the way ballots are cast."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from loadtests.fraud_lab.profiles.assessor.base import (
    DAY,
    HOUR,
    MINUTE,
    Addresses,
    Floats,
    Ints,
    Keys,
    Manner,
    Odd,
    People,
    Rows,
    mix,
    unit,
)
from loadtests.fraud_lab.profiles.assessor.clients import catalogue
from loadtests.fraud_lab.profiles.assessor.networks import CITIES, Networks
from loadtests.fraud_lab.simulator.world import DAYS

_BIN = 10 * MINUTE
_FIRST_DAY = 1_772_294_400_000  # 1 March 2026 in Shanghai
_HOURS = (
    *(0.4, 0.2, 0.1, 0.07, 0.06, 0.12, 0.35, 0.75, 1.0, 1.1, 1.15, 1.2),
    *(1.4, 1.2, 1.0, 1.0, 1.0, 1.1, 1.25, 1.5, 1.75, 1.85, 1.5, 0.85),
)


class Stage:
    """Everything that the families of one world share; `targets` are the entries that buy fraud, set when known."""

    def __init__(self, seed: int, ballots: int) -> None:
        self.rng = np.random.default_rng([seed, 0x5A55E5])
        self.midnight = _FIRST_DAY + int(self.rng.integers(110)) * DAY
        self.opens = self.midnight + int(self.rng.choice([0, 9, 10, 12, 18, 20])) * HOUR
        self.closes = self.opens + DAYS * DAY
        self.entries = int(self.rng.integers(50, 301))
        self.popularity: Floats = self.rng.dirichlet(np.full(self.entries, 0.6))
        self.networks = Networks(self.rng, ballots)
        self.clients = catalogue(self.rng)
        self.targets: Ints = np.arange(self.entries)
        self.rivals: Ints = np.arange(self.entries)
        self.cities = self.rng.integers(0, CITIES, self.entries)
        self._people = 0
        self._density = self._load()

    def _load(self) -> Floats:
        """The public's load in 10-minute bins: hours, days, the rush after the opening and before the closing."""
        since = np.arange(DAYS * DAY // _BIN) * _BIN
        hours = np.array(_HOURS) * np.exp(self.rng.normal(0, 0.1, 24))
        local = (self.opens + since - self.midnight) / HOUR
        days = np.exp(self.rng.normal(0, 0.2, DAYS + 1))[(local // 24).astype(np.int64)]
        opening, closing = self.rng.uniform(1, 3), self.rng.uniform(1, 3)
        rush = 1 + opening * np.exp(-since / (4 * HOUR)) + closing * np.exp((since - DAYS * DAY) / (3 * HOUR))
        load = np.interp(local % 24, np.arange(25), np.append(hours, hours[0])) * days * rush
        shares: Floats = load / load.sum()
        return shares

    def day(self, at: Ints) -> Ints:
        """Each moment's calendar day in Shanghai."""
        return (at + 8 * HOUR) // DAY

    def fold(self, at: Floats | Ints) -> Ints:
        """Reflects moments outside the window into it."""
        last = self.closes - 1
        early = np.where(at < self.opens, 2 * self.opens - at, at)
        late = np.where(early > last, 2 * last - early, early)
        return np.clip(late, self.opens, last).astype(np.int64)

    def public_times(self, n: int, since: int = 0, until: int = DAYS * DAY) -> Ints:
        """`n` moments with the public's load, between two times in ms after the opening."""
        load = self._density.copy()
        load[: since // _BIN] = 0
        load[-(-until // _BIN) :] = 0
        bins = self.rng.choice(len(load), n, p=load / load.sum())
        return self.opens + bins * _BIN + self.rng.integers(0, _BIN, n)

    def moment(self, early: float, late: float, margin: int = HOUR) -> int:
        """A moment between two hours of some day, at least the margin before the closing."""
        hour = int(self.rng.uniform(early, late) * HOUR)
        days = self.midnight + np.arange(DAYS + 2) * DAY + hour
        fit = days[(days >= self.opens) & (days <= self.closes - min(margin, 8 * DAY))]
        return int(self.rng.choice(fit))

    def burst(self, n: int, start: int, minutes: float) -> Ints:
        """`n` moments after a start with exponential decay."""
        return self.fold(start + self.rng.exponential(minutes * MINUTE, n))

    def gaps(self, n: int, seconds: float, jitter: float | None = None) -> Ints:
        """A run of `n` moments with these gaps: exponential ones, or equal ones with a relative jitter."""
        mean = min(seconds * 1000, 0.85 * DAYS * DAY / n)
        drawn = self.rng.exponential(mean, n) if jitter is None else mean * self.rng.normal(1, jitter, n)
        start = self.moment(0, 24, int(mean * n * 1.1))
        return self.fold(start + np.cumsum(np.maximum(drawn, 20)))

    def sessions(self, n: int, days: int, hours: tuple[float, float], minutes: float) -> Ints:
        """`n` moments on `days` consecutive days: each day a call between two hours, then exponential decay."""
        hour = self.rng.uniform(*hours) * HOUR
        calls = self.midnight + np.arange(DAYS + 1) * DAY + hour + self.rng.normal(0, 4 * MINUTE, DAYS + 1)
        calls = calls[(calls >= self.opens) & (calls < self.closes - HOUR)]
        days = min(days, len(calls))
        first = int(self.rng.integers(len(calls) - days + 1))
        which = np.sort(self.rng.integers(first, first + days, n))
        return self.fold(calls[which] + self.rng.exponential(minutes * MINUTE, n))

    def target(self, n: int = 1) -> Ints:
        """Entries that buy fraud."""
        return self.rng.choice(self.targets, min(n, len(self.targets)), replace=False)

    def fans_of(self, n: int = 1) -> Ints:
        """Entries that have a crowd of their own: popular ones more often."""
        weights = np.sqrt(self.popularity)
        return self.rng.choice(self.entries, n, replace=False, p=weights / weights.sum())

    def popular(self, n: int) -> Ints:
        """`n` choices of the public."""
        return self.rng.choice(self.entries, n, p=self.popularity)

    def mostly(self, entry: Ints, share: float, n: int) -> Ints:
        """`n` choices: this share for one of these entries, the rest as the public."""
        return np.where(self.rng.random(n) < share, self.rng.choice(entry, n), self.popular(n))

    def people(
        self, n: int, kinds: Sequence[str] | None = None, clients: Ints | None = None, breadth: float = 1.0
    ) -> People:
        """`n` new voters with clients of these kinds, or of these very clients; some share a household."""
        ids = np.arange(self._people, self._people + n)
        self._people += n
        drawn = self.clients.draw(self.rng, n, kinds) if clients is None else self.rng.choice(clients, n)
        first = np.maximum.accumulate(np.where(self.rng.random(n) < 0.7, np.arange(n), 0))
        return People(ids, drawn, self.networks.lines(self.rng, n, breadth)[first], ids[first])

    def turns(self, at: Ints, people: int, activity: float = 0.0) -> Ints:
        """For each moment one of the people, each at most once a day; some are more active than others (sigma)."""
        who = np.empty(len(at), np.int64)
        days = self.day(at)
        weights = np.exp(self.rng.normal(0, activity, people))
        for day in np.unique(days):
            these = np.flatnonzero(days == day)
            order = np.argsort(self.rng.exponential(1, people) / weights)
            who[these] = self.rng.permutation(order[: len(these)])
        return who

    def enough(self, at: Ints, share: float) -> int:
        """How many people it takes when this share of them votes on the busiest day."""
        return int(np.ceil(np.unique(self.day(at), return_counts=True)[1].max() / share))

    def usual(self, people: People, at: Ints, mobile: float = 0.63) -> Addresses:
        """Each voter's own network at that time; computers do not leave home."""
        still = self.clients.are(people.client, ("desktop", "privacy", "wx_pc"))
        return self.networks.usual(self.rng, people, self.day(at), np.where(still, 0.0, mobile))

    def cast(self, at: Ints, entry: Ints, voters: People, where: Addresses, manner: Manner) -> Rows:
        """The ballots of these voters: pages are opened, read and answered, tokens are issued, kept or lost."""
        n = len(at)
        seconds = manner.reading * np.exp(self.rng.normal(0, manner.spread, n))
        if not manner.scripted:
            again = at > _least(voters.id, at)
            seconds = np.maximum(np.where(again, 0.7 * seconds, seconds), self.rng.uniform(1.0, 1.8, n))
            left = self.rng.random(n) < 0.015
            seconds = np.where(left, seconds + self.rng.exponential(900, n), seconds)
        opened = at - np.maximum(seconds * 1000, 90).astype(np.int64)
        odd = self._oddities(n, manner)
        device, issued = self._tokens(voters.id, opened, manner)
        return Rows(
            *(at, opened, entry, voters.id, voters.client, device, np.where(odd == Odd.NO_SCRIPT, -1, issued), odd),
            *(np.full(n, manner.scripted), where.net, where.host, where.asn, where.hosting, where.wifi),
        )

    def _oddities(self, n: int, manner: Manner) -> Ints:
        kinds, shares = zip(*manner.kinds, strict=True)
        drawn = self.rng.choice(np.array(kinds), n, p=np.array(shares) / sum(shares))
        return np.where(self.rng.random(n) < manner.odd, drawn, 0).astype(np.int64)

    def _tokens(self, voter: Ints, opened: Ints, manner: Manner) -> tuple[Keys, Ints]:
        """The device of each ballot, and when its token was issued: before the contest, at the voter's first page,
        or (where it is lost again and again) now."""
        keeps, old = unit(voter, 81) < manner.kept, unit(voter, 82) < manner.old
        # Some people look around for a while before they open the page that they vote from.
        looks = (unit(voter, 83) < 0.2) & (not manner.scripted)
        around = np.where(looks, -np.log1p(-unit(voter, 84)) * 10 * MINUTE, unit(voter, 84) * 900)
        long_ago = self.opens - HOUR + 30 * DAY * np.log1p(-unit(voter, 85))
        first = _least(voter, opened)
        issued = np.where(old, np.minimum(long_ago, first), first - around).astype(np.int64)
        anew = opened - (self.rng.random(len(voter)) * 900).astype(np.int64)
        drawn = self.rng.integers(0, 1 << 62, len(voter))
        return np.where(keeps, mix(voter, 86), mix(drawn, 87)), np.where(keeps, issued, anew)


def _least(voter: Ints, values: Ints) -> Ints:
    """Each voter's least value, for each row."""
    place = voter - voter.min()
    least = np.full(int(place.max()) + 1, np.iinfo(np.int64).max)
    np.minimum.at(least, place, values)
    own: Ints = least[place]
    return own
