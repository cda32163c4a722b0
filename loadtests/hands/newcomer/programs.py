"""The common part of attacks by programs."""

from __future__ import annotations

import numpy as np

from loadtests.hands.newcomer.ballots import Ballots, ballots_of, taken
from loadtests.hands.newcomer.dice import Array
from loadtests.hands.newcomer.networks import Addresses
from loadtests.hands.newcomer.profiles import IN_WECHAT
from loadtests.hands.newcomer.scene import Scene
from loadtests.hands.newcomer.times import MS


def reading(scene: Scene, n: int, low: float, high: float, spread: tuple[float, float] = (0.12, 0.45)) -> Array:
    """A script's reading times: a typical one between low and high, less spread than people's."""
    rng = scene.rng
    return np.maximum(0.15, rng.uniform(low, high) * rng.lognormal(0, rng.uniform(*spread), n))


def scripted(
    scene: Scene,
    at: Array,
    entry: int,
    profile: Array,
    address: Addresses | tuple[Array, int],
    seconds: Array,
    **more: object,
) -> Ballots:
    """Scripted ballots: a new voter and token each unless given in other columns."""
    n, times = len(at), scene.times
    at = np.asarray(at).astype(np.int64)
    opened = at - (np.asarray(seconds) * MS).astype(np.int64)
    usual: dict[str, object] = {
        "opened": opened,
        "issued": opened - scene.rng.integers(0, 400, n),
        "voter": scene.serials(n),
        "device": scene.serials(n),
        "solve": scene.shifted(110),
        "page": scene.rng.choice(3, n, p=[0.7, 0.2, 0.1]),
        "channel": np.isin(scene.browsers.kind[profile], IN_WECHAT),
    }
    ip, asn = address
    made = ballots_of(n, at=at, entry=entry, profile=profile, ip=ip, asn=asn, **(usual | more))
    return taken(made, (at >= times.opens + 100) & (at < times.closes))
