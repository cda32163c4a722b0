"""The scripted families of the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from loadtests.hands.foreign.people import everywhere
from loadtests.hands.foreign.rows import CROSS_SITE, DAY, HOUR, MINUTE, SECOND, Addresses, Ints, Rows, joined
from loadtests.hands.foreign.scene import Scene
from loadtests.hands.foreign.scripts import (
    any_of,
    faulty,
    flat,
    one_of,
    residential,
    run,
    sessions,
    shots,
    silent,
    typing,
)


def single_host(scene: Scene, size: int) -> Rows:
    """A1: one to four addresses, a fixed gap, one user agent, cookies cleared."""
    random = scene.random
    hosts = int(random.integers(1, 5))
    pool = scene.networks.hosting(hosts, 1) if scene.chance(0.5) else _homes(scene, hosts)
    gap = scene.between(SECOND, 5 * SECOND)
    at = run(scene, gap * random.uniform(0.95, 1.05, size))
    profile = scene.catalogue.spoofed(1).repeat(size)
    rows = shots(scene, at, scene.client(), profile, pool[np.arange(size) % len(pool)])
    return (
        rows.read_for(typing(scene, size, scene.vary(0.4), scene.vary(1.2)))
        .flagged(faulty(scene, size, random.choice([0, 1])))
        .flagged(silent(scene, 0.4))
    )


def _homes(scene: Scene, count: int) -> Addresses:
    return scene.networks.home(scene.networks.some_cities(1).repeat(count))


def datacentre(scene: Scene, size: int) -> Rows:
    """A2: proxies in datacentres."""
    return _datacentre(scene, size, scene.client())


def framing(scene: Scene, size: int) -> Rows:
    """A11: as A2 and blatant, in favour of a rival who did not ask for it."""
    return _datacentre(scene, size, scene.ranked(0.0, 3 / scene.entries), hurry=scene.between(3, 10))


def _datacentre(scene: Scene, size: int, entry: int, hurry: float = 1.0) -> Rows:
    pool = scene.networks.hosting(min(scene.many(45, 80, 4), 160), int(scene.random.integers(2, 20)))
    gaps = scene.random.exponential(scene.between(10, 40) * SECOND / hurry, size)
    profile = any_of(scene, scene.catalogue.spoofed(scene.many(15, 25, 3)), size)
    rows = shots(
        scene, sessions(scene, gaps, int(scene.random.integers(1, 4))), entry, profile, one_of(scene, pool, size)
    )
    rows.read_for(typing(scene, size, scene.vary(1), scene.vary(5)))
    return rows.flagged(faulty(scene, size, scene.between(0.4, 0.6))).flagged(silent(scene, 0.4))


def proxies(scene: Scene, size: int) -> Rows:
    """A3: residential proxies, another address for each ballot."""
    gaps = scene.random.gamma(scene.between(1, 3), 1, size)
    gaps *= scene.between(15, 60) * SECOND / gaps.mean()
    profile = any_of(scene, scene.catalogue.spoofed(scene.many(40, 60, 8)), size)
    at = sessions(scene, gaps, int(scene.random.integers(1, 6)))
    rows = shots(scene, at, scene.client(), profile, residential(scene, size))
    rows.read_for(scene.spread(size, scene.between(2, 8) * SECOND, scene.random.uniform(0.15, 0.5)))
    return rows.flagged(faulty(scene, size, scene.vary(0.3)))


def dialling(scene: Scene, size: int) -> Rows:
    """A4: lines that dial in anew for each ballot, in one or two cities."""
    cities = scene.networks.some_cities(int(scene.random.integers(1, 3)))
    nets = min(scene.many(45, 75, 6), 120)
    pools = [scene.networks.nets(int(city), -(-nets // len(cities))) for city in cities]
    pick = scene.random.integers(0, len(pools), size)
    address = one_of(scene, pools[0], size)
    if len(pools) > 1:
        address.put(pick == 1, one_of(scene, pools[1], int((pick == 1).sum())))
    models = scene.catalogue.of_kind(["android", "ios"], scene.many(6, 10, 2))
    gaps = scene.random.uniform(0.6, 1.4, size) * scene.between(8, 40) * SECOND
    rows = shots(scene, sessions(scene, gaps, 2), scene.client(), any_of(scene, models, size), address)
    return rows.read_for(scene.spread(size, scene.between(2.5, 8) * SECOND, scene.random.uniform(0.1, 0.35)))


def phone_farm(scene: Scene, size: int) -> Rows:
    """A5: racks of phones of three models, some accounts on each, tapped one after the other."""
    random, clock = scene.random, scene.clock
    each = int(random.integers(2, 5))
    days = clock.whole_days(16)
    rounds = int(random.integers(1, len(days) + 1))
    phones = int(np.clip(size // (each * rounds), 12, 1000))
    rounds = int(np.clip(round(size / (phones * each)), 1, len(days)))
    model = scene.catalogue.of_kind(["android"], int(random.integers(2, 5)), "wechat")
    of_phone = any_of(scene, model, phones)
    accounts, tokens = scene.numbers(phones * each), scene.numbers(phones * each)
    if scene.chance(0.5):
        tokens = tokens[:phones].repeat(each)
    city = scene.networks.some_cities(1)
    wifi = scene.networks.office(int(city[0]), scene.many(2, 4))
    stagger, clients = scene.vary(3 * SECOND), scene.clients(int(random.integers(1, 4)))
    hour, born = random.uniform(9, 21), clock.opens - int(scene.vary(20 * DAY))
    parts = []
    for day in np.sort(random.choice(days, rounds, replace=False)):
        # The rack's first account of every phone, then the second, then the third.
        which = np.arange(phones * each).reshape(phones, each).T.ravel()
        start = clock.moment(int(day), hour + random.normal(0, 1))
        at = start + (np.arange(len(which)) * stagger + random.normal(0, stagger / 6, len(which))).astype(np.int64)
        address = one_of(scene, wifi, len(which))
        mobile = scene.mask(len(which), random.uniform(0.1, 0.4))
        address.put(mobile, scene.networks.mobile(city.repeat(int(mobile.sum()))))
        rows = shots(scene, at, int(clients[int(day) % len(clients)]), of_phone[which // each], address)
        rows.voter, rows.device = accounts[which], tokens[which]
        dwell = scene.spread(len(which), scene.between(4, 9) * SECOND, random.uniform(0.12, 0.3))
        rows.read_for(dwell)
        parts.append(rows.with_age(rows.opened - born - rows.device % 977 * MINUTE))
    return joined(parts)


def blitz(scene: Scene, size: int) -> Rows:
    """A9: thousands of ballots in the last two hours."""
    span = min(scene.vary(2 * HOUR), 0.3 * DAY)
    at = scene.clock.closes - 1 - (scene.random.beta(1.0, 1.3, size) * span).astype(np.int64)
    profile = any_of(scene, scene.catalogue.spoofed(scene.many(20, 60, 5), ("android", "ios")), size)
    rows = shots(scene, at, scene.client(), profile, residential(scene, size, 0.35))
    return rows.read_for(typing(scene, size, scene.vary(1.5), scene.vary(6))).flagged(
        faulty(scene, size, scene.random.uniform(0, 0.3))
    )


def drip(scene: Scene, size: int) -> Rows:
    """A10: a few ballots an hour, day and night, with the public's user agents and a person's reading time."""
    random, clock = scene.random, scene.clock
    profile = scene.catalogue.public(size, random.uniform(0, 0.6))
    rows = shots(
        scene,
        flat(scene, size, clock.opens, clock.closes),
        scene.client(),
        profile,
        residential(scene, size, random.uniform(0.3, 0.7)),
    )
    rows.read_for(scene.spread(size, scene.reading * random.uniform(0.6, 1.4), random.uniform(0.45, 0.8)))
    old = scene.mask(size, random.uniform(0, 0.4))
    return rows.with_age(np.where(old, scene.spread(size, 2 * DAY, 1.0), rows.opened - rows.issued))


def embed(scene: Scene, size: int) -> Rows:
    """A12: pages elsewhere that make their visitors' browsers vote unseen."""
    habits = replace(scene.habits, wechat=scene.random.uniform(0, 0.5))
    crowd = everywhere(scene, size, habits)
    at, place = by_burst(scene, size), np.arange(size)
    rows = crowd.vote(place, at, np.full(size, scene.client()))
    rows.scripted[:] = True
    rows.source[:] = int(scene.random.integers(0, 200))
    return rows.read_for(typing(scene, len(rows), 0.03, scene.vary(0.4))).flagged(CROSS_SITE)


