"""Honest crowds that the research page does not describe: what else looks like fraud, as the newcomer thought."""

from __future__ import annotations

import numpy as np

from loadtests.hands.newcomer.ballots import Ballots, readdress, size
from loadtests.hands.newcomer.networks import REGIONS
from loadtests.hands.newcomer.people import Manner, cast, people
from loadtests.hands.newcomer.scene import Scene
from loadtests.hands.newcomer.times import HOUR, MINUTE

# Hours between China and the zones of the headers: none, New York, Los Angeles, London, Sydney, Tokyo.
_ZONES = np.array([0, -13, -16, -8, 2, 1])


def television(scene: Scene, n: int) -> Ballots:
    """K1 local television: an evening show puts a QR code on the screen while one contestant after another performs
    (8-14 of them, 4-9 minutes each), on one to three evenings. Spikes at the end of each act, mobile and home networks
    of one region, new tokens, and every spike for the entry that was just on stage."""
    rng, times = scene.rng, scene.times
    acts = rng.permutation(scene.entries.count)[: int(rng.integers(8, 15))]
    evenings = rng.permutation(times.days_at(19, 3))[: int(rng.integers(1, 4))]
    length = rng.uniform(4, 9) * MINUTE
    act = rng.choice(len(acts), n, p=rng.dirichlet(np.full(len(acts), 3)))
    at = times.clock(rng.choice(evenings, n), 19.58) + (act + 0.75) * length + rng.exponential(0.5 * length, n)
    who = people(scene, n, wechat=0.9, desktop=0.05, region=scene.region(), households=True)
    moved = rng.random(n) < 0.88
    entry = np.where(moved, acts[act], scene.entries.popular(times.day_of(times.last_moment(at))))
    return cast(scene, who, np.arange(n), at, entry, Manner(fresh=0.96))


def fans(scene: Scene, n: int) -> Ballots:
    """K2 fan club that checks in at midnight: 300-1 500 fans of one contestant vote when the day's ballot comes free
    (00:00-00:20), 85 % every day, practised and so quick (a few seconds of reading), old tokens, from everywhere.
    Nobody pays."""
    rng, times = scene.rng, scene.times
    come = rng.uniform(0.7, 0.92)
    days = times.days_at(0, 3)
    m = max(15, int(n / (come * len(days))))
    who = people(scene, m, desktop=0.1)
    who.region = rng.choice(REGIONS, m)
    idx, col = np.nonzero(rng.random((m, len(days))) < come)
    late = rng.random(len(idx)) < 0.25
    wait = np.where(late, rng.exponential(70, len(idx)), 0.05 + rng.gamma(1.2, scene.shifted(5), len(idx)))
    at = times.clock(days[col], 0) + (wait * MINUTE).clip(0, 20 * HOUR)
    favourite = scene.entries.favourite()
    return cast(scene, who, idx, at, favourite, Manner(refresh=0.05, reading=rng.uniform(6, 12), spread=0.5))


def abroad(scene: Scene, n: int) -> Ballots:
    """K3 alumni abroad: former pupils of one school in other countries and time zones, reminded by mail every few days;
    foreign addresses (some through a university's or a VPN's hosting), English browsers, awake in the Chinese night,
    one entry."""
    rng, times = scene.rng, scene.times
    m = max(10, int(n / 1.8))
    who = people(scene, m, wechat=0.45, desktop=0.6)
    shift = _ZONES[rng.integers(1, len(_ZONES), m)]
    idx, day = times.visits(m, rng.choice([1, 2, 3, 5], m, p=[0.5, 0.27, 0.15, 0.08]), times.days)
    local = rng.choice([8, 12, 13, 18, 20, 21, 22], len(idx)) + rng.normal(0, 1.2, len(idx))
    made = cast(scene, who, idx, times.clock(day, (local - shift[idx]) % 24), scene.entries.favourite())
    count = size(made)
    ips, asn = scene.networks.abroad(max(4, int(m * 0.7)))
    spot = (made["device"] * 40503 % 2**31) % len(ips)
    readdress(made, np.ones(count, bool), ips[spot], asn[spot])
    made["hosting"] = (rng.random(count) < 0.08).astype(np.int8)
    made["zone"] = np.where(rng.random(count) < 0.95, 1 + spot % 5, 0).astype(np.int8)
    made["language"] = np.where(rng.random(count) < 0.6, 1 + spot % 2, 0).astype(np.int8)
    return made
