"""Attacks that are not on the page's list."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from loadtests.hands.literal.clock import DAYS
from loadtests.hands.literal.people import Habits, cast, people
from loadtests.hands.literal.rows import DAY, HOUR, Ballots, Floats, joined
from loadtests.hands.literal.scene import Scene


def hidden_view(scene: Scene, size: int) -> Ballots:
    """U1: an app's hidden web view on its users' phones."""
    random, clients = scene.random, scene.clients
    customers = random.choice(scene.entries, scene.many(3, 3))
    phones = max(5, math.ceil(size / scene.between(2, 4)))
    day = random.random((phones, DAYS)).argsort(1)[:, : max(1, min(DAYS, math.ceil(size / phones)))]
    who, days = np.repeat(np.arange(phones), day.shape[1]), day.ravel()
    night = random.random(len(who)) < 0.6
    hour = np.where(night, random.uniform(0.2, 6.5, len(who)), random.uniform(7, 23.9, len(who)))
    android = clients.is_android[clients.web]
    weights = clients.web_weights[android]
    profiles = random.choice(clients.web[android], phones, p=weights / weights.sum())
    at = scene.clock.at(days, hour)
    habits = Habits(profiles=profiles, fresh=1.0, clears=0.0)
    made = people(scene, who, at, customers[days % len(customers)], habits)
    dwell = scene.waiting(len(who), 3, 9)
    return replace(made, dwell=dwell, issued=np.minimum(made.issued, made.at - dwell))


def old_tokens(scene: Scene, size: int) -> Ballots:
    """U2: tokens minted in one night long before, each used day after day."""
    random = scene.random
    uses = int(random.integers(3, DAYS + 1))
    tokens = max(5, math.ceil(size / uses))
    day = random.random((tokens, DAYS)).argsort(1)[:, :uses]
    who, days = np.repeat(np.arange(tokens), uses), day.ravel()
    at = scene.clock.when(days)
    profiles = scene.clients.draw(tokens, 0.0)
    device = scene.fresh(tokens)
    minted = -scene.between(5, 40) * DAY + random.uniform(0, scene.vary(3) * HOUR, tokens)
    entry = scene.entry()
    ip = scene.networks.residential(len(who))
    dwell = scene.reading(len(who), sigma=0.5)
    return cast(scene, at, entry, profiles[who], ip, dwell, device=device[who], issued=minted[who])


def followers(scene: Scene, size: int, rival: Floats) -> Ballots:
    """U3: cloud phones that answer a rival's ballots, cast at these times, a few seconds after each."""
    random, networks = scene.random, scene.networks
    times = np.sort(random.choice(rival, size, replace=len(rival) < size))
    at = times + scene.between(5, 20) + random.uniform(0, scene.vary(6), size)
    profile = scene.clients.of_kinds(scene.many(5, 5), size, 1.0)
    cloud = random.random(size) < 0.5
    prefixes = networks.prefixes(scene.many(8, 8), hosting=True)
    ip = np.where(cloud, networks.within(prefixes, size), networks.residential(size))
    entry = scene.entry()
    return cast(scene, at, entry, profile, ip, scene.waiting(size, 4, 12))


def collectors(scene: Scene, size: int) -> Ballots:
    """U4: collectors who borrow many accounts, one after another on one phone."""
    random, networks = scene.random, scene.networks
    per = scene.many(6, 12, 3)
    phones = max(2, math.ceil(size / per))
    phone = np.repeat(np.arange(phones), per)
    gaps = random.lognormal(math.log(scene.vary(75)), 0.7, (phones, per))
    at = (scene.clock.usual(phones)[:, None] + np.cumsum(gaps, 1)).ravel()
    profiles = scene.clients.draw(phones, 1.0)
    device = scene.fresh(phones)
    cell = random.random(phones) < 0.6
    mobile = networks.mobile(random.choice(networks.pools, phones))
    line = np.where(cell, mobile, networks.within(networks.homes, phones))
    # Nobody reads longer than the time between two ballots.
    dwell = np.minimum(scene.reading(len(phone), scene.vary(12)), gaps.ravel() * 0.9)
    issued = at.reshape(phones, per)[:, 0] - dwell.reshape(phones, per)[:, 0]
    old = random.random(phones) < 0.5
    issued = np.where(old, issued - random.lognormal(math.log(20 * DAY), 1, phones), issued)
    return cast(
        scene,
        at,
        scene.entry(),
        profiles[phone],
        line[phone],
        dwell,
        device=device[phone],
        voter=scene.fresh(len(phone)),
        issued=issued[phone],
        cell=cell[phone],
    )


def task_app(scene: Scene, size: int) -> Ballots:
    """U5: a task app: one ballot a worker, who must stay for half a minute."""
    random, clock, networks = scene.random, scene.clock, scene.networks
    half = scene.vary(12) * HOUR
    at = random.uniform(0, max(1.0, clock.end - 3 * half)) + random.exponential(half, size * 3)
    # Nobody works at night as in the evening.
    at = at[random.random(size * 3) < clock.awake(at)]
    at = at[at < clock.end][:size]
    count = len(at)
    profile = random.choice(scene.clients.tasks, count)
    must = scene.vary(30)
    dwell = must + random.exponential(must * 0.25, count) + 0.5
    cell = random.random(count) < 0.6
    mobile = networks.mobile(random.choice(networks.pools, count, p=networks.normed))
    ip = np.where(cell, mobile, networks.within(networks.homes, count))
    return cast(scene, at, scene.entry(), profile, ip, dwell, cell=cell)


def shifts(scene: Scene, size: int) -> Ballots:
    """U6: a crew at work in shifts: private windows, and a new mobile address for every ballot."""
    random, networks = scene.random, scene.networks
    crew = scene.many(15, 45, 3)
    made = []
    entry = scene.entry()
    pools = random.choice(networks.pools, 3)
    tasks = np.bincount(random.integers(0, crew, size), minlength=crew)
    for count in tasks[tasks > 0].tolist():
        gaps = random.lognormal(math.log(scene.between(40, 90)), 0.5, count)
        gaps = gaps + (random.random(count) < 0.03) * random.exponential(900, count)
        day = int(random.integers(0, DAYS))
        # On the first day the window may open at noon only.
        begin = scene.clock.start(day, random.uniform(13 if day == 0 else 9, 19))
        at = begin + np.cumsum(gaps)
        profile = np.full(count, scene.clients.draw(1, 0.0)[0])
        dwell = np.minimum(scene.reading(count, scene.vary(7), 0.55), gaps)
        ip = networks.mobile(random.choice(pools, count))
        made.append(cast(scene, at, entry, profile, ip, dwell, cell=np.ones(count, bool)))
    return joined(made)


MAKERS: dict[str, Callable[[Scene, int], Ballots]] = {
    "U1": hidden_view,
    "U2": old_tokens,
    "U4": collectors,
    "U5": task_app,
    "U6": shifts,
}
