"""Honest crowds that look like attacks: L1 to L10 of the research page. Each maker takes the wanted ballots."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from loadtests.hands.stranger.clock import DAY, HOUR, MINUTE
from loadtests.hands.stranger.dice import Ints, Rng, chance, numbers, pick, same, shifted, whole
from loadtests.hands.stranger.people import (
    ENTRY,
    FIVE,
    GROUP,
    SCAN,
    VIDEO,
    WIFI,
    Sort,
    days_of,
    gather,
    visits,
    whereabouts,
)
from loadtests.hands.stranger.public import dated
from loadtests.hands.stranger.rows import Lines, Rows
from loadtests.hands.stranger.scene import Scene


def mostly(scene: Scene, rng: Rng, entry: int, share: float, size: int) -> Ints:
    """One entry with this share, else the public's choice."""
    return np.where(chance(rng, share, size), entry, scene.choices(rng, size))


def workday(scene: Scene, rng: Rng) -> int:
    """A day of the window on which people work."""
    return int(rng.choice(scene.window.workdays()))


def inside(rng: Rng, lines: Lines, size: int) -> tuple[Lines, Ints]:
    """Everybody behind a site's few addresses, on its Wi-Fi."""
    return lines.take(numbers(rng, 0, len(lines), size)), same(WIFI, size)


def mixed(rng: Rng, one: tuple[Lines, Ints], other: tuple[Lines, Ints], share: float) -> tuple[Lines, Ints]:
    """The first place with this share, else the other."""
    mask = chance(rng, share, len(one[0]))
    return other[0].where(mask, one[0]), np.where(mask, one[1], other[1])


def office(scene: Scene, rng: Rng, ballots: int) -> Rows:
    """L1: staff of an office behind 1 to 3 addresses, called by a colleague, in working hours."""
    daily = rng.uniform(0.02, 0.35)
    staff = max(12, round(ballots / (1 + 4 * daily)))
    who, day = days_of(scene, rng, np.full(staff, daily), same(workday(scene, rng), staff))
    people = gather(scene, rng, staff, Sort(wechat=rng.uniform(0.35, 0.8)))
    notice = np.array([scene.window.midnight(i) + rng.uniform(8.6, 15.5) * HOUR for i in range(scene.window.days)])
    at = (notice[day] + rng.exponential(shifted(rng, 60, 150) * MINUTE, len(who))).astype(np.int64)
    entry = mostly(scene, rng, scene.one(rng), min(0.95, shifted(rng, 0.6, 0.8)), len(who))
    place = inside(rng, scene.networks.site(rng, int(rng.integers(1, 4))), len(who))
    outside = whereabouts(scene, rng, people, who, at)
    return visits(scene, rng, people, (who, at, entry), place=mixed(rng, place, outside, rng.uniform(0.75, 1)))


def school(scene: Scene, rng: Rng, ballots: int) -> Rows:
    """L2: classes behind one address, nearly half at alike laboratory computers, in one lesson."""
    people = gather(scene, rng, ballots, Sort(wechat=rng.uniform(0.4, 0.9), fresh=rng.uniform(0.6, 0.95)))
    lab = chance(rng, min(0.9, shifted(rng, 0.35, 0.55)), ballots)
    machine = int(scene.catalogue.of(rng, "desktop", 1)[0])
    profile, device = np.where(lab, machine, people.profile), np.where(lab, people.voter, people.device)
    # Laboratory computers forget everything at logout.
    people = replace(people, profile=profile, device=device, lag=np.where(lab, 2, people.lag), odd=people.odd * ~lab)
    start = scene.window.midnight(workday(scene, rng)) + rng.uniform(8, 16.5) * HOUR
    at = (start + rng.gamma(2, shifted(rng, 22, 22) * MINUTE / 4, ballots)).astype(np.int64)
    entry = mostly(scene, rng, scene.one(rng), min(0.98, shifted(rng, 0.85, 0.95)), ballots)
    place = inside(rng, scene.networks.site(rng, int(rng.integers(1, 4)), school=True), ballots)
    return visits(scene, rng, people, (np.arange(ballots), at, entry), place=place, hurry=rng.uniform(0.6, 1))


