"""Honest crowds: the research page's look-alikes (L, 5.3), and those of practice that it does not list (P); each makes
about `n` ballots of real people."""

from __future__ import annotations

import numpy as np

from loadtests.hands.inspector import stage as codes
from loadtests.hands.inspector.clock import HOUR, MINUTE
from loadtests.hands.inspector.stage import ANDROID, PC, WEB, WECHAT, Draft, Family, Stage

_BARE = (codes.PLAIN, codes.PLAIN, codes.PLAIN, codes.NO_LANGUAGE, codes.NO_REFERER, codes.NO_FETCH)


def office(stage: Stage, n: int) -> Draft:
    """L1: 40-700 staff behind 1-3 addresses, 70 % for one entry, working hours of 1-3 days, half on computers."""
    rng, region, days = stage.rng, stage.region(), stage.days(int(stage.rng.integers(1, 4)))
    who, day = stage.daily(max(8, int(n / (1 + 0.35 * (len(days) - 1)))), days, 0.35, rise=True)
    at = stage.clock.on(day, rng.choice([10.0, 13.0, 16.0], len(day)) + rng.normal(0, 1.5, len(day)).clip(-3, 5))
    draft = stage.honest(who, at, None, region)
    draft.entry = np.where(stage.of(who, 0.7), stage.liked(), draft.entry)
    draft.profile = np.where(stage.of(who, 0.45), stage.fleet.pick(n + 8, PC)[who % n], draft.profile)
    stage.site(draft, int(rng.integers(1, 4)), region, 0.93)
    return draft


def school(stage: Stage, n: int) -> Draft:
    """L2: 200-1 800 pupils behind 1-2 addresses, 45 % on identical lab computers, 90 % for one entry, 22 min."""
    rng, region = stage.rng, stage.region()
    lesson = stage.clock.on(rng.choice(stage.clock.days, 1), rng.choice([9.2, 10.3, 14.6, 15.9]))
    draft = stage.honest(np.arange(n), lesson + rng.integers(0, 22 * MINUTE, n), None, region)
    draft.entry = np.where(rng.random(n) < 0.9, stage.liked(), draft.entry)
    lab = rng.random(n) < 0.45
    draft.profile, draft.gadget = np.where(lab, stage.fleet.pick(1, PC), draft.profile), np.where(lab, n, draft.gadget)
    draft.token, draft.odd = np.where(lab, np.arange(n), draft.token), np.where(lab, 0, draft.odd)
    draft.lead = np.where(lab, rng.integers(300, 20_000, n), draft.lead)
    stage.site(draft, int(rng.integers(1, 3)), region, np.where(lab, 1.0, 0.6))
    return draft


def shared_nat(stage: Stage, n: int) -> Draft:
    """L3: strangers behind three addresses of one carrier's NAT, all entries, all days."""
    draft, spot = stage.public(n), stage.region() * 3
    ip, asn = stage.networks.mobile(np.full(3, spot))
    line = stage.rng.integers(0, 3, len(draft.at))
    draft.move((ip[line], asn[line]), net=codes.NR)
    return draft


def viral_group(stage: Stage, n: int) -> Draft:
    """L4: up to 500 members of a WeChat group, fresh tokens, decay of 25 min, one entry, one region, often mobile."""
    rng = stage.rng
    posted = stage.clock.on(rng.choice(stage.clock.days, 1), rng.uniform(10, 21.5))
    at = posted + rng.exponential(25 * MINUTE, n).astype(np.int64)
    draft = stage.honest(np.arange(n), at, stage.liked(), stage.region())
    draft.profile = stage.fleet.pick(n, WECHAT)
    draft.lead = np.where(rng.random(n) < 0.93, rng.integers(300, 15_000, n), draft.lead)
    return draft


def employer(stage: Stage, n: int) -> Draft:
    """L5: 300-2 500 staff reminded at 09:00 of 5-9 days, one entry, 70 % come back daily, firm Wi-Fi or own."""
    rng, region, days = stage.rng, stage.region(), stage.days(int(stage.rng.integers(5, 10)))
    who, day = stage.daily(max(10, int(n / len(days) / 0.7)), days, 0.7, rise=True)
    at = stage.clock.on(day, 8.9) + (rng.gamma(1.6, 13, len(day)) * MINUTE).astype(np.int64)
    draft = stage.honest(who, at, stage.liked(), region)
    stage.site(draft, int(rng.integers(1, 5)), region, 0.55)
    draft.dwell = stage.reading(len(at), 8)
    return draft


