"""The background: everybody who votes of their own accord."""

from __future__ import annotations

import numpy as np

from loadtests.hands.stranger.clock import DAY, HOUR, MINUTE, hour
from loadtests.hands.stranger.dice import Ints, Rng, around, chance, pick
from loadtests.hands.stranger.people import Sort, days_of, gather, visits
from loadtests.hands.stranger.rows import Rows, admissible, joined
from loadtests.hands.stranger.scene import Scene


def dated(scene: Scene, rng: Rng, who: Ints, day: Ints, people: int) -> Ints:
    """Moments on days: everybody has a usual time, and does not quite keep to it."""
    usual = rng.random(people)[who] + rng.normal(0, 0.09, len(who))
    return scene.rhythm.on(scene.window.midnight(0) + day * DAY, usual % 1.0)


def circles(rng: Rng, size: int) -> Ints:
    """The circle of each person: most are small, and members are neighbours in number."""
    sizes = np.ceil(np.clip(around(rng, rng.uniform(0.8, 2.2), 1.1, size), 0.1, 150)).astype(np.int64)
    return np.repeat(np.arange(size), sizes)[:size]


def regulars(scene: Scene, rng: Rng, size: int) -> Rows:
    """The ballots of `size` voters: one-time, occasional and loyal ones. Friends and families tell each other, so a
    circle lives in one region, mostly likes one entry, and hears of it within minutes or a day."""
    traits, window = scene.traits, scene.window
    kind = pick(rng, np.array([1 - traits.loyal - traits.sometimes, traits.sometimes, traits.loyal]), size)
    daily = np.select([kind == 1, kind == 2], [rng.uniform(0.06, 0.3, size), rng.uniform(0.45, 0.97, size)], 0.0)
    circle = circles(rng, size)
    told = rng.exponential(around(rng, 100, 1.3, size)[circle]) * MINUTE * (circle == np.roll(circle, 1))
    began = scene.rhythm.draw(rng, size)[circle] + told.astype(np.int64)
    # Loyal voters have known the contest for longer; who hears of it too late, or at night, comes at a usual time.
    other = scene.rhythm.draw(rng, size)
    late = (began >= window.closes) | ((hour(began) < 6) & (told > HOUR))
    began = np.where(late, other, np.where(kind == 2, np.minimum(began, other), began))
    first = window.day(began)
    who, day = days_of(scene, rng, daily, first)
    people = gather(scene, rng, size, Sort(region=scene.networks.region(rng, size)[circle]))
    favourite = np.where(chance(rng, 0.85, size), scene.choices(rng, size)[circle], scene.choices(rng, size))
    stray = rng.random(len(who)) < np.array([0.0, 0.35, 0.08])[kind[who]]
    entry = np.where(stray, scene.choices(rng, len(who)), favourite[who])
    at = np.where(day == first[who], began[who], dated(scene, rng, who, day, size))
    return visits(scene, rng, people, (who, at, entry))


def background(scene: Scene, rng: Rng, ballots: int) -> Rows:
    """Exactly so many ballots of the public."""
    parts: list[Rows] = []
    missing = ballots
    while missing > 0:
        rows = admissible(regulars(scene, rng, max(200, missing // 2)), scene.window)
        if len(rows) > missing:
            rows = rows.take(np.sort(rng.permutation(len(rows))[:missing]))
        parts.append(rows)
        missing -= len(rows)
    return joined(parts)
