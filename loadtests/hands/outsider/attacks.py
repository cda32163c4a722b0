"""The page's attack families."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from loadtests.hands.outsider.base import BARE, CLASH, DAY, FOREIGN, HOUR, MINUTE, SECOND, Acts, Family, either
from loadtests.hands.outsider.clients import ANDROID, BROWSERS, PHONES, WECHAT
from loadtests.hands.outsider.networks import CLOUD, LINES
from loadtests.hands.outsider.scene import Kit, Scene


def one_host(scene: Scene, count: int) -> Acts:
    """A1: 1-4 addresses of a cloud or a line, fixed gaps of 1-5 s +-6 %, one client (a third: a bare library), cleared
    tokens, reading 0.4-1.2 s."""
    bare = scene.rng.random() < 0.33
    crew = scene.crew(count, Kit(kinds=("tool",) if bare else BROWSERS, few=1, fresh=1))
    net = CLOUD if scene.rng.random() < 0.5 else LINES
    place = scene.net.pool(count, max(1, round(scene.shifted(1, 4))), 1, net)
    at = scene.paced(count, scene.shifted(1, 5), steady=True)
    reading = scene.waits(count, 0.3, 1.8)
    entry = np.full(count, scene.target(3))
    return Acts(crew, np.arange(count), at, reading, entry, place, scene.flawed(count, BARE, float(bare)))


def datacentre(scene: Scene, count: int) -> Acts:
    """A2: 60 cloud /24s, 20 clients, exponential gaps of 10-40 s, half of the requests with broken headers."""
    return _clouds(scene, count, scene.target(3))


def framing(scene: Scene, count: int) -> Acts:
    """A11: an A2 so blatant that it is found, in favour of one of the three leaders."""
    leaders = np.argsort(-scene.popularity)[:3]
    return _clouds(scene, count, int(scene.rng.choice(leaders)))


def _clouds(scene: Scene, count: int, entry: int) -> Acts:
    crew = scene.crew(count, Kit(kinds=BROWSERS, few=round(scene.shifted(20, 20)), fresh=1))
    place = scene.net.pool(count, round(scene.shifted(60, 60)), net=CLOUD)
    at = scene.paced(count, scene.shifted(10, 40))
    flaw = scene.flawed(count, int(scene.rng.choice([BARE, CLASH])), scene.share(0.5))
    reading = scene.waits(count, 0.8, 6, 0.25)
    return Acts(crew, np.arange(count), at, reading, np.full(count, entry), place, flaw)


def residential(scene: Scene, count: int) -> Acts:
    """A3: a new household's address for every vote, 50 clients, 30 % contradictory hints, gaps of 15-60 s, reading
    2-9 s +-20 %."""
    crew = scene.crew(count, Kit(kinds=BROWSERS, few=round(scene.shifted(50, 50)), fresh=1))
    at = scene.paced(count, scene.shifted(15, 60))
    place = scene.net.home(crew.region, crew.carrier, crew.key)
    flaw = scene.flawed(count, CLASH, scene.share(0.3))
    reading = scene.waits(count, 2, 9, 0.2)
    return Acts(crew, np.arange(count), at, reading, np.full(count, scene.target(3)), place, flaw)


def dialled(scene: Scene, count: int) -> Acts:
    """A4: an ADSL pool that redials every second: 60 /24s of lines, 8 models of phones, gaps of 8-40 s, reading 1.5-5 s
    +-15 %."""
    crew = scene.crew(count, Kit(kinds=ANDROID, few=max(2, round(scene.shifted(8, 8))), fresh=1))
    at = scene.paced(count, scene.shifted(8, 40))
    place = scene.net.pool(count, round(scene.shifted(60, 60)))
    reading = scene.waits(count, 1.5, 5, 0.15)
    entry = np.full(count, scene.target(3))
    return Acts(crew, np.arange(count), at, reading, entry, place, scene.oddities(count))


def blitz(scene: Scene, count: int) -> Acts:
    """A9: the last 2 hours (0.8-4), more and more of it; households' addresses, 15-80 clients, reading 1.5-6 s."""
    crew = scene.crew(count, Kit(kinds=(*PHONES, "windows"), few=round(scene.shifted(15, 80)), fresh=0.97))
    length = min(4.0, scene.shifted(1.6, 2)) * HOUR
    at = (scene.clock.closes - 1 - length * scene.rng.beta(1, 1.5, count)).astype(np.int64)
    place = scene.net.home(crew.region, crew.carrier, crew.key)
    reading = (scene.rng.uniform(1.5, 6, count) * scene.shifted(1, 1) * SECOND).astype(np.int64)
    entry = np.full(count, scene.target(2))
    return Acts(crew, np.arange(count), at, reading, entry, place, scene.oddities(count))


