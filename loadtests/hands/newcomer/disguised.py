"""Attacks of the research page that look like the public: slow ones, embedded ones and mimics."""

from __future__ import annotations

import numpy as np

from loadtests.hands.newcomer import oddities
from loadtests.hands.newcomer.ballots import FIVE, WECHAT, WIFI, Ballots, readdress, size
from loadtests.hands.newcomer.people import Manner, cast, people
from loadtests.hands.newcomer.programs import scripted
from loadtests.hands.newcomer.scene import Scene
from loadtests.hands.newcomer.times import DAY, MINUTE, MS


def drip(scene: Scene, n: int) -> Ballots:
    """A10 slow drip: 2.5-6 k over all ten days, flat over the hours, genuine browsers, human reading, mobile and
    residential addresses."""
    rng, times = scene.rng, scene.times
    at = rng.integers(times.opens + MINUTE, times.closes, n)
    who = people(scene, n)
    ip, asn = scene.networks.residential(n, 0.8)
    cell, cell_asn = scene.networks.handsets(n)
    phone = rng.random(n) < np.clip(scene.shifted(0.5), 0.2, 0.85)
    seconds = scene.traits.reading * rng.lognormal(0, 0.65, n)
    return scripted(
        scene,
        at,
        scene.entries.client(),
        who.profile,
        (np.where(phone, cell, ip), np.where(phone, cell_asn, asn)),
        seconds.clip(1.5, 900),
        channel=who.channel,
        network=np.where(phone, FIVE, WIFI),
        odd=scene.oddly(n),
        solve=scene.shifted(500),
    )


def embedded(scene: Scene, n: int) -> Ballots:
    """A12 hidden embed or CSRF: visitors of another site vote without knowing, in real browsers: reading below 0.5 s,
    cross-site."""
    rng, times = scene.rng, scene.times
    at = times.ordinary(n) if rng.random() < 0.5 else times.start(3 * DAY) + np.sort(rng.uniform(0, 3 * DAY, n))
    who = people(scene, n, wechat=0.15 if rng.random() < 0.7 else 0.6)
    who.channel = np.minimum(who.channel, WECHAT)
    made = cast(scene, who, np.arange(n), at, scene.entries.client(), Manner(fresh=0.97, odd=0.0))
    count = size(made)
    made["opened"] = made["at"] - (rng.uniform(0.06, 0.5, count) * MS).astype(np.int64)
    new = rng.random(count) < 0.93
    made["issued"] = np.where(new, made["opened"] - rng.integers(0, 50, count), made["issued"])
    told = rng.random(count) < 0.95
    made["odd"] = np.where(told, oddities.EMBEDDED, oddities.NO_FETCH_METADATA).astype(np.int8)
    return made


def mimic(scene: Scene, n: int) -> Ballots:
    """A17 mimic: browsers, reading, hours and token ages as the public's, one vote per address; the volume tells."""
    who = people(scene, n)
    at = scene.times.ordinary(n)
    made = cast(scene, who, np.arange(n), at, scene.entries.client(), Manner(fresh=0.65))
    ip, asn = scene.networks.residential(size(made), 0.9)
    once = np.zeros(size(made), bool)
    once[np.unique(made["ip"], return_index=True)[1]] = True
    proxied = (made["ip_low"] == 0) & (~once | (made["network"] == WIFI))
    readdress(made, proxied, ip, asn)
    made["network"] = np.where(proxied, WIFI, made["network"]).astype(np.int8)
    return made
