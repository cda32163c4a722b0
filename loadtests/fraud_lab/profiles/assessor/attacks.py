"""Attacks: by scripts and machines, and by people who are paid in money or in votes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from loadtests.fraud_lab.profiles.assessor.base import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    Ints,
    Manner,
    Odd,
    People,
    Rows,
    joined,
)
from loadtests.fraud_lab.profiles.assessor.clients import MINI, PHONES, WECHAT
from loadtests.fraud_lab.profiles.assessor.families import Family, register
from loadtests.fraud_lab.profiles.assessor.stage import Stage

ATTACKS: dict[str, Family] = {}
_WEB = ("android", "desktop", "ios")
_BROWSERS = (*_WEB, *WECHAT)
_COUNTRY = 0.2
_BROKEN = {Odd.NO_LANGUAGE: 0.3, Odd.NO_HINTS: 0.2, Odd.WRONG_PLATFORM: 0.2, Odd.NO_ORIGIN: 0.15, Odd.TOOL: 0.15}
_CONTRADICTORY = {Odd.WRONG_PLATFORM: 0.75, Odd.NO_HINTS: 0.15, Odd.ABROAD: 0.1}


def _robot(reading: float, spread: float, kept: float = 0.0) -> Manner:
    """A script that clears its cookies unless `kept` is given."""
    return Manner(reading, spread, kept, old=0.0, odd=0.0, scripted=True)


def _spoiled(manner: Manner, share: float, kinds: dict[Odd, float]) -> Manner:
    return replace(manner, odd=share, kinds=tuple(kinds.items()))


def _accounts(stage: Stage, n: int, clients: Ints) -> People:
    """Accounts of one ballot each, wherever in the country their exit is."""
    people = stage.people(n, clients=clients, breadth=_COUNTRY)
    return replace(people, home=people.id)


def _one(stage: Stage, n: int) -> Ints:
    return np.full(n, stage.target()[0])


@register(ATTACKS, "A1", (800, 4000), scripted=True)
def single_host(stage: Stage, n: int) -> Rows:
    """One host that clears cookies: 1-4 addresses, gaps of 1-5 s +-5 %, one client, reading 0.4-1.2 s."""
    rng = stage.rng
    at = stage.gaps(n, rng.uniform(1, 5), jitter=0.05)
    addresses = int(rng.integers(1, 5))
    home = stage.networks.fixed(rng, int(stage.networks.lines(rng, 1)[0]), addresses, n)
    where = home if rng.random() < 0.5 else stage.networks.hosted(rng, 1, n, addresses)
    kind = Odd(int(rng.choice([Odd.NOTHING, Odd.NO_SCRIPT, Odd.NO_ORIGIN])))
    manner = _spoiled(_robot(rng.uniform(0.5, 0.95), 0.12), 1.0, {kind: 1.0})
    return stage.cast(at, _one(stage, n), _accounts(stage, n, stage.clients.few(rng, 1, _BROWSERS)), where, manner)


def _proxied(stage: Stage, n: int, entry: Ints) -> Rows:
    rng = stage.rng
    at = stage.gaps(n, rng.uniform(10, 40))
    where = stage.networks.hosted(rng, int(rng.integers(40, 80)), n)
    manner = _spoiled(_robot(rng.uniform(0.9, 3), 0.25), 0.5, _BROKEN)
    return stage.cast(at, entry, _accounts(stage, n, stage.clients.few(rng, 20, _WEB)), where, manner)


@register(ATTACKS, "A2", (1000, 5000), scripted=True)
def datacentre_pool(stage: Stage, n: int) -> Rows:
    """Hosting proxies: 40-80 /24s, 20 clients, exponential gaps of 10-40 s, half the headers broken."""
    return _proxied(stage, n, _one(stage, n))


@register(ATTACKS, "A11", (1000, 4000), scripted=True)
def framing(stage: Stage, n: int) -> Rows:
    """An attack like A2 in favour of a rival of the top, to have the rival punished."""
    return _proxied(stage, n, np.full(n, stage.rng.choice(stage.rivals)))


@register(ATTACKS, "A3", (1000, 5000), scripted=True)
def residential_rotation(stage: Stage, n: int) -> Rows:
    """Residential proxies: every ballot from another home, 50 clients, hints contradict in 30 %, gaps of 15-60 s."""
    rng = stage.rng
    at = stage.gaps(n, rng.uniform(15, 60))
    voters = _accounts(stage, n, stage.clients.few(rng, 50, _BROWSERS))
    manner = _spoiled(_robot(rng.uniform(2, 7), rng.uniform(0.2, 0.4)), 0.3, _CONTRADICTORY)
    return stage.cast(at, _one(stage, n), voters, stage.networks.home(voters, stage.day(at)), manner)


@register(ATTACKS, "A4", (1000, 4000), scripted=True)
def second_dial(stage: Stage, n: int) -> Rows:
    """Lines that redial: 60 /24s of one or two lines, 8 devices, gaps of 8-40 s."""
    rng = stage.rng
    at = stage.gaps(n, rng.uniform(8, 40))
    lines = stage.networks.lines(rng, int(rng.integers(1, 3)), _COUNTRY)
    where = stage.networks.subnets(rng, lines, 60 // len(lines), n)
    kind = (WECHAT[0],) if rng.random() < 0.6 else ("android",)
    voters = _accounts(stage, n, stage.clients.few(rng, 8, kind))
    return stage.cast(at, _one(stage, n), voters, where, _robot(rng.uniform(2, 6), rng.uniform(0.2, 0.35)))


@register(ATTACKS, "A5", (1200, 5000), scripted=True)
def phone_farm(stage: Stage, n: int) -> Rows:
    """A rack of phones: 3 models, 3 accounts a phone, at most 500 phones, on 1-4 days one account after the other every
    3 s, over 3 Wi-Fi addresses or the mobile network; half the farms have one token a phone."""
    rng = stage.rng
    days = min(8, max(int(rng.integers(1, 5)), -(-n // 1500)))
    starts = stage.midnight + np.arange(1, 9) * DAY + int(rng.uniform(8, 22) * HOUR)
    first = rng.choice(starts[: 9 - days])
    accounts = -(-n // days)
    turn, day = np.arange(n) % accounts, np.arange(n) // accounts
    stagger = rng.uniform(2, 4) * SECOND * (turn + rng.uniform(-0.2, 0.2, n))
    at = stage.fold(first + day * DAY + stagger)
    people = stage.people(stage.enough(at, 1), clients=stage.clients.few(rng, 3, (WECHAT[0],)))
    line = int(stage.networks.lines(rng, 1)[0])
    voters = replace(people.take(stage.turns(at, len(people.id))), line=np.full(n, line))
    wifi = stage.networks.fixed(rng, line, 3, n)
    where = wifi.where(rng.random(n) < rng.uniform(0.5, 0.9), stage.networks.mobile(rng, voters))
    rows = stage.cast(at, _one(stage, n), voters, where, _robot(rng.uniform(3, 8), 0.2, kept=0.9))
    if rng.random() < 0.5:
        return rows
    phone = turn % -(-accounts // 3)
    return replace(rows, device=rows.device[phone], issued=rows.issued[phone])


@register(ATTACKS, "A9", (2000, 7000), scripted=True)
def blitz(stage: Stage, n: int) -> Rows:
    """The last two hours: homes and phones of the country, 30-60 clients, reading 1.5-6 s."""
    rng = stage.rng
    at = stage.fold(stage.closes - 2 * HOUR * rng.beta(1, rng.uniform(1, 2), n))
    voters = _accounts(stage, n, stage.clients.few(rng, int(rng.integers(30, 61)), _BROWSERS))
    where = stage.usual(voters, at, 0.25)
    return stage.cast(at, _one(stage, n), voters, where, _robot(3.0, 0.35))


@register(ATTACKS, "A10", (2500, 6000), scripted=True)
def slow_drip(stage: Stage, n: int) -> Rows:
    """A drip of ten days, flat in the time of day: the public's clients and reading, mobile and homes, new tokens."""
    rng = stage.rng
    at = stage.fold(np.sort(rng.integers(stage.opens, stage.closes, n)))
    voters = _accounts(stage, n, stage.clients.draw(rng, n, _BROWSERS))
    manner = Manner(rng.uniform(12, 24), rng.uniform(0.5, 0.75), kept=0.0, odd=0.01, scripted=True)
    return stage.cast(at, _one(stage, n), voters, stage.usual(voters, at, 0.5), manner)


