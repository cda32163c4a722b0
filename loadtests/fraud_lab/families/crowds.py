"""Crowds that look like fraud and are none, as listed: L1 to L10."""

from __future__ import annotations

import numpy as np

from loadtests.fraud_lab.families.family import Family
from loadtests.fraud_lab.simulator.batch import Batch, Ints
from loadtests.fraud_lab.simulator.clock import HOUR, MINUTE
from loadtests.fraud_lab.simulator.headers import GROUP, NO_REFERER, POSTER, Odd
from loadtests.fraud_lab.simulator.scene import People, Scene


def visitors(scene: Scene, days: int, back: float, ballots: int, begins: int | None = None) -> tuple[Ints, Ints, int]:
    """People who come on the first of some days, and on each later one with a chance of `back`: the person and the day
    of each ballot, and the number of people, for about `ballots` in total."""
    last = scene.clock.days
    start = int(scene.random.integers(0, max(1, last - days + 1))) if begins is None else begins
    days = min(days, last - start)
    people = max(2, round(ballots / (1 + back * (days - 1))))
    comes = scene.random.random((people, days)) < back
    comes[:, 0] = True
    who, day = np.nonzero(comes)
    return who.astype(np.int64), (start + day).astype(np.int64), people


def mostly(scene: Scene, entry: int, share: float, count: int) -> Ints:
    """That entry for this share of them, any entry for the others."""
    return np.where(scene.mask(count, share), entry, scene.entries.pick(count)).astype(np.int64)


def uniform_machines(scene: Scene, people: int, share: float, *, models: int = 1) -> Ints:
    """Profiles: this share has machines that were bought together, the others their own phones."""
    machines = scene.random.choice(scene.clients.few(models, "desktop"), people)
    own = scene.clients.draw(people, "wechat_android", "wechat_ios", "android", "ios")
    return np.where(scene.mask(people, share), machines, own).astype(np.int64)


def office(scene: Scene, ballots: int) -> Batch:
    """L1: colleagues behind the office's addresses."""
    who, day, count = visitors(scene, int(scene.random.integers(1, 5)), scene.chance(0.3), ballots)
    home = scene.province()
    profile = uniform_machines(scene, count, scene.chance(0.5), models=scene.whole(3))
    people = scene.people(count, profile=profile, province=home)
    at = scene.clock.around(day, scene.random.choice([9.5, 12.3, 15.0, 17.2], len(who)), 1.1)
    address = scene.spots(scene.networks.place(home, scene.whole(1.5)), len(who))
    entry = mostly(scene, scene.entries.liked(), scene.chance(0.7), len(who))
    return scene.cast(people, who, at, entry, reading=scene.reading(people.pace[who]), address=address)


def school(scene: Scene, ballots: int) -> Batch:
    """L2: a school's computer rooms and phones, within a lesson or between two."""
    who, day, count = visitors(scene, 1, 0.0, ballots)
    home = scene.province()
    profile = uniform_machines(scene, count, scene.chance(0.45), models=int(scene.random.integers(1, 3)))
    people = scene.people(count, profile=profile, province=home, fresh=0.9)
    begins = scene.clock.around(day[:1], scene.random.uniform(8.5, 16.5), 0.0)[0]
    at = begins + (scene.random.beta(1.6, 2.2, len(who)) * scene.about(22) * 2 * MINUTE).astype(np.int64)
    address = scene.spots(scene.networks.place(home, scene.whole(2)), len(who))
    entry = mostly(scene, scene.entries.liked(), scene.chance(0.9), len(who))
    reading = scene.reading(people.pace[who], scene.about(12), 0.6)
    return scene.cast(people, who, at, entry, reading=reading, address=address)


def shared_address(scene: Scene, ballots: int) -> Batch:
    """L3: strangers whose carrier puts them all behind a few addresses."""
    who, day, count = visitors(scene, scene.clock.days, 0.15, ballots, 0)
    home = scene.province()
    people = scene.people(
        count, province=home, profile=scene.clients.draw(count, "wechat_android", "wechat_ios", "android", "ios")
    )
    day = (day + scene.clock.days_drawn(count)[who]) % scene.clock.days
    address = scene.spots(scene.networks.place(home, scene.whole(3)), len(who))
    entry = scene.entries.near(people.province)[who]
    return scene.cast(
        people, who, scene.clock.habits(day), entry, reading=scene.reading(people.pace[who]), address=address
    )


def chat_group(scene: Scene, ballots: int) -> Batch:
    """L4: a link in a WeChat group, opened by hundreds within the hour."""
    home = scene.province()
    profile = scene.clients.draw(ballots, "wechat_android", "wechat_ios")
    people = scene.people(ballots, profile=profile, province=home, fresh=scene.random.uniform(0.75, 0.97))
    who = np.arange(ballots)
    at = scene.clock.waking() + scene.random.exponential(scene.about(25) * MINUTE, ballots).astype(np.int64)
    reading = scene.reading(people.pace, scene.about(11))
    address = scene.reach(people, who)
    return scene.cast(people, who, at, scene.entries.liked(), reading=reading, address=address, source=GROUP)


