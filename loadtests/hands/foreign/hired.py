"""The paid crowds of the page: real people with their own phones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from loadtests.hands.foreign.people import Crowd, everywhere, recruit
from loadtests.hands.foreign.rows import DAY, HOUR, MINUTE, Ints, Rows
from loadtests.hands.foreign.scene import Scene


def click_farm(scene: Scene, size: int) -> Rows:
    """A7: workers of one group who get a task with a window of time, for one client after the other."""
    random, clock = scene.random, scene.clock
    workers = int(np.clip(scene.between(900, 2500), 25, max(size / random.uniform(1.5, 4), 25)))
    habits = replace(scene.habits, wechat=0.95, pace=random.uniform(0.4, 0.8), fresh=0.8, mobile=0.6)
    crowd = everywhere(scene, workers, habits)
    clients = scene.clients(scene.many(4, 6, 2))
    # Not all workers see all tasks.
    zeal = random.beta(3, 2, workers)
    parts: list[tuple[Ints, Ints, Ints]] = []
    made, turn = 0, 0
    while made < size and turn < 60:
        span = scene.between(25, 45) * MINUTE
        start = clock.start_of(span)
        takers = np.flatnonzero(random.random(workers) < zeal * random.uniform(0.3, 0.8))
        at = start + (random.beta(1.1, 2.0, len(takers)) * span).astype(np.int64)
        parts.append((takers, at, np.full(len(takers), clients[turn % len(clients)])))
        made, turn = made + len(takers), turn + 1
    return _cut(scene, _together(crowd, parts), size)


def _together(crowd: Crowd, parts: list[tuple[Ints, Ints, Ints]]) -> Rows:
    who, at, entry = (np.concatenate([part[number] for part in parts]) for number in range(3))
    return crowd.vote(who, at, entry)


def _cut(scene: Scene, rows: Rows, size: int) -> Rows:
    return rows if len(rows) <= size else rows[np.sort(scene.random.permutation(len(rows))[:size])]


def mutual(scene: Scene, size: int) -> Rows:
    """A8: groups in which people vote for each other's entries and for red packets, in the order of the posts."""
    random, clock = scene.random, scene.clock
    groups = int(np.clip(scene.many(5, 7, 2), 2, max(size // 60, 2)))
    members = int(np.clip(scene.between(250, 500), 12, max(size // (groups * 3), 12)))
    posted = scene.clients(scene.many(7, 9, 3))
    days = clock.whole_days(14)
    camouflage, spread = min(scene.vary(0.3), 0.6), scene.vary(70 * MINUTE)
    habits = replace(scene.habits, wechat=0.97, pace=random.uniform(0.6, 1.0), keep=0.85)
    crowd = everywhere(scene, groups * members, habits)
    zeal = random.beta(4, 2, len(crowd)) * min(1.0, 1.9 * size / (len(crowd) * len(days)) + 0.2)
    own = scene.liked(crowd.city)
    parts = []
    for group in range(groups):
        people = np.arange(group * members, (group + 1) * members)
        first, hour = int(random.integers(0, 3)), random.uniform(10, 21)
        for turn, day in enumerate(days[: len(posted)]):
            takers = people[random.random(members) < zeal[people]]
            start = clock.moment(int(day), hour + random.normal(0, 1.2))
            at = start + scene.exponential(len(takers), spread)
            entry = np.full(len(takers), posted[(turn + first) % len(posted)])
            other = scene.mask(len(takers), camouflage)
            at = np.where(other, clock.in_days(np.full(len(takers), day), random.random(len(takers))), at)
            parts.append((takers, at, np.where(other, own[takers], entry)))
    return _cut(scene, _together(crowd, parts), size)


def foreign_city(scene: Scene, size: int) -> Rows:
    """X25: a part-time boss in a far city has his people vote, on some evenings."""
    random, clock = scene.random, scene.clock
    city = int(random.integers(0, scene.networks.cities))
    evenings = np.sort(random.choice(clock.whole_days(19), int(random.integers(2, 6)), replace=False))
    people = max(int(size / (len(evenings) * 0.7)), 15)
    habits = replace(
        scene.habits, wechat=0.96, pace=random.uniform(0.5, 0.9), fresh=0.85, mobile=random.uniform(0.5, 0.8)
    )
    crowd = recruit(scene, np.full(people, city), habits)
    clients = scene.clients(int(random.integers(1, 4)))
    parts = []
    for turn, day in enumerate(evenings):
        takers = np.flatnonzero(scene.mask(people, random.uniform(0.55, 0.85)))
        # Sub-groups of some dozen get the link one after the other.
        wave = takers % max(people // 60, 1) * random.uniform(4, 12) * MINUTE
        start = clock.moment(int(day), random.uniform(18.5, 20.5))
        at = start + wave.astype(np.int64) + scene.exponential(len(takers), 9 * MINUTE)
        parts.append((takers, at, np.full(len(takers), clients[turn % len(clients)])))
    return _cut(scene, _together(crowd, parts), size)


def points_wall(scene: Scene, size: int) -> Rows:
    """X26: users of an application get points for a vote, until the day's budget is used up."""
    random, clock = scene.random, scene.clock
    days = np.sort(random.choice(clock.whole_days(10), int(random.integers(1, 5)), replace=False))
    habits = replace(
        scene.habits,
        wechat=random.choice([0.0, 0.9]),
        pace=random.uniform(0.3, 0.6),
        sigma=0.55,
        fresh=0.96,
        mobile=0.6,
    )
    crowd = everywhere(scene, size, habits)
    # The application opens the page in a view of its own: phones only.
    phones = scene.catalogue.of_kind(["android", "ios"], 400, "wechat" if habits.wechat else "web")
    crowd.profile = random.choice(phones, size)
    hour, span = random.uniform(0, 12), scene.vary(6) * HOUR
    day = random.choice(days, size)
    at = clock.midnight + day * DAY + int(hour * HOUR) + (random.beta(0.9, 1.2, size) * span).astype(np.int64)
    at = np.where(clock.inside(at), at, clock.in_days(day, random.random(size)))
    rows = crowd.vote(np.arange(size), at, np.full(size, scene.client()))
    rows.source[:] = own_link(scene)
    return rows


def own_link(scene: Scene) -> int:
    """The number of a link that only one campaign has."""
    return int(scene.random.integers(10, 250))


def coerced(scene: Scene, size: int) -> Rows:
    """X27: a broker with some call centres, whose staff must vote on working days and show a picture of it."""
    random, clock = scene.random, scene.clock
    days = [int(day) for day in clock.whole_days(11) if (day + clock.midnight // DAY + 4) % 7 < 5]
    days = days or [int(clock.whole_days(11)[0])]
    staff = max(int(size / (len(days) * 0.75)), 15)
    habits = replace(scene.habits, wechat=0.8, keep=0.85, pace=random.uniform(0.8, 1.2), mobile=0.5)
    branches = int(np.clip(staff // 60, 1, 5))
    branch = random.integers(0, branches, staff)
    crowd = recruit(scene, scene.networks.some_cities(branches)[branch], habits)
    for number in range(branches):
        inside = (branch == number) & scene.mask(staff, 0.45)
        if inside.any():
            crowd.base.put(
                inside, scene.networks.office(int(crowd.city[inside][0]), 1)[np.zeros(inside.sum(), np.int64)]
            )
            crowd.mobile &= ~inside
    clients, other = scene.clients(int(random.integers(2, 4))), scene.liked(crowd.city)
    camouflage = random.uniform(0.1, 0.35)
    parts = []
    for turn, day in enumerate(days):
        takers = np.flatnonzero(scene.mask(staff, random.uniform(0.65, 0.9)))
        # Reminders before lunch and before the end of work.
        hour = np.where(scene.mask(len(takers), 0.6), 11.3, 16.5) + random.normal(0, 0.7, len(takers))
        at = clock.midnight + day * DAY + (hour * HOUR).astype(np.int64)
        entry = clients[(turn // 2 + branch[takers]) % len(clients)]
        parts.append((takers, at, np.where(scene.mask(len(takers), camouflage), other[takers], entry)))
    return _cut(scene, _together(crowd, parts), size)


def overseas(scene: Scene, size: int) -> Rows:
    """X28: workers abroad, in the hours of their day, with cheap phones and partly over a VPN."""
    random, clock = scene.random, scene.clock
    shift, days = random.choice([-5, -3, 2.5, 5, 7]), clock.days
    people = max(int(size / random.uniform(1.2, 4)), 12)
    habits = replace(scene.habits, wechat=random.uniform(0, 0.4), pace=random.uniform(0.5, 1.0), roam=0.0, fresh=0.9)
    crowd = everywhere(scene, people, habits)
    crowd.mobile[:] = False
    crowd.base = scene.networks.abroad(people, int(random.integers(3, 12)))
    tunnel = scene.mask(people, random.uniform(0.1, 0.8))
    exits = scene.networks.hosting(int(random.integers(4, 20)), 4)
    crowd.base.put(tunnel, exits[random.integers(0, len(exits), int(tunnel.sum()))])
    profiles = [scene.catalogue.profiles[each] for each in scene.catalogue.of_kind(["android"], 25, "web")]
    zone, language = random.choice(["Asia/Dhaka", "Asia/Manila", "Africa/Lagos", "Asia/Karachi"]), "en-US,en;q=0.9"
    # Some set their phones to Chinese, as they were told.
    told = scene.mask(len(profiles), 0.6)
    mine = [
        each if obeys else replace(each, zone=str(zone), language=language, languages="en-US,en")
        for each, obeys in zip(profiles, told, strict=True)
    ]
    crowd.profile = random.choice(scene.catalogue.add_all(mine), people)
    who = random.integers(0, people, int(size * 1.5))
    hour = 9 + shift + random.uniform(0, 9, len(who))
    at = clock.midnight + random.integers(0, days, len(who)) * DAY + (hour * HOUR).astype(np.int64)
    clients = scene.clients(int(random.integers(1, 3)))
    return _cut(scene, crowd.vote(who, at, clients[who % len(clients)]), size)


MAKERS: dict[str, Callable[[Scene, int], Rows]] = {
    "A7": click_farm,
    "A8": mutual,
    "X25": foreign_city,
    "X26": points_wall,
    "X27": coerced,
    "X28": overseas,
}