def carrier_crowd(scene: Scene, rng: Rng, ballots: int) -> Rows:
    """L3: unrelated subscribers behind one to three exits of a carrier."""
    people = gather(scene, rng, ballots)
    region, carrier = scene.networks.region(rng, 1), scene.networks.carrier(rng, 1)
    lines = scene.networks.mobile(rng, region.repeat(3), carrier.repeat(3), np.zeros(3, np.bool_))
    at = scene.rhythm.draw(rng, ballots)
    where = lines.take(numbers(rng, 0, int(rng.integers(1, 4)), ballots))
    place = (where, np.where(chance(rng, 0.7, ballots), FIVE, 1))
    return visits(scene, rng, people, (np.arange(ballots), at, scene.choices(rng, ballots)), place=place)


def wechat_group(scene: Scene, rng: Rng, ballots: int) -> Rows:
    """L4: a link in a WeChat group of at most 500; it is seen at once and soon forgotten."""
    region = int(scene.networks.region(rng, 1)[0])
    size = min(ballots, 500)
    people = gather(scene, rng, size, Sort(wechat=1.0, fresh=rng.uniform(0.8, 0.98), region=region))
    start = scene.rhythm.draw(rng, 1)[0]
    at = (start + rng.exponential(shifted(rng, 25, 25) * MINUTE, size)).astype(np.int64)
    entry = mostly(scene, rng, scene.one(rng), rng.uniform(0.9, 1), size)
    return visits(scene, rng, people, (np.arange(size), at, entry), page=GROUP + int(rng.choice([0, ENTRY])), hurry=0.8)


def employer(scene: Scene, rng: Rng, ballots: int) -> Rows:
    """L5: an employer's reminder every workday at nine; most come back daily, on Wi-Fi or their own phones."""
    back = min(0.92, shifted(rng, 0.6, 0.8))
    staff = max(15, round(ballots / (1 + 7 * back)))
    who, day = days_of(scene, rng, np.full(staff, back), numbers(rng, 0, 3, staff))
    region = int(scene.networks.region(rng, 1)[0])
    people = gather(scene, rng, staff, Sort(wechat=rng.uniform(0.6, 0.95), region=region))
    usual = rng.normal(0, 12, staff)[who] + rng.exponential(shifted(rng, 35, 35), len(who))
    at = scene.window.midnight(0) + day * DAY + ((rng.uniform(8.7, 9.2) * 60 + np.abs(usual)) * MINUTE).astype(np.int64)
    entry = mostly(scene, rng, scene.one(rng), rng.uniform(0.93, 1), len(who))
    place = inside(rng, scene.networks.site(rng, int(rng.integers(1, 6))), len(who))
    outside = whereabouts(scene, rng, people, who, at)
    place = mixed(rng, place, outside, rng.uniform(0.2, 0.8))
    return visits(scene, rng, people, (who, at, entry), place=place, hurry=rng.uniform(0.5, 0.9))


def livestream(scene: Scene, rng: Rng, ballots: int) -> Rows:
    """L6: the call of somebody known, in an evening, answered within about ten minutes, with a long tail."""
    people = gather(scene, rng, ballots, Sort(wechat=rng.uniform(0.3, 0.8), fresh=rng.uniform(0.75, 0.95)))
    start = scene.window.midnight(int(rng.integers(0, scene.window.days - 1))) + rng.uniform(19, 22) * HOUR
    start = max(start, scene.window.opens + MINUTE)
    minutes = rng.gamma(1.6, shifted(rng, 10, 10) / 2.5, ballots)
    minutes = np.where(chance(rng, 0.15, ballots), minutes + rng.exponential(90, ballots), minutes)
    entry = mostly(scene, rng, scene.one(rng), rng.uniform(0.9, 0.99), ballots)
    page = int(rng.choice([SCAN, VIDEO])) + ENTRY
    at = (start + minutes * MINUTE).astype(np.int64)
    return visits(scene, rng, people, (np.arange(ballots), at, entry), page=page, hurry=rng.uniform(0.5, 0.8))


