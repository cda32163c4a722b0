"""The public: ordinary households that vote by popularity."""

from __future__ import annotations

import numpy as np

from loadtests.hands.newcomer.ballots import WEB, WIFI, Ballots, size
from loadtests.hands.newcomer.dice import Array
from loadtests.hands.newcomer.networks import REGIONS
from loadtests.hands.newcomer.people import People, cast, people
from loadtests.hands.newcomer.scene import Scene
from loadtests.hands.newcomer.times import DAY, MINUTE


def public(scene: Scene, n: int) -> Ballots:
    """About n ballots of one-time, occasional and loyal voters; most stay with their favourite, some have a friend's
    child from their own region to vote for."""
    rng = scene.rng
    often = _how_often(scene, n)
    who = people(scene, len(often), households=True)
    idx, day = scene.times.visits(len(often), often, scene.times.days)
    at = _when(scene, often, idx, day)
    favourite = _favourites(scene, who)
    entry = np.where(rng.random(len(idx)) < 0.85, favourite[idx], scene.entries.popular(day))
    made = cast(scene, who, idx, at, entry)
    if size(made) > 1:
        _share_tablets(scene, made)
    return made


def _how_often(scene: Scene, n: int) -> Array:
    """Ballots of each person, about n in all."""
    rng = scene.rng
    once, loyal = rng.uniform(0.7, 0.84), rng.uniform(0.04, 0.1)
    mean = once + 2.6 * (1 - once - loyal) + 6.8 * loyal
    m = int(n * 1.04 / mean) + 5
    draw = rng.random(m)
    occasional = rng.choice([2, 3, 4], m, p=[0.55, 0.3, 0.15])
    return np.where(draw < once, 1, np.where(draw < 1 - loyal, occasional, rng.integers(4, 11, m)))


def _when(scene: Scene, often: Array, idx: Array, day: Array) -> Array:
    """Ordinary times; half of the loyal ones' at about their own hour."""
    rng, times = scene.rng, scene.times
    at = times.on(day)
    habit = (often[idx] >= 4) & (rng.random(len(idx)) < 0.5)
    own = ((times.ordinary(len(often)) - times.midnight) % DAY)[idx] + rng.normal(0, 40 * MINUTE, len(idx))
    return np.where(habit, times.midnight + day * DAY + np.clip(own, 0, DAY - 1), at).astype(np.int64)


def _favourites(scene: Scene, who: People) -> Array:
    """Each person's favourite: by popularity, or an entry of the own region."""
    rng, m = scene.rng, len(who.voter)
    favourite = scene.entries.popular(rng.choice(scene.times.days, m))
    near = rng.integers(0, REGIONS, scene.entries.count)
    tied = rng.random(m) < rng.uniform(0.05, 0.25)
    # The first entry of each region; the contest's first where a region has none.
    own = np.array([np.argmax(near == region) for region in range(REGIONS)])
    return np.where(tied, own[who.region], favourite)


def _share_tablets(scene: Scene, made: Ballots) -> None:
    """The next member of a household sometimes uses the same device."""
    before = {
        name: np.roll(made[name], 1) for name in ("ip", "voter", "device", "profile", "issued", "channel", "network")
    }
    same = (before["ip"] == made["ip"]) & (before["voter"] != made["voter"]) & (before["issued"] < made["opened"])
    same &= (made["channel"] != WEB) & (before["channel"] == made["channel"])
    same &= (made["network"] == WIFI) & (before["network"] == WIFI)
    same &= scene.rng.random(len(same)) < 0.15
    for name in ("device", "profile", "issued"):
        made[name] = np.where(same, before[name], made[name])
