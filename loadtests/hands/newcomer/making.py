"""Puts a world together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from loadtests.hands.newcomer.ballots import Ballots, joined, size, taken
from loadtests.hands.newcomer.dice import Array
from loadtests.hands.newcomer.families import ATTACKS, CROWDS, Family
from loadtests.hands.newcomer.plan import Plan, small_ones, usual_ones
from loadtests.hands.newcomer.public import public
from loadtests.hands.newcomer.rendering import rendered
from loadtests.hands.newcomer.scene import Scene
from loadtests.traffic.families import BACKGROUND
from loadtests.traffic.world import World

_SALT = 20_261_122


@dataclass(frozen=True, slots=True)
class _Instance:
    """One instance's ballots and what they are."""

    family: str
    name: str
    fraud: bool
    scripted: bool
    ballots: Ballots


def make_world(
    seed: int,
    ballots: int = 200_000,
    fraud: float = 0.22,
    *,
    small: bool = False,
    families: Sequence[str] | None = None,
) -> World:
    """A contest with `fraud` of its ballots by attacks; with `small` each campaign has only 40-350 of them."""
    rng = np.random.default_rng([seed, ballots, round(fraud * 1_000_000), int(small), _SALT])
    scene = Scene(rng, ballots)
    attacks = {name: family for name, family in ATTACKS.items() if families is None or name in families}
    stolen = round(ballots * fraud) if attacks else 0
    campaigns = small_ones(scene, stolen, list(attacks)) if small else usual_ones(scene, stolen, attacks)
    crowds = usual_ones(scene, int((ballots - stolen) * rng.uniform(0.2, 0.45)), CROWDS)
    made = [*_instances(scene, campaigns, ATTACKS, fraud=True), *_instances(scene, crowds, CROWDS, fraud=False)]
    made.append(_background(scene, ballots - sum(size(each.ballots) for each in made)))
    which = np.repeat(np.arange(len(made)), [size(each.ballots) for each in made])
    rows = joined([each.ballots for each in made])
    order = np.lexsort((rng.permutation(len(which)), rows["at"]))
    events = rendered(scene, taken(rows, order), seed)
    labels = _labels(events["id"], made, which[order])
    return World(events, labels, scene.entries.codes, scene.times.opens, scene.times.closes, "day")


def _instances(scene: Scene, plan: Plan, families: Mapping[str, Family], *, fraud: bool) -> list[_Instance]:
    """The ballots of these instances, hardly more than planned."""
    seen: dict[str, int] = {}
    found = []
    for name, planned in plan:
        seen[name] = seen.get(name, 0) + 1
        made = families[name].make(scene, planned)
        over = size(made) - int(planned * 1.02) - 1
        if over > 0:
            made = taken(made, np.sort(scene.rng.permutation(size(made))[:-over]))
        kept = _once_a_day(scene, made)
        found.append(_Instance(name, f"{name}#{seen[name]}", fraud, families[name].scripted, kept))
    return found


def _background(scene: Scene, n: int) -> _Instance:
    """The public, at most n ballots of it."""
    made = _once_a_day(scene, public(scene, max(0, int(n * 1.05) + 50)))
    kept = np.sort(scene.rng.permutation(size(made))[: max(0, n)])
    return _Instance(BACKGROUND, BACKGROUND, False, False, taken(made, kept))


def _once_a_day(scene: Scene, made: Ballots) -> Ballots:
    """Only the first ballot of a voter and day."""
    key = made["voter"] * 16 + scene.times.day_of(made["at"])
    order = np.lexsort((made["at"], key))
    first = np.diff(key[order], prepend=-1) != 0
    return taken(made, np.sort(order[first]))


def _labels(ids: pl.Series, made: list[_Instance], which: Array) -> pl.DataFrame:
    """What each ballot is."""
    table = pl.DataFrame(
        {
            "fraud": [each.fraud for each in made],
            "family": [each.family for each in made],
            "instance": [each.name for each in made],
            "scripted": [each.scripted for each in made],
        }
    )
    return table[which].insert_column(0, ids)
