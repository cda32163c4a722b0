"""The look-alikes that the research page lists: honest, and easily taken for fraud."""

from __future__ import annotations

import numpy as np

from loadtests.hands.visitor.family import crowd
from loadtests.hands.visitor.networks import Ints
from loadtests.hands.visitor.stage import FAR_ZONE, HOUR, MINUTE, NO_LANGUAGE, NO_REPORT, SECOND, Part, Stage
from loadtests.hands.visitor.times import attend, fade, hours, last_day, moment, on_day, shifts, waking


def clock(stage: Stage, size: int, hour: float, spread: float) -> Ints:
    """Times of day around an hour, `spread` minutes wide."""
    return (hour * HOUR + stage.rng.normal(0, spread, size) * MINUTE).astype(np.int64)


@crowd("L1", 60, 1400)
def office(stage: Stage, size: int) -> Part:
    """An office behind 1-3 addresses: PCs and phones, 50-85 % for one entry, in working hours of 1-10 days."""
    rng = stage.rng
    who, day = attend(stage, size, again=0.3)
    count, place = int(who.max()) + 1, int(rng.integers(31))
    pcs = rng.random(count) < 0.45
    clients = np.where(pcs, stage.clients.some(count, "desktop", models=12), stage.clients.public(count))
    people = stage.people(count, clients=clients, fresh=0.5, place=place)
    at = on_day(stage, day, np.where(rng.random(size) < 0.4, clock(stage, size, 12.6, 30), clock(stage, size, 14, 160)))
    exits = stage.net.site(int(rng.integers(1, 4)), place)
    inside = exits.take(rng.integers(len(exits.net), size=size))
    where = stage.where(people, who, 0.0).unless(pcs[who] | (rng.random(size) < 0.6), inside)
    entry = stage.votes(size, stage.target(), rng.uniform(0.5, 0.85))
    return stage.cast(people, at, entry, who=who, where=where)


@crowd("L2", 100, 2500)
def school(stage: Stage, size: int) -> Part:
    """A school: 30-60 % at alike PCs of the labs with tokens new in each lesson, the others on phones; 80-97 % for one
    entry; all within 11-44 minutes behind 1-2 addresses."""
    rng, place = stage.rng, int(stage.rng.integers(31))
    labs = rng.random(size) < rng.uniform(0.3, 0.6)
    clients = np.where(labs, stage.clients.some(size, "desktop", models=1), stage.clients.public(size))
    people = stage.people(size, clients=clients, fresh=0.8, place=place)
    people.issued[labs] = -1
    start = on_day(
        stage, rng.integers(last_day(stage), size=1), clock(stage, 1, float(rng.choice([9.2, 14.5, 16.1])), 20)
    )
    at = start + rng.integers(int(22 * stage.shift()) * MINUTE, size=size)
    exits = stage.net.site(2, place).take(rng.integers(int(rng.integers(1, 3)), size=size))
    where = stage.where(people, np.arange(size), 0.0).unless(labs | (rng.random(size) < 0.7), exits)
    entry = stage.votes(size, stage.target(), rng.uniform(0.8, 0.97))
    return stage.cast(people, at, entry, dwell=stage.reading(size, rng.uniform(7, 16)), where=where)


@crowd("L3", 200, 6000)
def carrier(stage: Stage, size: int) -> Part:
    """The customers of one town's carrier behind its six shared addresses: everything else like the public."""
    who, day = attend(stage, size, again=0.2)
    place, narrow = int(stage.rng.integers(31)), int(stage.rng.integers(40))
    people = stage.people(int(who.max()) + 1, place=place, narrow=narrow)
    people.six[:] = False
    at = on_day(stage, day, hours(stage, size))
    return stage.cast(people, at, stage.votes(size), who=who, where=stage.where(people, who, wifi=0.05))


@crowd("L4", 40, 500)
def group_chat(stage: Stage, size: int) -> Part:
    """A link in a WeChat group of up to 500: fresh tokens, a burst that fades in 12-50 minutes, one entry (85-99 %),
    one town's networks."""
    rng = stage.rng
    clients = stage.clients.some(size, "wx_android", "wx_ios", "mini_android", "mini_ios")
    place, narrow = int(rng.integers(31)), int(rng.integers(40))
    people = stage.people(size, clients=clients, fresh=0.93, place=place, narrow=narrow)
    at = fade(stage, size, moment(stage, room=5), 25 * stage.shift())
    return stage.cast(people, at, stage.votes(size, stage.target(), rng.uniform(0.85, 0.99)))


