"""Honest crowds that the page does not list."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from loadtests.hands.outsider.base import HOUR, Acts, Family, either
from loadtests.hands.outsider.clients import PHONES, WECHAT
from loadtests.hands.outsider.networks import ABROAD
from loadtests.hands.outsider.scene import Kit, Scene


def exhibition(scene: Scene, count: int) -> Acts:
    """P1: visitors scan the codes of 3-8 exhibits 9:30-17:30 on 1-5 days: the hall's Wi-Fi (1-2 addresses) for half,
    carriers for the rest, fresh tokens (90 %)."""
    crew, who = scene.crew(count, Kit(kinds=PHONES, fresh=0.9, region=int(scene.rng.integers(31)))), np.arange(count)
    shown = scene.rng.permutation(len(scene.popularity))[: int(scene.rng.integers(3, 9))]
    at = scene.clock.hours(count, int(scene.rng.integers(1, 6)), 9.5, 17.5)
    hall = scene.net.pool(count, int(scene.rng.integers(1, 3)), 1)
    place = either(scene.rng.random(count) < 0.5, hall, scene.usual(crew, who, 1.0))
    return Acts(crew, who, at, scene.read(count, 11), scene.rng.choice(shown, count), place, scene.oddities(count))


def night_shift(scene: Scene, count: int) -> Acts:
    """P2: a hospital's or plant's nights, 22:30-5:30 on 2-6 days: one address for 65 %, 60-85 % for a colleague, half
    of them back."""
    who, day, members = scene.rota(count, int(scene.rng.integers(2, 7)), 0.5)
    crew = scene.crew(members, Kit(kinds=(*PHONES, "windows"), region=int(scene.rng.integers(31))))
    at = (scene.clock.row(6)[day] + scene.rng.uniform(22.5, 29.5, len(who)) * HOUR).astype(np.int64)
    ward = scene.rng.random(len(who)) < 0.65
    place = either(ward, scene.net.pool(len(who), 1, 1), scene.usual(crew, who, 0.95))
    entry = scene.mostly(len(who), scene.target(), scene.rng.uniform(0.6, 0.85))
    return Acts(crew, who, at, scene.read(len(who), 15), entry, place, scene.oddities(len(who)))


def overseas(scene: Scene, count: int) -> Acts:
    """P3: a club of students abroad: foreign lines of 20-80 /24s, awake 6 or 13 hours later, 50-80 % for a fellow,
    fresh tokens (85 %)."""
    crew, who = scene.crew(count, Kit(kinds=(*WECHAT, "mac", "safari_ios"), fresh=0.85)), np.arange(count)
    at = scene.clock.awake(count) + int(scene.rng.choice([6, 13])) * HOUR
    place = scene.net.pool(count, int(scene.rng.integers(20, 81)), 200, ABROAD)
    entry = scene.mostly(count, scene.target(), scene.rng.uniform(0.5, 0.8))
    return Acts(crew, who, at, scene.read(count), entry, place, scene.oddities(count))


def reminder(scene: Scene, count: int) -> Acts:
    """P4: the organiser's push at a full hour: old tokens (85 %), decay of 8-25 min, entries by popularity, reading
    around 9 s."""
    crew, who = scene.crew(count, Kit(kinds=WECHAT, fresh=0.15)), np.arange(count)
    midnight = int(scene.rng.choice(scene.clock.midnights))
    at = (
        midnight + int(scene.rng.choice([10, 12, 18, 20])) * HOUR + scene.decay(count, scene.rng.uniform(8, 25))
    ).astype(np.int64)
    place = scene.usual(crew, who, 0.65)
    return Acts(crew, who, at, scene.read(count, 9), scene.public(count), place, scene.oddities(count))


def classmates(scene: Scene, count: int) -> Acts:
    """P5: families of a school class with 2-3 children in the contest share their daily votes among them in their own
    order, on 4-9 days at their own hours, 40-80 % back daily."""
    friends = scene.rng.permutation(len(scene.popularity))[: int(scene.rng.integers(2, 4))]
    who, day, members = scene.rota(count, int(scene.rng.integers(4, 10)), scene.rng.uniform(0.4, 0.8))
    crew = scene.crew(members, Kit(kinds=(*WECHAT, "windows"), region=int(scene.rng.integers(31))))
    habit = np.clip(scene.rng.random(members)[who] + scene.rng.normal(0, 0.1, len(who)), 0, 0.999)
    at = scene.clock.visits(scene.clock.day(scene.clock.row(9))[day], habit)
    entry = np.where(scene.rng.random(len(who)) < 0.9, scene.rng.choice(friends, len(who)), scene.public(len(who)))
    place = scene.usual(crew, who, 0.5)
    return Acts(crew, who, at, scene.read(len(who), 12), entry, place, scene.oddities(len(who)))


def seniors(scene: Scene, count: int) -> Acts:
    """P6: a community centre where volunteers help the old: subsidised phones (2 models for 60 %), one Wi-Fi address,
    fresh tokens (90 %), 8:30-11:00 on 1-4 days, reading around 45 s, 50-85 % for a neighbour."""
    kit = Kit(kinds=("wx_android", "mini_android"), fresh=0.9, region=int(scene.rng.integers(31)))
    crew = scene.crew(count, kit)
    given = scene.crew(count, replace(kit, few=2)).profile
    crew = replace(crew, profile=np.where(scene.rng.random(count) < 0.6, given, crew.profile))
    at = scene.clock.hours(count, int(scene.rng.integers(1, 5)), 8.5, 11)
    place = scene.net.pool(count, 1, 1)
    entry = scene.mostly(count, scene.target(), scene.rng.uniform(0.5, 0.85))
    return Acts(crew, np.arange(count), at, scene.read(count, 45, 0.6), entry, place, scene.oddities(count))


OTHERS = {
    "P1": Family(exhibition, (150, 1200)),
    "P2": Family(night_shift, (100, 800)),
    "P3": Family(overseas, (100, 800)),
    "P4": Family(reminder, (2000, 8000)),
    "P5": Family(classmates, (150, 1200)),
    "P6": Family(seniors, (60, 400)),
}
