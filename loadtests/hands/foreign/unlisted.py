"""Scripted families that the page does not list, and a mixed one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from loadtests.hands.foreign.hired import click_farm, foreign_city
from loadtests.hands.foreign.rows import DAY, HOUR, MINI_REFERER, MINUTE, NO_CLIENT, NO_FETCH, SECOND, Rows, joined
from loadtests.hands.foreign.scene import Scene
from loadtests.hands.foreign.scripts import any_of, faulty, one_of, residential, sessions, shots, typing


def old_cookies(scene: Scene, size: int) -> Rows:
    """X21: tokens that were collected weeks ago, so that none is fresh."""
    random = scene.random
    profile = any_of(scene, scene.catalogue.of_kind(["android", "ios", "desktop"], scene.many(20, 60, 5)), size)
    gaps = random.exponential(scene.between(4, 40) * SECOND, size)
    at = sessions(scene, gaps, int(random.integers(2, 9)))
    rows = shots(scene, at, scene.client(), profile, residential(scene, size, random.uniform(0.1, 0.5)))
    rows.read_for(scene.spread(size, scene.between(3, 9) * SECOND, random.uniform(0.15, 0.4)))
    harvest = rows.opened.min() - scene.between(5, 30) * DAY
    born = harvest - random.exponential(3 * DAY, size)
    return rows.with_age((rows.opened - born).astype(np.int64))


def mini_program(scene: Scene, size: int) -> Rows:
    """X22: calls of the mini program's interface with collected log-ins, every day at the same minutes."""
    random, clock = scene.random, scene.clock
    days = clock.whole_days(12)
    days = np.sort(random.choice(days, int(random.integers(1, len(days) + 1)), replace=False))
    accounts = max(size // len(days), 10)
    names, tokens = scene.numbers(accounts), scene.numbers(accounts)
    profile = any_of(scene, scene.catalogue.wechat_bots(int(random.integers(1, 7)), "mini_program"), accounts)
    cloud = scene.chance(0.5)
    clients, minute = scene.clients(int(random.integers(1, 4))), random.uniform(8, 22) * 60
    rate = scene.between(0.05, 1.0)
    parts = []
    for day in days:
        start = clock.midnight + int(day) * DAY + int(minute * MINUTE)
        at = start + np.cumsum(random.gamma(4, SECOND / rate / 4, accounts)).astype(np.int64)
        pool = scene.networks.hosting(8, 20) if cloud else residential(scene, accounts)
        order = random.permutation(accounts)
        rows = shots(scene, at, clients[order % len(clients)], profile[order], one_of(scene, pool, accounts))
        rows.voter, rows.device = names[order], tokens[order]
        rows.read_for(typing(scene, accounts, 0.2, scene.vary(1.5)))
        rows.with_age(rows.opened - (clock.opens - tokens[order] % 5003 * 3 * MINUTE))
        parts.append(rows.flagged(NO_CLIENT | NO_FETCH | MINI_REFERER))
    return joined(parts)


def six_rotation(scene: Scene, size: int) -> Rows:
    """X23: a browser that is driven by a program, with another IPv6 address of the same sites each time."""
    random = scene.random
    address = scene.networks.six(int(random.integers(1, 5)), size, hosting=scene.chance(0.5))
    profile = any_of(scene, scene.catalogue.spoofed(scene.many(5, 30, 2)), size)
    at = sessions(scene, random.exponential(scene.between(3, 45) * SECOND, size), int(random.integers(1, 8)))
    rows = shots(scene, at, scene.client(), profile, address)
    rows.read_for(typing(scene, size, scene.vary(1.5), scene.vary(8)))
    return rows.flagged(faulty(scene, size, random.choice([0.0, 0.15])))


def night_farm(scene: Scene, size: int) -> Rows:
    """X24: rented phones that work when their owners sleep, with another address of the carrier for each account."""
    random, clock = scene.random, scene.clock
    nights = clock.whole_days(3)
    nights = np.sort(random.choice(nights, int(random.integers(2, len(nights) + 1)), replace=False))
    accounts = max(size // len(nights), 12)
    names, tokens = scene.numbers(accounts), scene.numbers(accounts)
    models = scene.catalogue.of_kind(["android", "ios"], int(random.integers(10, 40)), "wechat")
    profile, city = any_of(scene, models, accounts), scene.networks.some_cities(1).repeat(accounts)
    clients, sigma, median = scene.clients(int(random.integers(1, 4))), random.uniform(0.25, 0.5), scene.between(4, 12)
    born = clock.opens - scene.spread(accounts, 20 * DAY, 0.5)
    parts = []
    for turn, night in enumerate(nights):
        start = clock.midnight + int(night) * DAY + int(random.uniform(0.2, 1.2) * HOUR)
        at = start + np.sort(random.uniform(0, scene.between(2.5, 5) * HOUR, accounts)).astype(np.int64)
        order = random.permutation(accounts)
        entry = clients[(order + turn) % len(clients)]
        rows = shots(scene, at, entry, profile[order], scene.networks.mobile(city))
        rows.voter, rows.device = names[order], tokens[order]
        rows.read_for(scene.spread(accounts, median * SECOND, sigma))
        parts.append(rows.with_age(rows.opened - born[order]))
    return joined(parts)


def mixed(scene: Scene, size: int) -> Rows:
    """X29: a seller delivers some ballots by people and the rest by a program, to the same client."""
    random = scene.random
    part = max(int(size * random.uniform(0.3, 0.7)), 15)
    crowd = click_farm(scene, part) if scene.chance(0.5) else foreign_city(scene, part)
    count = max(size - len(crowd), 10)
    bots = [old_cookies, six_rotation][int(random.integers(0, 2))](scene, count)
    clients, shares = np.unique(crowd.entry, return_counts=True)
    bots.entry = random.choice(clients, len(bots), p=shares / shares.sum())
    return joined([crowd, bots])


MAKERS: dict[str, Callable[[Scene, int], Rows]] = {
    "X21": old_cookies,
    "X22": mini_program,
    "X23": six_rotation,
    "X24": night_farm,
    "X29": mixed,
}
