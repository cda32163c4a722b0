"""Makes a world: the public, crowds, and then the fraud that is bought against their result."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import polars as pl

from loadtests.fraud_lab.profiles.assessor.attacks import ATTACKS
from loadtests.fraud_lab.profiles.assessor.base import Rows, joined
from loadtests.fraud_lab.profiles.assessor.columns import code, events
from loadtests.fraud_lab.profiles.assessor.crowds import CROWDS, public
from loadtests.fraud_lab.profiles.assessor.families import Family, campaigns, crowds
from loadtests.fraud_lab.profiles.assessor.stage import Stage
from loadtests.fraud_lab.simulator.world import World


@dataclass(frozen=True, slots=True)
class _Group:
    """The ballots of one campaign or crowd, with their label."""

    rows: Rows
    family: str
    instance: str
    fraud: bool
    scripted: bool


def make_world(
    seed: int,
    ballots: int = 200_000,
    fraud: float = 0.22,
    *,
    small: bool = False,
) -> World:
    """A world of `ballots`, a share `fraud` of them by campaigns, of 40 to 350 ballots each with `small`."""
    stage = Stage(seed, ballots)
    scale = max(1.0, ballots / 200_000) ** 0.5
    paid = round(ballots * fraud)
    honest = ballots - paid
    groups = _groups(stage, CROWDS, crowds(stage.rng, CROWDS, honest, scale), fraud=False)
    rest = honest - sum(len(group.rows.at) for group in groups)
    groups.append(_Group(public(stage, rest), "background", "background", fraud=False, scripted=False))
    _choose_clients(stage, groups)
    # In the order of names, which decides what a seed draws.
    attacks = {name: ATTACKS[name] for name in sorted(ATTACKS)}
    groups += _groups(stage, attacks, campaigns(stage.rng, attacks, paid, scale, small), fraud=True)
    return _world(stage, groups)


def _groups(stage: Stage, families: dict[str, Family], sizes: list[tuple[str, int]], *, fraud: bool) -> list[_Group]:
    counts: dict[str, int] = {}
    groups = []
    for name, size in sizes:
        counts[name] = counts.get(name, 0) + 1
        rows = families[name].make(stage, size)
        groups.append(_Group(rows, name, f"{name}#{counts[name]}", fraud, families[name].scripted))
    return groups


def _choose_clients(stage: Stage, groups: list[_Group]) -> None:
    """Who buys fraud: a few entries, mostly of the upper half by honest ballots, never the winner; the rivals that
    are framed are other entries of the top."""
    counts = np.bincount(np.concatenate([group.rows.entry for group in groups]), minlength=stage.entries)
    ranked = np.argsort(-counts, kind="stable")
    half = stage.entries // 2
    upper = stage.rng.choice(ranked[1:half], int(stage.rng.integers(4, 9)), replace=False)
    lower = stage.rng.choice(ranked[half:], int(stage.rng.integers(0, 3)), replace=False)
    stage.targets = np.concatenate([upper, lower])
    stage.rivals = np.setdiff1d(ranked[1:15], stage.targets)


def _world(stage: Stage, groups: list[_Group]) -> World:
    rows = joined([group.rows for group in groups])
    order = np.argsort(rows.at, kind="stable")
    rows = Rows(*(getattr(rows, each.name)[order] for each in fields(Rows)))
    made = events(rows, stage.clients, stage.rng)
    group = np.repeat(np.arange(len(groups)), [len(each.rows.at) for each in groups])[order]
    names = ("fraud", "family", "instance", "scripted")
    label = pl.DataFrame({name: [getattr(each, name) for each in groups] for name in names})
    labels = made.select("id").hstack(label[group])
    entries = [code(each) for each in range(stage.entries)]
    return World(made, labels, entries, stage.opens, stage.closes, "day")
