"""What a server does not learn: a little of each field, and in some worlds whole fields."""

from __future__ import annotations

import numpy as np
import polars as pl

from loadtests.hands.foreign.rows import Bools
from loadtests.hands.foreign.scene import Scene
from loadtests.traffic.rendering import CLIENT, HEADERS

_NETWORK, _HEADERS = ("asn", "hosting"), tuple(HEADERS)
_LITTLE: tuple[tuple[tuple[str, ...], float], ...] = (
    (("device", "device_issued_at"), 0.006),
    (_NETWORK, 0.015),
    (_HEADERS, 0.003),
    (CLIENT, 0.02),
)
_LITTLE += ((("opened_at",), 0.01), (("user_agent",), 0.001))
# Fields, and the channels that do not have them; none: all.
_WHOLE: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (CLIENT, ()),
    (CLIENT, ("wechat", "mini_program")),
    (CLIENT, ("mini_program",)),
    (_NETWORK, ()),
    (("hosting",), ()),
    (_HEADERS, ()),
    (_HEADERS, ("wechat", "mini_program")),
    (tuple(name for name in _HEADERS if name != "accept_language"), ()),
    (("device_issued_at",), ()),
    (("opened_at",), ("mini_program",)),
)


def lose(scene: Scene, events: pl.DataFrame) -> pl.DataFrame:
    """With nulls where nothing is known."""
    random, count = scene.random, len(events)
    lost: list[tuple[tuple[str, ...], Bools]] = [
        (names, scene.mask(count, scene.vary(share))) for names, share in _LITTLE
    ]
    if scene.chance(0.3):
        for which in random.choice(len(_WHOLE), int(random.integers(1, 3)), replace=False):
            names, channels = _WHOLE[which]
            all_of = np.ones(count, np.bool_) if not channels else events["channel"].is_in(channels).to_numpy()
            lost.append((names, all_of))
    for names, where in lost:
        mask = pl.Series(where)
        events = events.with_columns(events[name].set(mask, None) for name in names)
    return events.with_columns(events["channel"].set(pl.Series(scene.mask(count, 0.004)), None))


def challenge(scene: Scene, events: pl.DataFrame, scripted: Bools) -> pl.DataFrame:
    """In some worlds some ballots carry a proof of work; programs have faster machines than phones."""
    share, count = scene.random.uniform(0.03, 0.4), len(events)
    if not scene.chance(0.3):
        return events
    asked = scene.mask(count, share)
    took = np.where(scripted, scene.spread(count, 600, 0.6), scene.spread(count, 1300, 0.6))
    passed = ~scene.mask(count, 0.006)
    none = pl.Series(~asked)
    return events.with_columns(
        pl.Series("challenge_passed", passed).set(none, None), pl.Series("challenge_ms", took).set(none, None)
    )
