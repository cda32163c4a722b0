"""When the ballots of a group arrive."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from loadtests.fraud_lab.profiles.composer.traits import Traits
from loadtests.fraud_lab.simulator.batch import Floats, Ints
from loadtests.fraud_lab.simulator.clock import DAY, HOUR
from loadtests.fraud_lab.simulator.scene import Scene

_MS = 1000


def moments(scene: Scene, traits: Traits, count: int) -> Ints:
    """Sorted moments of a group's ballots, all in the window; a share `again` comes on one of the next days."""
    random, clock = scene.random, scene.clock
    drawn = np.asarray(_TIMINGS[traits.when](scene, traits, count), dtype=np.float64)
    later = drawn + random.integers(1, 4, count) * DAY + random.normal(0, 2 * HOUR, count)
    moved = scene.mask(count, traits.again) & (later < clock.closes)
    at = np.where(moved, later, drawn).astype(np.int64)
    return np.sort(np.where(clock.inside(at), at, _usual(scene, count)))


def _usual(scene: Scene, count: int) -> Ints:
    return scene.clock.habits(scene.clock.days_drawn(count))


def _public(scene: Scene, traits: Traits, count: int) -> Floats:
    return _usual(scene, count).astype(np.float64)


def _night(scene: Scene, traits: Traits, count: int) -> Floats:
    """Night owls and shift workers: the small hours, fading towards the morning."""
    midnight = scene.clock.midnight + scene.clock.days_drawn(count) * DAY
    return np.asarray(midnight + scene.random.triangular(-1.5, 0.5, 5.5, count) * HOUR)


def _bursts(scene: Scene, traits: Traits, count: int) -> Floats:
    """A call and its decay, once or several times."""
    random, parts = scene.random, round(traits.parts)
    starts = _usual(scene, parts)[random.choice(parts, count, p=random.dirichlet(np.full(parts, 2)))]
    return np.asarray(starts + random.exponential(traits.pace * _MS, count) % (scene.clock.closes - starts))


def _days(scene: Scene, traits: Traits, count: int) -> Ints:
    """For each ballot the midnight of one of `parts` consecutive days."""
    parts = round(traits.parts)
    return scene.clock.midnight + scene.random.choice(scene.clock.span(parts, parts), count) * DAY


def _daily(scene: Scene, traits: Traits, count: int) -> Floats:
    """A reminder at a fixed hour; some vote at once and some later."""
    hour = scene.random.choice((7.5, 8, 9, 9, 12, 12.5, 18, 20, 21))
    return np.asarray(_days(scene, traits, count) + hour * HOUR + scene.random.exponential(traits.pace * _MS, count))


def _shift(scene: Scene, traits: Traits, count: int) -> Floats:
    """During the hours of a desk."""
    opened, length = scene.random.uniform(8, 10), scene.random.uniform(4, 10)
    return np.asarray(_days(scene, traits, count) + (opened + scene.random.beta(1.5, 1.5, count) * length) * HOUR)


def _deadline(scene: Scene, traits: Traits, count: int) -> Floats:
    return scene.clock.closes - 1 - scene.random.exponential(traits.pace * _MS, count)


def _last(scene: Scene, traits: Traits, count: int) -> Floats:
    return scene.clock.closes - 1 - scene.random.uniform(0, traits.pace * _MS, count)


def _flat(scene: Scene, traits: Traits, count: int) -> Floats:
    length = min(_window(scene), traits.parts * DAY)
    begin = scene.clock.opens + scene.random.uniform(0, _window(scene) - length)
    return begin + scene.random.uniform(0, length, count)


def _tasks(scene: Scene, traits: Traits, count: int) -> Floats:
    """Windows in which a task is paid for."""
    parts, length = round(traits.parts), traits.pace * _MS
    starts = np.minimum(_usual(scene, parts), scene.clock.closes - length)
    return np.asarray(starts[scene.random.integers(0, parts, count)] + scene.random.uniform(0, length, count))


def _fixed(scene: Scene, traits: Traits, count: int) -> Floats:
    return _sessions(scene, traits, 1 + scene.random.uniform(-0.05, 0.05, count))


def _gaps(scene: Scene, traits: Traits, count: int) -> Floats:
    return _sessions(scene, traits, scene.random.exponential(1, count))


def _sessions(scene: Scene, traits: Traits, gaps: Floats) -> Floats:
    """One ballot after another, in sessions that start at any hour; faster where they would not fit."""
    parts = round(min(traits.parts, len(gaps)))
    session = np.arange(len(gaps)) * parts // len(gaps)
    after = np.cumsum(gaps) * traits.pace * _MS
    after -= after[np.searchsorted(session, session)]
    longest, room = float(after.max()) + 1, _window(scene) / parts
    after *= min(1.0, 0.9 * room / longest)
    begins = np.arange(parts) * room + scene.random.uniform(0, max(room - longest, 0.1 * room), parts)
    return np.asarray(scene.clock.opens + begins[session] + after)


def _cooldown(scene: Scene, traits: Traits, count: int) -> Floats:
    """Each address in turn, again after the cooldown and a minute."""
    spots, pause = round(traits.spots), (traits.pace + 60) * _MS
    turn, lane = np.arange(count) // spots, np.arange(count) % spots
    pause = min(pause, 0.95 * _window(scene) / (turn[-1] + 1))
    start = scene.clock.opens + scene.random.uniform(0, max(1.0, _window(scene) - pause * (turn[-1] + 1)))
    jitter = scene.random.uniform(0, min(20_000, pause / spots), count)
    return np.asarray(start + turn * pause + lane * pause / spots + jitter)


def _window(scene: Scene) -> int:
    return scene.clock.closes - scene.clock.opens


_TIMINGS: Mapping[str, Callable[[Scene, Traits, int], Floats]] = {
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