def drip(scene: Scene, count: int) -> Acts:
    """A10: evenly over all 10 days and nights, the public's clients, human reading, carriers and households, 85-97 %
    fresh tokens."""
    crew = scene.crew(count, Kit(fresh=scene.rng.uniform(0.85, 0.97)))
    who = np.arange(count)
    steps = (who + scene.rng.random(count)) * (scene.clock.closes - scene.clock.opens) / count
    at = (scene.clock.opens + steps).astype(np.int64)
    entry = np.full(count, scene.target(2))
    reading = scene.read(count, scene.shifted(9, 13), 0.6)
    return Acts(crew, who, at, reading, entry, scene.usual(crew, who), scene.oddities(count))


def embedded(scene: Scene, count: int) -> Acts:
    """A12: another site's visitors vote unknowingly on 2-8 days: real browsers, reading below 0.5 s (1 s), sent across
    sites."""
    crew = scene.crew(count, Kit(kinds=BROWSERS, fresh=0.98))
    who = np.arange(count)
    days = scene.clock.row(int(scene.rng.integers(2, 9)))
    at = scene.clock.within(scene.rng.choice(days, count))
    reading = (scene.rng.uniform(0.08, 0.5, count) * scene.shifted(1, 1) * SECOND).astype(np.int64)
    flaw = scene.flawed(count, FOREIGN, 0.97)
    return Acts(crew, who, at, reading, np.full(count, scene.target(3)), scene.usual(crew, who), flaw)


def waves(scene: Scene, count: int) -> Acts:
    """A14: 1-3 waves of 0.2-4.4 votes a second from faceless accounts: 1-6 clients, 3-40 /24s, reading 0.8-3 s."""
    crew = scene.crew(count, Kit(few=int(scene.rng.integers(1, 7)), fresh=1))
    lots = np.sort(scene.rng.integers(scene.rng.integers(1, 4), size=count))
    run = np.cumsum(scene.rng.exponential(SECOND / scene.shifted(0.2, 4.4), count))
    starts = np.array([scene.clock.start(float(run[-1]), 9, 23.5) for _ in range(3)])
    at = (starts[lots] + run).astype(np.int64)
    place = scene.net.pool(count, round(scene.shifted(5, 20)))
    reading = scene.waits(count, 0.8, 3, 0.15)
    entry = np.full(count, scene.target(2))
    return Acts(crew, np.arange(count), at, reading, entry, place, scene.oddities(count))


