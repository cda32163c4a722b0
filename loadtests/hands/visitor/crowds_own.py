"""Honest crowds that the research page does not list."""

from __future__ import annotations

import numpy as np

from loadtests.hands.visitor.crowds_listed import clock
from loadtests.hands.visitor.family import crowd
from loadtests.hands.visitor.stage import CROSS_SITE, FAR_ZONE, FOREIGN_PAGE, HOUR, MINUTE, Part, Stage
from loadtests.hands.visitor.times import attend, fade, hours, last_day, moment, on_day


@crowd("Village", 60, 900)
def village(stage: Stage, size: int) -> Part:
    """A village whose committee calls by loudspeaker at 18:30-20:00: one /22 of homes and one cell tower, plain phones
    of 15-40 models, slow readers (15-35 s), 90-99 % for one entry, many return at the next call."""
    rng = stage.rng
    who, day = attend(stage, size, again=0.45)
    count = int(who.max()) + 1
    clients = stage.clients.some(count, "wx_android", models=int(rng.integers(15, 41)))
    place, narrow = int(rng.integers(31)), int(rng.integers(40))
    people = stage.people(count, clients=clients, fresh=0.9, place=place, narrow=narrow)
    call = rng.uniform(18.5, 20) * HOUR
    at = on_day(stage, day, (call + rng.exponential(45 * MINUTE, size)).astype(np.int64))
    entry = stage.votes(size, stage.target(), rng.uniform(0.9, 0.99))
    return stage.cast(people, at, entry, who=who, dwell=stage.reading(size, rng.uniform(15, 35), 0.7))


@crowd("Factory", 100, 3000)
def factory(stage: Stage, size: int) -> Part:
    """A factory at its two changes of shift (7:40 and 19:40, 12 minutes wide): 1-2 wireless exits or one tower, half of
    the phones of one brand, 70-95 % for one entry, 30-70 % return."""
    rng, place = stage.rng, int(stage.rng.integers(31))
    who, day = attend(stage, size, again=rng.uniform(0.3, 0.7))
    count = int(who.max()) + 1
    same = stage.clients.some(count, "wx_android", brand=str(rng.choice(["Redmi", "vivo", "HONOR"])))
    clients = np.where(rng.random(count) < 0.5, same, stage.clients.public(count))
    people = stage.people(count, clients=clients, fresh=0.75, place=place, narrow=int(rng.integers(40)))
    nights = rng.random(count) < 0.4
    at = on_day(stage, day, clock(stage, size, 7.7, 12) + nights[who] * 12 * HOUR)
    exits = stage.net.site(2, place).take(rng.integers(int(rng.integers(1, 3)), size=size))
    where = stage.where(people, who, 0.0).unless(rng.random(size) < 0.5, exits)
    entry = stage.votes(size, stage.target(), rng.uniform(0.7, 0.95))
    return stage.cast(people, at, entry, who=who, dwell=stage.reading(size, 9), where=where)


@crowd("TempleFair", 100, 3000)
def temple_fair(stage: Stage, size: int) -> Part:
    """A stall with a QR code at a temple fair of 1-3 days: visitors on one town's shared mobile addresses from 9 to 18,
    fresh tokens, a gift for showing the thanks page (half for the stall's entry), slow in the crowd."""
    rng = stage.rng
    first = int(rng.integers(1, 7))
    day = first + rng.integers(int(rng.integers(1, 4)), size=size)
    place, narrow = int(rng.integers(31)), int(rng.integers(40))
    people = stage.people(size, fresh=0.95, place=place, narrow=narrow)
    at = on_day(stage, day, (rng.triangular(9, 14, 18, size) * HOUR).astype(np.int64))
    entry = stage.votes(size, stage.target(), rng.uniform(0.4, 0.7))
    where = stage.where(people, np.arange(size), wifi=0.0)
    return stage.cast(people, at, entry, dwell=stage.reading(size, 24, 0.8), where=where)


@crowd("Compatriots", 50, 900)
def compatriots(stage: Stage, size: int) -> Part:
    """Chats of compatriots across countries: homes abroad with far time zones, at any hour of China, one entry
    (85-98 %), an echo of 2-7 hours."""
    rng = stage.rng
    clients = stage.clients.some(size, "wx_ios", "wx_android", "web_ios", "desktop")
    people = stage.people(size, clients=clients, fresh=0.9)
    start = stage.opens + int(rng.integers(8 * 24)) * HOUR
    at = fade(stage, size, start, rng.uniform(120, 420))
    where = stage.where(people, np.arange(size)).unless(rng.random(size) < 0.85, stage.net.abroad(size))
    zone = np.where(rng.random(size) < 0.6, FAR_ZONE, 0)
    entry = stage.votes(size, stage.target(), rng.uniform(0.85, 0.98))
    return stage.cast(people, at, entry, where=where, odd=zone)