@crowd("L5", 250, 9000)
def employer(stage: Stage, size: int) -> Part:
    """An employer asks all staff every morning: around a set hour (8-10) with 8-40 minutes' spread, one entry, 50-90 %
    come back each day, a third behind the firm's exits."""
    rng, place = stage.rng, int(stage.rng.integers(31))
    who, day = attend(stage, size, again=rng.uniform(0.5, 0.9), first=int(rng.integers(0, 3)))
    people = stage.people(int(who.max()) + 1, fresh=0.7, place=place)
    at = on_day(stage, day, clock(stage, size, rng.uniform(8, 10), 20 * stage.shift(0.4, 2)))
    exits = stage.net.site(3, place).take(rng.integers(3, size=size))
    where = stage.where(people, who).unless(rng.random(size) < 0.35, exits)
    entry = stage.votes(size, stage.target(), 0.97)
    return stage.cast(people, at, entry, who=who, dwell=stage.reading(size, 8), where=where)


@crowd("L6", 400, 12_000)
def livestream(stage: Stage, size: int) -> Part:
    """A host calls for votes in a livestream: 5-25 minutes from all over the country, fresh tokens, 80-97 % for one
    entry."""
    rng = stage.rng
    day = rng.integers(last_day(stage), size=1)
    start = on_day(stage, day, clock(stage, 1, 20.8, 50))
    at = start + (rng.gamma(1.8, 3.2 * stage.shift(), size) * MINUTE).astype(np.int64)
    people = stage.people(size, fresh=0.88)
    entry = stage.votes(size, stage.target(), rng.uniform(0.8, 0.97))
    return stage.cast(people, at, entry, dwell=stage.reading(size, 8))


@crowd("L7", 200, 8000)
def deadline(stage: Stage, size: int) -> Part:
    """The rush of the last 1-6 hours: entries by popularity, the leaders' friends stronger, quick readers."""
    rng = stage.rng
    at = stage.closes - 1 - np.minimum(rng.exponential(stage.shift() * HOUR, size), 8 * HOUR).astype(np.int64)
    entry = stage.votes(size, int(rng.choice(np.argsort(stage.popularity)[-3:])), 0.25)
    return stage.cast(stage.people(size, fresh=0.55), at, entry, dwell=stage.reading(size, 9))


@crowd("L8", 60, 1800)
def kiosk(stage: Stage, size: int) -> Part:
    """A kiosk or library PC: one model, one address, tokens cleared after each person, 30-400 people a day by the
    opening hours of 9 to 20."""
    rng, place = stage.rng, int(stage.rng.integers(31))
    open_days = int(np.clip(size // 120, 1, 9))
    day = rng.integers(1, 1 + open_days, size)
    at = np.sort(on_day(stage, day, (rng.uniform(9, 20, size) * HOUR).astype(np.int64)))
    people = stage.people(size, clients=stage.clients.some(size, "desktop", models=1), fresh=1.0, place=place)
    where = stage.net.site(1, place).take(np.zeros(size, np.int64))
    entry = stage.votes(size, stage.target(), rng.uniform(0, 0.5))
    return stage.cast(people, at, entry, dwell=stage.reading(size, 22), where=where)


@crowd("L9", 80, 4000)
def private(stage: Stage, size: int) -> Part:
    """Privacy browsers and VPNs: tokens cleared on leaving, no page report or a far time zone with some, half from
    hosting addresses, many daily voters who look new each time."""
    rng = stage.rng
    at = np.sort(waking(stage, size, rush=0.05))
    who = shifts(stage, at, max(20, size * 2 // 3))
    count = int(who.max()) + 1
    people = stage.people(count, clients=stage.clients.some(count, "privacy"), fresh=1.0)
    tunnel = stage.net.hosted(size, 40)
    where = stage.where(people, who, wifi=0.8).unless(rng.random(size) < 0.5, tunnel)
    odd = rng.choice([0, NO_REPORT, FAR_ZONE, NO_LANGUAGE], size, p=[0.6, 0.15, 0.2, 0.05])
    part = stage.cast(people, at, stage.votes(size), who=who, where=where, odd=odd)
    part.issued[:] = part.opened - (rng.exponential(30, size) * SECOND).astype(np.int64)
    part.device[:] = stage.people(size).device
    return part


@crowd("L10", 150, 4000)
def small_town(stage: Stage, size: int) -> Part:
    """The fans of a small town: a few /24s and shared addresses, 80-97 % for one entry, a third come back."""
    who, day = attend(stage, size, again=0.4)
    place, narrow = int(stage.rng.integers(31)), int(stage.rng.integers(40))
    people = stage.people(int(who.max()) + 1, fresh=0.75, place=place, narrow=narrow)
    entry = stage.votes(size, stage.target(), stage.rng.uniform(0.8, 0.97))
    return stage.cast(people, on_day(stage, day, hours(stage, size)), entry, who=who)
