"""Attacks by people who are paid or pressed: the listed A7 and A8, and X5 to X8 of our own invention."""

from __future__ import annotations

import numpy as np

from loadtests.fraud_lab.families.family import Family
from loadtests.fraud_lab.simulator.batch import Batch, Floats, Ints
from loadtests.fraud_lab.simulator.clock import HOUR, MINUTE
from loadtests.fraud_lab.simulator.headers import GROUP
from loadtests.fraud_lab.simulator.scene import People, Scene


def _phones(scene: Scene, count: int, *, province: int | None = None, fresh: float | None = None) -> People:
    return scene.people(
        count, profile=scene.clients.draw(count, "wechat_android", "wechat_ios"), province=province, fresh=fresh
    )


def _rounds(scene: Scene, people: int, days: Ints, comes: float) -> tuple[Ints, Ints]:
    """For each ballot who, and in which round (a place in `days`)."""
    who, turn = np.nonzero(scene.random.random((people, len(days))) < comes)
    return who.astype(np.int64), turn.astype(np.int64)


def _posted(scene: Scene, days: Ints, first: float, last: float) -> Ints:
    """One moment on each of these days."""
    return scene.clock.around(days, scene.random.uniform(first, last, len(days)), 0.1)


def click_farm(scene: Scene, ballots: int) -> Batch:
    """A7: workers with phones of their own, several clients in rotation, each task open for half an hour."""
    days, share = scene.clock.span(3, 10), scene.random.uniform(0.4, 0.85)
    people = _phones(scene, max(2, round(ballots / (len(days) * share))))
    clients = scene.entries.targets(scene.whole(5, 2))
    who, turn = _rounds(scene, len(people), days, share)
    tasks = int(scene.random.integers(1, 4))
    task = turn * tasks + scene.random.integers(0, tasks, len(who))
    begins = _posted(scene, np.repeat(days, tasks), 8.5, 22.0)
    window = scene.random.uniform(12, 90, len(begins))
    at = begins[task] + (scene.random.beta(1.3, 1.8, len(who)) * window[task] * MINUTE).astype(np.int64)
    reading = scene.reading(people.pace[who], scene.about(5), scene.random.uniform(0.4, 0.7))
    return scene.cast(people, who, at, clients[task % len(clients)], reading=reading, address=scene.reach(people, who))


def crowd_groups(scene: Scene, ballots: int) -> Batch:
    """A8: groups that vote for each other's entries in the order in which they are posted, and for others between."""
    days, share = scene.clock.span(4, 10), scene.random.uniform(0.5, 0.9)
    people = _phones(scene, max(2, round(ballots / (len(days) * share))))
    clients = scene.entries.targets(scene.whole(8, 3))
    groups = scene.whole(6)
    group = scene.random.integers(0, groups, len(people))
    who, turn = _rounds(scene, len(people), days, share)
    begins = _posted(scene, np.tile(days, groups), 8.0, 21.0).reshape(groups, len(days))
    spread = scene.random.exponential(scene.about(45), len(who)).clip(max=600)
    at = begins[group[who], turn] + (spread * MINUTE).astype(np.int64)
    at = np.minimum(at, scene.clock.start(0) + (days[turn] + 1) * 24 * HOUR - 1)
    entry = clients[(turn + group[who]) % len(clients)]
    disguise = scene.mask(len(who), scene.random.uniform(0.15, 0.5))
    entry = np.where(disguise, scene.entries.pick(len(who)), entry)
    reading = scene.reading(people.pace[who], scene.about(8))
    return scene.cast(people, who, at, entry, reading=reading, address=scene.reach(people, who), source=GROUP)


def micro_tasks(scene: Scene, ballots: int) -> Batch:
    """X5: a platform where anyone takes small paid tasks, each with a number wanted and a deadline."""
    days, share = scene.clock.span(4, 10), scene.random.uniform(0.25, 0.6)
    people = _phones(scene, max(2, round(ballots / (len(days) * share))))
    clients = scene.entries.targets(scene.whole(9, 4))
    who, turn = _rounds(scene, len(people), days, share)
    tasks = int(scene.random.integers(2, 6))
    task = turn * tasks + (tasks * scene.random.random(len(who)) ** 1.5).astype(np.int64)
    begins = _posted(scene, np.repeat(days, tasks), 7.5, 22.5)
    # Taken fast while new, and again shortly before the deadline.
    deadline = scene.random.uniform(30, 180, len(begins))
    share_of = np.where(
        scene.mask(len(who), 0.25), 1 - scene.random.beta(1, 8, len(who)), scene.random.beta(0.8, 3, len(who))
    )
    at = begins[task] + (share_of * deadline[task] * MINUTE).astype(np.int64)
    wanted = scene.random.permutation(len(begins)) % len(clients)
    reading = scene.reading(people.pace[who], scene.about(5), scene.random.uniform(0.4, 0.7))
    return scene.cast(
        people, who, at, clients[wanted][task], reading=reading, address=scene.reach(people, who), source=scene.source()
    )


