"""A labelled world by another hand than `loadtests.traffic`: written from the published page only."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from loadtests.hands.foreign import bots, hired, lookalikes, unlisted
from loadtests.hands.foreign.kinds import ATTACKS, BACKGROUND, EVERY, LOOKALIKES
from loadtests.hands.foreign.losses import challenge, lose
from loadtests.hands.foreign.public import public
from loadtests.hands.foreign.rows import Ints, Rows, joined
from loadtests.hands.foreign.scene import Scene
from loadtests.hands.foreign.texts import texts
from loadtests.traffic.world import World

SMALL = (40, 350)
MAKERS = bots.MAKERS | hired.MAKERS | unlisted.MAKERS
# Ballots of a campaign in a world with budget for all of them at full size: from, to; before variation.
SIZES: dict[str, tuple[float, float]] = {
    "A1": (800, 4000),
    "A2": (800, 4000),
    "A3": (800, 4000),
    "A4": (800, 4000),
    "A5": (900, 5000),
    "A7": (1500, 6000),
    "A8": (1500, 6000),
    "A9": (2000, 7000),
    "A10": (2500, 6000),
    "A11": (1000, 5000),
    "A12": (600, 3000),
    "A14": (400, 2000),
    "A16": (800, 4000),
    "A17": (800, 3000),
}
_UNLISTED_SIZE = (700, 4000)
_FULL_BUDGET = 75_000
_FULL_GENUINE = 156_000


@dataclass(frozen=True, slots=True)
class _Part:
    """The ballots of one campaign or crowd."""

    rows: Rows
    family: str
    instance: str


def make_world(
    seed: int,
    ballots: int = 200_000,
    fraud: float = 0.22,
    *,
    families: Sequence[str] | None = None,
    small: bool = False,
) -> World:
    """So many ballots, of which about `fraud` are fraudulent. `families`: only these attacks, if any is named, and only
    these look-alikes, if any is named. `small`: every campaign has 40 to 350 ballots. All that a paid crowd casts is
    labelled as fraud, also what it casts to hide."""
    attacks, crowds = _wanted(families)
    scene = Scene(seed, ballots)
    budget = round(ballots * fraud)
    parts = list(_campaigns(scene, attacks, budget, small=small)) if budget else []
    left = ballots - sum(len(part.rows) for part in parts)
    parts.extend(_crowds(scene, crowds, left))
    left = ballots - sum(len(part.rows) for part in parts)
    parts.append(_Part(public(scene, max(left, 1)), BACKGROUND, BACKGROUND))
    return _world(scene, parts)


def _wanted(families: Sequence[str] | None) -> tuple[list[str], list[str]]:
    named = EVERY if families is None else tuple(families)
    if unknown := set(named) - set(EVERY):
        raise ValueError(f"unknown families: {sorted(unknown)}")
    attacks = [name for name in ATTACKS if name in named] or list(ATTACKS)
    return attacks, [name for name in LOOKALIKES if name in named] or list(LOOKALIKES)


def _rounds(scene: Scene, names: list[str]) -> Iterator[tuple[str, str]]:
    """Families in random order, all of them before one comes again; with the name of the instance."""
    turn = 0
    while True:
        turn += 1
        for place in scene.random.permutation(len(names)):
            yield names[place], f"{names[place]}#{turn}"


def _campaigns(scene: Scene, names: list[str], budget: int, *, small: bool) -> Iterator[_Part]:
    """Campaigns until the budget is used up."""
    scale = min(1.0, budget / _FULL_BUDGET)
    failed = 0
    for family, instance in _rounds(scene, names):
        if budget < SMALL[0] or failed == 200:
            return
        size = int(scene.random.integers(SMALL[0] + 20, SMALL[1])) if small else _size(scene, family, scale)
        most = min(budget, SMALL[1]) if small else budget
        rows = _cut(scene, _clean(scene, MAKERS[family](scene, min(size, most))), most)
        if len(rows) < SMALL[0]:
            # Too much of it lay outside the window, or the budget is nearly used up.
            failed += 1
            continue
        budget -= len(rows)
        yield _Part(rows, family, instance)


def _size(scene: Scene, family: str, scale: float) -> int:
    low, high = SIZES.get(family, _UNLISTED_SIZE)
    wanted = scene.between(low, high) * math.pow(scale, scene.random.uniform(0.6, 1.3))
    return max(round(wanted), SMALL[0] + 20)


def _crowds(scene: Scene, names: list[str], genuine: int) -> Iterator[_Part]:
    """Look-alikes: one of each, and then more until they are about a quarter of the genuine ballots."""
    scale, budget = min(1.0, genuine / _FULL_GENUINE), genuine * scene.random.uniform(0.2, 0.35)
    for number, (family, instance) in enumerate(_rounds(scene, names)):
        if number >= len(names) * 4 or budget <= 0 or (scale < 0.02 and number >= len(names)):
            return
        rows = _clean(scene, lookalikes.MAKERS[family](scene, scale))
        if not 0 < len(rows) < genuine * 0.2:
            continue
        budget -= len(rows)
        yield _Part(rows, family, instance)


def _clean(scene: Scene, rows: Rows) -> Rows:
    """In the window, and one ballot a voter a day."""
    rows = rows[scene.clock.inside(rows.at)]
    rows = rows[np.argsort(rows.at, kind="stable")]
    day: Ints = scene.clock.day_of(rows.at) + rows.voter * 16
    return rows[np.sort(np.unique(day, return_index=True)[1])]


def _cut(scene: Scene, rows: Rows, most: int) -> Rows:
    return rows if len(rows) <= most else rows[np.sort(scene.random.permutation(len(rows))[:most])]


def _world(scene: Scene, parts: list[_Part]) -> World:
    rows = joined([part.rows for part in parts])
    number = np.repeat(np.arange(len(parts)), [len(part.rows) for part in parts])
    # Of ballots of one millisecond no family shall always be the first.
    order = np.lexsort((scene.random.random(len(rows)), rows.at))
    rows, number = rows[order], number[order]
    width = len(str(scene.entries))
    codes = [f"w{each:0{width}d}" for each in scene.random.permutation(scene.entries) + 1]
    events = lose(scene, challenge(scene, texts(scene, rows, codes), rows.scripted))
    family = pl.Series([part.family for part in parts]).gather(number)
    labels = pl.DataFrame(
        {
            "id": events["id"],
            "fraud": family.is_in(ATTACKS),
            "family": family,
            "instance": pl.Series([part.instance for part in parts]).gather(number),
            "scripted": pl.Series(rows.scripted),
        }
    )
    return World(events, labels, sorted(codes), scene.clock.opens, scene.clock.closes, "day")
