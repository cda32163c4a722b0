"""Whole worlds: so much fraud, so many crowds, and the public for the rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from loadtests.hands.outsider.attacks import KNOWN
from loadtests.hands.outsider.base import Acts, Family, chosen
from loadtests.hands.outsider.crowds import LISTED, public
from loadtests.hands.outsider.others import OTHERS
from loadtests.hands.outsider.rows import Cast, rendered
from loadtests.hands.outsider.scene import Scene
from loadtests.hands.outsider.unlisted import UNLISTED
from loadtests.traffic.world import World

ATTACKS: dict[str, Family] = KNOWN | UNLISTED
CROWDS: dict[str, Family] = LISTED | OTHERS
_LEAST, _ROOM = 45, 90


@dataclass(frozen=True, slots=True)
class Plan:
    """How many ballots in all, in parts of which sizes: `most` caps each, `scale` multiplies the families' sizes."""

    total: int
    most: int
    scale: float
    small: bool = False


def make_world(
    seed: int,
    ballots: int = 200_000,
    fraud: float = 0.22,
    *,
    small: bool = False,
    families: Sequence[str] | None = None,
) -> World:
    """A vote of 10 days with so many ballots, of which this share is fraud (of these families, all by default), 26-40 %
    of the rest from crowds and the remainder from the public. `small`: campaigns of 40-330 ballots."""
    scene = Scene(seed, ballots)
    scale = float(np.clip((ballots / 400_000) ** 0.5, 0.1, 6))
    attacks = {name: ATTACKS[name] for name in (ATTACKS if families is None else sorted(set(families)))}
    bought = round(ballots * fraud)
    share = max(len(attacks), 3)
    casts = list(_parts(scene, attacks, Plan(bought, max(2 * _LEAST, round(1.2 * bought / share)), scale, small), True))
    honest = ballots - sum(len(cast.acts.who) for cast in casts)
    crowded = round(honest * scene.rng.uniform(0.26, 0.40))
    casts += _parts(scene, CROWDS, Plan(crowded, max(2 * _LEAST, round(0.03 * honest)), scale), False)
    rest = ballots - sum(len(cast.acts.who) for cast in casts)
    casts.append(Cast(_valid(scene, public(scene, rest)), False, "background", "background", False))
    events, labels = rendered(casts, scene.rng)
    entries = [f"{number:03d}" for number in range(len(scene.popularity))]
    return World(events, labels, entries, scene.clock.opens, scene.clock.closes, "day")


def _parts(scene: Scene, families: Mapping[str, Family], plan: Plan, fraud: bool) -> Iterator[Cast]:
    """One of each family in random order, then any, until the plan's total is reached."""
    names = [str(name) for name in scene.rng.permutation(sorted(families))]
    left = plan.total
    turn = 0
    while left >= _LEAST and names:
        name = names[turn] if turn < len(names) else names[int(scene.rng.integers(len(names)))]
        # The first of a family leaves room for the families to come.
        room = left - _ROOM * max(0, len(names) - turn - 1)
        size = min(left, max(_LEAST, min(room, _size(scene, families[name], plan))))
        acts = _valid(scene, families[name].make(scene, size))
        left -= len(acts.who)
        turn += 1
        yield Cast(acts, fraud, name, f"{name}#{turn}", families[name].scripted)


def _size(scene: Scene, family: Family, plan: Plan) -> int:
    if plan.small:
        return int(scene.rng.integers(55, 331))
    # Offices, classes and waves are as large in any contest.
    scale = plan.scale if family.sizes[1] > 1200 else 1
    return int(np.clip(scene.shifted(*family.sizes) * scale, _LEAST, plan.most))


def _valid(scene: Scene, acts: Acts) -> Acts:
    """Without what is outside the window or a voter's second ballot of a day."""
    acts = chosen(acts, scene.clock.held(acts.at))
    _, first = np.unique(acts.who * 16 + scene.clock.day(acts.at), return_index=True)
    keep = np.zeros(len(acts.who), bool)
    keep[first] = True
    return chosen(acts, keep)