@crowd("FanClub", 150, 5000)
def fan_club(stage: Stage, size: int) -> Part:
    """A fan club that checks in as soon as the day's vote is new: two thirds within 4-15 minutes after midnight, the
    others in the evening, one entry, 60-90 % daily, practised hands (2-5 s)."""
    rng = stage.rng
    who, day = attend(stage, size, again=rng.uniform(0.6, 0.9))
    people = stage.people(int(who.max()) + 1, fresh=0.5)
    soon = (rng.exponential(rng.uniform(4, 15) * MINUTE, size)).astype(np.int64) + 2000
    keen = rng.random(len(people.voter)) < 0.66
    at = on_day(stage, day, np.where(keen[who], soon, clock(stage, size, 21.5, 60)))
    dwell = stage.reading(size, rng.uniform(2, 5), 0.5)
    return stage.cast(people, at, stage.votes(size, stage.target(), 0.98), who=who, dwell=dwell)


@crowd("Embedded", 200, 6000)
def embedded(stage: Stage, size: int) -> Part:
    """A newspaper's app that embeds the vote: its own browser frame, cross-site requests from a foreign page, fresh
    tokens, one province, entries by popularity, the hours of the public."""
    rng = stage.rng
    who, day = attend(stage, size, again=0.25)
    count = int(who.max()) + 1
    clients = stage.clients.some(count, "web_android", "web_ios", models=120)
    people = stage.people(count, clients=clients, fresh=0.9, place=int(rng.integers(31)))
    odd = np.where(rng.random(size) < 0.8, CROSS_SITE, FOREIGN_PAGE)
    return stage.cast(people, on_day(stage, day, hours(stage, size)), stage.votes(size), who=who, odd=odd)


@crowd("Counter", 50, 700)
def counter(stage: Stage, size: int) -> Part:
    """The elderly, helped at a counter: 1-3 tablets that many accounts share, one address, 9 to 17, 25-70 s for each,
    2-4 entries that people here know."""
    rng, place = stage.rng, int(stage.rng.integers(31))
    days = int(np.clip(size // 60, 1, 8))
    at = np.sort(on_day(stage, rng.integers(1, 1 + days, size), (rng.uniform(9, 17, size) * HOUR).astype(np.int64)))
    tablets = int(rng.integers(1, 4))
    people = stage.people(size, clients=stage.clients.some(size, "web_android", models=1), fresh=0.0, place=place)
    which = rng.integers(tablets, size=size)
    people.device[:] = people.device[which]
    known = rng.choice(stage.entries, int(rng.integers(2, 5)), replace=False)
    where = stage.net.site(1, place).take(np.zeros(size, np.int64))
    dwell = stage.reading(size, rng.uniform(25, 70), 0.5)
    return stage.cast(people, at, known[rng.integers(len(known), size=size)], dwell=dwell, where=where)


@crowd("Article", 150, 6000)
def article(stage: Stage, size: int) -> Part:
    """Readers of an article about one entry (55-85 %): from all the country, foreign page as the referrer, fresh
    tokens, an echo of 3-10 hours."""
    rng = stage.rng
    at = fade(stage, size, moment(stage, room=18), rng.uniform(180, 600))
    people = stage.people(size, fresh=0.9)
    entry = stage.votes(size, stage.target(), rng.uniform(0.55, 0.85))
    odd = np.where(rng.random(size) < 0.7, FOREIGN_PAGE, 0)
    return stage.cast(people, at, entry, dwell=stage.reading(size, 16, 0.8), odd=odd)


@crowd("StaffPhones", 60, 1800)
def staff_phones(stage: Stage, size: int) -> Part:
    """A courier or bank that gave all staff one phone (1-2 clients): one gateway which lists call hosting, or mobile
    data; after the morning's roll call, 85-99 % for the firm's entry, 50-80 % daily."""
    rng = stage.rng
    who, day = attend(stage, size, again=rng.uniform(0.5, 0.8), first=int(rng.integers(0, 4)))
    count = int(who.max()) + 1
    clients = stage.clients.some(count, "wx_android", models=int(rng.integers(1, 3)), brand="HUAWEI")
    people = stage.people(count, clients=clients, fresh=0.6, place=int(rng.integers(31)))
    gateway = stage.net.hosted(1, 1).take(np.zeros(size, np.int64))
    where = stage.where(people, who, 0.1).unless(rng.random(size) < 0.5, gateway)
    entry = stage.votes(size, stage.target(), rng.uniform(0.85, 0.99))
    return stage.cast(people, on_day(stage, day, clock(stage, size, 8.6, 15)), entry, who=who, where=where)


@crowd("Parents", 40, 1200)
def parents(stage: Stage, size: int) -> Part:
    """The parents of a kindergarten, reminded at 20:30 each evening: 70-90 % daily, homes of one town shared by
    couples, quick by habit (4-9 s), one entry."""
    rng = stage.rng
    who, day = attend(stage, size, again=rng.uniform(0.7, 0.9), first=int(rng.integers(last_day(stage) - 3)))
    place, narrow = int(rng.integers(31)), int(rng.integers(40))
    people = stage.people(int(who.max()) + 1, fresh=0.7, place=place, narrow=narrow)
    at = on_day(stage, day, clock(stage, size, 20.5, 5) + rng.exponential(25 * MINUTE, size).astype(np.int64))
    dwell = stage.reading(size, rng.uniform(4, 9), 0.55)
    return stage.cast(people, at, stage.votes(size, stage.target(), 0.97), who=who, dwell=dwell)