@register(ATTACKS, "A12", (800, 4000), scripted=True)
def hidden_embed(stage: Stage, n: int) -> Rows:
    """A hidden frame on other sites: the browsers and networks of their visitors, below 0.5 s, cross-site."""
    rng = stage.rng
    since = int(rng.uniform(0, 6) * DAY)
    at = stage.public_times(n, since, since + int(rng.uniform(1, 4) * DAY))
    voters = stage.people(n, kinds=_WEB, breadth=0.5)
    manner = _spoiled(_robot(rng.uniform(0.18, 0.3), 0.2, kept=0.8), 0.96, {Odd.EMBEDDED: 1.0})
    return stage.cast(at, _one(stage, n), voters, stage.usual(voters, at), manner)


@register(ATTACKS, "A14", (300, 1500), scripted=True)
def waves(stage: Stage, n: int) -> Rows:
    """Waves of 95-513 ballots at 0.2-4.4 a second for one to three entries, 3 clients, some /24s, accounts
    without faces."""
    rng = stage.rng
    count = -(-n // int(rng.integers(95, 514)))
    wave = np.sort(rng.integers(count, size=n))
    starts = np.array([stage.moment(8, 24, 2 * HOUR) for _ in range(count)])
    rates = np.exp(rng.uniform(np.log(0.2), np.log(4.4), count))
    place = np.arange(n) - np.searchsorted(wave, wave)
    at = stage.fold(starts[wave] + (place + rng.random(n)) / rates[wave] * SECOND)
    clients = stage.clients.few(rng, 3, (*WECHAT, "android"))
    voters = stage.people(n, clients=clients, breadth=_COUNTRY)
    where = stage.networks.subnets(rng, stage.networks.lines(rng, count, _COUNTRY), int(rng.integers(1, 9)), n)
    buyers = stage.target(int(rng.integers(1, 4)))
    entry = buyers[wave % len(buyers)]
    return stage.cast(at, entry, voters, where, _robot(rng.uniform(0.8, 4), 0.25))


@register(ATTACKS, "A16", (1000, 4000), scripted=True)
def limit_hugger(stage: Stage, n: int) -> Rows:
    """Addresses that each vote again one minute after a cooldown of 30 or 60 minutes, all day, with 25 clients."""
    rng = stage.rng
    period = (int(rng.choice([30, 60])) + 1) * MINUTE
    rounds = max(2, min(n // 5, int(rng.uniform(0.8, 6) * DAY / period)))
    exits = -(-n // rounds)
    which, turn = np.arange(n) % exits, np.arange(n) // exits
    start = stage.moment(0, 24, rounds * period)
    at = stage.fold(start + (rng.random(exits) * period)[which] + turn * period + rng.exponential(3 * SECOND, n))
    voters = _accounts(stage, n, stage.clients.few(rng, 25, _BROWSERS))
    nodes = _accounts(stage, exits, np.zeros(1, np.int64))
    where = stage.networks.home(nodes.take(which), np.zeros(n, np.int64))
    return stage.cast(at, _one(stage, n), voters, where, _robot(rng.uniform(2, 8), 0.3))


@register(ATTACKS, "B1", (1000, 4000), scripted=True)
def cloud_phones(stage: Stage, n: int) -> Rows:
    """Rented cloud phones: accounts that keep their tokens and return on 3-7 days in the daytime, 2 models, 3-6 /24s
    of hosting companies, reading 4-9 s almost without spread."""
    rng = stage.rng
    days = int(rng.integers(3, 8))
    first = int(rng.integers(0, 10 - days)) * DAY
    at = stage.public_times(n, first, first + days * DAY)
    people = stage.people(stage.enough(at, 0.9), clients=stage.clients.few(rng, 2, (WECHAT[0], "android")))
    voters = people.take(stage.turns(at, len(people.id)))
    where = stage.networks.hosted(rng, int(rng.integers(3, 7)), n)
    return stage.cast(at, _one(stage, n), voters, where, _robot(rng.uniform(4, 9), 0.2, kept=0.95))


@register(ATTACKS, "B2", (600, 3000), scripted=True)
def replayed_interface(stage: Stage, n: int) -> Rows:
    """The mini program's interface called with bought accounts: batches of 15-60 at the full quarter hour within a
    minute, 2 clients, for some without what the page reports, exits all over the country."""
    rng = stage.rng
    batches = max(2, n // int(rng.integers(15, 61)))
    start = stage.moment(0, 24, batches * 15 * MINUTE) // (15 * MINUTE) * 15 * MINUTE
    at = stage.fold(start + rng.integers(batches, size=n) * 15 * MINUTE + rng.exponential(14 * SECOND, n))
    voters = _accounts(stage, n, stage.clients.few(rng, 2, MINI))
    manner = _spoiled(_robot(rng.uniform(0.6, 2), 0.3), float(rng.choice([0, 1])), {Odd.NO_SCRIPT: 1.0})
    return stage.cast(at, _one(stage, n), voters, stage.usual(voters, at, 0.3), manner)


def _buyers(stage: Stage, n: int) -> Ints:
    """A list of entries to vote for: those that buy fraud and, where they are too few, others that fill it."""
    others = stage.rng.permutation(np.setdiff1d(np.arange(stage.entries), stage.targets))
    return np.concatenate([stage.target(n), others])[:n]


def _days(stage: Stage, n: int, days: int) -> tuple[Ints, Ints]:
    """For each of `n` ballots one of `days` consecutive days, from 0, and the midnight of that day."""
    first = int(stage.rng.integers(1, max(2, 10 - days)))
    day = np.sort(stage.rng.integers(days, size=n))
    return day, stage.midnight + (first + day) * DAY


def _people_cast(stage: Stage, at: Ints, entry: Ints, share: float, manner: Manner) -> Rows:
    """Phones of their own all over the country; this share of the people takes part on the busiest day."""
    people = stage.people(stage.enough(at, share), kinds=PHONES, breadth=0.35)
    voters = people.take(stage.turns(at, len(people.id)))
    return stage.cast(at, entry, voters, stage.usual(voters, at), manner)


@register(ATTACKS, "A7", (2000, 7000), scripted=False)
def click_farm(stage: Stage, n: int) -> Rows:
    """Paid clickers: 5 entries in rotation, one or two tasks a day on 4-8 days with windows of 25-45 minutes; 60-80 %
    of 900-2500 people (for a usual size) take part; short human reading."""
    rng = stage.rng
    days, each = int(rng.integers(4, 9)), int(rng.integers(1, 3))
    day, midnight = _days(stage, n, days)
    task = day * each + rng.integers(each, size=n)
    hours, windows = rng.uniform(10, 22, days * each), rng.uniform(25, 45, days * each)
    at = stage.fold(midnight + hours[task] * HOUR + rng.beta(1, 1.6, n) * windows[task] * MINUTE)
    manner = Manner(rng.uniform(6, 12), 0.5, kept=0.9, old=0.1, odd=0.02)
    return _people_cast(stage, at, _buyers(stage, 5)[task % 5], rng.uniform(0.6, 0.8), manner)


@register(ATTACKS, "A8", (2000, 7000), scripted=False)
def mutual_groups(stage: Stage, n: int) -> Rows:
    """Groups that vote for each other or for red envelopes: up to 6 groups of 250-500 people, 8 entries in the order
    in which they are posted, 30 % of the ballots for others as camouflage, 70 minutes of decay, 5-9 days."""
    rng = stage.rng
    groups = max(1, min(6, n // 400))
    group = rng.integers(groups, size=n)
    day, midnight = _days(stage, n, int(rng.integers(5, 10)))
    hours, offset = rng.uniform(9, 21, groups), rng.integers(8, size=groups)
    at = stage.fold(midnight + hours[group] * HOUR + rng.exponential(70 * MINUTE, n))
    posted = _buyers(stage, 8)[(day + offset[group]) % 8]
    entry = np.where(rng.random(n) < 0.3, stage.popular(n), posted)
    manner = Manner(rng.uniform(9, 16), 0.6, kept=0.9, old=0.15)
    members = (np.flatnonzero(group == each) for each in range(groups))
    return joined([_people_cast(stage, at[own], entry[own], 0.6, manner) for own in members])


@register(ATTACKS, "H1", (1200, 5000), scripted=False)
def reward_wall(stage: Stage, n: int) -> Rows:
    """Offers in apps that pay in points: 3 or 4 entries, each with its own offer that stays open 1-3 days; people of
    the whole country take one to three offers in the daytime, quickly, in the apps' browsers among others."""
    rng = stage.rng
    offers = int(rng.integers(3, 5))
    day, midnight = _days(stage, n, offers * int(rng.integers(1, 3)))
    at = stage.fold(midnight + rng.triangular(9, 20, 24, n) * HOUR)
    entry = _buyers(stage, offers)[(day * offers // (day.max() + 1))]
    return _people_cast(stage, at, entry, rng.uniform(0.35, 0.6), Manner(rng.uniform(4, 8), 0.5, kept=0.85, old=0.05))


@register(ATTACKS, "H2", (1500, 6000), scripted=False)
def exchange(stage: Stage, n: int) -> Rows:
    """A site where votes are exchanged for votes: 10-16 entries, of which three or four are on top of the list in each
    half-day; members return on most of 5-9 evenings, with old tokens."""
    rng = stage.rng
    day, midnight = _days(stage, n, int(rng.integers(5, 10)))
    hour = rng.triangular(8, 20.5, 24, n)
    at = stage.fold(midnight + hour * HOUR)
    listed = _buyers(stage, int(rng.integers(10, 17)))
    shift = day * 2 + (hour > 16)
    entry = listed[(shift * 3 + rng.integers(4, size=n)) % len(listed)]
    return _people_cast(stage, at, entry, rng.uniform(0.55, 0.8), Manner(rng.uniform(7, 13), 0.6, kept=0.9, old=0.3))