def employer(scene: Scene, ballots: int) -> Batch:
    """L5: staff who are asked to vote every morning."""
    who, day, count = visitors(scene, int(scene.random.integers(5, 12)), scene.chance(0.7), ballots)
    home = scene.province()
    people = scene.people(count, profile=uniform_machines(scene, count, scene.chance(0.25), models=2), province=home)
    at = scene.clock.around(day, scene.random.uniform(8.3, 10.2), scene.about(0.45))
    inside = scene.spots(scene.networks.place(home, scene.whole(3)), len(who))
    address = inside.where(scene.mask(len(who), scene.chance(0.6)), scene.reach(people, who))
    reading = scene.reading(people.pace[who], scene.about(6))
    return scene.cast(people, who, at, scene.entries.liked(), reading=reading, address=address)


def livestream(scene: Scene, ballots: int) -> Batch:
    """L6: a host with an audience asks for votes now."""
    people = scene.people(ballots, fresh=scene.random.uniform(0.7, 0.95))
    who = np.arange(ballots)
    day = scene.clock.days_drawn(1)
    begins = scene.clock.around(day, scene.random.uniform(19.0, 22.5), 0.3)[0]
    at = begins + (scene.random.gamma(2.0, scene.about(2.6) * MINUTE, ballots)).astype(np.int64)
    reading = scene.reading(people.pace, scene.about(9))
    return scene.cast(people, who, at, scene.entries.liked(), reading=reading, address=scene.reach(people, who))


def last_minute(scene: Scene, ballots: int) -> Batch:
    """L7: supporters who are called up in the last hours."""
    people = scene.people(ballots, province=scene.province() if scene.mask(1, 0.6)[0] else None)
    who = np.arange(ballots)
    at = scene.clock.closes - 1 - scene.random.exponential(scene.about(0.9) * HOUR, ballots).astype(np.int64)
    entry = mostly(scene, scene.entries.liked(), 0.9, ballots)
    reading = scene.reading(people.pace, scene.about(9))
    return scene.cast(people, who, at, entry, reading=reading, address=scene.reach(people, who))


def kiosk(scene: Scene, ballots: int) -> Batch:
    """L8: a public machine, wiped after each visitor."""
    days = scene.clock.span(1, scene.clock.days)
    home = scene.province()
    people = scene.people(
        ballots, profile=np.repeat(scene.clients.few(1, "desktop"), ballots), province=home, fresh=1.0
    )
    day = scene.random.choice(days, ballots)
    at = scene.clock.around(day, scene.random.uniform(8.5, 18.5, ballots), 0.2)
    entry = mostly(scene, scene.entries.liked(), scene.random.uniform(0.0, 0.4), ballots)
    address = scene.spots(scene.networks.place(home, 1), ballots)
    return scene.cast(people, np.arange(ballots), at, entry, reading=scene.reading(people.pace), address=address)


def private(scene: Scene, ballots: int) -> Batch:
    """L9: people who hide from trackers: rented servers' addresses, cleared tokens, few hints."""
    who, day, count = visitors(scene, scene.clock.days, 0.1, ballots, 0)
    day = (day + scene.random.integers(0, scene.clock.days, count)[who]) % scene.clock.days
    people = scene.people(count, profile=scene.clients.draw(count, "desktop", "android", "ios"), fresh=0.9)
    hides = [Odd.NOTHING, Odd.NO_HINTS, Odd.NO_LANGUAGE, Odd.FOREIGN_LANGUAGE, Odd.FOREIGN_ZONE]
    people.odd = scene.random.choice(hides, count, p=[0.45, 0.2, 0.05, 0.15, 0.15]).astype(np.int64)
    exits = scene.networks.hosting(scene.whole(4), scene.whole(3))
    address = scene.spots(exits, len(who)).where(scene.mask(len(who), scene.chance(0.7)), scene.reach(people, who))
    entry = scene.entries.near(people.province)[who]
    reading = scene.reading(people.pace[who])
    at = scene.clock.habits(day)
    return scene.cast(people, who, at, entry, reading=reading, address=address, loses=0.7, source=NO_REFERER)


def small_town(scene: Scene, ballots: int) -> Batch:
    """L10: a town behind its own entry."""
    who, day, count = visitors(scene, scene.clock.days, scene.chance(0.25), ballots, 0)
    home, town = scene.province(), int(scene.random.integers(0, 36))
    people = scene.people(count, province=home, town=town)
    shift = scene.clock.days_drawn(count)
    day = (day + shift[who]) % scene.clock.days
    people.roams = people.roams * 0.6
    entry = mostly(scene, scene.entries.liked(), 0.95, len(who))
    reading = scene.reading(people.pace[who])
    address = scene.reach(people, who)
    return scene.cast(
        people,
        who,
        scene.clock.habits(day),
        entry,
        reading=reading,
        address=address,
        source=_posters(scene, people, who),
    )


def _posters(scene: Scene, people: People, who: Ints) -> Ints:
    """Some come by the poster at the market."""
    return np.where(scene.mask(len(people), 0.3)[who], POSTER, scene.sources(len(who))).astype(np.int64)


LISTED_CROWDS = {
    "L1": Family(office, (25, 2200), (3, 12)),
    "L2": Family(school, (100, 3600), (2, 6)),
    "L3": Family(shared_address, (150, 5000), (2, 6)),
    "L4": Family(chat_group, (40, 1000), (4, 16)),
    "L5": Family(employer, (400, 9000), (1, 5)),
    "L6": Family(livestream, (1500, 24_000), (1, 3)),
    "L7": Family(last_minute, (200, 5000), (2, 5)),
    "L8": Family(kiosk, (60, 2000), (2, 6)),
    "L9": Family(private, (100, 1500), (2, 5)),
    "L10": Family(small_town, (200, 5000), (2, 6)),
}