def giveaway(scene: Scene, ballots: int) -> Batch:
    """X6: vote, send the screenshot, get the coupon: the same bargain hunters for one client after another."""
    days, share = scene.clock.span(3, 8), scene.random.uniform(0.3, 0.65)
    people = _phones(scene, max(2, round(ballots / (len(days) * share))), fresh=0.7)
    clients = scene.entries.targets(scene.whole(4, 2))
    who, turn = _rounds(scene, len(people), days, share)
    begins = _posted(scene, days, 9.5, 20.5)
    at = begins[turn] + (scene.random.gamma(1.2, scene.about(50), len(who)).clip(max=700) * MINUTE).astype(np.int64)
    links = np.array([scene.source() for _ in range(int(scene.random.integers(2, 5)))])
    reading = scene.reading(people.pace[who], scene.about(5), scene.random.uniform(0.4, 0.65))
    entry = clients[turn % len(clients)]
    return scene.cast(
        people,
        who,
        at,
        entry,
        reading=reading,
        address=scene.reach(people, who),
        source=scene.random.choice(links, len(who)),
    )


def school_order(scene: Scene, ballots: int) -> Batch:
    """X7: parents are told to vote, with every account they can get; phone after phone, account after account."""
    days, share = scene.clock.span(3, 9), scene.random.uniform(0.5, 0.9)
    accounts = max(2, round(ballots / (len(days) * share)))
    phones = max(1, accounts // scene.whole(4, 2))
    hand = np.sort(scene.random.integers(0, phones, accounts))
    people = _phones(scene, accounts, province=scene.province())
    for name in ("profile", "device", "web_id", "age", "carrier", "roams"):
        column: Ints = getattr(people, name)
        setattr(people, name, column[hand])
    people.home = people.home.take(hand)
    who, turn = _rounds(scene, accounts, days, share)
    order = np.arange(accounts) - np.searchsorted(hand, hand)
    begins = _posted(scene, days, 17.5, 20.5)
    sits: Floats = scene.random.exponential(scene.about(60), (phones, len(days)))
    after = order[who] * scene.about(35) * scene.random.uniform(0.7, 1.5, len(who)) / 60
    at = begins[turn] + ((sits[hand[who], turn].clip(max=200) + after) * MINUTE).astype(np.int64)
    clients = scene.entries.targets(2)
    reading = scene.reading(people.pace[who], scene.about(6), scene.random.uniform(0.35, 0.6))
    entry = clients[turn % len(clients)]
    return scene.cast(
        people, who, at, entry, reading=reading, address=scene.reach(people, who), source=GROUP, loses=0.0
    )


def street_stall(scene: Scene, ballots: int) -> Batch:
    """X8: scan, let the promoter press the button, get an egg: stalls in a few towns, for a client a day."""
    days = scene.clock.span(2, 8)
    people = _phones(scene, ballots, province=scene.province(), fresh=1.0)
    stalls = scene.whole(5, 2)
    clients = scene.entries.targets(scene.whole(3))
    stall, turn = scene.random.integers(0, stalls, ballots), scene.random.integers(0, len(days), ballots)
    hours = scene.random.uniform(6, 10)
    at = scene.clock.around(days[turn], scene.random.uniform(8.5, 8.5 + hours, ballots), 0.05)
    province, carrier = people.province, people.carrier
    address = scene.networks.mobile(province, carrier)
    wireless = scene.spots(scene.networks.place(int(province[0]), stalls), ballots)
    address = wireless.where(scene.mask(ballots, scene.random.uniform(0.0, 0.6)), address)
    reading = scene.reading(np.ones(ballots), scene.about(6), scene.random.uniform(0.2, 0.4))
    links = np.array([scene.source() for _ in range(stalls)])
    return scene.cast(
        people,
        np.arange(ballots),
        at,
        clients[turn % len(clients)],
        reading=reading,
        address=address,
        source=links[stall],
    )


LISTED_PAID = {
    "A7": Family(click_farm, (1500, 9000), (1, 3)),
    "A8": Family(crowd_groups, (2000, 9000), (1, 3)),
}
OWN_PAID = {
    "X5": Family(micro_tasks, (800, 6000), (1, 3)),
    "X6": Family(giveaway, (600, 5000), (1, 3)),
    "X7": Family(school_order, (600, 5000), (1, 3)),
    "X8": Family(street_stall, (500, 4000), (1, 3)),
}
