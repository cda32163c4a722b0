"""Honest voters: the public, and crowds that look like fraud at one glance or another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from loadtests.fraud_lab.profiles.assessor.base import DAY, HOUR, MINUTE, Addresses, Ints, Manner, Odd, People, Rows
from loadtests.fraud_lab.profiles.assessor.clients import MINI, PHONES, WECHAT
from loadtests.fraud_lab.profiles.assessor.families import Family, register
from loadtests.fraud_lab.profiles.assessor.networks import CARRIERS
from loadtests.fraud_lab.profiles.assessor.stage import Stage

CROWDS: dict[str, Family] = {}


def _voters(stage: Stage, at: Ints, share: float, kinds: tuple[str, ...] | None = None) -> People:
    """For each ballot its voter; this share of a crowd votes on its busiest day."""
    people = stage.people(stage.enough(at, share), kinds=kinds)
    return people.take(stage.turns(at, len(people.id)))


def _together(stage: Stage, voters: People) -> tuple[People, int]:
    """The same voters, all of one line."""
    line = int(stage.networks.lines(stage.rng, 1)[0])
    return replace(voters, line=np.full(len(voters.id), line)), line


def _behind(stage: Stage, voters: People, addresses: tuple[int, int], share: float) -> Addresses:
    """This share at a site with a number of addresses in this range, the others on the mobile network of its line."""
    rng, n = stage.rng, len(voters.id)
    voters, line = _together(stage, voters)
    site = stage.networks.fixed(rng, line, int(rng.integers(addresses[0], addresses[1] + 1)), n)
    return site.where(rng.random(n) < share, stage.networks.mobile(rng, voters))


@register(CROWDS, "L1", (60, 1500), scripted=False)
def office(stage: Stage, n: int) -> Rows:
    """An office: 40-700 staff behind 1-3 addresses on 1-4 working days, 70 % for one entry."""
    rng = stage.rng
    at = stage.sessions(n, int(rng.integers(1, 5)), (8.8, 13), float(rng.uniform(60, 150)))
    voters = _voters(stage, at, 0.6)
    where = _behind(stage, voters, (1, 3), 0.85)
    return stage.cast(at, stage.mostly(stage.fans_of(), 0.7, n), voters, where, Manner())


@register(CROWDS, "L2", (200, 1800), scripted=False)
def school(stage: Stage, n: int) -> Rows:
    """A school: 45 % on identical computers of its lab whose tokens are cleared, 90 % for one entry, in 22 minutes."""
    rng = stage.rng
    at = stage.fold(stage.moment(8, 17) + rng.beta(1.2, 2, n) * 22 * MINUTE)
    voters = stage.people(n)
    lab = rng.random(n) < 0.45
    computer = stage.clients.few(rng, 1, ("desktop",))
    voters = replace(voters, client=np.where(lab, computer[0], voters.client))
    where = _behind(stage, voters, (1, 2), 1.0)
    rows = stage.cast(at, stage.mostly(stage.fans_of(), 0.9, n), voters, where, Manner(rng.uniform(9, 16), 0.65))
    return replace(rows, issued=np.where(lab & (rows.issued >= 0), rows.opened - rng.integers(0, 900, n), rows.issued))


@register(CROWDS, "L3", (300, 5000), scripted=False)
def shared_addresses(stage: Stage, n: int) -> Rows:
    """A carrier that puts a whole town behind 1-6 addresses: strangers, at all times, for all entries."""
    at = stage.public_times(n)
    voters = _voters(stage, at, 0.2, PHONES)
    site = _behind(stage, voters, (1, 6), 1.0)
    where = replace(site, wifi=np.zeros(n, np.bool_))
    return stage.cast(at, stage.mostly(stage.fans_of(3), 0.2, n), voters, where, Manner())


@register(CROWDS, "L4", (80, 500), scripted=False)
def viral_group(stage: Stage, n: int) -> Rows:
    """A WeChat group of at most 500: a link is posted, decay of 25 minutes, one entry, new tokens, regional phones."""
    rng = stage.rng
    at = stage.burst(n, stage.moment(8, 22.5), 25)
    people = stage.people(n, kinds=(*WECHAT, *MINI) if rng.random() < 0.3 else WECHAT)
    voters, _ = _together(stage, people)
    where = stage.usual(voters, at, 0.75)
    return stage.cast(at, stage.mostly(stage.fans_of(), 0.97, n), voters, where, Manner(old=0.05))


@register(CROWDS, "L5", (1500, 9000), scripted=False)
def employer(stage: Stage, n: int) -> Rows:
    """An employer who asks 300-2500 people every day at 9: one entry, 70 % come back, half of them on its network."""
    rng = stage.rng
    at = stage.sessions(n, int(rng.integers(5, 11)), (8.9, 9.1), float(rng.uniform(12, 40)))
    voters = _voters(stage, at, 0.7)
    where = _behind(stage, voters, (1, 3), 0.5)
    return stage.cast(at, stage.mostly(stage.fans_of(), 0.97, n), voters, where, Manner(rng.uniform(9, 15), 0.7))


@register(CROWDS, "L6", (3000, 12000), scripted=False)
def livestream(stage: Stage, n: int) -> Rows:
    """A call in a livestream: ten minutes, one entry, phones of the whole country, mostly new tokens."""
    rng = stage.rng
    at = stage.burst(n, stage.moment(19, 22.8), float(rng.uniform(3, 6)))
    voters = stage.people(n, kinds=PHONES, breadth=0.4)
    entry = stage.mostly(stage.fans_of(), 0.95, n)
    return stage.cast(at, entry, voters, stage.usual(voters, at), Manner(rng.uniform(8, 14), 0.7, old=0.1))


@register(CROWDS, "L7", (1000, 8000), scripted=False)
def deadline(stage: Stage, n: int) -> Rows:
    """The rush of the last one to three hours: half for three close entries, many who voted before."""
    rng = stage.rng
    at = stage.fold(stage.closes - rng.beta(1, 1.7, n) * rng.uniform(1, 3) * HOUR)
    voters = stage.people(n)
    entry = stage.mostly(stage.fans_of(3), 0.5, n)
    manner = Manner(rng.uniform(9, 15), 0.75, old=0.5)
    return stage.cast(at, entry, voters, stage.usual(voters, at), manner)


@register(CROWDS, "L8", (250, 2000), scripted=False)
def kiosk(stage: Stage, n: int) -> Rows:
    """A computer in a library: one model, one address, tokens cleared, 60-250 people a day during opening hours."""
    rng = stage.rng
    days = max(1, min(9, n // int(rng.integers(60, 251))))
    first = int(rng.integers(1, 11 - days))
    busy = stage.midnight + rng.integers(first, first + days, n) * DAY
    at = stage.fold(busy + rng.triangular(9, 15, 18, n) * HOUR)
    people = stage.people(stage.enough(at, 0.3), clients=stage.clients.few(rng, 1, ("desktop", "android")))
    voters = people.take(stage.turns(at, len(people.id)))
    where = stage.networks.fixed(rng, _together(stage, voters)[1], 1, n)
    manner = Manner(rng.uniform(15, 30), 0.7, kept=0.0, old=0.0, odd=0.0)
    return stage.cast(at, stage.mostly(stage.fans_of(2), 0.35, n), voters, where, manner)


@register(CROWDS, "L9", (300, 2500), scripted=False)
def private(stage: Stage, n: int) -> Rows:
    """Privacy browsers and VPN users: hosting addresses for 60 %, tokens that do not last, odd headers for 15 %."""
    rng = stage.rng
    at = stage.public_times(n)
    voters = _voters(stage, at, 0.2, ("privacy", "android", "desktop", "ios"))
    through = stage.networks.hosted(rng, 25, n, addresses=12)
    where = through.where((voters.id % 10) < 6, stage.usual(voters, at))
    return stage.cast(at, stage.popular(n), voters, where, Manner(kept=0.25, old=0.1, odd=0.15))


@register(CROWDS, "L10", (200, 2500), scripted=False)
def small_town(stage: Stage, n: int) -> Rows:
    """The fans of a small town: homes of 2-5 /24s and a few mobile addresses, one entry, on all days."""
    rng = stage.rng
    at = stage.public_times(n)
    voters, line = _together(stage, _voters(stage, at, 0.35))
    homes = stage.networks.subnets(rng, np.array([line]), int(rng.integers(2, 6)), n)
    where = homes.where(rng.random(n) < 0.7, stage.networks.mobile(rng, voters))
    return stage.cast(at, stage.mostly(stage.fans_of(), 0.9, n), voters, where, Manner())


@register(CROWDS, "M1", (200, 2500), scripted=False)
def dormitories(stage: Stage, n: int) -> Rows:
    """Students of one college: 2-6 evenings at half past ten from the campus network's 2-8 addresses, young phones
    and computers, for three entries of theirs."""
    rng = stage.rng
    at = stage.sessions(n, int(rng.integers(2, 7)), (21.3, 22.3), 28)
    voters = _voters(stage, at, 0.5)
    where = _behind(stage, voters, (2, 8), 0.75)
    entry = stage.mostly(stage.fans_of(3), 0.8, n)
    return stage.cast(at, entry, voters, where, Manner(rng.uniform(10, 16)))


@register(CROWDS, "M2", (1500, 6000), scripted=False)
def television(stage: Stage, n: int) -> Rows:
    """A show that puts a code on the screen in three breaks on one to three evenings: everybody scans at once, for the
    four or five entries that were on stage."""
    rng = stage.rng
    evening = stage.sessions(n, int(rng.integers(1, 4)), (19.8, 20.2), 3)
    at = stage.fold(evening + rng.choice([0, 28, 61], n) * MINUTE)
    voters = _voters(stage, at, 0.6, (*WECHAT, *MINI, "android", "ios"))
    entry = stage.mostly(stage.fans_of(int(rng.integers(4, 6))), 0.92, n)
    return stage.cast(at, entry, voters, stage.usual(voters, at, 0.3), Manner(rng.uniform(10, 18), old=0.1))


@register(CROWDS, "M3", (200, 2000), scripted=False)
def shifts(stage: Stage, n: int) -> Rows:
    """A plant with three shifts: votes at the changes of shift, also at night, on its Wi-Fi with two addresses; a
    third have the phone that the plant hands out; one entry of theirs."""
    rng = stage.rng
    changes = stage.sessions(n, int(rng.integers(2, 8)), (7.7, 8.1), 14)
    at = stage.fold(changes + rng.choice([0, 8, 16], n) * HOUR)
    people = stage.people(stage.enough(at, 0.5), kinds=PHONES)
    issued = stage.clients.few(rng, 1, ("wx_android",))[0]
    people = replace(people, client=np.where(people.id % 3 == 0, issued, people.client))
    voters = people.take(stage.turns(at, len(people.id)))
    where = _behind(stage, voters, (2, 2), 0.6)
    return stage.cast(at, stage.mostly(stage.fans_of(), 0.85, n), voters, where, Manner(rng.uniform(8, 14)))


@register(CROWDS, "M4", (100, 1200), scripted=False)
def diaspora(stage: Stage, n: int) -> Rows:
    """Compatriots abroad: other countries' networks, time zones and languages, so many vote at night in China; two
    entries of their home town."""
    rng = stage.rng
    at = stage.fold(stage.public_times(n) + rng.choice([-7, 3, 12, 15], n, p=[0.3, 0.2, 0.3, 0.2]) * HOUR)
    voters = _voters(stage, at, 0.25)
    manner = Manner(old=0.2, odd=0.6, kinds=((Odd.ABROAD, 1.0),))
    return stage.cast(at, stage.mostly(stage.fans_of(2), 0.7, n), voters, stage.networks.abroad(voters), manner)


def public(stage: Stage, n: int) -> Rows:
    """`n` ballots: about two a voter, most of one favourite, which a household often shares and the neighbourhood
    prefers; one voter in 80 comes over a VPN."""
    rng = stage.rng
    at = np.sort(stage.public_times(n))
    people = stage.people(max(int(n / rng.uniform(0.9, 1.3)), stage.enough(at, 0.8)))
    m = len(people.id)
    favourite = stage.popular(m)
    favourite = np.where(rng.random(m) < 0.5, favourite[people.home - people.id[0]], favourite)
    near = rng.random(m) < 0.3
    people.line[near] = stage.cities[favourite[near]] * CARRIERS + people.line[near] % CARRIERS
    who = stage.turns(at, m, activity=1.2)
    voters = people.take(who)
    entry = np.where(rng.random(n) < 0.75, favourite[who], stage.popular(n))
    where = (rng.random(m) < 1 / 80)[who]
    usual = stage.usual(voters, at)
    through = stage.networks.hosted(rng, 40, n, addresses=20).where(where, usual)
    return stage.cast(at, entry, voters, through, Manner(reading=rng.uniform(14, 26), spread=rng.uniform(0.65, 0.85)))
