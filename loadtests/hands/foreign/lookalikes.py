"""Genuine crowds that look like attacks: L1 to L10 of the page. `scale` makes them smaller in a small world."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from loadtests.hands.foreign.people import Crowd, everywhere, recruit
from loadtests.hands.foreign.public import rush
from loadtests.hands.foreign.rows import (
    DAY,
    HOUR,
    MINUTE,
    NO_HINTS,
    NO_LANGUAGE,
    NO_REFERER,
    OTHER_ZONE,
    SECOND,
    Bools,
    Ints,
    Rows,
)
from loadtests.hands.foreign.scene import Habits, Scene


def _sized(scene: Scene, low: float, high: float, scale: float) -> int:
    return max(round(scene.between(low, high) * scale), 12)


def _local(scene: Scene, count: int, habits: Habits | None = None) -> Crowd:
    return recruit(scene, np.full(count, int(scene.networks.some_cities(1)[0])), habits)


def _share(share: float) -> float:
    return min(share, 0.97)


def _mostly(scene: Scene, crowd: Crowd, entry: int, share: float) -> Ints:
    """The entry for that share, others as they like."""
    return np.where(scene.mask(len(crowd), _share(share)), entry, scene.liked(crowd.city))


def _indoors(crowd: Crowd, inside: Bools, addresses: int) -> Crowd:
    """Behind the few addresses of a house."""
    scene = crowd.scene
    nat = scene.networks.office(int(crowd.city[0]), addresses)
    crowd.base.put(inside, nat[scene.random.integers(0, addresses, int(inside.sum()))])
    crowd.mobile = crowd.mobile & ~inside
    return crowd


def _favourite(scene: Scene) -> int:
    return int(scene.liked(scene.networks.some_cities(1))[0])


def office(scene: Scene, scale: float) -> Rows:
    """L1: staff behind one to three addresses, many for the colleague's entry."""
    random, clock = scene.random, scene.clock
    staff = _sized(scene, 40, 700, max(scale, 0.5))
    crowd = _local(scene, staff, replace(scene.habits, wechat=scene.vary(0.35), roam=0.1))
    _indoors(crowd, scene.mask(staff, random.uniform(0.7, 0.95)), int(random.integers(1, 4)))
    entry = _mostly(scene, crowd, _favourite(scene), scene.between(0.6, 0.8))
    days = random.choice(clock.whole_days(12), int(random.integers(1, 4)), replace=False)
    votes = scene.mask(staff * len(days), random.uniform(0.4, 0.9)).reshape(staff, -1)
    who, which = np.nonzero(votes)
    # A mail goes round in the morning; the rest follow at lunch or whenever they have time.
    hour = np.where(
        scene.mask(len(who), 0.4), 9.5 + random.exponential(0.7, len(who)), random.normal(13.2, 2.0, len(who))
    )
    at = clock.midnight + days[which] * DAY + (hour * HOUR).astype(np.int64)
    return crowd.vote(who.astype(np.int64), at, entry[who])


def school(scene: Scene, scale: float) -> Rows:
    """L2: a school votes in a lesson, many on the same computers."""
    random, clock = scene.random, scene.clock
    pupils = _sized(scene, 200, 1800, scale)
    crowd = _local(
        scene, pupils, replace(scene.habits, wechat=0.5, pace=random.uniform(0.6, 1.1), fresh=0.9, roam=0.02)
    )
    _indoors(crowd, scene.mask(pupils, random.uniform(0.85, 1)), int(random.integers(1, 3)))
    lab = scene.mask(pupils, _share(scene.vary(0.45)))
    crowd.profile[lab] = scene.catalogue.of_kind(["desktop"], 1)[0]
    entry = _mostly(scene, crowd, _favourite(scene), scene.between(0.85, 0.95))
    span = scene.vary(22 * MINUTE)
    start = clock.moment(int(random.choice(clock.whole_days(11))), random.uniform(9, 16))
    at = start + random.beta(1.4, 2.2, pupils) * span
    return crowd.vote(np.arange(pupils), at.astype(np.int64), entry)


def carrier(scene: Scene, scale: float) -> Rows:
    """L3: thousands of phones behind one or two addresses of a carrier."""
    random = scene.random
    people = _sized(scene, 500, 3000, scale)
    crowd = _local(scene, people, replace(scene.habits, mobile=1.0))
    pool = scene.networks.mobile(crowd.city[:1].repeat(int(random.integers(1, 3))))
    entry = _mostly(scene, crowd, _favourite(scene), random.uniform(0.05, 0.4))
    who = np.concatenate([np.arange(people), np.flatnonzero(scene.mask(people, 0.4))])
    rows = crowd.vote(who, scene.clock.draw(len(who)), entry[who])
    rows.address = pool[random.integers(0, len(pool), len(rows))]
    return rows


def group(scene: Scene, scale: float) -> Rows:
    """L4: one group of WeChat gets the link."""
    members = min(_sized(scene, 80, 500, max(scale, 0.7)), 500)
    habits = replace(scene.habits, wechat=1.0, fresh=0.95, mobile=scene.random.uniform(0.6, 0.9))
    crowd = _local(scene, members, habits)
    decay = scene.vary(25 * MINUTE)
    at = scene.clock.start_of(4 * decay) + scene.exponential(members, decay)
    rows = crowd.vote(np.arange(members), at, np.full(members, _favourite(scene)))
    rows.source[:] = 1
    return rows