def deadline(scene: Scene, rng: Rng, ballots: int) -> Rows:
    """L7: the last hours, in which the friends of several entries remind each other."""
    people = gather(scene, rng, ballots)
    hours = np.minimum(rng.exponential(shifted(rng, 0.8, 1.2), ballots), rng.uniform(3, 6))
    at = scene.window.closes - 1000 - (hours * HOUR).astype(np.int64)
    rivals = scene.clients(rng, int(rng.integers(2, 7)))
    rallied = rivals[pick(rng, rng.dirichlet(np.ones(len(rivals))), ballots)]
    entry = np.where(chance(rng, 0.75, ballots), rallied, scene.choices(rng, ballots))
    return visits(scene, rng, people, (np.arange(ballots), at, entry), hurry=rng.uniform(0.5, 0.9))


def kiosk(scene: Scene, rng: Rng, ballots: int) -> Rows:
    """L8: a shared computer in a library or a hall; everybody finds it cleared."""
    machine = np.array([int(scene.catalogue.of(rng, "desktop", 1)[0])])
    people = gather(scene, rng, ballots, Sort(wechat=0.0, fresh=1.0, profiles=machine, speed=1.3))
    rate = shifted(rng, 60, 250)
    days = min(scene.window.days - 1, max(1, round(ballots / rate)))
    day = numbers(rng, 0, days, ballots) + int(rng.integers(0, scene.window.days - days))
    opening, closing = rng.uniform(8, 9.5), rng.uniform(17, 21)
    time = opening + (closing - opening) * rng.beta(1.6, 1.4, ballots)
    at = scene.window.midnight(0) + day * DAY + (time * HOUR).astype(np.int64)
    # One after the other: nobody sits down before the last one has gone.
    order = np.sort(at)
    at = np.maximum.accumulate(order - np.arange(ballots) * 20_000) + np.arange(ballots) * 20_000
    entry = mostly(scene, rng, scene.one(rng), rng.uniform(0, 0.6), ballots)
    place = inside(rng, scene.networks.site(rng, 1), ballots)
    return visits(scene, rng, people, (np.arange(ballots), at, entry), place=place, page=0)


def privacy(scene: Scene, rng: Rng, ballots: int) -> Rows:
    """L9: browsers that hide, cookies that go with the window, and VPN exits."""
    made = scene.catalogue
    masks = [made.changed(int(each), timezone="UTC", screen="1400x900", dpr=2.0, languages="en-US,en",
                          accept_language="en-US,en;q=0.5") for each in made.of(rng, "desktop", 4)]  # fmt: skip
    pool = np.concatenate([masks, made.of(rng, "desktop", 25), made.of(rng, "iphone", 10), made.of(rng, "android", 10)])
    people = gather(scene, rng, ballots, Sort(wechat=0.0, fresh=1.0, profiles=pool.astype(np.int64)))
    people = replace(people, odd=np.where(chance(rng, 0.2, ballots), numbers(rng, 1, 11, ballots), people.odd))
    who = np.arange(ballots)
    at = scene.rhythm.draw(rng, ballots)
    exits = scene.networks.hosts(rng, whole(rng, 8, 25), ballots, abroad=0.85, each=3)
    vpn = (exits, same(WIFI, ballots))
    place = mixed(rng, vpn, whereabouts(scene, rng, people, who, at), rng.uniform(0.3, 0.7))
    return visits(scene, rng, people, (who, at, scene.choices(rng, ballots)), place=place)


def small_town(scene: Scene, rng: Rng, ballots: int) -> Rows:
    """L10: a town is proud of one entry: few home networks, the same exits, all hours of the day."""
    back = rng.uniform(0.05, 0.4)
    size = max(20, round(ballots / (1 + 4 * back)))
    region = int(scene.networks.region(rng, 1)[0])
    sort = Sort(region=region, area=int(rng.integers(62)), crowded=1.8, wechat=rng.uniform(0.6, 0.9))
    people = gather(scene, rng, size, sort)
    people = replace(people, at_home=np.clip(people.at_home + 0.2, 0, 1))
    first = scene.window.day(scene.rhythm.draw(rng, size))
    who, day = days_of(scene, rng, np.full(size, back), first)
    entry = mostly(scene, rng, scene.one(rng), rng.uniform(0.85, 0.97), len(who))
    return visits(scene, rng, people, (who, dated(scene, rng, who, day, size), entry))
