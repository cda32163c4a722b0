"""What programs send: parts that the scripted families share."""

from __future__ import annotations

import numpy as np

from loadtests.hands.foreign.rows import (
    ENGLISH,
    HOUR,
    NO_CLIENT,
    NO_FETCH,
    NO_HINTS,
    NO_LANGUAGE,
    NO_ORIGIN,
    NO_REFERER,
    OTHER_HINT,
    OTHER_PLATFORM,
    OTHER_ZONE,
    SECOND,
    Addresses,
    Floats,
    Ints,
    Rows,
)
from loadtests.hands.foreign.scene import Scene

_FAULTS = (NO_LANGUAGE, NO_HINTS, OTHER_HINT, NO_FETCH, ENGLISH, OTHER_ZONE, OTHER_PLATFORM, NO_REFERER | NO_ORIGIN)


def shots(scene: Scene, at: Ints, entry: Ints | int, profile: Ints, address: Addresses) -> Rows:
    """Ballots of voters who are all new, each with a token of its own that is as old as the page."""
    count = len(at)
    names = scene.numbers(count)
    opened = at - scene.random.integers(SECOND, 3 * SECOND, count)
    return Rows(
        at,
        names,
        np.broadcast_to(np.asarray(entry, np.int64), (count,)).copy(),
        profile,
        address,
        names.copy(),
        opened - scene.random.integers(0, 400, count),
        opened,
        np.zeros(count, np.int64),
        np.zeros(count, np.int64),
        np.ones(count, np.bool_),
    )


def any_of(scene: Scene, values: Ints, count: int) -> Ints:
    """One of the values for each, some values more often."""
    weights = scene.random.gamma(2.0, 1.0, len(values))
    found: Ints = scene.random.choice(values, count, p=weights / weights.sum())
    return found


def one_of(scene: Scene, pool: Addresses, count: int) -> Addresses:
    """An address of the pool for each."""
    return pool[scene.random.integers(0, len(pool), count)]


def run(scene: Scene, gaps: Floats) -> Ints:
    """One ballot after the other, begun when the seller begins; faster where the contest would end too soon."""
    most = 0.9 * (scene.clock.closes - scene.clock.opens)
    times: Floats = np.cumsum(gaps)
    times *= min(1.0, most / times[-1])
    found: Ints = scene.clock.start_of(float(times[-1])) + times.astype(np.int64)
    return found


def sessions(scene: Scene, gaps: Floats, count: int) -> Ints:
    """As `run`, in so many sittings at different times."""
    return np.concatenate([run(scene, part) for part in np.array_split(gaps, min(count, len(gaps)))])


def faulty(scene: Scene, count: int, share: float) -> Ints:
    """Flags of requests that a careless program makes, for that share: each program has some faults of its own."""
    faults = scene.random.choice(_FAULTS, int(scene.random.integers(1, 4)), replace=False)
    return np.where(scene.mask(count, min(share, 1.0)), scene.random.choice(faults, count), 0).astype(np.int64)


def silent(scene: Scene, share: float) -> int:
    """In this share of campaigns no script of the page runs, so that the page reports nothing."""
    return NO_CLIENT if scene.chance(share) else 0


def typing(scene: Scene, count: int, low: float, high: float) -> Ints:
    """Reading times of a program that waits between these seconds."""
    low, high = sorted((low * SECOND, high * SECOND))
    return scene.random.uniform(low, high, count).astype(np.int64)


def residential(scene: Scene, count: int, mobile: float = 0.2) -> Addresses:
    """Homes and phones of the whole country that a proxy seller rents out, another one each time."""
    found = scene.networks.home(scene.networks.some_cities(count))
    phones = scene.mask(count, mobile)
    found.put(phones, scene.networks.mobile(scene.networks.some_cities(int(phones.sum()))))
    return found


def flat(scene: Scene, count: int, start: int, end: int) -> Ints:
    """Moments spread evenly."""
    return scene.random.integers(start, max(end, start + HOUR), count)
