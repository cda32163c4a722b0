"""Further honest crowds, M1 to M4, which the research page does not list."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from loadtests.hands.stranger.clock import DAY, HOUR, MINUTE
from loadtests.hands.stranger.dice import Rng, around, chance, numbers, pick, same
from loadtests.hands.stranger.lookalikes import inside, mixed, mostly, workday
from loadtests.hands.stranger.people import ENTRY, SCAN, WEIBO, WIFI, Sort, days_of, gather, visits, whereabouts
from loadtests.hands.stranger.rows import Rows
from loadtests.hands.stranger.scene import Scene


def fan_club(scene: Scene, rng: Rng, ballots: int) -> Rows:
    """M1: a star's fans all over the country check in daily, many right after midnight when the quota is new."""
    back = rng.uniform(0.5, 0.85)
    size = max(15, round(ballots / (1 + 7 * back)))
    people = gather(scene, rng, size, Sort(wechat=rng.uniform(0.3, 0.7), crowded=1.02, speed=0.6))
    who, day = days_of(scene, rng, np.full(size, back), numbers(rng, 0, 4, size))
    midnight = chance(rng, rng.uniform(0.3, 0.6), len(who))
    hours = np.where(midnight, around(rng, 0.12, 1, len(who)), rng.normal(20.5, 1.8, len(who)) % 24)
    at = scene.window.midnight(0) + day * DAY + (hours * HOUR).astype(np.int64)
    entry = mostly(scene, rng, scene.one(rng), 0.98, len(who))
    page = np.where(chance(rng, 0.5, len(who)), WEIBO, 0) + ENTRY
    return replace(visits(scene, rng, people, (who, at, entry)), page=page)


def hall(scene: Scene, rng: Rng, ballots: int) -> Rows:
    """M2: guests of a gala scan the code on the screen after each of several pitches, on its Wi-Fi or their phones."""
    region = int(scene.networks.region(rng, 1)[0])
    people = gather(scene, rng, ballots, Sort(wechat=rng.uniform(0.93, 1), fresh=0.93, region=region, crowded=1.1))
    pitched = scene.clients(rng, int(rng.integers(3, 7)))
    turn = pick(rng, rng.dirichlet(np.full(len(pitched), 3.0)), ballots)
    start = scene.window.midnight(int(rng.integers(1, scene.window.days - 1))) + rng.uniform(14, 20) * HOUR
    after = rng.gamma(1.5, rng.uniform(1, 4), ballots) + turn * rng.uniform(9, 20)
    at = (start + after * MINUTE).astype(np.int64)
    entry = np.where(chance(rng, 0.85, ballots), pitched[turn], pitched[numbers(rng, 0, len(pitched), ballots)])
    who = np.arange(ballots)
    place = inside(rng, scene.networks.site(rng, int(rng.integers(1, 5))), ballots)
    place = mixed(rng, place, whereabouts(scene, rng, people, who, at), rng.uniform(0.2, 0.7))
    return visits(scene, rng, people, (who, at, entry), place=place, page=SCAN, hurry=rng.uniform(0.4, 0.9))


def overseas(scene: Scene, rng: Rng, ballots: int) -> Rows:
    """M3: students and emigrants vote for their home's entries: foreign lines and clocks, awake at Beijing's night."""
    zones = np.array(["America/Los_Angeles", "America/New_York", "Europe/London", "Australia/Sydney", "Asia/Tokyo"])
    offset = np.array([-15.0, -12.0, -7.0, 2.0, 1.0])
    made = scene.catalogue
    base = [(int(each), int(rng.integers(5))) for kind, count in (("wechat_ios", 20), ("wechat_android", 14),
            ("iphone", 8), ("desktop", 10)) for each in made.of(rng, kind, count)]  # fmt: skip
    pool = np.array([made.changed(each, timezone=str(zones[zone])) for each, zone in base])
    people = gather(scene, rng, ballots, Sort(fresh=0.7, profiles=np.arange(len(pool))))
    zone = np.array([each for _, each in base])[people.profile]
    openid = np.array([made.profiles[each].channel != "web" for each in pool])[people.profile]
    people = replace(people, profile=pool[people.profile])
    people = replace(people, device=np.where(openid, scene.serials(ballots), people.voter))
    window = scene.window
    at = scene.rhythm.draw(rng, ballots) - (offset[zone] * HOUR).astype(np.int64)
    at = window.opens + (at - window.opens) % (window.closes - window.opens)
    entry = mostly(scene, rng, scene.one(rng), rng.uniform(0.3, 0.8), ballots)
    place = (scene.networks.foreign(rng, ballots), np.where(chance(rng, 0.6, ballots), WIFI, 1))
    return visits(scene, rng, people, (np.arange(ballots), at, entry), place=place)


def state_firm(scene: Scene, rng: Rng, ballots: int) -> Rows:
    """M4: branches of a firm with one standard computer, whose traffic leaves by a rented cloud; Windows WeChat."""
    standard = scene.catalogue.of(rng, "wechat_desktop", 2)
    browser = scene.catalogue.of(rng, "desktop", 1)
    pool = np.concatenate([standard, standard, browser])
    people = gather(scene, rng, ballots, Sort(profiles=pool, fresh=rng.uniform(0.6, 0.9)))
    start = scene.window.midnight(workday(scene, rng)) + rng.uniform(8.6, 14) * HOUR
    at = (start + rng.gamma(1.3, rng.uniform(40, 120), ballots) * MINUTE).astype(np.int64)
    exits = scene.networks.hosts(rng, int(rng.integers(1, 4)), ballots, abroad=0.0, each=2)
    entry = mostly(scene, rng, scene.one(rng), rng.uniform(0.5, 0.85), ballots)
    return visits(scene, rng, people, (np.arange(ballots), at, entry), place=(exits, same(WIFI, ballots)))