def by_burst(scene: Scene, size: int) -> Ints:
    """As the visitors of a page elsewhere come: by the time of day, in some days only."""
    clock = scene.clock
    days = scene.random.choice(clock.whole_days(20), int(scene.random.integers(2, 8)), replace=False)
    weights = scene.random.dirichlet(np.full(len(days), 2.0))
    return clock.in_days(scene.random.choice(days, size, p=weights), scene.random.random(size))


def waves(scene: Scene, size: int) -> Rows:
    """A14: waves of some hundred ballots by accounts that were registered one after the other."""
    random, parts, left = scene.random, [], size
    model = scene.catalogue.wechat_bots(int(random.integers(1, 5)))
    pool = (
        scene.networks.hosting(6, 8)
        if scene.chance(0.4)
        else scene.networks.nets(int(scene.networks.some_cities(1)[0]), 6)
    )
    born = scene.clock.opens - int(scene.vary(12 * DAY))
    while left > 0:
        client = scene.client()
        for _ in range(int(random.integers(1, 4))):
            count = min(scene.many(95, 513, 20), max(left, 20))
            gaps = random.exponential(SECOND / scene.between(0.2, 4.4), count)
            profile = any_of(scene, model, count)
            rows = shots(scene, run(scene, gaps), client, profile, one_of(scene, pool, count))
            rows.read_for(typing(scene, count, scene.vary(0.8), scene.vary(2.5)))
            serial = born + (size - left + np.arange(count)) * 4 * SECOND
            parts.append(rows.with_age(rows.opened - serial))
            left -= count
            if left <= 0:
                break
    return joined(parts)


