"""Ballots of one contest with their labels, until the world is complete."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from loadtests.fraud_lab.simulator.batch import Batch, Bools, Ints, joined
from loadtests.fraud_lab.simulator.rendering import rendered
from loadtests.fraud_lab.simulator.scene import Scene
from loadtests.fraud_lab.simulator.world import BACKGROUND, Rule, World


@dataclass(frozen=True, slots=True)
class Label:
    """What a group of ballots is."""

    fraud: bool
    family: str
    instance: str
    scripted: bool = False


PUBLIC = Label(fraud=False, family=BACKGROUND, instance=BACKGROUND)


class Rows:
    """Batches of ballots with labels."""

    def __init__(self, scene: Scene, rule: Rule) -> None:
        self._scene = scene
        self._rule: Rule = rule
        self._batches: list[Batch] = []
        self._labels: list[Label] = []

    def add(self, label: Label, batch: Batch) -> None:
        """Keeps the ballots inside the window and the quota."""
        batch = batch.take(self._scene.clock.inside(batch.at))
        self._batches.append(batch.take(self._first(batch)))
        self._labels.append(label)

    def _first(self, batch: Batch) -> Ints:
        """The first ballot of each voter in each period of the quota; no voter is in two batches."""
        day = self._scene.clock.day_of(batch.at) if self._rule == "day" else np.zeros(len(batch), dtype=np.int64)
        order = np.argsort(batch.at, kind="stable")
        _, first = np.unique((batch.voter * 1000 + day)[order], return_index=True)
        return np.sort(order[first]).astype(np.int64)

    def valid(self) -> int:
        """The number of ballots so far."""
        return sum(len(each) for each in self._batches)

    def world(self, ballots: int) -> World:
        """All ballots in order of time; of the public only as many as there is room for."""
        scene, rows = self._scene, joined(self._batches)
        sizes = [len(each) for each in self._batches]
        spare = np.flatnonzero(np.repeat([label == PUBLIC for label in self._labels], sizes))
        excess = max(0, len(rows) - ballots)
        keep: Bools = np.ones(len(rows), dtype=np.bool_)
        keep[scene.random.choice(spare, min(excess, len(spare)), replace=False)] = False
        chosen = np.flatnonzero(keep)
        chosen = scene.random.permutation(chosen)
        chosen = chosen[np.argsort(rows.at[chosen], kind="stable")]
        events = rendered(scene, rows.take(chosen))
        names = Label.__slots__
        table = pl.DataFrame({name: [getattr(label, name) for label in self._labels] for name in names})
        labels = pl.concat(
            [events.select("id"), table[np.repeat(np.arange(len(sizes)), sizes)[chosen]]], how="horizontal"
        )
        return World(events, labels, scene.entries.codes, scene.clock.opens, scene.clock.closes, self._rule)
