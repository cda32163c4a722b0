"""When the ballots of a group arrive."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from loadtests.fraud_lab.profiles.composer.families import Traits
from loadtests.fraud_lab.profiles.composer.places import Floats, Ints
from loadtests.fraud_lab.profiles.composer.setting import DAY, MINUTE, WINDOW, ZONE, Setting, hours

_HOUR = 60 * MINUTE


def moments(rng: np.random.Generator, setting: Setting, traits: Traits, count: int) -> Ints:
    """Sorted moments of a group's ballots, all in the window; the share `again` comes on one of the next days."""
    drawn = np.asarray(_TIMINGS[traits.when](rng, setting, traits, count), dtype=np.float64)
    later = drawn + rng.integers(1, 4, count) * DAY + rng.normal(0, 2 * _HOUR, count)
    moved = (rng.random(count) < traits.again) & (later < setting.closes)
    at = np.where(moved, later, drawn).astype(np.int64)
    outside = (at < setting.opens) | (at >= setting.closes)
    return np.sort(np.where(outside, setting.moments(rng, count), at))


def _public(rng: np.random.Generator, setting: Setting, traits: Traits, count: int) -> Floats:
    return setting.moments(rng, count).astype(np.float64)


def _night(rng: np.random.Generator, setting: Setting, traits: Traits, count: int) -> Floats:
    """Of night owls and shift workers: the small hours, fading towards the morning."""
    drawn = setting.moments(rng, count)
    return np.asarray(drawn + (rng.triangular(-1.5, 0.5, 5.5, count) - hours(drawn)) * _HOUR)


def _bursts(rng: np.random.Generator, setting: Setting, traits: Traits, count: int) -> Floats:
    """A call and its decay, once or several times."""
    parts = round(traits.parts)
    starts = setting.moments(rng, parts)[rng.choice(parts, count, p=rng.dirichlet(np.full(parts, 2)))]
    return np.asarray(starts + rng.exponential(traits.pace * 1_000, count) % (setting.closes - starts))


def _days(rng: np.random.Generator, setting: Setting, traits: Traits) -> Ints:
    """The midnights of `parts` days in a row."""
    first = (setting.opens + ZONE + DAY - 1) // DAY
    whole = (setting.closes + ZONE) // DAY - first
    parts = min(round(traits.parts), whole)
    begin = first + int(rng.integers(0, whole - parts + 1))
    return np.asarray((begin + np.arange(parts)) * DAY - ZONE, dtype=np.int64)


def _daily(rng: np.random.Generator, setting: Setting, traits: Traits, count: int) -> Floats:
    """Reminded at a fixed hour, some at once and some later."""
    hour, late = rng.choice((7.5, 8, 9, 9, 12, 12.5, 18, 20, 21)), rng.exponential(traits.pace * 1_000, count)
    return np.asarray(rng.choice(_days(rng, setting, traits), count) + hour * _HOUR + late)


def _shift(rng: np.random.Generator, setting: Setting, traits: Traits, count: int) -> Floats:
    """While a desk is open."""
    opened, hour = rng.uniform(8, 10), rng.beta(1.5, 1.5, count) * rng.uniform(4, 10)
    return np.asarray(rng.choice(_days(rng, setting, traits), count) + (opened + hour) * _HOUR)


def _deadline(rng: np.random.Generator, setting: Setting, traits: Traits, count: int) -> Floats:
    return setting.closes - 1 - rng.exponential(traits.pace * 1_000, count) % WINDOW


def _last(rng: np.random.Generator, setting: Setting, traits: Traits, count: int) -> Floats:
    return setting.closes - 1 - rng.uniform(0, traits.pace * 1_000, count)


def _flat(rng: np.random.Generator, setting: Setting, traits: Traits, count: int) -> Floats:
    length = min(WINDOW, traits.parts * DAY)
    return setting.opens + rng.uniform(0, WINDOW - length) + rng.uniform(0, length, count)


def _tasks(rng: np.random.Generator, setting: Setting, traits: Traits, count: int) -> Floats:
    """Windows in which a task is paid for."""
    parts, length = round(traits.parts), traits.pace * 1_000
    starts = np.minimum(setting.moments(rng, parts), setting.closes - length)
    return np.asarray(starts[rng.integers(0, parts, count)] + rng.uniform(0, length, count))


def _fixed(rng: np.random.Generator, setting: Setting, traits: Traits, count: int) -> Floats:
    return _sessions(rng, setting, traits, 1 + rng.uniform(-0.05, 0.05, count))


def _gaps(rng: np.random.Generator, setting: Setting, traits: Traits, count: int) -> Floats:
    return _sessions(rng, setting, traits, rng.exponential(1, count))


def _sessions(rng: np.random.Generator, setting: Setting, traits: Traits, gaps: Floats) -> Floats:
    """Ballots one after the other, in sessions that start at any hour; what would not fit runs faster."""
    parts = round(min(traits.parts, len(gaps)))
    session = np.arange(len(gaps)) * parts // len(gaps)
    after = np.cumsum(gaps) * traits.pace * 1_000
    after -= after[np.searchsorted(session, session)]
    longest = float(after.max()) + 1
    after *= min(1.0, 0.9 * WINDOW / parts / longest)
    room = WINDOW / parts
    begins = np.arange(parts) * room + rng.uniform(0, max(room - longest, 0.1 * room), parts)
    return np.asarray(setting.opens + begins[session] + after)


def _cooldown(rng: np.random.Generator, setting: Setting, traits: Traits, count: int) -> Floats:
    """Each address in its turn, again after the cooldown and a minute."""
    spots, pause = round(traits.spots), (traits.pace + 60) * 1_000
    turn, lane = np.arange(count) // spots, np.arange(count) % spots
    pause = min(pause, 0.95 * WINDOW / (turn[-1] + 1))
    start = setting.opens + rng.uniform(0, max(1.0, WINDOW - pause * (turn[-1] + 1)))
    return np.asarray(start + turn * pause + lane * pause / spots + rng.uniform(0, min(20_000, pause / spots), count))


_TIMINGS: Mapping[str, Callable[[np.random.Generator, Setting, Traits, int], Floats]] = {
    "public": _public,
    "night": _night,
    "burst": _bursts,
    "bursts": _bursts,
    "daily": _daily,
    "shift": _shift,
    "deadline": _deadline,
    "last": _last,
    "flat": _flat,
    "tasks": _tasks,
    "fixed": _fixed,
    "gaps": _gaps,
    "waves": _gaps,
    "cooldown": _cooldown,
}
