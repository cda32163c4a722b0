"""A labelled world, put together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import polars as pl

from loadtests.hands.literal import bots, hired, lookalikes, plan, unlisted
from loadtests.hands.literal.kinds import ATTACKS, BACKGROUND, BY_MACHINE, LOOKALIKES
from loadtests.hands.literal.people import public
from loadtests.hands.literal.rendering import rendered
from loadtests.hands.literal.rows import Ballots, Floats, joined
from loadtests.hands.literal.scene import Scene
from loadtests.traffic.world import World

# All attacks but the one that follows somebody's ballots.
MAKERS: dict[str, Callable[[Scene, int], Ballots]] = bots.MAKERS | hired.MAKERS | unlisted.MAKERS
FOLLOWING = "U3"
# A crowd may have a little more than was planned.
_MORE = 1.15


class _Parts:
    """What was cast in a world until now."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._parts: list[Ballots] = []
        self._names: list[tuple[str, str]] = []
        self._instances: Counter[str] = Counter()

    def add(self, ballots: Ballots, family: str, most: int | None = None) -> None:
        """Those ballots of a campaign or crowd that are in the window, at most so many."""
        inside = np.flatnonzero((ballots.at >= 0) & (ballots.at < self._scene.clock.end - 0.001))
        if most is not None and len(inside) > most:
            inside = np.sort(self._scene.random.permutation(inside)[:most])
        self._instances[family] += 1
        if not len(inside):
            return
        self._parts.append(ballots[inside])
        instance = BACKGROUND if family == BACKGROUND else f"{family}#{self._instances[family]}"
        self._names.append((family, instance))

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    def sorted(self) -> tuple[Ballots, pl.DataFrame]:
        """All by time, and what each belongs to."""
        ballots = joined(self._parts)
        order = np.argsort(np.round(ballots.at * 1000), kind="stable")
        part = np.repeat(np.arange(len(self._parts)), list(map(len, self._parts)))[order]
        names = [(family, instance, family in ATTACKS, family in BY_MACHINE) for family, instance in self._names]
        schema = ["family", "instance", "fraud", "scripted"]
        return ballots[order], pl.DataFrame(names, schema=schema, orient="row")[part]


def make_world(
    seed: int,
    ballots: int = 200_000,
    fraud: float = 0.22,
    *,
    families: Sequence[str] | None = None,
    small: bool = False,
) -> World:
    """One labelled world of so many ballots, of which about `fraud` are fraudulent; the same for the same seed.
    `families`: only these attacks and look-alikes. `small`: every campaign has 40 to 350 ballots."""
    scene = Scene(seed, ballots)
    parts = _Parts(scene)
    wanted = round(ballots * fraud)
    campaigns = plan.campaigns(scene, wanted, _of(ATTACKS, families), small=small)
    for family, size in plan.crowds(scene, ballots - wanted, _of(LOOKALIKES, families)):
        parts.add(lookalikes.MAKERS[family](scene, size), family, round(size * _MORE))
    # Before the campaigns, some of which follow what others cast.
    rest = public(scene, max(0, ballots - len(parts) - wanted))
    for family, size in campaigns:
        made = _following(scene, size, rest) if family == FOLLOWING else MAKERS[family](scene, size)
        parts.add(made, family, size)
    spare = ballots - len(parts) - len(rest)
    parts.add(rest, BACKGROUND, len(rest) + min(spare, 0))
    if spare > 0:
        parts.add(public(scene, spare), BACKGROUND)
    return _world(scene, parts, seed)


def _of(every: Sequence[str], families: Sequence[str] | None) -> list[str]:
    return [each for each in every if families is None or each in families]


def _following(scene: Scene, size: int, rest: Ballots) -> Ballots:
    """Answers to one of the entries that the public likes best."""
    counts = np.bincount(rest.entry, minlength=scene.entries)
    rival = scene.random.choice(np.argsort(-counts)[:8])
    times: Floats = rest.at[rest.entry == rival]
    return unlisted.followers(scene, size, times)


def _world(scene: Scene, parts: _Parts, seed: int) -> World:
    ballots, named = parts.sorted()
    events = rendered(scene, ballots, seed)
    labels = named.select(events["id"], "fraud", "family", "instance", "scripted")
    closes = scene.clock.opens + int(scene.clock.end * 1000)
    return World(events, labels, scene.codes, scene.clock.opens, closes, "day")
