"""Attacks of our own invention that programs carry out: X1 to X4, X9 and X10."""

from __future__ import annotations

import numpy as np

from loadtests.fraud_lab.families.bots import exiled, script, within
from loadtests.fraud_lab.families.family import Family
from loadtests.fraud_lab.simulator.batch import Batch
from loadtests.fraud_lab.simulator.clock import DAY, HOUR
from loadtests.fraud_lab.simulator.headers import DIRECT
from loadtests.fraud_lab.simulator.scene import Scene


def aged_tokens(scene: Scene, ballots: int) -> Batch:
    """X1: tokens that were fetched in bulk long before, kept, and used from households' addresses."""
    at = within(
        scene, scene.clock.waking(), scene.random.exponential(scene.about(25) * min(1.0, 3000 / ballots), ballots)
    )
    profile = scene.random.choice(
        scene.clients.few(scene.whole(30), "wechat_android", "wechat_ios", "android", "ios"), ballots
    )
    harvests = scene.random.uniform(3, 40, int(scene.random.integers(1, 5))) * DAY
    fetched = scene.clock.opens - scene.random.choice(harvests, ballots) + scene.random.uniform(0, 2 * HOUR, ballots)
    wait = scene.exact(ballots, scene.about(9), scene.random.uniform(0.15, 0.5))
    age = (at - wait - fetched).astype(np.int64).clip(1, None)
    return script(scene, at, scene.entries.target(), profile, exiled(scene, ballots), wait, age=age)


def emulators(scene: Scene, ballots: int) -> Batch:
    """X2: WeChat in emulators on a few machines, rounds on several days, accounts that come back."""
    days = scene.clock.span(1, 5)
    accounts = max(1, round(ballots / len(days)))
    profile = scene.random.choice(scene.clients.few(scene.whole(6, 2), "emulator"), accounts)
    people = scene.people(
        accounts, profile=profile, province=scene.province(), town=int(scene.random.integers(0, 36)), fresh=0.8
    )
    people.odd = np.zeros(accounts, dtype=np.int64)
    windows = scene.whole(12)
    at = []
    for day in days:
        begins = scene.clock.around(np.array([day]), scene.random.uniform(8, 22), 0.5)[0]
        gaps = scene.random.exponential(scene.about(30) / windows, accounts)
        at.append(scene.run(float(begins), gaps))
    who = np.tile(np.arange(accounts), len(days))
    lines = scene.networks.home(people.province[:windows], people.carrier[:windows], None)
    address = scene.spots(lines, len(who)).where(
        scene.mask(len(who), scene.random.uniform(0.3, 1.0)), people.home.take(who)
    )
    wait = scene.exact(len(who), scene.about(6), scene.random.uniform(0.1, 0.4))
    return scene.cast(
        people, who, np.concatenate(at), scene.entries.target(), reading=wait, address=address, source=DIRECT, loses=0.0
    )


def cloud_phones(scene: Scene, ballots: int) -> Batch:
    """X3: rented phones in the cloud: perfect clients, aged tokens, back every day, from somebody's hosting."""
    days = scene.clock.span(3, max(3, scene.clock.days))
    phones = max(1, round(ballots / len(days)))
    profile = scene.random.choice(scene.clients.few(scene.whole(10), "wechat_android", "android"), phones)
    people = scene.people(phones, profile=profile, fresh=scene.random.uniform(0.0, 0.6))
    people.odd = np.zeros(phones, dtype=np.int64)
    who = np.tile(np.arange(phones), len(days))
    day = np.repeat(days, phones)
    at = (
        scene.clock.habits(day)
        if scene.mask(1, 0.5)[0]
        else scene.clock.around(day, scene.random.uniform(8, 22), scene.about(0.8))
    )
    blocks = scene.networks.hosting(scene.whole(10), scene.whole(12))
    address = blocks.take(scene.random.integers(0, len(blocks.asn), phones)[who])
    wait = scene.exact(len(who), scene.about(9), scene.random.uniform(0.15, 0.5))
    return scene.cast(people, who, at, scene.entries.target(), reading=wait, address=address, source=DIRECT, loses=0.0)


def recorded(scene: Scene, ballots: int) -> Batch:
    """X4: real browsers without a screen that replay what people were recorded doing, over households' lines."""
    takes = scene.reading(np.ones(scene.whole(80)), scene.about(14), 0.7)
    wait = scene.random.choice(takes, ballots) + scene.random.integers(0, 60, ballots)
    at = within(
        scene, scene.clock.waking(), scene.random.exponential(scene.about(28) * min(1.0, 3000 / ballots), ballots)
    )
    profile = scene.random.choice(scene.clients.few(scene.whole(5), "desktop"), ballots)
    return script(scene, at, scene.entries.target(), profile, exiled(scene, ballots), wait.astype(np.int64))


def copied(scene: Scene, ballots: int) -> Batch:
    """X9: one genuine visitor's client, copied to the letter, over phones' networks in waking hours."""
    profile = np.repeat(scene.clients.few(1, "wechat_android", "android", "desktop")[:1], ballots)
    start, length = scene.random.uniform(0.0, 0.6), scene.random.uniform(0.05, 0.4)
    at = scene.clock.habits(scene.clock.day_of(scene.clock.flat(ballots, start, start + length)))
    province = scene.networks.provinces(ballots) if scene.mask(1, 0.5)[0] else np.full(ballots, scene.province())
    address = scene.networks.mobile(province.astype(np.int64), scene.networks.carriers(ballots))
    wait = scene.exact(ballots, scene.about(9), scene.random.uniform(0.3, 0.6)) + 500
    return script(scene, at, scene.entries.target(), profile, address, wait)


def patient(scene: Scene, ballots: int) -> Batch:
    """X10: a slow program on phones' networks, some minutes between votes, for days."""
    length = scene.random.uniform(0.3, 1.0)
    start = scene.random.uniform(0.0, 1.0 - length)
    at = np.sort(scene.clock.flat(ballots, start, start + length))
    profile = scene.random.choice(
        scene.clients.few(scene.whole(12), "wechat_android", "wechat_ios", "android"), ballots
    )
    address = scene.networks.mobile(scene.networks.provinces(ballots), scene.networks.carriers(ballots))
    wait = scene.exact(ballots, scene.about(10), scene.random.uniform(0.2, 0.5))
    return script(scene, at, scene.entries.target(), profile, address, wait, odd=scene.random.uniform(0, 0.05))


OWN_BOTS = {
    "X1": Family(aged_tokens, (400, 4000), (1, 3), scripted=True),
    "X2": Family(emulators, (400, 4000), (1, 3), scripted=True),
    "X3": Family(cloud_phones, (400, 4000), (1, 3), scripted=True),
    "X4": Family(recorded, (400, 4000), (1, 3), scripted=True),
    "X9": Family(copied, (400, 3000), (1, 2), scripted=True),
    "X10": Family(patient, (400, 2500), (1, 2), scripted=True),
}
