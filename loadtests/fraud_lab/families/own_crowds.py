"""Further crowds that look like fraud and are none, of our own invention: L11 to L18."""

from __future__ import annotations

import numpy as np

from loadtests.fraud_lab.families.crowds import mostly, visitors
from loadtests.fraud_lab.families.family import Family
from loadtests.fraud_lab.simulator.batch import Batch
from loadtests.fraud_lab.simulator.clock import DAY, HOUR, MINUTE
from loadtests.fraud_lab.simulator.headers import ARTICLE, POSTER
from loadtests.fraud_lab.simulator.scene import Scene


def company_image(scene: Scene, ballots: int) -> Batch:
    """L11: one company, one image on all machines, one way out through a proxy, perhaps in somebody's cloud."""
    who, day, count = visitors(scene, int(scene.random.integers(1, 6)), scene.chance(0.4), ballots)
    profile = np.repeat(scene.clients.few(1, "desktop"), count)
    people = scene.people(count, profile=profile, fresh=scene.random.uniform(0.3, 0.8))
    rented = scene.mask(1, 0.5)[0]
    proxy = scene.networks.hosting(1, 2) if rented else scene.networks.place(scene.province(), 2)
    at = scene.clock.around(day, scene.random.choice([9.2, 11.8, 13.5, 16.8], len(who)), 1.0)
    entry = mostly(scene, scene.entries.liked(), scene.random.uniform(0.3, 0.9), len(who))
    reading = scene.reading(people.pace[who])
    return scene.cast(people, who, at, entry, reading=reading, address=scene.spots(proxy, len(who)))


def night_shift(scene: Scene, ballots: int) -> Batch:
    """L12: a hospital's wards at night."""
    who, day, count = visitors(scene, int(scene.random.integers(3, 10)), scene.chance(0.3), ballots)
    home = scene.province()
    profile = scene.clients.draw(count, "wechat_android", "wechat_ios", "android", "ios")
    people = scene.people(count, profile=profile, province=home)
    at = scene.clock.midnight + day * DAY + (scene.random.uniform(-2.0, 6.5, len(who)) * HOUR).astype(np.int64)
    entry = mostly(scene, scene.entries.liked(), scene.chance(0.75), len(who))
    address = scene.spots(scene.networks.place(home, scene.whole(2)), len(who))
    return scene.cast(people, who, at, entry, reading=scene.reading(people.pace[who]), address=address)


def lottery(scene: Scene, ballots: int) -> Batch:
    """L13: every vote is a ticket in a draw that the organiser holds at fixed hours, so people come just before."""
    who, day, count = visitors(scene, int(scene.random.integers(2, 7)), scene.chance(0.5), ballots)
    people = scene.people(count)
    hour = scene.random.choice([12.0, 18.0, 20.0, 21.0])
    before = scene.random.gamma(1.5, scene.about(7) * MINUTE, len(who)).astype(np.int64)
    at = scene.clock.around(day, float(hour), 0.0) - before
    entry = scene.entries.near(people.province)
    entry = np.where(scene.mask(len(who), 0.6), entry[who], scene.entries.pick(len(who)))
    reading = scene.reading(people.pace[who], scene.about(6))
    return scene.cast(people, who, at, entry, reading=reading, address=scene.reach(people, who))


def article(scene: Scene, ballots: int) -> Batch:
    """L14: an article whose readers know already for whom they vote."""
    home = scene.province() if scene.mask(1, 0.5)[0] else None
    profile = scene.clients.draw(ballots, "wechat_android", "wechat_ios")
    people = scene.people(ballots, profile=profile, province=home, fresh=scene.random.uniform(0.6, 0.95))
    delay = scene.random.exponential(scene.about(3.5) * HOUR, ballots).astype(np.int64)
    reading = scene.reading(people.pace, scene.about(4.5), 0.6)
    at = scene.clock.waking() + delay
    address = scene.reach(people, np.arange(ballots))
    liked = scene.entries.liked()
    return scene.cast(people, np.arange(ballots), at, liked, reading=reading, address=address, source=ARTICLE)


