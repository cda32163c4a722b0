"""Honest crowds behind shared addresses: the page's lookalikes of one place."""

from __future__ import annotations

import numpy as np

from loadtests.hands.newcomer.ballots import FOUR, WEB, WIFI, Ballots, readdress, size
from loadtests.hands.newcomer.dice import Array
from loadtests.hands.newcomer.networks import EDUCATION, MOBILE, REGIONS, TELECOM, UNICOM
from loadtests.hands.newcomer.people import Manner, cast, people
from loadtests.hands.newcomer.profiles import DESKTOP, PRIVACY
from loadtests.hands.newcomer.scene import Scene
from loadtests.hands.newcomer.times import MINUTE


def _behind(scene: Scene, made: Ballots, inside: Array, ips: Array) -> None:
    """These ballots come through these public addresses."""
    asn = int(scene.rng.choice([TELECOM, UNICOM, EDUCATION, MOBILE]))
    _through(scene, made, inside, ips, asn)


def _through(scene: Scene, made: Ballots, inside: Array, ips: Array, asn: int) -> None:
    """The same with the network that the addresses belong to."""
    readdress(made, inside, scene.rng.choice(ips, len(inside)), asn)
    made["network"] = np.where(inside, WIFI, made["network"]).astype(np.int8)


def office(scene: Scene, n: int) -> Ballots:
    """L1 office NAT: 40-700 staff behind 1-3 addresses, 70 % for one entry, working hours after a colleague's mail."""
    rng, times = scene.rng, scene.times
    days = times.days_at(8.5, 10)
    span = int(rng.integers(1, 4))
    m = max(15, int(n / (1 + 0.5 * (span - 1))))
    region = int(rng.integers(REGIONS))
    who = people(scene, m, region=region, desktop=0.85, wechat=min(0.8, scene.shifted(0.4)))
    often = np.minimum(1 + rng.binomial(span - 1, 0.5, m), span) if span > 1 else np.ones(m, int)
    idx, day = times.visits(m, often, rng.permutation(days)[:span], even=True)
    mailed = rng.random(len(idx)) < 0.5
    after = scene.ranged(9, 10.5) % 9 + 9 + rng.exponential(0.7, len(idx))
    pause = rng.choice([9.3, 12.2, 13.4, 17.5], len(idx)) + rng.normal(0, 0.6, len(idx))
    at = times.clock(day, np.clip(np.where(mailed, after, pause), 8.2, 19.5))
    ours = rng.random(len(idx)) < min(0.95, scene.shifted(0.7))
    entry = np.where(ours, scene.entries.favourite(), scene.entries.popular(day))
    made = cast(scene, who, idx, at, entry)
    ips = scene.networks.one_net(int(rng.integers(1, 4)))
    _behind(scene, made, rng.random(size(made)) < 0.92, ips)
    return made


def school(scene: Scene, n: int) -> Ballots:
    """L2 school NAT: 200-1 800, 45 % on identical lab machines, 90 % for one entry, in bursts of 22 minutes."""
    rng, times = scene.rng, scene.times
    bursts = max(1, round(n / scene.ranged(250, 900)))
    who = people(scene, n, region=int(rng.integers(REGIONS)), wechat=0.3)
    lab = rng.random(n) < min(0.8, scene.shifted(0.45))
    who.profile = np.where(lab, scene.browsers.popular(DESKTOP, 1)[0], who.profile)
    who.channel = np.where(lab, WEB, who.channel).astype(np.int8)
    days = times.days_at(8, 9)
    burst = rng.integers(0, bursts, n)
    starts = times.clock(rng.choice(days, bursts), rng.choice([8.2, 9.2, 10.2, 14.1, 15.1, 16.0], bursts))
    lesson = scene.shifted(22) * MINUTE
    at = starts[burst] + rng.beta(1.6, 2.2, n) * lesson
    ours = rng.random(n) < min(0.98, scene.shifted(0.9))
    entry = np.where(ours, scene.entries.favourite(), scene.entries.popular(times.day_of(at)))
    made = cast(scene, who, np.arange(n), at, entry)
    ips = scene.networks.one_net(int(rng.integers(1, 4)))
    _behind(scene, made, rng.random(size(made)) < 0.95, ips)
    return made


def cgnat(scene: Scene, n: int) -> Ballots:
    """L3 CGNAT crowd: the users of a few busy addresses of one mobile operator, with every sort of phone and entry."""
    rng, times = scene.rng, scene.times
    m = max(10, int(n / 1.5))
    who = people(scene, m, region=int(rng.integers(REGIONS)), desktop=0.0)
    idx, day = times.visits(m, rng.choice([1, 2, 4], m, p=[0.75, 0.17, 0.08]), times.days)
    made = cast(scene, who, idx, times.on(day), scene.entries.popular(day))
    ips = scene.networks.one_net(max(1, round(n / scene.shifted(600))))
    asn = int(rng.choice([MOBILE, 56040, UNICOM, TELECOM]))
    _through(scene, made, np.ones(size(made), bool), ips, asn)
    made["network"] = (FOUR + (rng.random(size(made)) < 0.6)).astype(np.int8)
    return made


