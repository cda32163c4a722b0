"""The paid crowds of the page: real people with their own phones."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from loadtests.hands.literal.clock import DAYS
from loadtests.hands.literal.people import Habits, people
from loadtests.hands.literal.rows import Ballots, Floats, Ints
from loadtests.hands.literal.scene import Scene


def _workers(scene: Scene, who: Ints, at: Floats, entry: Ints, median: float) -> Ballots:
    return people(scene, who, at, entry, Habits(wechat=0.75, cell=0.6, median=scene.vary(median), sigma=0.6))


def click_farm(scene: Scene, size: int) -> Ballots:
    """A7: workers who get a task with a window of time, for one client after the other."""
    random, clock = scene.random, scene.clock
    part = scene.share(0.6, 0.95)
    clients = random.choice(scene.entries, scene.many(5, 5, 2), replace=False)
    days = int(random.integers(5, DAYS + 1))
    workers = max(5, math.ceil(size / (days * part)))
    who, day = np.nonzero(random.random((workers, days)) < part)
    first = int(random.integers(0, DAYS - days + 1))
    # On its first day the contest may open at noon, and on its last one close in the evening.
    begin = np.array(
        [clock.hour(12.5 if each == 0 else 8, 18.5 if each == DAYS - 1 else 21) for each in range(first, first + days)]
    )
    length = np.array([scene.between(25, 45) * 60 for _ in range(days)])
    at = clock.at(first + day, begin[day]) + random.random(len(who)) * length[day]
    return _workers(scene, who, at, clients[(day + first) % len(clients)], 9)


def mutual_votes(scene: Scene, size: int) -> Ballots:
    """A8: groups who vote for what is posted to them, and for others to hide it."""
    random, clock = scene.random, scene.clock
    groups = scene.many(6, 6, 2)
    posted = random.choice(scene.entries, min(scene.entries, scene.many(8, 8, 3)), replace=False)
    part, hidden = scene.share(0.5, 0.9), min(0.6, scene.share(0.3))
    members = max(groups, math.ceil(size / (DAYS * part)))
    who, day = np.nonzero(random.random((members, DAYS)) < part)
    begin = np.array(
        [
            [clock.hour(12.5 if each == 0 else 9, 17.5 if each == DAYS - 1 else 20.5) for each in range(DAYS)]
            for _ in range(groups)
        ]
    )
    at = clock.at(day, begin[who % groups, day]) + random.random(len(who)) * scene.vary(70) * 60
    away = random.random(len(who)) < hidden
    entry = np.where(away, scene.popular(len(who)), posted[day % len(posted)])
    at = np.where(away, clock.when(day), at)
    # Past midnight would be a second ballot on one day.
    at = np.minimum(at, clock.at(day, 23.99) - random.random(len(who)) * 60)
    return _workers(scene, who, at, entry, 12)


MAKERS: dict[str, Callable[[Scene, int], Ballots]] = {"A7": click_farm, "A8": mutual_votes}