def hugger(scene: Scene, size: int) -> Rows:
    """A16: each address votes again a minute after it may."""
    random, clock = scene.random, scene.clock
    gap = scene.vary(30 * MINUTE) + MINUTE
    days = random.uniform(0.6, 6)
    each = max(int(days * DAY / gap), 2)
    hosts = max(size // each, 2)
    start = clock.start_of(days * DAY)
    host = np.arange(size) % hosts
    turn = np.arange(size) // hosts
    first = random.integers(0, int(gap), hosts)
    at = start + first[host] + (turn * gap).astype(np.int64) + random.integers(0, int(scene.vary(20 * SECOND)), size)
    homes = residential(scene, hosts, 0.1)
    profile = any_of(scene, scene.catalogue.spoofed(scene.many(8, 40, 3)), size)
    rows = shots(scene, at, scene.client(), profile, homes[host])
    return rows.read_for(scene.spread(size, scene.between(2, 9) * SECOND, random.uniform(0.1, 0.5)))


def mimic(scene: Scene, size: int) -> Rows:
    """A17: copies the public in everything, with one address a ballot."""
    random, clock = scene.random, scene.clock
    crowd = everywhere(scene, size)
    rows = crowd.vote(np.arange(size), clock.draw(size), np.full(size, scene.client()))
    rows.address = residential(scene, len(rows), random.uniform(0.45, 0.6))
    rows.scripted[:] = True
    return rows


MAKERS: dict[str, Callable[[Scene, int], Rows]] = {
    "A1": single_host,
    "A2": datacentre,
    "A3": proxies,
    "A4": dialling,
    "A5": phone_farm,
    "A9": blitz,
    "A10": drip,
    "A11": framing,
    "A12": embed,
    "A14": waves,
    "A16": hugger,
    "A17": mimic,
}
