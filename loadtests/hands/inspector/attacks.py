"""Attacks: the research page's (A, 5.2) with parameters drawn per campaign from its ranges, and those of practice that
it does not list (S); each makes about `n` ballots."""

from __future__ import annotations

import numpy as np

from loadtests.hands.inspector import stage as odd
from loadtests.hands.inspector.clock import DAY, HOUR, MINUTE, Ints
from loadtests.hands.inspector.stage import ANDROID, PC, WEB, WECHAT, Draft, Family, Stage

_BROKEN = (odd.NO_LANGUAGE, odd.NO_FETCH, odd.NO_REFERER, odd.NO_REPORT, odd.NO_HINTS)


def single_host(stage: Stage, n: int) -> Draft:
    """A1: 1-4 addresses (firm or data centre), fixed gap of 1-5 s +-5 %, one face, 0.4-1.2 s, cookies cleared."""
    rng = stage.rng
    gap, hosted = rng.uniform(1, 5) * 1000, bool(rng.random() < 0.5)
    at = stage.clock.start(gap * n) + np.cumsum(gap * rng.uniform(0.95, 1.05, n)).astype(np.int64)
    ip, asn = stage.networks.hosts(1) if hosted else stage.networks.firms(1, stage.region())
    lines = ip + rng.integers(1, 1 + rng.integers(1, 5), n), np.repeat(asn, n)
    draft = stage.script(at, stage.fleet.pick(1, WEB), lines, rng.integers(400, 1200, n))
    draft.hosting[:], draft.odd[:] = hosted, rng.choice([odd.NO_REPORT, odd.NO_FETCH, odd.NO_LANGUAGE])
    return draft


