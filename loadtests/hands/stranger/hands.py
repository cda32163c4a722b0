"""Attacks of the research page with real phones and mostly real people: A5, A7 and A8."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from loadtests.hands.stranger.clock import DAY, HOUR, MINUTE
from loadtests.hands.stranger.dice import Ints, Rng, around, chance, numbers, same, shifted, whole
from loadtests.hands.stranger.people import ENTRY, FRIEND, GROUP, WIFI, Sort, gather, visits, whereabouts
from loadtests.hands.stranger.rows import Rows
from loadtests.hands.stranger.scene import Scene


def task_days(scene: Scene, rng: Rng, count: int) -> Ints:
    """Consecutive full days on which a seller works."""
    room = max(scene.window.days - 2, 1)
    count = min(count, room)
    return 1 + int(rng.integers(0, room - count + 1)) + np.arange(count)


def phone_farm(scene: Scene, rng: Rng, ballots: int) -> Rows:
    """A5: racks of alike phones with some accounts each, started in turn a few seconds apart, day after day."""
    each = whole(rng, 3, 3)
    days = task_days(scene, rng, int(rng.integers(2, 8)))
    phones = max(5, round(ballots / (each * len(days))))
    models = scene.catalogue.models(rng, "wechat_android", int(rng.integers(2, 6)))
    region = int(scene.networks.region(rng, 1)[0])
    people = gather(scene, rng, phones * each, Sort(region=region, fresh=0.7, profiles=models, speed=0.3))
    phone = np.arange(phones * each) // each
    # The accounts of a phone share it, in most farms also its token.
    shared = people.device[phone * each] if rng.random() < 0.6 else people.device
    people = replace(people, device=shared, profile=people.profile[phone * each], odd=people.odd * 0)
    people = replace(people, lag=people.lag[phone * each])
    who, turn = np.tile(np.arange(phones * each), len(days)), np.repeat(np.arange(len(days)), phones * each)
    stagger = shifted(rng, 3, 3) * 1000
    hours = rng.uniform(9, 20, len(days))
    at = scene.window.midnight(0) + days[turn] * DAY + (hours[turn] * HOUR).astype(np.int64)
    lap = phones * stagger + shifted(rng, 20, 60) * 1000
    at = at + (phone[who] * stagger + (who % each) * lap + rng.normal(0, stagger / 6, len(who))).astype(np.int64)
    wifi = scene.networks.site(rng, int(rng.integers(2, 5)))
    _, net = whereabouts(scene, rng, people, who, at)
    mobile = scene.networks.mobile(rng, people.region[who], people.carrier[who], people.six[who])
    inside = (chance(rng, rng.uniform(0.4, 0.9), phones))[phone[who]]
    place = (mobile.where(inside, wifi.take(phone[who] % len(wifi))), np.where(inside, WIFI, np.maximum(net, 1)))
    return visits(scene, rng, people, (who, at, same(scene.one(rng), len(who))), place=place, hurry=0.6)


def click_farm(scene: Scene, rng: Rng, ballots: int) -> Rows:
    """A7: paid clickers with phones of their own work through the day's task for one of several clients."""
    clients = scene.clients(rng, whole(rng, 5, 5, 2))
    days = task_days(scene, rng, int(rng.integers(3, 9)))
    active = rng.uniform(0.5, 0.9)
    size = max(12, round(ballots / (active * len(days))))
    people = gather(scene, rng, size, Sort(wechat=rng.uniform(0.6, 1), speed=rng.uniform(0.3, 0.6), crowded=1.05))
    who, turn = (each.astype(np.int64) for each in np.nonzero(rng.random((size, len(days))) < active))
    # Not all groups of clickers begin with the same client.
    team = numbers(rng, 0, int(rng.integers(1, 4)), size)
    entry = clients[(turn + team[who]) % len(clients)]
    opening = rng.uniform(9, 22, (len(days), 4))[turn, team[who]]
    length = shifted(rng, 25, 45)
    at = scene.window.midnight(0) + days[turn] * DAY + (opening * HOUR).astype(np.int64)
    at = at + (length * MINUTE * rng.beta(1.1, 1.8, len(who))).astype(np.int64)
    return visits(scene, rng, people, (who, at, entry), page=GROUP + ENTRY)


def mutual_groups(scene: Scene, rng: Rng, ballots: int) -> Rows:
    """A8: groups whose members vote for each other's entries in the posted order for red packets, and now and then
    for somebody else, out of conviction or to hide it; these ballots count as the campaign's too."""
    posted = scene.clients(rng, whole(rng, 8, 8, 3))
    groups = whole(rng, 6, 6, 2)
    active = rng.uniform(0.35, 0.8)
    days = task_days(scene, rng, min(len(posted), scene.window.days - 2))
    size = max(15, round(ballots / (active * len(days))))
    people = gather(scene, rng, size, Sort(wechat=1.0, speed=rng.uniform(0.5, 0.9), crowded=1.1))
    group = numbers(rng, 0, groups, size)
    who, turn = (each.astype(np.int64) for each in np.nonzero(rng.random((size, len(days))) < active))
    lead = numbers(rng, 0, 2, groups)[group[who]]
    own = chance(rng, min(0.6, shifted(rng, 0.3, 0.3)), len(who))
    entry = np.where(own, scene.choices(rng, len(who)), posted[(turn + lead) % len(posted)])
    call = rng.uniform(9, 22.5, (len(days), groups))[turn, group[who]]
    delay = around(rng, shifted(rng, 70, 70) / 2.5, 0.9, len(who))
    at = scene.window.midnight(0) + days[turn] * DAY + ((call * 60 + delay) * MINUTE).astype(np.int64)
    at = np.where(own, at + (rng.normal(0, 3, len(who)) * HOUR).astype(np.int64), at)
    return visits(scene, rng, people, (who, at, entry), page=int(rng.choice([GROUP, FRIEND])))