def hugger(scene: Scene, count: int) -> Acts:
    """A16: each address votes every cooldown of 30 min (15-60) + 1 min, day and night; 10-40 clients, reading 3-9 s."""
    step = (scene.shifted(30, 30) + 1) * MINUTE
    rounds = max(3, min(count // 4, int(scene.rng.uniform(0.2, 0.9) * 10 * DAY / step)))
    hosts = -(-count // rounds)
    who = np.arange(count)
    host, turn = who % hosts, who // hosts
    begin = scene.clock.opens + scene.rng.random() * max(0.0, 9.9 * DAY - rounds * step)
    phase = scene.rng.random(hosts) * step
    at = (begin + phase[host] + turn * step + scene.rng.exponential(6 * SECOND, count)).astype(np.int64)
    crew = scene.crew(count, Kit(kinds=BROWSERS, few=round(scene.shifted(20, 20)), fresh=1))
    homes = scene.crew(hosts)
    place = scene.net.home(homes.region[host], homes.carrier[host], homes.key[host])
    reading = scene.waits(count, 3, 9, 0.25)
    return Acts(crew, who, at, reading, np.full(count, scene.target(3)), place, scene.oddities(count))


def phone_farm(scene: Scene, count: int) -> Acts:
    """A5: 150-500 phones of 3 models (2-6) with 3 accounts each (2-6), on 3 Wi-Fi addresses and carriers, one after
    another every 3 s (1.5-6), on 1-6 days; in half of the farms the accounts of a phone share its token."""
    accounts = int(np.clip(round(scene.shifted(3, 3)), 2, 6))
    who, day, members = scene.rota(count, int(scene.rng.integers(1, 7)), 0.95)
    kit = Kit(kinds=ANDROID, few=int(scene.rng.integers(2, 7)), fresh=0.8, region=int(scene.rng.integers(31)))
    crew = scene.crew(members, kit)
    phone = np.arange(members) // accounts
    shared = crew.device[phone * accounts] if scene.rng.random() < 0.5 else crew.device
    crew = replace(crew, device=shared, profile=crew.profile[phone * accounts])
    stagger = scene.shifted(3, 3) * SECOND
    begin = scene.clock.row(7)[day] + scene.rng.uniform(9, 21, 7)[day] * HOUR
    # Every phone casts with its first account before any casts with its second.
    turn = who // accounts + (who % accounts) * (int(phone[-1]) + 1)
    at = (begin + turn * stagger + scene.rng.exponential(0.3 * stagger, len(who))).astype(np.int64)
    wifi = scene.rng.random(len(who)) < 0.6
    place = either(wifi, scene.net.pool(len(who), max(1, round(scene.shifted(3, 3))), 1), scene.usual(crew, who, 0.95))
    reading = scene.waits(len(who), 3, 8, 0.3)
    return Acts(crew, who, at, reading, np.full(len(who), scene.target(2)), place, scene.oddities(len(who)))


def click_farm(scene: Scene, count: int) -> Acts:
    """A7: 900-2,500 workers' own phones, 5 clients (3-10) in rotation, one task a day on 3-8 days, in windows of 25-45
    min, reading around 7 s."""
    clients = scene.rng.permutation(len(scene.popularity))[: int(np.clip(round(scene.shifted(5, 5)), 3, 10))]
    who, day, members = scene.rota(count, int(scene.rng.integers(3, 9)), scene.rng.uniform(0.5, 0.9))
    crew = scene.crew(members, Kit(kinds=PHONES, fresh=0.5))
    # Two shifts of workers get different tasks.
    shift = crew.house[who].astype(np.int64) % 2
    task = clients[(day + shift) % len(clients)]
    begin = scene.clock.row(8)[day] + scene.rng.uniform(10, 22, (8, 2))[day, shift] * HOUR
    at = (begin + scene.rng.beta(1.2, 2, len(who)) * scene.shifted(25, 45) * MINUTE).astype(np.int64)
    reading = scene.read(len(who), scene.rng.uniform(5, 9), 0.6)
    return Acts(crew, who, at, reading, task, scene.usual(crew, who, 0.65), scene.oddities(len(who)))


def mutual(scene: Scene, count: int) -> Acts:
    """A8: groups of 250-500 that vote for each other: 8 entries (4-14) in the order posted, one a day on 4-9 days, over
    70 min (35-140), 30 % camouflage (15-60)."""
    posted = scene.rng.permutation(len(scene.popularity))[: int(np.clip(round(scene.shifted(8, 8)), 4, 14))]
    who, day, members = scene.rota(count, int(scene.rng.integers(4, 10)), scene.rng.uniform(0.45, 0.85))
    crew = scene.crew(members, Kit(kinds=WECHAT, fresh=0.5))
    nights = scene.clock.row(9)[day]
    begin = nights + scene.rng.uniform(11, 22, 9)[day] * HOUR
    at = (begin + scene.rng.gamma(2, 0.25 * scene.shifted(70, 70) * MINUTE, len(who))).astype(np.int64)
    own = scene.rng.random(len(who)) < scene.share(0.3)
    at = np.where(own, scene.clock.within(nights), at)
    entry = np.where(own, scene.public(len(who)), posted[day % len(posted)])
    reading = scene.read(len(who), scene.rng.uniform(7, 12))
    return Acts(crew, who, at, reading, entry, scene.usual(crew, who), scene.oddities(len(who)))


KNOWN = {
    "A1": Family(one_host, (800, 4000), scripted=True),
    "A2": Family(datacentre, (1000, 4000), scripted=True),
    "A3": Family(residential, (1000, 4000), scripted=True),
    "A4": Family(dialled, (1000, 4000), scripted=True),
    "A9": Family(blitz, (2000, 7000), scripted=True),
    "A10": Family(drip, (2500, 6000), scripted=True),
    "A11": Family(framing, (1000, 4000), scripted=True),
    "A12": Family(embedded, (800, 3000), scripted=True),
    "A14": Family(waves, (150, 1200), scripted=True),
    "A16": Family(hugger, (800, 3000), scripted=True),
    "A5": Family(phone_farm, (450, 3000)),
    "A7": Family(click_farm, (2000, 8000)),
    "A8": Family(mutual, (1000, 6000)),
}
