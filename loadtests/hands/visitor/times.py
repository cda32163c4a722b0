"""When people and scripts vote."""

from __future__ import annotations

import numpy as np

from loadtests.hands.visitor.networks import Floats, Ints
from loadtests.hands.visitor.stage import DAY, HOUR, LOAD, MINUTE, OFFSET, SECOND, Stage
from loadtests.traffic.world import DAYS


def hours(stage: Stage, size: int) -> Ints:
    """Times of day as the public keeps them, in ms."""
    drawn = stage.rng.choice(24, size, p=LOAD / LOAD.sum()) + stage.rng.random(size)
    return (drawn * HOUR).astype(np.int64)


def midnight(stage: Stage) -> int:
    """The start of the local day on which the window opens."""
    return (stage.opens + OFFSET) // DAY * DAY - OFFSET


def on_day(stage: Stage, day: Ints, time: Ints) -> Ints:
    """Times on days of the window; where these lie outside of it, shortly after its opening or before its end."""
    near = stage.rng.integers(2 * HOUR, size=len(time))
    time = np.where(time < 0, near, np.where(time >= DAY, DAY - 1 - near, time))
    at = midnight(stage) + day * DAY + time
    rush = np.minimum(stage.rng.exponential(80 * MINUTE, len(at)), 3 * HOUR).astype(np.int64)
    return np.where(at < stage.opens, stage.opens + rush, np.where(at >= stage.closes, stage.closes - 1 - rush, at))


def moment(stage: Stage, least: float = 0.0, room: float = 12.0) -> int:
    """A start at a waking hour: `least` hours after the opening or later, `room` hours before the end or earlier."""
    days = (stage.closes - midnight(stage) - 1) // DAY + 1
    at = midnight(stage) + int(stage.rng.integers(days)) * DAY + int(hours(stage, 1)[0])
    return int(np.clip(at, stage.opens + least * HOUR, stage.closes - room * HOUR))


def fade(stage: Stage, size: int, start: int, minutes: float) -> Ints:
    """A burst that fades out exponentially."""
    return fold(stage, start + (stage.rng.exponential(minutes * MINUTE, size)).astype(np.int64))


def train(stage: Stage, gaps: Floats, start: int | None = None) -> Ints:
    """One ballot after the other, with gaps in seconds; a train that would outlast the window runs faster."""
    ends = np.cumsum(gaps) * SECOND
    length = min(float(ends[-1]), 0.9 * (stage.closes - stage.opens))
    begin = moment(stage, room=length / HOUR + 0.1) if start is None else start
    begin = max(begin, stage.opens)
    return fold(stage, begin + (ends * (length / float(ends[-1]))).astype(np.int64))


def fold(stage: Stage, at: Ints) -> Ints:
    """Times past the end, laid anywhere into the last day."""
    late = at >= stage.closes
    return np.where(late, stage.closes - 1 - stage.rng.integers(20 * HOUR, size=len(at)), at)


def evenly(stage: Stage, size: int) -> Ints:
    """Any time of the window, day and night alike."""
    return np.sort(stage.rng.integers(stage.opens, stage.closes, size))


def waking(stage: Stage, size: int, rush: float = 0.0) -> Ints:
    """The window with the load of a day; `rush` of it soon after the opening or before the end."""
    days = (stage.closes - midnight(stage) - 1) // DAY + 1
    at = on_day(stage, stage.rng.integers(days, size=size), hours(stage, size))
    near = (stage.rng.exponential(90 * MINUTE, size)).astype(np.int64)
    edge = np.where(stage.rng.random(size) < 0.5, stage.opens + near, stage.closes - 1 - near)
    return np.where(stage.rng.random(size) < rush, edge, at)


def attend(stage: Stage, size: int, again: float, first: int | None = None) -> tuple[Ints, Ints]:
    """Who votes on which day, `size` ballots by people who each come back on a later day with a chance of their own
    (`again` on average); all begin on day `first`, if it is given."""
    rng, days = stage.rng, (stage.closes - midnight(stage) - 1) // DAY + 1
    habit = rng.beta(0.9 * again, 0.9 * (1 - again), size)
    weights = 0.5 + 2 * np.exp(-np.arange(days) / 2)
    weights[-1] += 0.3
    begins = rng.choice(days, size, p=weights / weights.sum()) if first is None else np.full(size, first)
    day = np.arange(days)
    comes = (day == begins[:, None]) | ((day > begins[:, None]) & (rng.random((size, days)) < habit[:, None]))
    who, when = np.nonzero(comes)
    return who[:size].astype(np.int64), when[:size].astype(np.int64)


def shifts(stage: Stage, at: Ints, pool: int) -> Ints:
    """Which account of a pool casts each ballot: never twice a day; accounts are bought where the pool is too small."""
    day = (at + OFFSET) // DAY
    order = np.argsort(day, kind="stable")
    ranks = np.empty(len(at), np.int64)
    starts = np.searchsorted(day[order], day[order])
    ranks[order] = np.arange(len(at)) - starts
    busiest = max(pool, int(ranks.max()) + 1)
    account: Ints = (ranks + (day - day.min()) * (busiest // 3)) % busiest
    return account


def last_day(stage: Stage) -> int:
    """The number of the last day on which somebody can vote."""
    return DAYS if (stage.opens + OFFSET) % DAY else DAYS - 1
