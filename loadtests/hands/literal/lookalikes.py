"""Genuine crowds that look like attacks: L1 to L10 of the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from loadtests.hands.literal.clock import DAYS
from loadtests.hands.literal.people import VISITS, Habits, cast, cellular, choices, people, visits
from loadtests.hands.literal.rows import HOUR, Ballots, Ints
from loadtests.hands.literal.scene import Scene


def _regulars(scene: Scene, size: int, back: float = 0.33) -> tuple[Ints, Ints, int]:
    """Who comes on which days for about so many ballots, and how many they are."""
    who, days = visits(scene, max(5, int(size / VISITS)), back)
    return who, days, int(who.max()) + 1


def _neighbours(scene: Scene, first: Ints, low: int, high: int) -> Ints:
    return first + np.arange(scene.many(low, high))


def office(scene: Scene, size: int) -> Ballots:
    """L1: an office behind a few addresses."""
    random = scene.random
    who, days, voters = _regulars(scene, size)
    count = scene.many(1, 3)
    lines = scene.networks.fixed(count, hosting=scene.chance(0.2))[0] + np.arange(count)
    hour = np.clip(random.normal(13, 2.8, len(who)), 8.5, 19.5)
    first = scene.mostly(voters, scene.entry(), scene.share(0.7))
    entry = choices(scene, who, first)
    habits = Habits(cell=0, lines=random.choice(lines, voters), wechat=0.55, moves=0)
    return people(scene, who, scene.clock.at(days, hour), entry, habits)


def school(scene: Scene, size: int) -> Ballots:
    """L2: a school that votes in one lesson, many at the same computers."""
    random, clients = scene.random, scene.clients
    lines = _neighbours(scene, scene.networks.fixed(1), 1, 3)
    burst = scene.vary(22) * 60
    at = scene.clock.moment(10, 17) + np.sort(random.beta(1.6, 2.2, size)) * burst
    own = clients.draw(size, 0.5)
    lab = random.random(size) < scene.share(0.45, 0.9)
    profiles = np.where(lab, random.choice(clients.desks), own)
    entry = scene.mostly(size, scene.entry(), scene.share(0.9))
    habits = Habits(
        cell=0,
        lines=random.choice(lines, size),
        profiles=profiles,
        fresh=0.75,
        moves=0,
        median=scene.pace * 0.8,
    )
    return people(scene, np.arange(size), at, entry, habits)


def shared_address(scene: Scene, size: int) -> Ballots:
    """L3: strangers behind one address of a mobile carrier."""
    random = scene.random
    who, days, voters = _regulars(scene, size)
    lines = _neighbours(scene, random.choice(scene.networks.shared, 1), 1, 3)
    at = scene.clock.when(days)
    entry = choices(scene, who, scene.popular(voters))
    habits = Habits(cell=0, wechat=0.75, moves=0, lines=random.choice(lines, voters))
    made = people(scene, who, at, entry, habits)
    # Fixed addresses, for `people`; yet the phones tell of a mobile network.
    return replace(made, air=cellular(scene, len(who)))


def group(scene: Scene, size: int) -> Ballots:
    """L4: a link that goes round in a WeChat group."""
    random = scene.random
    at = scene.clock.moment(9, 21.5) + random.exponential(scene.vary(25) * 60, size)
    pools = random.choice(scene.networks.pools, 1, p=scene.networks.normed)
    habits = Habits(wechat=1.0, cell=0.85, fresh=0.97, pools=pools, moves=0, clears=0)
    return people(scene, np.arange(size), at, np.full(size, scene.entry()), habits)


def employer(scene: Scene, size: int) -> Ballots:
    """L5: employees whom their employer asks each morning."""
    random, clock = scene.random, scene.clock
    back = scene.share(0.7, 0.92)
    voters = max(5, int(size / (1 + (DAYS - 1) * back)))
    comes = random.random((voters, DAYS)) < back
    comes[np.arange(voters), random.integers(0, 2, voters)] = True
    who, days = np.nonzero(comes)
    base = np.where(days == 0, max(9.0, clock.opening / HOUR), 9.0)
    hour = base + random.gamma(2, scene.vary(9) / 60, len(who))
    lines = _neighbours(scene, scene.networks.fixed(1), 2, 8)
    entry = np.full(len(who), scene.entry())
    habits = Habits(cell=0.3, lines=random.choice(lines, voters), moves=0, clears=0.03, median=scene.pace * 0.7)
    return people(scene, who, clock.at(days, hour), entry, habits)


def broadcast(scene: Scene, size: int) -> Ballots:
    """L6: a programme that calls for votes."""
    at = scene.clock.moment(12, 21.6) + scene.random.gamma(2, scene.vary(10) * 30, size)
    entry = scene.mostly(size, scene.entry(), 0.97)
    return people(scene, np.arange(size), at, entry, Habits(wechat=0.6, fresh=0.8, median=scene.pace * 0.7))


def last_hour(scene: Scene, size: int) -> Ballots:
    """L7: the rush before the end."""
    random, end = scene.random, scene.clock.end
    at = end - np.minimum(random.exponential(scene.vary(45) * 60, size), end * 0.3)
    few = random.choice(scene.entries, 3)
    entry = scene.popular(size) if scene.chance(0.5) else random.choice(few, size, p=[0.6, 0.25, 0.15])
    return people(scene, np.arange(size), at, entry)


def kiosk(scene: Scene, size: int) -> Ballots:
    """L8: one computer for all visitors of a place."""
    random = scene.random
    daily = scene.between(60, 250)
    days = max(1, min(DAYS, round(size / daily)))
    first = int(random.integers(0, DAYS - days + 1))
    day = random.integers(first, first + days, size)
    at = scene.clock.at(day, np.clip(random.normal(13.5, 2.6, size), 8.5, 18.5))
    profile = np.full(size, random.choice(scene.clients.desks))
    entry = scene.mostly(size, scene.entry(), random.uniform(0.05, 0.4))
    ip = np.full(size, scene.networks.fixed(1)[0])
    dwell = scene.reading(size, scene.pace * 1.2)
    return cast(scene, at, entry, profile, ip, dwell, odd=scene.clients.odd(profile, 0.015))


def private(scene: Scene, size: int) -> Ballots:
    """L9: people who hide behind VPNs and private browsers."""
    random, networks = scene.random, scene.networks
    who, days, voters = _regulars(scene, size)
    exits = networks.fixed(scene.many(15, 60), hosting=True)
    hidden = random.random(voters) < scene.share(0.6)
    lines = np.where(hidden, random.choice(exits, voters), networks.within(networks.homes, voters))
    profiles = random.choice(scene.clients.private, voters)
    at = scene.clock.when(days)
    entry = choices(scene, who, scene.popular(voters))
    odd = scene.share(0.1, 0.2)
    habits = Habits(cell=0, lines=lines, profiles=profiles, fresh=1, clears=1, moves=0, odd=odd)
    return people(scene, who, at, entry, habits)


def small_town(scene: Scene, size: int) -> Ballots:
    """L10: a small town behind its entry."""
    networks = scene.networks
    who, days, voters = _regulars(scene, size, 0.4)
    town = _neighbours(scene, networks.prefixes(1), 2, 5)
    first = scene.mostly(voters, scene.entry(), scene.share(0.9))
    pools = scene.random.choice(networks.pools, 1)
    at = scene.clock.when(days)
    entry = choices(scene, who, first, 0.95)
    return people(scene, who, at, entry, Habits(cell=0.3, lines=networks.within(town, voters), pools=pools))


MAKERS: dict[str, Callable[[Scene, int], Ballots]] = {
    "L1": office,
    "L2": school,
    "L3": shared_address,
    "L4": group,
    "L5": employer,
    "L6": broadcast,
    "L7": last_hour,
    "L8": kiosk,
    "L9": private,
    "L10": small_town,
}