def employer(scene: Scene, n: int) -> Ballots:
    """L5 organised by an employer: 300-2 500 staff asked at nine every day, one entry, 70 % come back daily."""
    rng, times = scene.rng, scene.times
    hour = float(rng.choice([8.5, 9, 9, 9, 10]))
    days = times.days_at(hour, 3)
    come = float(np.clip(0.7 * rng.uniform(0.6, 1.3), 0.3, 0.95))
    span = int(rng.integers(4, len(days) + 1))
    m = max(15, int(n / (span * come)))
    region = int(rng.integers(REGIONS))
    who = people(scene, m, region=region, wechat=min(0.95, scene.shifted(0.6)))
    on = rng.permutation(days)[:span] if rng.random() < 0.3 else days[:span]
    idx, col = np.nonzero(rng.random((m, span)) < come)
    lag = rng.exponential(scene.shifted(20), len(idx)) + rng.exponential(8, m)[idx]
    at = times.clock(on[col], hour) - 4 * MINUTE + lag * MINUTE
    ours = rng.random(len(idx)) < 0.96
    entry = np.where(ours, scene.entries.favourite(), scene.entries.popular(on[col]))
    made = cast(scene, who, idx, at, entry, Manner(refresh=scene.traits.refresh / 2))
    nets = scene.networks.fresh(3)[:, None]
    ips = (nets * 256 + rng.integers(2, 250, (3, 2))).ravel()[: int(rng.integers(1, 7))]
    _behind(scene, made, rng.random(size(made)) < rng.uniform(0.2, 0.6), ips)
    return made


def kiosk(scene: Scene, n: int) -> Ballots:
    """L8 kiosk or library PC: one model, one address, tokens cleared after each, 60-250 people a day."""
    rng, times = scene.rng, scene.times
    days = times.days_at(9, 9)
    span = int(np.clip(round(n / scene.ranged(60, 250)), 1, len(days)))
    on = rng.permutation(days)[:span]
    who = people(scene, n, wechat=0.0, region=int(rng.integers(REGIONS)))
    who.profile[:] = scene.browsers.popular(DESKTOP, 1)[0]
    who.mobile = np.zeros(n)
    at = times.clock(rng.choice(on, n), rng.uniform(9, 17.8, n))
    ours = rng.random(n) < rng.uniform(0.1, 0.6)
    entry = np.where(ours, scene.entries.favourite(), scene.entries.popular(times.day_of(at)))
    made = cast(scene, who, np.arange(n), at, entry, Manner(fresh=1.0, reading=scene.traits.reading * 1.4))
    ips = scene.networks.one_net(1)
    _behind(scene, made, np.ones(size(made), bool), ips)
    return made


def private(scene: Scene, n: int) -> Ballots:
    """L9 privacy browsers and VPN users: a new token each time, hosting addresses, odd headers, all entries."""
    rng, times = scene.rng, scene.times
    m = max(5, int(n / 1.4))
    who = people(scene, m, wechat=0.0)
    careful = rng.random(m) < 0.7
    who.profile = np.where(careful, scene.browsers.popular(PRIVACY, m), scene.browsers.popular(DESKTOP, m))
    who.mobile[:] = 0
    idx, day = times.visits(m, rng.choice([1, 2, 5], m, p=[0.75, 0.17, 0.08]), times.days)
    manner = Manner(fresh=1.0, refresh=0.9, odd=0.25)
    made = cast(scene, who, idx, times.on(day), scene.entries.popular(day), manner)
    count = size(made)
    nets, asn = scene.networks.cloud(max(3, int(scene.shifted(40))))
    use = rng.integers(0, len(nets), count)
    vpn = rng.random(count) < min(0.9, scene.shifted(0.55))
    readdress(made, vpn, nets[use] * 256 + 2 + use % 200 + rng.integers(0, 6, count), asn[use])
    made["hosting"] = np.where(vpn, rng.random(count) < 0.85, made["hosting"]).astype(np.int8)
    return made


def town(scene: Scene, n: int) -> Ballots:
    """L10 fan base in a small town: few /24s, one entry, ordinary hours over all days, some daily."""
    rng, times = scene.rng, scene.times
    m = max(10, int(n / 2.1))
    who = people(scene, m, region=int(rng.integers(REGIONS)), households=True)
    idx, day = times.visits(m, rng.choice([1, 2, 4, 8], m, p=[0.6, 0.2, 0.12, 0.08]), times.days)
    at, ours = times.on(day), rng.random(len(idx)) < 0.94
    made = cast(scene, who, idx, at, np.where(ours, scene.entries.favourite(), scene.entries.popular(day)))
    nets = scene.networks.fresh(max(2, int(scene.shifted(6))))
    count = max(8, m // 2)
    ips = rng.choice(nets, count) * 256 + rng.integers(2, 250, count)
    asn = int(rng.choice([TELECOM, UNICOM, MOBILE]))
    spot = (made["device"] * 2654435761 % 2**31) % len(ips)
    readdress(made, np.ones(size(made), bool), ips[spot], asn)
    return made
