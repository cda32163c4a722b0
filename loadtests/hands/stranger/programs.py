"""Attacks by programs of the research page: A1 to A4, A9 to A12, A14, A16 and A17."""

from __future__ import annotations

import numpy as np

from loadtests.hands.stranger.clock import HOUR, MINUTE, SECOND, begin, paced
from loadtests.hands.stranger.dice import Ints, Rng, around, chance, numbers, same, shifted, whole
from loadtests.hands.stranger.people import Sort, gather, visits, whereabouts
from loadtests.hands.stranger.rows import Lines, Rows
from loadtests.hands.stranger.scene import Scene
from loadtests.hands.stranger.scripts import CROSS, NO_REPORT, Order, broken, collected, hurried, run


def single_host(scene: Scene, rng: Rng, ballots: int) -> Rows:
    """A1: a script on one to four addresses that clears its cookies, at a nearly fixed pace."""
    gap = shifted(rng, 1, 5)
    at = paced(rng, scene.window, gap * (1 + rng.normal(0, 0.05, ballots)).clip(0.3))
    count = int(rng.integers(1, 5))
    lines = scene.networks.hosts(rng, 1, count, each=count) if rng.random() < 0.6 else scene.networks.site(rng, count)
    copied = rng.random() < 0.45
    profile = int(scene.catalogue.public(rng, "web", 1)[0]) if copied else scene.catalogue.tool(rng)
    seconds = hurried(rng, 0.4, 1.2, ballots)
    lines = lines.take(numbers(rng, 0, count, ballots))
    page = None if copied else int(rng.choice([-1, 0]))
    return run(scene, rng, Order(at, same(scene.one(rng), ballots), same(profile, ballots), lines, seconds, page=page))


def _datacentre(scene: Scene, rng: Rng, ballots: int, entry: int) -> Rows:
    """Votes through proxies at hosting companies, half of them with broken headers."""
    gaps = rng.exponential(shifted(rng, 10, 40), ballots) + 0.2
    lines = scene.networks.hosts(rng, whole(rng, 60, 60), ballots, abroad=rng.uniform(0, 0.6))
    profile = collected(scene, rng, whole(rng, 20, 20), ballots, 0.1)
    if rng.random() < 0.4:
        bare = {int(each): scene.catalogue.naked(rng, int(each)) for each in np.unique(profile)}
        profile = np.array([bare[int(each)] for each in profile], np.int64)
    odd = broken(rng, min(0.9, shifted(rng, 0.5, 0.5)), ballots)
    at = paced(rng, scene.window, gaps)
    return run(scene, rng, Order(at, same(entry, ballots), profile, lines, hurried(rng, 1, 4, ballots, 0.3), odd))


def datacentre(scene: Scene, rng: Rng, ballots: int) -> Rows:
    """A2: a pool of datacentre proxies."""
    return _datacentre(scene, rng, ballots, scene.one(rng))


def residential(scene: Scene, rng: Rng, ballots: int) -> Rows:
    """A3: residential proxies, another address for every vote, and copied clients with contradictory hints."""
    gaps = rng.exponential(shifted(rng, 15, 60), ballots) + 0.5
    profile = collected(scene, rng, whole(rng, 50, 50), ballots)
    odd = np.where(chance(rng, min(0.8, shifted(rng, 0.3, 0.3)), ballots), 7, 0)
    lines = scene.networks.residential(rng, ballots, scene.traits.six_home * rng.uniform(0, 0.5))
    at = paced(rng, scene.window, gaps)
    entry = same(scene.one(rng), ballots)
    return run(scene, rng, Order(at, entry, profile, lines, hurried(rng, 2, 8, ballots, 0.3), odd))


def second_dial(scene: Scene, rng: Rng, ballots: int) -> Rows:
    """A4: redialled ADSL lines of one or two cities and a handful of device models."""
    gaps = rng.uniform(0.6, 1.4, ballots) * shifted(rng, 8, 40)
    profile = collected(scene, rng, whole(rng, 8, 8, 3), ballots, 0.35)
    lines = scene.networks.dialled(rng, whole(rng, 60, 60), ballots)
    entry = same(scene.one(rng), ballots)
    at = paced(rng, scene.window, gaps)
    return run(scene, rng, Order(at, entry, profile, lines, hurried(rng, 1.5, 6, ballots, 0.25)))


def blitz(scene: Scene, rng: Rng, ballots: int) -> Rows:
    """A9: the last two hours, when nobody can answer any more."""
    span = shifted(rng, 1.5, 2) * HOUR
    at = scene.window.closes - 2000 - (span * rng.beta(1, rng.uniform(1, 2), ballots)).astype(np.int64)
    lines = scene.networks.residential(rng, ballots, scene.traits.six_home * 0.4)
    profile = collected(scene, rng, whole(rng, 40, 80), ballots, 0.4)
    middle = shifted(rng, 1.5, 6)
    entry = same(scene.one(rng), ballots)
    return run(scene, rng, Order(at, entry, profile, lines, around(rng, middle, rng.uniform(0.2, 0.4), ballots)))


