"""The public: people who vote because they want to."""

from __future__ import annotations

import numpy as np

from loadtests.hands.visitor.stage import HOUR, MINUTE, Part, Stage
from loadtests.hands.visitor.times import attend, hours, on_day


def background(stage: Stage, size: int) -> Part:
    """People of the whole country, more of some provinces: a third come back on other days, some daily at about the
    same time; four of five then stay with their favourite and read faster. Some accounts share a household's device."""
    rng = stage.rng
    who, day = attend(stage, size, again=0.22)
    count = int(who.max()) + 1
    people = stage.people(count)
    shared = np.flatnonzero(rng.random(count) < 0.03)[1:]
    people.device[shared] = people.device[shared - 1]
    steady, usual = rng.random(count) < 0.4, hours(stage, count)
    time = np.where(steady[who], usual[who] + rng.normal(0, 35 * MINUTE, size).astype(np.int64), hours(stage, size))
    at = on_day(stage, day, time)
    last = (day == day.max()) & (rng.random(size) < 0.25)
    rush = np.maximum(stage.closes - 1 - rng.exponential(HOUR, size).astype(np.int64), on_day(stage, day, day * 0))
    at = np.where(last, rush, at)
    favourite = stage.votes(count)[who]
    entry = np.where(rng.random(size) < 0.82, favourite, stage.votes(size))
    later = np.concatenate([[False], who[1:] == who[:-1]])
    dwell = people.pace[who] * rng.lognormal(0, 0.5, size) * np.where(later, 0.6, 1.0)
    return stage.cast(people, at, entry, who=who, dwell=dwell)