def helped(scene: Scene, ballots: int) -> Batch:
    """L15: elderly people, helped on the phone of whoever can: several accounts on one device."""
    who, day, count = visitors(scene, int(scene.random.integers(1, 5)), 0.4, ballots)
    home = scene.province()
    helpers = max(1, count // int(scene.random.integers(3, 9)))
    hand = scene.random.integers(0, helpers, count)
    profile = scene.clients.draw(helpers, "wechat_android", "wechat_ios")[hand]
    people = scene.people(count, profile=profile, province=home, town=int(scene.random.integers(0, 36)))
    people.device = scene.identities(helpers)[hand]
    people.web_id, people.age = people.web_id[hand], people.age[hand]
    people.home = people.home.take(hand)
    # One after another, as the helper goes round.
    turn = np.argsort(np.argsort(hand, kind="stable"), kind="stable") - np.searchsorted(np.sort(hand), hand)
    at = scene.clock.around(day, scene.random.uniform(8.5, 17.0, helpers)[hand[who]], 0.05)
    at = at + (turn[who] * scene.about(95) * 1000 * scene.random.uniform(0.6, 1.6, len(who))).astype(np.int64)
    entry = mostly(scene, scene.entries.liked(), scene.chance(0.6), len(who))
    reading = scene.reading(people.pace[who], scene.about(30))
    return scene.cast(people, who, at, entry, reading=reading, address=scene.reach(people, who), loses=0.0)


def allies(scene: Scene, ballots: int) -> Batch:
    """L16: friends of two entries who agreed to help each other: today this one, tomorrow that one."""
    who, day, count = visitors(scene, int(scene.random.integers(2, 9)), scene.chance(0.55), ballots)
    first = scene.entries.liked()
    second = int(scene.entries.similar(np.array([first]))[0])
    people = scene.people(count, province=scene.province() if scene.mask(1, 0.7)[0] else None)
    turn = (day - day.min()) % 2
    entry = np.where(scene.mask(len(who), 0.85), np.where(turn == 0, first, second), first)
    reading = scene.reading(people.pace[who], scene.about(9))
    return scene.cast(people, who, scene.clock.habits(day), entry, reading=reading, address=scene.reach(people, who))


def abroad(scene: Scene, ballots: int) -> Batch:
    """L17: students overseas, at night by the contest's clock, through the way home that they all use."""
    who, day, count = visitors(scene, scene.clock.days, 0.2, ballots, 0)
    day = (day + scene.clock.days_drawn(count)[who]) % scene.clock.days
    people = scene.people(count, fresh=0.6)
    exits = scene.networks.hosting(scene.whole(3), scene.whole(2))
    address = scene.spots(exits, len(who))
    zone = scene.random.choice([-13.0, -16.0, -7.0, 2.0])
    at = scene.clock.habits(day) - int(zone * HOUR)
    at = np.where(scene.clock.inside(at), at, scene.clock.habits(day))
    entry = mostly(scene, scene.entries.liked(), 0.6, len(who))
    return scene.cast(people, who, at, entry, reading=scene.reading(people.pace[who]), address=address)


def hall(scene: Scene, ballots: int) -> Batch:
    """L18: an exhibition with posters to scan: its wireless network, a steady stream by day."""
    days = scene.clock.span(1, 5)
    home = scene.province()
    profile = scene.clients.draw(ballots, "wechat_android", "wechat_ios")
    people = scene.people(ballots, profile=profile, province=scene.networks.provinces(ballots), fresh=0.85)
    at = scene.clock.around(scene.random.choice(days, ballots), scene.random.uniform(9.0, 17.5, ballots), 0.1)
    inside = scene.spots(scene.networks.place(home, scene.whole(2)), ballots)
    address = inside.where(scene.mask(ballots, scene.chance(0.6)), scene.reach(people, np.arange(ballots)))
    entry = np.where(
        scene.mask(ballots, 0.6), scene.random.choice(scene.entries.order[:30], ballots), scene.entries.pick(ballots)
    )
    reading = scene.reading(people.pace)
    return scene.cast(people, np.arange(ballots), at, entry, reading=reading, address=address, source=POSTER)


OWN_CROWDS = {
    "L11": Family(company_image, (50, 2500), (1, 4)),
    "L12": Family(night_shift, (40, 800), (1, 4)),
    "L13": Family(lottery, (300, 6000), (1, 3)),
    "L14": Family(article, (150, 5000), (1, 5)),
    "L15": Family(helped, (40, 600), (1, 4)),
    "L16": Family(allies, (100, 2500), (1, 4)),
    "L17": Family(abroad, (60, 900), (1, 3)),
    "L18": Family(hall, (150, 3000), (1, 3)),
}