def proxy_pool(stage: Stage, n: int, entry: Ints | None = None) -> Draft:
    """A2: 40-80 /24s of data centres, 20 user agents, exponential gaps of 10-40 s, half with broken headers."""
    rng = stage.rng
    lines = stage.pool(stage.networks.hosts(min(max(8, n // 6), int(rng.integers(40, 80)))), n)
    dwell = stage.reading(n, rng.uniform(1.5, 5), 0.3, 0.6)
    draft = stage.script(stage.run(n, 10, 40), stage.fleet.pick(20, WEB), lines, dwell, entry)
    draft.odd, draft.hosting[:] = np.where(rng.random(n) < 0.5, rng.choice(_BROKEN, n), draft.odd), 1
    return draft


def framing(stage: Stage, n: int) -> Draft:
    """A11: a blatant A2 in favour of a rival among the first eight."""
    return proxy_pool(stage, n, stage.rng.choice(np.argsort(-stage.popular)[:8], 1))


def residential(stage: Stage, n: int) -> Draft:
    """A3: a new home address each, 50 user agents, 30 % contradictory hints, gaps of 15-60 s."""
    dwell = stage.reading(n, stage.rng.uniform(3, 9), 0.35, 1)
    draft = stage.script(stage.run(n, 15, 60), stage.fleet.pick(50, WEB), stage.networks.exits(n), dwell)
    draft.odd = np.where(stage.rng.random(n) < 0.3, odd.CONTRARY, draft.odd)
    return draft


def second_dial(stage: Stage, n: int) -> Draft:
    """A4: 40-80 /24s of home lines that dial anew each time, 8 models, gaps of 8-40 s."""
    lines = stage.pool(stage.networks.dialled(min(max(8, n // 6), int(stage.rng.integers(40, 80)))), n)
    dwell = stage.reading(n, stage.rng.uniform(3, 8), 0.25, 1)
    return stage.script(stage.run(n, 8, 40), stage.fleet.pick(8, ANDROID), lines, dwell)


def phone_farm(stage: Stage, n: int) -> Draft:
    """A5: 150-500 phones of 3 models with 3 accounts each, 3 s apart, 3 Wi-Fi addresses and mobile data, daily."""
    rng = stage.rng
    phones = int(np.clip(n // rng.integers(5, 13), 8, rng.integers(150, 500)))
    who, day = stage.daily(phones * 3, stage.days(-(-n // (phones * 3))), 1.0)
    at = stage.clock.on(day, rng.uniform(9, 20)) + (who * rng.uniform(2.5, 3.5) * 1000).astype(np.int64)
    draft = stage.honest(who, at + rng.integers(0, 900, len(at)), stage.clients(), stage.region())
    draft.gadget, draft.token, draft.odd[:] = who % phones, who.copy(), odd.PLAIN
    draft.profile = stage.fleet.pick(3, WECHAT & ANDROID)[draft.gadget % 3]
    ip, asn = stage.networks.firms(3, stage.region())
    draft.net[:] = odd.LTE
    draft.move((ip[draft.gadget % 3], asn[draft.gadget % 3]), rng.random(len(at)) < 0.7)
    draft.dwell = stage.reading(len(at), rng.uniform(4, 9), 0.2)
    return draft


def click_farm(stage: Stage, n: int) -> Draft:
    """A7: 900-2 500 real people's phones, 5 clients in rotation, one task window of 25-45 min a day for 4-7 days."""
    rng = stage.rng
    days = stage.days(int(rng.integers(4, 8)))
    who, day = stage.daily(max(12, int(n / len(days) / 0.78)), days, 0.8)
    at = stage.clock.on(day, rng.uniform(11, 22, 12)[day]) + rng.integers(0, rng.integers(25, 45) * MINUTE, len(day))
    draft = stage.honest(who, at, stage.clients(5)[(day + who % 2) % 5])
    draft.dwell = stage.reading(len(at), rng.uniform(6, 10), 0.5)
    return draft


def mutual(stage: Stage, n: int) -> Draft:
    """A8: up to 6 groups of 250-500 real people, 8 entries in posted order, 30 % camouflage, 70 min of spread."""
    rng = stage.rng
    days = stage.days(8)
    people = max(12, int(n / len(days) / 0.6))
    who, day = stage.daily(people, days, 0.62)
    group = who % max(1, min(6, people // 250))
    posted = stage.clock.on(day, rng.uniform(10, 22, (6, 12))[group, day])
    draft = stage.honest(who, posted + rng.exponential(35 * MINUTE, len(day)).astype(np.int64))
    hidden = rng.random(len(day)) < 0.3
    draft.entry = np.where(hidden, draft.entry, stage.clients(8)[(day + group) % 8])
    draft.at = np.where(hidden, stage.clock.moments(day), draft.at)
    return draft


def blitz(stage: Stage, n: int) -> Draft:
    """A9: all within the last 2 hours, ever faster, residential addresses, 30-60 faces, 1.5-6 s."""
    rng = stage.rng
    at = stage.clock.closes - 2 * HOUR + (rng.power(rng.uniform(1, 1.8), n) * 2 * HOUR).astype(np.int64)
    faces = stage.fleet.pick(int(rng.integers(30, 61)))
    return stage.script(at, faces, stage.networks.exits(n), rng.integers(1500, 6000, n))


def drip(stage: Stage, n: int) -> Draft:
    """A10: spread flat over all ten days and nights, genuine programs, human reading times, mobile and homes."""
    at = stage.clock.opens + np.sort(stage.rng.integers(0, 10 * DAY, n))
    draft = stage.honest(np.arange(n), at, stage.clients())
    draft.token, draft.lead = np.arange(n), stage.rng.integers(200, 6000, n)
    draft.dwell = stage.reading(n, stage.rng.uniform(9, 16), stage.rng.uniform(0.45, 0.65), 2)
    return draft


def embed(stage: Stage, n: int) -> Draft:
    """A12: visitors of other sites vote unknowingly on 2-6 days: real browsers, under 0.5 s, cross-site metadata."""
    rng = stage.rng
    at = stage.clock.moments(rng.choice(stage.days(int(rng.integers(2, 7))), n))
    draft = stage.honest(np.arange(n), at, stage.clients())
    draft.token, draft.lead, draft.odd[:] = np.arange(n), rng.integers(0, 60, n), odd.CROSS
    draft.dwell = rng.integers(60, 480, n)
    return draft


def waves(stage: Stage, n: int) -> Draft:
    """A14: 1-3 waves a client of 95-513 votes at 0.2-4.4/s, accounts registered in a row, 2-5 /24s, 3-6 faces."""
    rng = stage.rng
    wave = np.repeat(np.arange(2 + n // 95), rng.integers(95, 514, 2 + n // 95))[:n]
    count = int(wave[-1]) + 1
    step = np.cumsum(rng.exponential(1, n) * 1000 / np.exp(rng.uniform(np.log(0.2), np.log(4.4), count))[wave])
    begin = np.array([stage.clock.start(HOUR) for _ in range(count)]) - step[np.searchsorted(wave, np.arange(count))]
    clients = stage.clients(min(count, 8))[np.repeat(np.arange(count), rng.integers(1, 4, count))[:count] % 8]
    lines = stage.pool(stage.networks.dialled(int(rng.integers(2, 6))), n)
    faces, dwell = stage.fleet.pick(int(rng.integers(3, 7)), WECHAT), stage.reading(n, rng.uniform(1.5, 4), 0.2, 0.8)
    return stage.script((begin[wave] + step).astype(np.int64), faces, lines, dwell, clients[wave])


def hugger(stage: Stage, n: int) -> Draft:
    """A16: a vote from each address every 10, 30 or 60 min plus one, day and night, a browser of its own each."""
    rng = stage.rng
    gap = (int(rng.choice([10, 30, 60])) + 1) * MINUTE
    lines = max(3, n // int(rng.integers(20, 150)))
    line, turn = np.arange(n) % lines, np.arange(n) // lines
    start = stage.clock.start(float((turn[-1] + 1) * gap + HOUR)) + rng.integers(0, gap, lines)
    at = start[line] + turn * gap + rng.integers(0, 25_000, n)
    (ip, asn), faces = stage.networks.exits(lines), stage.fleet.pick(lines, WEB)
    draft = stage.script(at, faces, (ip[line], asn[line]), stage.reading(n, rng.uniform(3, 9), 0.25, 1))
    draft.profile, draft.gadget = faces[line], line
    return draft


def aged_bank(stage: Stage, n: int) -> Draft:
    """S1: bought WeChat accounts with tokens 20-60 days old; a script signs in with each every day in the same order,
    first for three decoys, then for the client, through 4-12 mobile addresses; 7-12 s, narrow."""
    rng = stage.rng
    days = stage.days(int(rng.integers(5, 10)))
    accounts = max(8, int(n / len(days) / 0.9))
    who, day = stage.daily(accounts, days, 0.93)
    turn = (who + rng.normal(0, 0.4, len(who))) * rng.uniform(3, 8) * HOUR / accounts
    early = (day - days[0] < 2) & (rng.random(len(day)) < 0.7)
    entry = np.where(early, stage.liked(3)[who % 3], stage.clients())
    draft = stage.honest(who, stage.clock.on(day, rng.uniform(8, 15)) + turn.astype(np.int64), entry)
    ip, asn = stage.networks.mobile(np.full(12, stage.region() * 3))
    modem = who % rng.integers(4, 13)
    draft.move((ip[modem], asn[modem]), net=odd.LTE)
    draft.profile, draft.token, draft.odd[:] = stage.fleet.pick(accounts, WECHAT & ANDROID)[who], who.copy(), 0
    draft.lead = (rng.uniform(20, 60, accounts) * DAY).astype(np.int64)[who]
    draft.dwell = stage.reading(len(who), rng.uniform(7, 12), 0.22)
    return draft


def hidden_kit(stage: Stage, n: int) -> Draft:
    """S2: an advertising kit in cheap apps votes unseen from real people's phones: no report of the page or no fetch
    metadata, 0.7-2.5 s, by the public's clock on 2-6 days, one ballot a device."""
    rng = stage.rng
    at = stage.clock.moments(rng.choice(stage.days(int(rng.integers(2, 7))), n))
    draft = stage.honest(np.arange(n), at, stage.clients())
    draft.profile, draft.token, draft.lead = stage.fleet.pick(n, WEB & ANDROID), np.arange(n), rng.integers(80, 900, n)
    draft.odd = np.where(rng.random(n) < 0.6, odd.NO_REPORT, odd.NO_FETCH)
    draft.dwell = rng.integers(700, 2500, n)
    return draft


def stand(stage: Stage, n: int) -> Draft:
    """S3 (people): a stand gives eggs for a scan: passers-by with their own phones, 10:00-18:00 on 1-5 days, a vote
    every 15-60 s, shown the button (4-7 s), mobile data of one city, 45 % the stand's own router."""
    rng, region = stage.rng, stage.region()
    days = stage.days(int(np.clip(n // 300, 1, rng.integers(2, 6))))
    day = days[np.arange(n) % len(days)]
    span = min(8.0, n / len(days) * rng.uniform(15, 60) / 3600)
    at = stage.clock.on(day, 10 + rng.uniform(0, 8 - span) + rng.random(n) * span)
    draft = stage.honest(np.arange(n), at, stage.clients(), region)
    draft.move(stage.networks.mobile(stage.networks.cells(np.full(n, region))), net=odd.NR)
    stage.site(draft, 1, region, 0.45)
    draft.profile = stage.fleet.pick(n, WECHAT & ~PC)
    draft.token, draft.lead = np.arange(n), rng.integers(200, 2500, n)
    draft.dwell = stage.reading(n, rng.uniform(4, 7), 0.35, 2)
    return draft


def exchange(stage: Stage, n: int) -> Draft:
    """S4 (people): an exchange where people earn points: 6-15 clients, each member takes an open task on 75 % of the
    days at any hour of the day, in no order; 20 % of the ballots are for their own favourites."""
    rng, days = stage.rng, stage.days(9)
    who, day = stage.daily(max(10, int(n / len(days) / 0.73)), days, 0.75)
    draft = stage.honest(who, stage.clock.moments(day))
    board = stage.clients(int(rng.integers(6, 16)))
    task = board[(rng.random(len(day)) ** 1.3 * len(board)).astype(np.int64)]
    draft.entry = np.where(rng.random(len(day)) < 0.2, draft.entry, task)
    draft.dwell = stage.reading(len(day), rng.uniform(6, 11), 0.55)
    return draft


ATTACKS = {
    "A1": Family(single_host, 800, 4000, scripted=True),
    "A2": Family(proxy_pool, 1000, 4500, scripted=True),
    "A3": Family(residential, 1000, 4000, scripted=True),
    "A4": Family(second_dial, 1000, 4000, scripted=True),
    "A5": Family(phone_farm, 900, 4500, scripted=True),
    "A7": Family(click_farm, 3000, 8000),
    "A8": Family(mutual, 2500, 9000),
    "A9": Family(blitz, 2000, 6000, scripted=True),
    "A10": Family(drip, 2500, 6000, scripted=True),
    "A11": Family(framing, 1000, 4500, scripted=True),
    "A12": Family(embed, 700, 3000, scripted=True),
    "A14": Family(waves, 900, 3500, scripted=True),
    "A16": Family(hugger, 700, 3000, scripted=True),
    "S1": Family(aged_bank, 800, 3000, scripted=True),
    "S2": Family(hidden_kit, 700, 3000, scripted=True),
    "S3": Family(stand, 500, 2500),
    "S4": Family(exchange, 1500, 5000),
}