def livestream(stage: Stage, n: int) -> Draft:
    """L6: 3-12 k viewers within some 10 min of a host's call, one entry, many new, in a hurry."""
    rng = stage.rng
    called = stage.clock.on(rng.choice(stage.clock.days, 1), rng.uniform(19.5, 22.5))
    at = called + (rng.gamma(1.4, 2.8, n) * MINUTE).astype(np.int64)
    draft = stage.honest(np.arange(n), at, stage.liked())
    draft.dwell = stage.reading(n, 7)
    return draft


def deadline(stage: Stage, n: int) -> Draft:
    """L7: the last 3 hours: everybody's followers remember, the leaders' most."""
    rng = stage.rng
    draft = stage.honest(np.arange(n), stage.clock.closes - 1 - (rng.exponential(0.7, n).clip(0, 3) * HOUR).astype(int))
    weight = stage.popular**1.3
    hot = rng.choice(stage.entries, n, p=weight / weight.sum())
    draft.entry = np.where(rng.random(n) < 0.5, hot, draft.entry)
    draft.dwell = (draft.dwell * 0.75).astype(np.int64) + 600
    return draft


def kiosk(stage: Stage, n: int) -> Draft:
    """L8: a library's computer: one model, tokens cleared, 60-250 people a day in opening hours, half for 4 entries."""
    rng, region = stage.rng, stage.region()
    day = rng.choice(stage.days(max(1, round(n / rng.integers(60, 251)))), n)
    draft = stage.honest(np.arange(n), stage.clock.on(day, 9 + 8.5 * rng.beta(1.3, 1.2, n)), None, region)
    draft.entry = np.where(rng.random(n) < 0.5, rng.choice(stage.liked(4), n), draft.entry)
    draft.profile[:] = stage.fleet.pick(1, PC)[0]
    draft.gadget[:], draft.odd[:], draft.token = 0, 0, np.arange(n)
    draft.lead = rng.integers(300, 9000, n)
    stage.site(draft, 1, region, 1.0)
    return draft


def private(stage: Stage, n: int) -> Draft:
    """L9: privacy browsers and VPNs: data-centre exits, cleared tokens, missing headers, UTC; all entries, all days."""
    rng, draft = stage.rng, stage.public(n)
    who, rows = draft.who, len(draft.at)
    ip, asn = stage.networks.hosts(12)
    hidden, place = stage.of(who, 0.65), rng.integers(0, 12, n)[who]
    draft.move((ip[place] + rng.integers(2, 40, rows), asn[place]), hidden)
    draft.hosting = (hidden & (rng.random(12) < 0.7)[place]).astype(np.int64)
    draft.profile = stage.fleet.pick(n, WEB)[who]
    draft.odd = rng.choice(_BARE, n)[who]
    draft.zone = np.where(stage.of(who, 0.4), codes.UTC, draft.zone)
    draft.token = np.where(rng.random(rows) < 0.6, n * 2 + np.arange(rows), who)
    draft.who = draft.token.copy()
    return draft


