"""The ordinary public of a contest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from loadtests.hands.foreign.people import everywhere, recruit
from loadtests.hands.foreign.rows import DAY, HOUR, MINUTE, Ints, Rows, joined
from loadtests.hands.foreign.scene import Scene


def public(scene: Scene, wanted: int) -> Rows:
    """So many ballots of ordinary voters."""
    share = scene.random.uniform(0.08, 0.3)
    rows = joined([_ordinary(scene, round(wanted * (1 - share) * 1.08) + 20), _shared(scene, round(wanted * share))])
    return rows[np.sort(scene.random.permutation(len(rows))[:wanted])]


def _ordinary(scene: Scene, wanted: int) -> Rows:
    """Those who vote by themselves: many once, some on several days."""
    random, clock = scene.random, scene.clock
    people = int(wanted / (scene.once + (1 - scene.once) * 3.3)) + 10
    crowd = recruit(scene, scene.networks.some_cities(people), homes=_households(scene, people))
    days = np.where(scene.mask(people, scene.once), 1, 1 + random.geometric(1 / 2.4, people))
    who, day = _days(scene, np.minimum(days, clock.days))
    # People vote at about the same time of their day.
    habit = random.random(people)
    at = clock.in_days(day, habit[who] + random.normal(0, 0.08, len(who)))
    liked = np.stack([scene.liked(crowd.city) for _ in range(3)])
    loyal = scene.mask(people, random.uniform(0.55, 0.8))
    pick = np.where(loyal[who], 0, random.choice(3, len(who), p=[0.55, 0.27, 0.18]))
    return crowd.vote(who, at, liked[pick, who])


def _households(scene: Scene, people: int) -> Ints:
    sizes = np.minimum(scene.random.geometric(0.6, people), 6)
    return np.repeat(np.arange(people), sizes)[:people]


def _days(scene: Scene, count: Ints) -> tuple[Ints, Ints]:
    """So many different days for each person, busy ones more likely."""
    weights = scene.clock.day_weights
    keys = scene.random.exponential(1, (len(count), len(weights))) / np.maximum(weights, 1e-12)
    ranks = np.argsort(np.argsort(keys, axis=1), axis=1)
    who, day = np.nonzero((ranks < count[:, None]) & (weights > 0))
    return who.astype(np.int64), day.astype(np.int64)


def _shared(scene: Scene, wanted: int) -> Rows:
    """Families, classes and circles of friends, where one sends the link to the others."""
    random = scene.random
    sizes = np.clip(scene.spread(max(wanted // 8, 1), 8, 0.9), 2, 120)
    sizes = sizes[: int(np.searchsorted(np.cumsum(sizes), wanted)) + 1]
    town = scene.networks.some_cities(len(sizes))
    entry = scene.liked(town)
    circle = np.repeat(np.arange(len(sizes)), sizes)
    city = np.where(scene.mask(len(circle), 0.75), town[circle], scene.networks.some_cities(len(circle)))
    habits = replace(scene.habits, wechat=0.88, mobile=0.6)
    crowd = recruit(scene, city, habits)
    begun, pace = scene.clock.draw(len(sizes)), random.uniform(0.2, 5, len(sizes)) * HOUR
    at = begun[circle] + (random.exponential(1, len(circle)) * pace[circle]).astype(np.int64)
    return crowd.vote(np.arange(len(circle)), at, entry[circle])


def rush(scene: Scene, wanted: int) -> Rows:
    """Single ballots in the last hours."""
    span = scene.between(40 * MINUTE, 3 * HOUR)
    crowd = everywhere(scene, wanted)
    before = np.minimum(scene.exponential(wanted, span / 2), DAY)
    return crowd.vote(np.arange(wanted), scene.clock.closes - 1 - before, scene.liked(crowd.city))
