"""Attack families that the page does not list."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from loadtests.hands.outsider.base import DAY, HOUR, MINUTE, Acts, Family, either
from loadtests.hands.outsider.clients import BROWSERS, DESKTOP, PHONES
from loadtests.hands.outsider.networks import ABROAD_CLOUD, CLOUD
from loadtests.hands.outsider.scene import Kit, Scene


def cloud_phones(scene: Scene, count: int) -> Acts:
    """B1: rented Android images in 3-12 cloud /24s: genuine WeChat of 2-5 models, accounts that come back on 2-6 days
    between 9:00 and 24:00, a taped reading time of 4-11 s +-30 %."""
    who, day, members = scene.rota(count, int(scene.rng.integers(2, 7)), 0.9)
    crew = scene.crew(members, Kit(kinds=("wx_android",), few=int(scene.rng.integers(2, 6)), fresh=0.9))
    at = (scene.clock.row(6)[day] + scene.rng.uniform(9, 24, len(who)) * HOUR).astype(np.int64)
    place = scene.net.pool(len(who), int(scene.rng.integers(3, 13)), 60, CLOUD)
    reading = scene.waits(len(who), 4, 11, 0.3)
    return Acts(crew, who, at, reading, np.full(len(who), scene.target(2)), place, scene.oddities(len(who)))


def hoarded_tokens(scene: Scene, count: int) -> Acts:
    """B2: tokens fetched in one run of 20-90 min 1-20 days before, cast on one or two evenings over 3-5 h from new
    households' addresses, with 10-40 clients, reading 5-14 s +-25 %."""
    crew = scene.crew(count, Kit(kinds=BROWSERS, few=int(scene.rng.integers(10, 41))))
    evening = scene.rng.uniform(18, 19.5)
    at = scene.clock.hours(count, int(scene.rng.integers(1, 3)), evening, evening + scene.rng.uniform(3, 4.4))
    reading = scene.waits(count, 5, 14, 0.25)
    run = np.sort(scene.rng.uniform(0, scene.rng.uniform(20, 90) * MINUTE, count))
    fetched = int(at.min()) - int(scene.rng.uniform(1, 20) * DAY) + run
    crew = replace(crew, age=(at - reading - fetched).astype(np.int64))
    place = scene.net.home(crew.region, crew.carrier, crew.key)
    return Acts(crew, np.arange(count), at, reading, np.full(count, scene.target(2)), place, scene.oddities(count))


def dongles(scene: Scene, count: int) -> Acts:
    """B3: 4G sticks on one carrier of one region behind its CGNAT, a lot every 10, 15 or 20 min by the clock, 6-25
    clients, reading 2-7 s +-20 %."""
    kit = Kit(kinds=PHONES, few=int(scene.rng.integers(6, 26)), fresh=1, region=int(scene.rng.integers(31)))
    crew = scene.crew(count, kit)
    step = int(scene.rng.choice([10, 15, 20])) * MINUTE
    lots = max(4, min(count // 5, int(scene.rng.uniform(2, 6) * DAY / step)))
    begin = scene.clock.start(lots * step, 0, 24) // step * step
    lot = np.sort(scene.rng.integers(lots, size=count))
    at = (begin + lot * step + scene.decay(count, 0.3)).astype(np.int64)
    place = scene.net.mobile(crew.region, np.full(count, scene.rng.integers(3)))
    reading = scene.waits(count, 2, 7, 0.2)
    return Acts(crew, np.arange(count), at, reading, np.full(count, scene.target(2)), place, scene.oddities(count))


def typing_room(scene: Scene, count: int) -> Acts:
    """H1: 6-25 hired people at PCs who clear cookies by hand: shifts 20:00-2:00 on 1-4 days, 2-4 office addresses and a
    VPN for 40 %, 1-3 clients, 2-6 browsers, fresh tokens, reading around 5 s."""
    crew = scene.crew(count, Kit(kinds=DESKTOP, few=int(scene.rng.integers(2, 7)), fresh=1))
    at = scene.clock.hours(count, int(scene.rng.integers(1, 5)), 20, 26)
    clients = np.array([scene.target(2) for _ in range(int(scene.rng.integers(1, 4)))])
    office = scene.net.pool(count, int(scene.rng.integers(2, 5)), 1)
    place = either(scene.rng.random(count) < 0.6, office, scene.net.pool(count, 4, 4, ABROAD_CLOUD))
    reading = scene.read(count, scene.rng.uniform(4, 7), 0.45)
    return Acts(crew, np.arange(count), at, reading, scene.rng.choice(clients, count), place, scene.oddities(count))


def task_platform(scene: Scene, count: int) -> Acts:
    """H2: workers all over the country take paid tasks of an open list of 4-9 clients in any order, one a day on up to
    5-9 days, whenever they have time; reading around 8 s, 20 % of ballots of their own choice."""
    clients = scene.rng.permutation(len(scene.popularity))[: int(scene.rng.integers(4, 10))]
    who, day, members = scene.rota(count, int(scene.rng.integers(5, 10)), scene.rng.uniform(0.4, 0.8))
    crew = scene.crew(members, Kit(kinds=PHONES, fresh=0.5))
    crew = replace(crew, region=scene.rng.integers(31, size=members))
    at = scene.clock.within(scene.clock.row(9)[day])
    own = scene.rng.random(len(who)) < 0.2
    entry = np.where(own, scene.public(len(who)), scene.rng.choice(clients, len(who)))
    reading = scene.read(len(who), scene.rng.uniform(6, 10))
    return Acts(crew, who, at, reading, entry, scene.usual(crew, who, 0.6), scene.oddities(len(who)))


UNLISTED = {
    "B1": Family(cloud_phones, (600, 3000), scripted=True),
    "B2": Family(hoarded_tokens, (800, 3500), scripted=True),
    "B3": Family(dongles, (800, 3500), scripted=True),
    "H1": Family(typing_room, (500, 2500)),
    "H2": Family(task_platform, (1500, 6000)),
}
