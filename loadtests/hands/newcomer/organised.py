"""Attacks of the research page by people: click farms and groups."""

from __future__ import annotations

import numpy as np

from loadtests.hands.newcomer.ballots import Ballots
from loadtests.hands.newcomer.networks import REGIONS
from loadtests.hands.newcomer.people import Manner, cast, people
from loadtests.hands.newcomer.scene import Scene
from loadtests.hands.newcomer.times import MINUTE


def click_farm(scene: Scene, n: int) -> Ballots:
    """A7 click farm (human): 900-2 500 real phones, five clients in rotation, each task open for 25-45 minutes."""
    rng, times = scene.rng, scene.times
    days = times.days_at(9, 14)
    come = rng.uniform(0.5, 0.9)
    span = int(np.clip(round(n / (min(scene.ranged(900, 2500), n / 1.5) * come)), 1, len(days)))
    m = max(10, int(n / (span * come)))
    who = people(scene, m, wechat=0.85, desktop=0.05)
    who.region = rng.choice(REGIONS, m)
    clients = scene.entries.clients(max(2, round(scene.shifted(5))))
    on = np.sort(rng.permutation(days)[:span])
    tasks = int(rng.integers(1, 4))  # of one day
    team = rng.integers(0, tasks, m)
    idx, col = np.nonzero(rng.random((m, span)) < come)
    roam = rng.random(len(idx)) < 0.3
    task = np.where(roam, rng.integers(0, tasks, len(idx)), team[idx])
    starts = rng.uniform(9, 22, (span, tasks))
    lasts = scene.ranged(25, 45) * MINUTE
    at = times.clock(on[col], starts[col, task]) + rng.beta(1.1, 1.8, len(idx)) * lasts
    entry = clients[(col * tasks + task) % len(clients)]
    stray = rng.random(len(idx)) < rng.uniform(0, 0.12)
    entry = np.where(stray, scene.entries.popular(on[col]), entry)
    return cast(scene, who, idx, at, entry, Manner(fresh=0.9, reading=rng.uniform(5, 12), spread=0.5))


def groups(scene: Scene, n: int) -> Ballots:
    """A8 mutual-vote and red-packet groups (human): 250-500 people in each of six groups, eight entries in the order
    posted, 30 % camouflage, within 70 minutes."""
    rng, times = scene.rng, scene.times
    count = int(np.clip(round(scene.shifted(6)), 2, max(2, n // 40)))
    come = rng.uniform(0.5, 0.85)
    days = times.days_at(9, 14)
    members = min(scene.ranged(250, 500), n / count / 1.5)
    span = int(np.clip(round(n / (count * members * come)), 1, len(days)))
    m = max(10, int(n / (span * come)))
    team = rng.integers(0, count, m)
    who = people(scene, m, wechat=0.97)
    # Nothing of this order is used; drawn since worlds of a seed shall stay what they were.
    rng.permutation(scene.entries.count)
    posted = scene.entries.clients(max(3, round(scene.shifted(8))))
    on = np.sort(rng.permutation(days)[:span])
    idx, col = np.nonzero(rng.random((m, span)) < come)
    hour = np.clip(rng.uniform(9, 21.5, (count, 1)) + rng.normal(0, 0.5, (count, span)), 8, 22)
    at = times.clock(on[col], hour[team[idx], col]) + rng.exponential(scene.shifted(70) / 2 * MINUTE, len(idx))
    at = np.minimum(at, times.clock(on[col] + 1, 0) - 1)
    entry = posted[(col + team[idx] * int(rng.integers(0, 2))) % len(posted)]
    hide = rng.random(len(idx)) < min(0.6, scene.shifted(0.3))
    at = np.where(hide, times.on(on[col]), at)
    return cast(scene, who, idx, at, np.where(hide, scene.entries.popular(on[col]), entry), Manner(fresh=0.9))
