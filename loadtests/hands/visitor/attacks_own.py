"""Attack families that the research page does not list, as sellers of votes in China work in 2026."""

from __future__ import annotations

import numpy as np

from loadtests.hands.visitor.attacks_listed import PHONE
from loadtests.hands.visitor.family import attack
from loadtests.hands.visitor.stage import FOREIGN_PAGE, HOUR, MINUTE, NO_LANGUAGE, NO_REPORT, Part, Stage
from loadtests.hands.visitor.times import attend, fade, fold, hours, last_day, moment, on_day, shifts, train, waking


@attack("Cloud", 400, 4000)
def cloud_phones(stage: Stage, size: int) -> Part:
    """Rented cloud phones (云手机): 100-800 instances of 2-3 models with an account each that votes daily, addresses
    of the provider half of which are known as hosting, a recorded macro (reading 6-16 s, sigma 0.15-0.3)."""
    rng = stage.rng
    at = np.sort(waking(stage, size))
    who = shifts(stage, at, min(size, int(rng.integers(100, 800))))
    count = int(who.max()) + 1
    clients = stage.clients.some(count, *PHONE, models=int(rng.integers(2, 4)))
    known = stage.net.hosted(count, 12).unless(rng.random(count) < 0.5, stage.net.pool(count, 6)).take(who)
    dwell = stage.reading(size, rng.uniform(6, 16), rng.uniform(0.15, 0.3))
    people = stage.people(count, clients=clients, fresh=0.8)
    return stage.cast(people, at, stage.target(), who=who, dwell=dwell, where=known)


@attack("RedPacket", 400, 5000, scripted=False)
def red_packet(stage: Stage, size: int) -> Part:
    """Task groups that pay a red packet for a vote (任务宝): people of all the country, one client, three
    posts a day whose echo fades within 5-15 minutes; they hardly read (3-7 s)."""
    rng = stage.rng
    who, day = attend(stage, size, again=0.45)
    count = int(who.max()) + 1
    posts = np.array([9, 13, 20.5])[rng.integers(3, size=size)] * HOUR + rng.integers(20 * MINUTE, size=(12,))[day]
    at = on_day(stage, day, (posts + rng.exponential(rng.uniform(5, 15) * MINUTE, size)).astype(np.int64))
    people = stage.people(count, fresh=0.75)
    return stage.cast(people, at, stage.target(), who=who, dwell=stage.reading(size, rng.uniform(3, 7), 0.5))


