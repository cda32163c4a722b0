"""The attack families that the research page lists, with ranges about half to twice its own."""

from __future__ import annotations

import numpy as np

from loadtests.hands.visitor.family import attack
from loadtests.hands.visitor.stage import (
    CROSS_SITE,
    FALSE_HINTS,
    HOUR,
    MINUTE,
    NO_HINTS,
    NO_LANGUAGE,
    NO_REPORT,
    SECOND,
    TOOL,
    Part,
    Stage,
)
from loadtests.hands.visitor.times import attend, evenly, fold, moment, on_day, shifts, train, waking

PHONE = ("wx_android",)
WEB = ("web_android", "web_ios", "desktop")


@attack("A1", 400, 6000)
def single_host(stage: Stage, size: int) -> Part:
    """One host that clears cookies: 1-6 addresses, gaps of 0.6-8 s +-5 %, one browser, reading 0.3-2 s."""
    rng = stage.rng
    gaps = rng.uniform(0.6, 8) * rng.uniform(0.95, 1.05, size)
    where = stage.net.residential(int(rng.integers(1, 7)))
    people = stage.people(size, clients=stage.clients.some(size, *WEB, models=1), fresh=1.0)
    dwell = rng.uniform(0.4, 1.2, size) * stage.shift(0.8, 1.8)
    odd = int(rng.choice([0, NO_LANGUAGE, TOOL]))
    exits = where.take(rng.integers(len(where.net), size=size))
    return stage.cast(people, train(stage, gaps), stage.target(), dwell=dwell, where=exits, odd=odd)


def _proxies(stage: Stage, size: int, entry: int) -> Part:
    rng = stage.rng
    models = max(2, round(20 * stage.shift()))
    people = stage.people(size, clients=stage.clients.some(size, *WEB, models=models), fresh=1.0)
    broken = rng.random(size) < 0.5 * stage.shift(0.5, 1.8)
    odd = np.where(broken, rng.choice([NO_LANGUAGE, FALSE_HINTS, TOOL, NO_HINTS | NO_REPORT], size), 0)
    gaps = rng.exponential(22 * stage.shift(), size)
    dwell = stage.reading(size, 2.5 * stage.shift(), 0.35)
    where = stage.net.hosted(size, max(3, round(60 * stage.shift())))
    return stage.cast(people, train(stage, gaps), entry, dwell=dwell, where=where, odd=odd)


@attack("A2", 500, 5000)
def datacentre(stage: Stage, size: int) -> Part:
    """A proxy pool in datacentres: 30-120 /24s, 10-40 browsers, exponential gaps of 11-44 s, 25-90 % broken headers."""
    return _proxies(stage, size, stage.target())


@attack("A3", 500, 4000)
def residential(stage: Stage, size: int) -> Part:
    """Rotating residential proxies: a new home for every vote, 25-100 browsers, 15-60 % contradictory hints, gaps of
    15-60 s, reading about 2-8 s."""
    rng = stage.rng
    clients = stage.clients.some(size, *WEB, models=round(50 * stage.shift()))
    people = stage.people(size, clients=clients, fresh=1.0)
    odd = np.where(rng.random(size) < 0.3 * stage.shift(), FALSE_HINTS, 0)
    at = train(stage, rng.uniform(15, 60, size) * stage.shift())
    dwell = stage.reading(size, 4 * stage.shift(), 0.3)
    return stage.cast(people, at, stage.target(), dwell=dwell, where=stage.net.residential(size), odd=odd)


@attack("A4", 500, 5000)
def second_dial(stage: Stage, size: int) -> Part:
    """A dial-up pool (秒拨): 30-120 /24s of homes, 4-16 phone models, gaps of 4-80 s, reading 3-9 s with sigma 0.25."""
    people = stage.people(size, clients=stage.clients.some(size, *PHONE, models=round(8 * stage.shift())), fresh=1.0)
    at = train(stage, stage.rng.uniform(8, 40, size) * stage.shift())
    where = stage.net.pool(size, max(3, round(60 * stage.shift())))
    dwell = stage.reading(size, stage.rng.uniform(3, 9), 0.25)
    return stage.cast(people, at, stage.target(), dwell=dwell, where=where)