def _genuine(scene: Scene, rng: Rng, ballots: int, at: Ints, fresh: float) -> Rows:
    """Ballots with the public's clients, pauses and token ages, from private lines and phones."""
    people = gather(scene, rng, ballots, Sort(fresh=fresh, crowded=1.001, wechat=rng.uniform(0, 0.8)))
    lines, net = whereabouts(scene, rng, people, np.arange(ballots), at)
    rented = scene.networks.residential(rng, ballots, scene.traits.six_home)
    lines = lines.where(chance(rng, rng.uniform(0.4, 1), ballots), rented)
    entry = same(scene.one(rng), ballots)
    return visits(scene, rng, people, (np.arange(ballots), at, entry), place=(lines, net))


def drip(scene: Scene, rng: Rng, ballots: int) -> Rows:
    """A10: a slow drip over the whole window, flat in the time of day, with human clients and pauses."""
    start = scene.window.opens + rng.uniform(0, 24) * HOUR
    end = scene.window.closes - rng.uniform(0, 12) * HOUR
    steps = np.cumsum(rng.gamma(rng.uniform(1, 4), 1, ballots))
    at = (start + (end - start) * steps / steps[-1]).astype(np.int64)
    return _genuine(scene, rng, ballots, at, rng.uniform(0.8, 1))


def framing(scene: Scene, rng: Rng, ballots: int) -> Rows:
    """A11: a blatant attack like A2 for a leading rival, so that he is thrown out."""
    leaders = np.argsort(-scene.popularity, kind="stable")[:8]
    return _datacentre(scene, rng, ballots, int(rng.choice(leaders)))


def embed(scene: Scene, rng: Rng, ballots: int) -> Rows:
    """A12: a hidden form in somebody else's busy page; real visitors vote without knowing."""
    people = gather(scene, rng, ballots, Sort(wechat=0.0, fresh=1.0, crowded=1.05))
    length = min(shifted(rng, 1, 6), 9.5) * 24 * HOUR
    start = begin(rng, scene.window, length)
    at = scene.rhythm.draw(rng, ballots, start, start + length)
    lines, _ = whereabouts(scene, rng, people, np.arange(ballots), at)
    odd = same(CROSS, ballots)
    seconds = np.minimum(rng.exponential(shifted(rng, 0.1, 0.25), ballots) + 0.03, 3)
    return run(scene, rng, Order(at, same(scene.one(rng), ballots), people.profile, lines, seconds, odd, page=-1))


def waves(scene: Scene, rng: Rng, ballots: int) -> Rows:
    """A14: one to three exact waves a client, a vote every quarter of a second to five seconds."""
    left, times, entries = ballots, [], []
    while left > 0:
        client = scene.one(rng)
        for _ in range(int(rng.integers(1, 4))):
            size = min(left, whole(rng, 95, 513, 30))
            step = SECOND / shifted(rng, 0.2, 4.4)
            start = begin(rng, scene.window, size * step)
            times.append((start + np.cumsum(rng.gamma(4, step / 4, size))).astype(np.int64))
            entries.append(same(client, size))
            left -= size
            if left <= 0:
                break
    at, entry = np.concatenate(times), np.concatenate(entries)
    profile = collected(scene, rng, whole(rng, 3, 12, 1), ballots, 0.5)
    pool = scene.networks.residential(rng, whole(rng, 20, 200))
    lines: Lines = pool.take(numbers(rng, 0, len(pool), ballots))
    if rng.random() < 0.4:
        lines = scene.networks.hosts(rng, whole(rng, 3, 20), ballots)
    odd = np.where(chance(rng, float(rng.choice([0.0, 1.0])), ballots), NO_REPORT, 0)
    return run(scene, rng, Order(at, entry, profile, lines, hurried(rng, 0.8, 3, ballots, 0.25), odd))


def limit_hugger(scene: Scene, rng: Rng, ballots: int) -> Rows:
    """A16: every address votes again one minute after a supposed cooldown, all day and night."""
    gap = (float(rng.choice([10, 20, 30, 60])) + 1) * MINUTE
    length = min(shifted(rng, 2, 6), 9.5) * 24 * HOUR
    count = max(1, round(ballots * gap / length))
    lines = scene.networks.residential(rng, count)
    begins = begin(rng, scene.window, length) + rng.uniform(0, gap, count)
    which, turn = np.arange(ballots) % count, np.arange(ballots) // count
    at = (begins[which] + turn * gap + np.abs(rng.normal(0, 8, ballots)) * SECOND + turn * 1500).astype(np.int64)
    profile = collected(scene, rng, whole(rng, 10, 40), ballots)
    entry = same(scene.one(rng), ballots)
    return run(scene, rng, Order(at, entry, profile, lines.take(which), hurried(rng, 3, 10, ballots, 0.3)))


def mimic(scene: Scene, rng: Rng, ballots: int) -> Rows:
    """A17: copies the public in everything, one vote per address; only the volume tells."""
    start = begin(rng, scene.window, 4 * 24 * HOUR)
    at = scene.rhythm.draw(rng, ballots, start, scene.window.closes - 1000)
    return _genuine(scene, rng, ballots, at, scene.traits.fresh)