@attack("Dormitory", 150, 1800, scripted=False)
def dormitory(stage: Stage, size: int) -> Part:
    """Students with a side job (兼职) who each switch among 2-6 borrowed accounts on their own phone in the evening,
    over the dormitory's exits or mobile data; one client; 4-10 s of reading."""
    rng = stage.rng
    each = int(rng.integers(2, 7))
    place, students = int(rng.integers(31)), max(8, size // (each * int(rng.integers(2, 5))))
    at = np.sort(on_day(stage, rng.integers(last_day(stage) + 1, size=size), _evening(stage, size)))
    who = shifts(stage, at, students * each)
    people = stage.people(int(who.max()) + 1, fresh=0.6, place=place, narrow=int(rng.integers(40)))
    owner = np.arange(len(people.voter)) // each
    people.device[:] = people.device[owner]
    exits = stage.net.site(2, place).take(rng.integers(2, size=size))
    where = stage.where(people, who, 0.0).unless(rng.random(size) < 0.55, exits)
    return stage.cast(
        people, at, stage.target(), who=who, dwell=stage.reading(size, rng.uniform(4, 10), 0.45), where=where
    )


def _evening(stage: Stage, size: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return (stage.rng.normal(21.2, 1.1, size) * HOUR).astype(np.int64)


@attack("SimDrip", 500, 6000)
def sim_drip(stage: Stage, size: int) -> Part:
    """A phone farm that drips (A5 and A10): 4-8 models, flight mode for a new carrier address before each vote of one
    province, old tokens, the public's hours and a human spread of reading (sigma 0.5-0.7)."""
    rng = stage.rng
    at = np.sort(waking(stage, size))
    who = shifts(stage, at, max(30, size // int(rng.integers(3, 8))))
    count = int(who.max()) + 1
    clients = stage.clients.some(count, *PHONE, models=int(rng.integers(4, 9)))
    people = stage.people(count, clients=clients, fresh=0.15, place=int(rng.integers(31)))
    where = stage.where(people, who, wifi=0.0)
    dwell = stage.reading(size, rng.uniform(7, 16), rng.uniform(0.5, 0.7))
    return stage.cast(people, at, stage.target(), who=who, dwell=dwell, where=where)


@attack("Careful", 300, 4000)
def careful_orders(stage: Stage, size: int) -> Part:
    """A seller who knows the signals: warmed-up accounts, the public's browsers and networks, human reading times.
    Only the orders show: lots of 50-300 votes for one client, each served within 40-150 minutes."""
    rng = stage.rng
    lot = int(rng.choice([50, 100, 200, 300]))
    begins = np.array([moment(stage, room=3) for _ in range(-(-size // lot))])
    order = np.arange(size)
    at = fold(stage, begins[order // lot] + rng.integers(int(rng.uniform(40, 150)) * MINUTE, size=size))
    return stage.cast(stage.people(size, fresh=0.3), at, stage.target(), dwell=stage.reading(size, 12, 0.7))


@attack("Guarantee", 300, 4000)
def guarantee(stage: Stage, size: int) -> Part:
    """A guaranteed place (保票): every night within 10-50 minutes before midnight as many votes as the rival is
    ahead; a pool of accounts is used again, residential addresses, 10-30 models, reading 2-9 s."""
    rng = stage.rng
    weights = rng.dirichlet(np.full(last_day(stage) + 1, 2.0))
    day = np.sort(rng.choice(len(weights), size, p=weights))
    before = (rng.random(size) * rng.uniform(10, 50) * MINUTE).astype(np.int64)
    at = on_day(stage, day, 24 * HOUR - 1 - before)
    who = shifts(stage, at, max(20, size // 6))
    count = int(who.max()) + 1
    clients = stage.clients.some(count, "wx_android", "wx_ios", models=int(rng.integers(10, 31)))
    people = stage.people(count, clients=clients, fresh=0.5)
    dwell = stage.reading(size, rng.uniform(2, 9), 0.35)
    return stage.cast(people, at, stage.target(), who=who, dwell=dwell, where=stage.net.residential(size))


@attack("Replay", 400, 5000)
def mini_replay(stage: Stage, size: int) -> Part:
    """Replayed calls of the mini program's interface with captured sessions: no report of the page, often no language,
    waits of exactly 2, 3 or 5 s and the network's delay, a dial-up pool of 20-80 /24s, 3-10 browsers."""
    rng = stage.rng
    clients = stage.clients.some(size, "mini_android", "mini_ios", models=int(rng.integers(3, 11)))
    people = stage.people(size, clients=clients, fresh=0.4)
    at = train(stage, rng.exponential(12 * stage.shift(), size))
    dwell = rng.choice([2.0, 3.0, 5.0], size) + rng.gamma(2, 0.06, size)
    odd = NO_REPORT | np.where(rng.random(size) < 0.6, NO_LANGUAGE, 0)
    where = stage.net.pool(size, int(rng.integers(20, 80)))
    return stage.cast(people, at, stage.target(), dwell=dwell, where=where, odd=odd)


@attack("Coins", 400, 5000, scripted=False)
def coin_app(stage: Stage, size: int) -> Part:
    """An app that pays coins for a vote after a countdown of 5-15 s: real people of the whole country in the app's
    browser, who press as soon as they may (0.3-2.5 s later), come from a foreign page and return for the coins."""
    rng = stage.rng
    who, day = attend(stage, size, again=0.35)
    count = int(who.max()) + 1
    at = on_day(stage, day, hours(stage, size))
    clients = stage.clients.some(count, "web_android")
    dwell = int(rng.integers(5, 16)) + 0.3 + rng.gamma(1.6, 0.6, size)
    paid = rng.choice(stage.entries, int(rng.integers(1, 4)), replace=False)
    people = stage.people(count, clients=clients, fresh=0.85)
    return stage.cast(people, at, paid[day % len(paid)], who=who, dwell=dwell, odd=FOREIGN_PAGE)


@attack("NetCafe", 100, 1200, scripted=False)
def net_cafe(stage: Stage, size: int) -> Part:
    """A hired net café: 30-80 alike PCs behind one address, bought accounts that a few people work through in
    shifts of 2-5 hours by night; tokens are cleared at every restart; 5-12 s of reading."""
    rng = stage.rng
    shifts_, place = int(rng.integers(1, 5)), int(rng.integers(31))
    begins = on_day(stage, rng.integers(last_day(stage), size=shifts_), np.full(shifts_, 22 * HOUR))
    lasting = (rng.random(size) * rng.uniform(2, 5) * HOUR).astype(np.int64)
    at = fold(stage, begins[rng.integers(shifts_, size=size)] + lasting)
    people = stage.people(size, clients=stage.clients.some(size, "desktop", models=2), fresh=1.0, place=place)
    where = stage.net.site(1, place).take(np.zeros(size, np.int64))
    return stage.cast(people, at, stage.target(), dwell=stage.reading(size, rng.uniform(5, 12), 0.5), where=where)


@attack("Reserve", 200, 2500)
def reserve(stage: Stage, size: int) -> Part:
    """A hybrid of A8 and A9: a group's real backers are told to hand in their codes, and a script casts the votes
    with their old accounts on the last two evenings in bursts of 20-60 minutes, over residential proxies."""
    rng = stage.rng
    bursts = stage.closes - (rng.uniform(0.8, 30, 4) * HOUR).astype(np.int64)
    at = np.minimum(fade(stage, size, 0, rng.uniform(6, 20)) + bursts[rng.integers(4, size=size)], stage.closes - 1)
    people = stage.people(size, fresh=0.1)
    where = stage.where(people, np.arange(size)).unless(rng.random(size) < 0.7, stage.net.residential(size))
    return stage.cast(people, at, stage.target(), dwell=stage.reading(size, rng.uniform(3, 8), 0.4), where=where)
