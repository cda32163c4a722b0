"""Honest crowds of one moment: the page's lookalikes that come all at once."""

from __future__ import annotations

import numpy as np

from loadtests.hands.newcomer.ballots import Ballots
from loadtests.hands.newcomer.networks import REGIONS
from loadtests.hands.newcomer.people import Manner, cast, people
from loadtests.hands.newcomer.scene import Scene
from loadtests.hands.newcomer.times import HOUR, MINUTE


def group(scene: Scene, n: int) -> Ballots:
    """L4 viral WeChat groups: up to 500 members each, fresh tokens, falling off with 25 minutes, one entry, the mobile
    pool of one region; several groups of one appeal if n is large."""
    rng = scene.rng
    groups = max(1, int(np.ceil(n / 500)))
    who = people(scene, n, wechat=1.0, region=scene.region(), mobile=0.8)
    start = np.array([scene.times.start(3 * HOUR) for _ in range(groups)])[rng.integers(0, groups, n)]
    at = start + rng.exponential(scene.shifted(25) * MINUTE, n)
    favourite = scene.entries.favourite()
    manner = Manner(fresh=0.97, reading=scene.traits.reading * rng.uniform(0.6, 1.1))
    return cast(scene, who, np.arange(n), at, favourite, manner)


def stream(scene: Scene, n: int) -> Ballots:
    """L6 call in a livestream or by a KOL: 3-12 k in about ten minutes, from everywhere, almost all for one entry."""
    rng, times = scene.rng, scene.times
    start = times.start(2 * HOUR)
    at = start + rng.gamma(2.0, scene.shifted(10) / 4 * MINUTE, n)
    who = people(scene, n, desktop=0.05, mobile=0.7)
    who.region = rng.choice(REGIONS, n)
    ours = rng.random(n) < 0.93
    favourite = scene.entries.favourite()
    entry = np.where(ours, favourite, scene.entries.popular(times.day_of(times.last_moment(at))))
    manner = Manner(fresh=0.95, reading=scene.traits.reading * rng.uniform(0.5, 0.9))
    return cast(scene, who, np.arange(n), at, entry, manner)


def deadline(scene: Scene, n: int) -> Ballots:
    """L7 deadline rush: friends of the leaders in the last hours, the more the later."""
    rng, times = scene.rng, scene.times
    at = times.closes - 1 - rng.exponential(scene.shifted(0.9) * HOUR, n).clip(0, 8 * HOUR)
    leaders = scene.entries.ranked[: int(rng.integers(2, 9))]
    friends = rng.random(n) < 0.7
    entry = np.where(friends, rng.choice(leaders, n), scene.entries.popular(times.day_of(at.astype(np.int64))))
    return cast(scene, people(scene, n, households=True), np.arange(n), at, entry, Manner(fresh=0.7))
