"""Attacks of the research page that sell a program's votes: many at once, from whatever addresses they have."""

from __future__ import annotations

import numpy as np

from loadtests.hands.newcomer import oddities
from loadtests.hands.newcomer.ballots import Ballots, joined
from loadtests.hands.newcomer.dice import Array
from loadtests.hands.newcomer.networks import TELECOM, UNICOM
from loadtests.hands.newcomer.profiles import AUTOMATION, COMPUTERS, PHONES, WEB_ANDROID, WECHAT_ANDROID, WECHAT_IOS
from loadtests.hands.newcomer.programs import reading, scripted
from loadtests.hands.newcomer.scene import Scene
from loadtests.hands.newcomer.times import DAY, HOUR, MINUTE, MS


def one_host(scene: Scene, n: int) -> Ballots:
    """A1 script on one host that clears cookies: 1-4 addresses, gaps of 1-5 s +-5 %, one browser, quick reading."""
    rng = scene.rng
    at = scene.times.paced(n, scene.ranged(1, 5), sessions=int(rng.integers(1, 4)), jitter=0.05)
    hosted = rng.random() < 0.4
    nets, asn = scene.networks.cloud(1) if hosted else (scene.networks.fresh(1), np.array([TELECOM]))
    ips = nets[0] * 256 + rng.integers(2, 250, int(rng.integers(1, 5)))
    kinds = (AUTOMATION,) if rng.random() < 0.2 else (*COMPUTERS, *PHONES)
    profile = np.full(n, scene.browsers.some(kinds, 1)[0])
    faster = scene.shifted(1)
    bare = rng.random() < 0.3
    return scripted(
        scene,
        at,
        scene.entries.client(),
        profile,
        (rng.choice(ips, n), asn[0]),
        rng.uniform(0.4, 1.2, n) * faster,
        hosting=int(hosted),
        web_id=rng.integers(9999),
        odd=oddities.BARE if bare else oddities.USUAL,
        solve=scene.shifted(150),
    )


def _datacentre(scene: Scene, n: int, entry: int) -> Ballots:
    rng = scene.rng
    at = scene.times.paced(n, scene.ranged(10, 40), sessions=int(rng.integers(1, 5)))
    nets, asn = scene.networks.cloud(max(4, int(scene.shifted(60))))
    use = rng.integers(0, len(nets), n)
    profile = rng.choice(scene.browsers.some((*COMPUTERS, WEB_ANDROID), max(4, int(scene.shifted(20)))), n)
    odd = scene.oddly(n, float(np.clip(scene.shifted(0.5), 0.2, 0.9)), oddities.DATACENTRE)
    address = nets[use] * 256 + rng.integers(1, 255, n), asn[use]
    return scripted(scene, at, entry, profile, address, reading(scene, n, 1, 7), hosting=1, odd=odd)


def datacentre(scene: Scene, n: int) -> Ballots:
    """A2 datacentre proxies: 60 hosting /24s, 20 browsers, exponential gaps of 10-40 s, half with broken headers."""
    return _datacentre(scene, n, scene.entries.client())


def framing(scene: Scene, n: int) -> Ballots:
    """A11 framing: a blatant A2 in favour of a rival among the first."""
    return _datacentre(scene, n, int(scene.entries.ranked[scene.rng.integers(0, 5)]))


def residential(scene: Scene, n: int) -> Ballots:
    """A3 residential proxies: a new address each vote, 50 browsers, 30 % contradictory hints, gaps of 15-60 s."""
    rng = scene.rng
    at = scene.times.paced(n, scene.ranged(15, 60), sessions=int(rng.integers(1, 6)))
    address = scene.networks.residential(n)
    kinds = (*COMPUTERS, *PHONES) if rng.random() < 0.6 else PHONES
    profile = rng.choice(scene.browsers.some(kinds, max(8, int(scene.shifted(50)))), n)
    odd = scene.oddly(n, float(np.clip(scene.shifted(0.3), 0.1, 0.7)), oddities.CONTRADICTORY)
    entry, seconds = scene.entries.client(), reading(scene, n, 2, 9, (0.15, 0.5))
    return scripted(scene, at, entry, profile, address, seconds, odd=odd, network=rng.integers(0, 2, n))