@attack("A5", 300, 4000)
def phone_farm(stage: Stage, size: int) -> Part:
    """A phone farm (群控): 75-1,000 phones of 2-5 models with 2-5 accounts each, 3 wireless exits or mobile data, a
    stagger of 1.5-6 s, several rounds a day, reading 4-12 s with sigma 0.2."""
    rng = stage.rng
    accounts = min(size, int(rng.integers(300, 2500)))
    phones = max(1, accounts // int(rng.integers(2, 6)))
    place = int(rng.integers(31))
    round_size = max(20, min(phones, size // 3))
    begins = np.sort(waking(stage, -(-size // round_size)))
    order = np.arange(size)
    at = fold(stage, begins[order // round_size] + (order % round_size * 3 * stage.shift() * SECOND).astype(np.int64))
    who = shifts(stage, at, accounts)
    count = int(who.max()) + 1
    clients = stage.clients.some(count, *PHONE, models=int(rng.integers(2, 6)))
    people = stage.people(count, clients=clients, fresh=0.3, place=place, narrow=int(rng.integers(40)))
    phone = np.arange(count) % phones
    people.device[:] = people.device[phone]
    exits = stage.net.site(3, place).take(rng.integers(3, size=size))
    where = stage.where(people, who, wifi=0.0).unless(rng.random(size) < 0.6, exits)
    dwell = stage.reading(size, rng.uniform(4, 12), 0.2)
    return stage.cast(people, at, stage.target(), who=who, dwell=dwell, where=where)


@attack("A7", 800, 9000, scripted=False)
def click_farm(stage: Stage, size: int) -> Part:
    """A click farm (刷手群): 450-5,000 real phones, 3-8 clients in rotation with tasks of 17-70 minutes, a hurried
    reading of about 5-9 s, workers all over the country who come back for most tasks."""
    rng = stage.rng
    tasks, workers = int(np.clip(size // 60, 3, 60)), min(size, int(rng.integers(450, 5000)))
    paid = rng.choice(stage.entries, int(rng.integers(3, 9)), replace=False)
    begins = np.sort(waking(stage, tasks))
    task = np.sort(rng.integers(tasks, size=size))
    at = fold(stage, begins[task] + rng.integers(int(35 * stage.shift()) * MINUTE, size=size))
    who = shifts(stage, at, workers)
    people = stage.people(int(who.max()) + 1, fresh=0.5)
    return stage.cast(people, at, paid[task % len(paid)], who=who, dwell=stage.reading(size, rng.uniform(5, 9), 0.5))


@attack("A8", 400, 4000, scripted=False)
def mutual_groups(stage: Stage, size: int) -> Part:
    """Groups that vote for one another (互投, 红包): people of 1-8 groups back 4-16 entries in the posted order, one
    a day; 15-50 % camouflage; within about 35-140 minutes of the post."""
    rng = stage.rng
    who, day = attend(stage, size, again=0.6)
    count = int(who.max()) + 1
    groups = min(int(rng.integers(1, 9)), max(1, count // 30))
    group = rng.integers(groups, size=count)
    listed = rng.choice(stage.entries, int(rng.integers(4, 17)), replace=False)
    post = rng.integers(9 * HOUR, 21 * HOUR, (groups, 12))[group[who], day]
    at = on_day(stage, day, post + rng.exponential(70 * stage.shift() * MINUTE, size).astype(np.int64))
    entry = listed[(day + group[who]) % len(listed)]
    entry = np.where(rng.random(size) < 0.3 * stage.shift(0.5, 1.7), stage.votes(size), entry)
    return stage.cast(stage.people(count, fresh=0.7), at, entry, who=who)


@attack("A9", 800, 9000)
def blitz(stage: Stage, size: int) -> Part:
    """A blitz in the last 1-4 hours: residential addresses, reading 1-12 s, browsers of the public's phones."""
    rng = stage.rng
    at = stage.closes - 1 - (rng.beta(1.2, 1.6, size) * 2 * stage.shift() * HOUR).astype(np.int64)
    clients = stage.clients.some(size, "wx_android", "web_android", models=round(60 * stage.shift()))
    dwell = rng.uniform(1.5, 6, size) * stage.shift()
    where = stage.net.residential(size)
    return stage.cast(
        stage.people(size, clients=clients, fresh=0.95), np.sort(at), stage.target(), dwell=dwell, where=where
    )


@attack("A10", 1200, 10_000)
def drip(stage: Stage, size: int) -> Part:
    """A slow drip over all days, flat in the time of day: genuine browsers, human reading times, mobile and
    residential addresses."""
    people = stage.people(size, fresh=0.85)
    who = np.arange(size)
    where = stage.where(people, who, 0.0).unless(stage.rng.random(size) < 0.5, stage.net.residential(size))
    dwell = stage.reading(size, 11 * stage.shift(), 0.65)
    return stage.cast(people, evenly(stage, size), stage.target(), dwell=dwell, where=where)


@attack("A11", 500, 5000)
def framing(stage: Stage, size: int) -> Part:
    """A blatant attack like A2 in favour of one of the ten favourites, so that he be thrown out."""
    return _proxies(stage, size, int(stage.rng.choice(np.argsort(stage.popularity)[-10:])))


@attack("A12", 400, 4000)
def hidden_embed(stage: Stage, size: int) -> Part:
    """A hidden frame on a popular page: real browsers and homes, reading under 0.5 s, cross-site requests."""
    people = stage.people(size, fresh=1.0)
    start = moment(stage, room=24)
    at = fold(stage, start + (stage.rng.gamma(1.5, 8 * stage.shift(), size) * HOUR).astype(np.int64))
    dwell = stage.rng.uniform(0.06, 0.5, size) * stage.shift(0.6, 1.5)
    return stage.cast(people, at, stage.target(), dwell=dwell, odd=CROSS_SITE)


@attack("A14", 95, 1500)
def waves(stage: Stage, size: int) -> Part:
    """Kaili waves: 1-3 waves a client of 50-1,000 votes at 0.15-6 a second, from faceless accounts of one batch with
    addresses of a proxy pool, 3-12 phone models and reading of about 1-6 s."""
    rng = stage.rng
    count = int(rng.integers(1, 4))
    gaps = [rng.exponential(1 / rng.uniform(0.15, 6), len(each)) for each in np.array_split(np.arange(size), count)]
    at = np.concatenate([train(stage, each) for each in gaps if len(each)])
    people = stage.people(size, clients=stage.clients.some(size, *PHONE, models=int(rng.integers(3, 13))), fresh=1.0)
    where = stage.net.pool(size, int(rng.integers(20, 90)))
    return stage.cast(people, at, stage.target(), dwell=stage.reading(size, rng.uniform(1, 6), 0.3), where=where)


@attack("A16", 300, 4000)
def limit_hugger(stage: Stage, size: int) -> Part:
    """One vote of each address every 15-60 minutes and one more, day and night; 10-60 browsers, reading 3-10 s."""
    rng = stage.rng
    cooldown = int(rng.choice([15, 30, 60])) * MINUTE + MINUTE
    each = int(rng.integers(8, 80))
    lines = max(3, -(-size // each))
    order = np.arange(size)
    starts = moment(stage, room=each * cooldown / HOUR) + rng.integers(cooldown, size=lines)
    noise = (rng.exponential(4, size) * SECOND).astype(np.int64)
    at = fold(stage, starts[order % lines] + order // lines * cooldown + noise)
    people = stage.people(size, clients=stage.clients.some(size, *WEB, models=int(rng.integers(10, 60))), fresh=1.0)
    where = stage.net.residential(lines).take(order % lines)
    return stage.cast(people, at, stage.target(), dwell=stage.reading(size, rng.uniform(3, 10), 0.3), where=where)
