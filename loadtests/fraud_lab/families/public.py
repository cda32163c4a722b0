"""The public: people who vote for what they like, once or on several days."""

from __future__ import annotations

import numpy as np

from loadtests.fraud_lab.simulator.batch import Batch, Bools, Ints
from loadtests.fraud_lab.simulator.clock import DAY, HOUR
from loadtests.fraud_lab.simulator.scene import People, Scene


def public(scene: Scene, ballots: int) -> Batch:
    """At least this many ballots of people from everywhere."""
    random, clock = scene.random, scene.clock
    visits = _visits(scene, ballots)
    people = scene.people(len(visits))
    _share_homes(scene, people)
    favourite = scene.entries.near(people.province)
    # Some members of a household vote for the same entry.
    same = np.flatnonzero(people.home.low[1:] == people.home.low[:-1]) + 1
    same = same[(people.home.v4[same] == people.home.v4[same - 1]) & scene.mask(len(same), 0.4)]
    favourite[same] = favourite[same - 1]
    day = _days(scene, visits, favourite)
    who = np.repeat(np.arange(len(visits)), visits)
    visit = np.arange(len(who)) - np.repeat(np.cumsum(visits) - visits, visits)
    entry = _choices(scene, favourite, who, visit)
    at = clock.habits(day)
    # Frequent voters have a usual hour.
    hour = (clock.habits(np.full(len(visits), clock.days // 2)) - clock.midnight) % DAY / HOUR
    regular = (visits[who] >= 3) & (random.random(len(who)) < 0.6)
    habitual = clock.around(day, hour[who], 0.6)
    habitual = np.where(clock.inside(habitual) & (clock.day_of(habitual) == day), habitual, at)
    at = np.where(regular, habitual, at)
    quicker = np.where(visit > 0, random.uniform(0.2, 0.6), 1.0)
    reading = scene.reading(people.pace[who] * quicker)
    return scene.cast(people, who, at, entry, reading=reading, address=scene.reach(people, who))


def _visits(scene: Scene, ballots: int) -> Ints:
    """Ballots per voter, for this many in all; most voters come once."""
    once = scene.random.uniform(0.45, 0.8)
    returns = scene.random.uniform(0.15, 0.5)
    count = max(1, int(ballots * 1.02))
    visits = np.where(scene.mask(count, once), 1, 1 + scene.random.geometric(returns, count)).clip(1, scene.clock.days)
    return visits[: int(np.searchsorted(np.cumsum(visits), ballots)) + 1].astype(np.int64)


def _share_homes(scene: Scene, people: People) -> None:
    """Puts some people into the household of the person before them."""
    with_last = np.flatnonzero(scene.mask(len(people), scene.random.uniform(0.1, 0.3)))
    with_last = with_last[with_last > 0]
    for column in (people.home.v4, people.home.high, people.home.low, people.home.asn, people.province, people.carrier):
        column[with_last] = column[with_last - 1]


def _days(scene: Scene, visits: Ints, favourite: Ints) -> Ints:
    """The day of each ballot: different days per voter, more of them when the favourite rallies."""
    random, clock = scene.random, scene.clock
    rally = np.ones((len(scene.entries.codes), clock.days))
    rallied = random.random(rally.shape) < random.uniform(0.02, 0.1)
    rally[rallied] = np.exp(random.uniform(np.log(1.5), np.log(7), int(rallied.sum())))
    liking = np.log(clock.weights * rally)[favourite] + random.gumbel(size=(len(visits), clock.days))
    # Some come on consecutive days.
    steady = scene.mask(len(visits), random.uniform(0.3, 0.7))
    begun = np.argmax(liking, axis=1)
    begun = np.minimum(begun, clock.days - visits)
    streak = -np.abs(np.arange(clock.days)[None, :] - begun[:, None] - (visits[:, None] - 1) / 2)
    liking = np.where(steady[:, None], streak, liking)
    places = np.argsort(np.argsort(-liking, axis=1), axis=1)
    chosen: Bools = places < visits[:, None]
    return np.nonzero(chosen)[1].astype(np.int64)


def _choices(scene: Scene, favourite: Ints, who: Ints, visit: Ints) -> Ints:
    """The entry of each ballot: loyal voters keep theirs, others change or alternate."""
    random = scene.random
    character = random.choice(4, len(favourite), p=random.dirichlet([6, 2, 2, 1]))
    other = scene.entries.similar(favourite)
    anew = scene.entries.similar(favourite[who])
    wanders = (character[who] == 1) | (character[who] == 2) & (random.random(len(who)) < 0.5)
    entry = np.where(wanders & (visit > 0), anew, favourite[who])
    return np.where((character[who] == 3) & (visit % 2 == 1), other[who], entry).astype(np.int64)