def small_town(stage: Stage, n: int) -> Draft:
    """L10: a small town stands by its own: 3-8 /24s of homes, one entry, many return, by the public's clock."""
    rng, draft = stage.rng, stage.public(n)
    draft.entry = np.where(stage.of(draft.who, 0.92), stage.liked(), draft.entry)
    block, asn = stage.networks.dialled(int(rng.integers(3, 9)))
    house = rng.integers(0, len(block) * 250, n)[draft.who]
    draft.move((block[house // 250] + 2 + house % 250, asn[house // 250]), rng.random(len(house)) < 0.7)
    return draft


def rota(stage: Stage, n: int) -> Draft:
    """P1: a school with 3-6 pupils in the contest: class groups post whose turn it is today, 65 % of the parents
    follow (10 % vote otherwise), at home in the evening of 5-9 days, for all its pupils in the same order."""
    rng, pupils = stage.rng, stage.liked(int(stage.rng.integers(3, 7)))
    days = stage.days(int(rng.integers(5, 10)))
    who, day = stage.daily(max(10, int(n / len(days) / 0.65)), days, 0.65)
    at = stage.clock.on(day, 17.2) + (rng.gamma(2, 50, len(day)) * MINUTE).astype(np.int64)
    draft = stage.honest(who, at, None, stage.region())
    draft.entry = np.where(rng.random(len(day)) < 0.1, draft.entry, pupils[(day - days[0]) % len(pupils)])
    return draft


def broadcast(stage: Stage, n: int) -> Draft:
    """P2: a television evening shows 4-10 entries in turn; after each, minutes of votes for it from sofas."""
    rng, acts = stage.rng, stage.liked(int(stage.rng.integers(4, 11)))
    act = rng.choice(len(acts), n, p=rng.dirichlet(np.full(len(acts), 3.0)))
    begin = stage.clock.on(rng.choice(stage.clock.days, 1), 19.6)
    draft = stage.honest(np.arange(n), begin + ((act * 9 + rng.gamma(1.5, 3, n)) * MINUTE).astype(np.int64))
    draft.entry = np.where(rng.random(n) < 0.85, acts[act], draft.entry)
    draft.dwell = stage.reading(n, 9)
    return draft


def midnight(stage: Stage, n: int) -> Draft:
    """P3: a fan club that checks in daily right after midnight, when the quota begins anew: practised hands (2-5 s),
    one entry, 85 % of the days."""
    rng, days = stage.rng, stage.days(9)
    who, day = stage.daily(max(8, int(n / len(days) / 0.85)), days, 0.85)
    late = rng.exponential(1, len(day)) * rng.gamma(1.2, 5, len(day))
    draft = stage.honest(who, stage.clock.on(day, late / 60), stage.liked())
    draft.dwell = stage.reading(len(day), 3.4, 0.5, 1.2)
    return draft


def helpers(stage: Stage, n: int) -> Draft:
    """P4: a home for the aged: helpers go from chair to chair, 80 chairs each, old people's few cheap phones on one
    Wi-Fi, a vote every 20-70 s from 15:00 on 3-8 days, for the home's choir or a second entry."""
    rng, region = stage.rng, stage.region()
    days = stage.days(int(rng.integers(3, 9)))
    who, day = stage.daily(max(8, int(n / len(days) / 0.8)), days, 0.8)
    stroll = (who % 80 + rng.uniform(0, 0.8, len(who))) * rng.uniform(20, 70, n)[who // 80]
    draft = stage.honest(who, stage.clock.on(day, 15 + stroll / 3600), None, region)
    draft.profile = rng.choice(stage.fleet.pick(7, WECHAT & ANDROID), n)[who]
    draft.entry = rng.choice(stage.liked(2), n, p=[0.75, 0.25])[who]
    stage.site(draft, 1, region, 1.0)
    draft.dwell = stage.reading(len(who), 16, 0.5, 4)
    return draft


def diaspora(stage: Stage, n: int) -> Draft:
    """P5: compatriots abroad for a son or daughter of their town: foreign lines and time zones, at their evening (any
    hour of Shanghai's night), 80 % for one entry, the others for a second, some on several days."""
    rng, draft = stage.rng, stage.public(n)
    ip, asn = stage.networks.hosts(n, abroad=True)
    draft.move((ip[draft.who], asn[draft.who]))
    draft.zone = rng.integers(2, 7, n)[draft.who]
    evening = np.array([0, 0, 8, 11, 3, 18, 19])[draft.zone] + rng.normal(0, 2, len(draft.at))
    draft.at = stage.clock.on(stage.clock.day(draft.at), evening % 24)
    draft.entry = rng.choice(stage.liked(2), n, p=[0.8, 0.2])[draft.who]
    return draft


CROWDS = {
    "L1": Family(office, 40, 1000),
    "L2": Family(school, 200, 1800),
    "L3": Family(shared_nat, 800, 6000),
    "L4": Family(viral_group, 60, 500),
    "L5": Family(employer, 900, 9000),
    "L6": Family(livestream, 3000, 12_000),
    "L7": Family(deadline, 2000, 8000),
    "L8": Family(kiosk, 200, 1800),
    "L9": Family(private, 800, 4000),
    "L10": Family(small_town, 400, 3000),
    "P1": Family(rota, 400, 3500),
    "P2": Family(broadcast, 1000, 6000),
    "P3": Family(midnight, 200, 2500),
    "P4": Family(helpers, 80, 900),
    "P5": Family(diaspora, 150, 1200),
}