def dialling(scene: Scene, n: int) -> Ballots:
    """A4 second-dial ADSL pool: 60 /24s of telephone companies, 8 models, gaps of 8-40 s, 1-5 votes an address."""
    rng = scene.rng
    at = scene.times.paced(n, scene.ranged(8, 40), sessions=int(rng.integers(1, 5)))
    nets = scene.networks.fresh(max(5, int(scene.shifted(60))))
    dial = np.cumsum(rng.random(n) < 1 / rng.uniform(1, 5))
    use = rng.integers(0, len(nets), n)[dial - 1]
    ip = nets[use] * 256 + rng.integers(2, 254, n)[dial - 1]
    profile = rng.choice(scene.browsers.some(PHONES, max(3, int(scene.shifted(8)))), n)
    address = ip, np.where(use % 3, TELECOM, UNICOM)
    return scripted(scene, at, scene.entries.client(), profile, address, reading(scene, n, 2, 8))


def blitz(scene: Scene, n: int) -> Ballots:
    """A9 blitz of the last two hours: 2-7 k votes from residential addresses, reading 1.5-6 s."""
    rng = scene.rng
    at = scene.times.closes - MS - rng.beta(1.1, rng.uniform(1, 2), n) * scene.shifted(2) * HOUR
    address = scene.networks.residential(n)
    kinds = PHONES if rng.random() < 0.6 else (*PHONES, *COMPUTERS)
    profile = rng.choice(scene.browsers.some(kinds, int(scene.shifted(60))), n)
    entry, seconds = scene.entries.client(), rng.uniform(1.5, 6, n) * scene.shifted(1) ** 0.5
    return scripted(scene, at, entry, profile, address, seconds, odd=scene.oddly(n, 0.06))


def waves(scene: Scene, n: int) -> Ballots:
    """A14 Kaili waves: 95-513 votes at 0.2-4.4/s, one to three waves a client, accounts with consecutive tokens."""
    rng = scene.rng
    count = int(np.clip(rng.integers(1, 4), 1, max(1, n // 40)))
    count = max(count, int(np.ceil(n / 1026)))
    client = scene.entries.client()
    models = scene.browsers.some((WECHAT_ANDROID, WECHAT_IOS, WEB_ANDROID), int(rng.integers(2, 25)))
    sizes = rng.multinomial(n, rng.dirichlet(np.full(count, 6)))
    return joined([_wave(scene, int(size), client, models) for size in sizes])


def _wave(scene: Scene, n: int, client: int, models: Array) -> Ballots:
    rng = scene.rng
    rate = np.exp(rng.uniform(np.log(0.2), np.log(4.4)))
    at = scene.times.start(n / rate * MS) + np.sort(rng.uniform(0, max(1, n) / rate * MS, n))
    address = scene.networks.residential(n) if rng.random() < 0.5 else scene.networks.handsets(n)
    seconds = reading(scene, n, 1, 6)
    first = at[0] - rng.uniform(0.05, 30) * HOUR if n else 0
    made_at = first + np.cumsum(rng.exponential(scene.shifted(1.5), n)) * MS
    latest = at - seconds * MS - 60
    issued = np.where(rng.random() < 0.5, latest, np.minimum(made_at, latest)).astype(np.int64)
    profile = rng.choice(models, n)
    return scripted(scene, at, client, profile, address, seconds, issued=issued, odd=scene.oddly(n, 0.05))


def limit_hugger(scene: Scene, n: int) -> Ballots:
    """A16 limit-hugger: one vote per address every cooldown + 1 minute, all day."""
    rng, times = scene.rng, scene.times
    gap, lines, each = _schedule(scene, n)
    start = rng.integers(times.opens + MINUTE, max(times.opens + 2 * MINUTE, times.closes - each * int(gap)))
    steps = gap + rng.exponential(scene.shifted(12) * MS, (lines, each))
    at = (start + rng.uniform(0, gap, (lines, 1)) + np.cumsum(steps, axis=1) - gap).ravel()[:n]
    line = np.repeat(np.arange(lines), each)[:n]
    ip, asn = scene.networks.residential(lines)
    models = scene.browsers.some((*PHONES, *COMPUTERS), max(2, int(scene.shifted(25))))
    profile = rng.choice(models, lines)[line] if rng.random() < 0.5 else rng.choice(models, n)
    entry, seconds = scene.entries.client(), reading(scene, n, 3, 12, (0.15, 0.5))
    return scripted(scene, at, entry, profile, (ip[line], asn[line]), seconds, odd=scene.oddly(n, 0.05))


def _schedule(scene: Scene, n: int) -> tuple[float, int, int]:
    """The gap (ms), how many addresses, and ballots of each."""
    rng = scene.rng
    gap = (float(rng.choice([10, 15, 30, 30, 60])) + scene.shifted(1)) * MINUTE
    length = min(n * gap, rng.uniform(2, 9.5) * DAY)
    lines = max(1, int(np.ceil(n / max(1, int(length / gap)))))
    return gap, lines, int(np.ceil(n / lines))