def employer(scene: Scene, scale: float) -> Rows:
    """L5: staff who are reminded every morning, and come back."""
    random, clock = scene.random, scene.clock
    staff = _sized(scene, 300, 2500, scale * 0.6)
    habits = replace(scene.habits, wechat=random.uniform(0.6, 0.95), keep=0.9, mobile=random.uniform(0.4, 0.7))
    crowd = _local(scene, staff, habits)
    _indoors(crowd, scene.mask(staff, random.uniform(0.1, 0.5)), int(random.integers(1, 5)))
    days = clock.whole_days(9)
    days = days[: int(random.integers(4, len(days) + 1))]
    back = scene.mask(staff * len(days), _share(scene.vary(0.7))).reshape(staff, -1)
    who, which = np.nonzero(back)
    hour = random.uniform(8.5, 9.5) + random.exponential(random.uniform(0.4, 1.5), len(who))
    at = clock.midnight + days[which] * DAY + (hour * HOUR).astype(np.int64)
    entry = _mostly(scene, crowd, _favourite(scene), 0.94)
    return crowd.vote(who.astype(np.int64), at, entry[who])


def livestream(scene: Scene, scale: float) -> Rows:
    """L6: somebody with many followers asks for votes."""
    random = scene.random
    fans = _sized(scene, 3000, 12_000, scale * 0.5)
    habits = replace(scene.habits, fresh=0.93, pace=random.uniform(0.5, 1.0), mobile=0.65)
    crowd = everywhere(scene, fans, habits)
    span = scene.vary(10 * MINUTE)
    start = scene.clock.moment(int(random.choice(scene.clock.whole_days(20))), random.uniform(19, 22.5))
    late = np.where(scene.mask(fans, 0.12), scene.exponential(fans, 2 * HOUR), 0)
    at = start + (random.gamma(1.8, span / 3.6, fans)).astype(np.int64) + late
    return crowd.vote(np.arange(fans), at, _mostly(scene, crowd, _favourite(scene), 0.93))


def deadline(scene: Scene, scale: float) -> Rows:
    """L7: those who remember in the last hours; friends of those at the top call for help."""
    rows = rush(scene, _sized(scene, 800, 4000, scale))
    called = scene.mask(len(rows), scene.random.uniform(0.2, 0.5))
    rivals = scene.order[: max(int(scene.random.integers(2, 8)), 1)]
    rows.entry = np.where(called, scene.random.choice(rivals, len(rows)), rows.entry)
    return rows


def kiosk(scene: Scene, scale: float) -> Rows:
    """L8: one computer that all visitors of a library use, its tokens cleared after each."""
    random, clock = scene.random, scene.clock
    profile = scene.catalogue.of_kind(["desktop"], 1)[0]
    parts: list[Ints] = []
    days = random.choice(clock.whole_days(14), int(random.integers(3, 9)), replace=False)
    for day in days:
        visitors = _sized(scene, 60, 250, max(scale, 0.3))
        # Never two at once.
        hours = np.sort(random.normal(14, 2.6, visitors).clip(8.5, 20.5))
        moments = clock.midnight + int(day) * DAY + (hours * HOUR).astype(np.int64)
        parts.append(moments + np.arange(visitors) * 7 * SECOND)
    at = np.concatenate(parts)
    crowd = _local(scene, len(at), replace(scene.habits, wechat=0.0, fresh=1.0, roam=0.0, mobile=0.0))
    crowd.profile[:] = profile
    _indoors(crowd, np.ones(len(at), np.bool_), 1)
    return crowd.vote(np.arange(len(at)), at, _mostly(scene, crowd, _favourite(scene), random.uniform(0.1, 0.6)))


def private(scene: Scene, scale: float) -> Rows:
    """L9: browsers that tell little, and people behind a VPN."""
    random = scene.random
    count = _sized(scene, 300, 1200, scale)
    habits = replace(scene.habits, wechat=0.0, fresh=0.97, keep=0.1, odd=0.0)
    crowd = everywhere(scene, count, habits)
    firefox = scene.catalogue.add_all([scene.catalogue.firefox() for _ in range(4)])
    some = scene.mask(count, 0.5)
    crowd.profile[some] = random.choice(firefox, int(some.sum()))
    tunnel = scene.mask(count, random.uniform(0.4, 0.8))
    exits = scene.networks.hosting(int(random.integers(4, 16)), 3)
    crowd.base.put(tunnel, exits[random.integers(0, len(exits), int(tunnel.sum()))])
    crowd.mobile &= ~tunnel
    rows = crowd.vote(np.arange(count), scene.clock.draw(count), scene.liked(crowd.city))
    drawn = random.choice([0, NO_LANGUAGE, NO_HINTS, NO_REFERER, OTHER_ZONE], len(rows), p=[0.35, 0.1, 0.2, 0.2, 0.15])
    return rows.flagged(drawn.astype(np.int64))


def town(scene: Scene, scale: float) -> Rows:
    """L10: a small town stands behind one of its own."""
    random, clock = scene.random, scene.clock
    fans = _sized(scene, 150, 1200, scale)
    crowd = _local(scene, fans)
    nets = scene.networks.nets(int(crowd.city[0]), int(random.integers(2, 7)))
    home = ~crowd.mobile
    crowd.base.put(home, nets[random.integers(0, len(nets), int(home.sum()))])
    who = np.repeat(np.arange(fans), np.minimum(random.geometric(0.5, fans), clock.days))
    entry = scene.ranked(0.02, 0.5)
    return crowd.vote(who, clock.draw(len(who)), _mostly(scene, crowd, entry, 0.96)[who])


MAKERS: dict[str, Callable[[Scene, float], Rows]] = {
    "L1": office,
    "L2": school,
    "L3": carrier,
    "L4": group,
    "L5": employer,
    "L6": livestream,
    "L7": deadline,
    "L8": kiosk,
    "L9": private,
    "L10": town,
}
