"""The standard profile: the public, crowds and campaigns of `families`, on the networks and browsers of `simulator`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from loadtests.fraud_lab.families import ATTACKS, EVERY, LOOKALIKES
from loadtests.fraud_lab.families.public import public
from loadtests.fraud_lab.profiles import plan
from loadtests.fraud_lab.simulator.batch import Batch, Bools, Ints, joined
from loadtests.fraud_lab.simulator.rendering import rendered
from loadtests.fraud_lab.simulator.scene import Scene
from loadtests.fraud_lab.simulator.world import BACKGROUND, DAYS, Rule, World


def make_world(  # noqa: PLR0913 (all by name)
    seed: int,
    ballots: int = 200_000,
    fraud: float = 0.22,
    *,
    families: Sequence[str] = EVERY,
    crowds: Sequence[str] = tuple(LOOKALIKES),
    entries: int | None = None,
    rule: Rule = "day",
    days: int = DAYS,
    small: bool = False,
) -> World:
    """`ballots` attempts, a share `fraud` of them by campaigns of these families. 20 to 45 % of the honest ballots are
    by these crowds, the rest by the public. Without `entries` their number is drawn from 50 to 300. `rule`: one pick
    per voter and day, or per voter and window. With `small` each campaign has 40 to 350 ballots."""
    random = np.random.default_rng([20_260_101, seed])
    scene = Scene(random, int(random.integers(50, 301)) if entries is None else entries, days)
    attacks = plan.attacks(random, {name: ATTACKS[name] for name in sorted(families)}, round(ballots * fraud), small)
    honest = ballots - sum(each.ballots for each in attacks)
    kinds = {name: kind for name, kind in LOOKALIKES.items() if name in crowds}
    gatherings = plan.gatherings(random, kinds, round(honest * random.uniform(0.2, 0.45)))
    # Framed rivals are drawn first: no campaign may help them.
    attacks.sort(key=lambda each: each.family != "A11")
    rows = _Rows(scene, rule)
    for each in attacks + gatherings:
        family = ATTACKS.get(each.family) or LOOKALIKES[each.family]
        rows.add(each.family, family.make(scene, each.ballots))
    # The public fills up what the quota and the window's ends have removed.
    rows.add(BACKGROUND, public(scene, max(1, ballots - rows.valid())))
    return rows.world(ballots, scene)


class _Rows:
    """Batches with their families."""

    def __init__(self, scene: Scene, rule: Rule) -> None:
        self._scene = scene
        self._rule: Rule = rule
        self._batches: list[Batch] = []
        self._families: list[str] = []

    def add(self, family: str, batch: Batch) -> None:
        """Keeps the ballots inside the window and the quota."""
        batch = batch.take(self._scene.clock.inside(batch.at))
        self._batches.append(batch.take(self._first(batch)))
        self._families.append(family)

    def _first(self, batch: Batch) -> Ints:
        """The first ballot of each voter in each period of the quota; no voter is in two batches."""
        day = self._scene.clock.day_of(batch.at) if self._rule == "day" else np.zeros(len(batch), dtype=np.int64)
        order = np.argsort(batch.at, kind="stable")
        _, first = np.unique((batch.voter * 1000 + day)[order], return_index=True)
        return np.sort(order[first]).astype(np.int64)

    def valid(self) -> int:
        """The number of ballots so far."""
        return sum(len(each) for each in self._batches)

    def world(self, ballots: int, scene: Scene) -> World:
        """All ballots in order of time."""
        rows, labels = joined(self._batches), self._labels()
        excess = max(0, len(rows) - ballots)
        spare = np.flatnonzero(labels["family"].to_numpy() == BACKGROUND)
        keep: Bools = np.ones(len(rows), dtype=np.bool_)
        keep[scene.random.choice(spare, min(excess, len(spare)), replace=False)] = False
        chosen = np.flatnonzero(keep)
        chosen = scene.random.permutation(chosen)
        chosen = chosen[np.argsort(rows.at[chosen], kind="stable")]
        events = rendered(scene, rows.take(chosen))
        clock = scene.clock
        labels = pl.concat([events.select("id"), labels[chosen]], how="horizontal")
        return World(events, labels, scene.entries.codes, clock.opens, clock.closes, self._rule)

    def _labels(self) -> pl.DataFrame:
        seen: dict[str, int] = {}
        instances = []
        for family in self._families:
            seen[family] = seen.get(family, 0) + 1
            instances.append(family if family == BACKGROUND else f"{family}#{seen[family]}")
        table = pl.DataFrame(
            {
                "fraud": [name in ATTACKS for name in self._families],
                "family": self._families,
                "instance": instances,
                "scripted": [name in ATTACKS and ATTACKS[name].scripted for name in self._families],
            },
            schema={"fraud": pl.Boolean, "family": pl.String, "instance": pl.String, "scripted": pl.Boolean},
        )
        return table[np.repeat(np.arange(len(instances)), [len(each) for each in self._batches])]
