"""Sweeps recorded ballots for rings: near-line over what there is so far, and once more for the certified result."""

from __future__ import annotations

from itertools import chain

import msgspec
import numpy as np
import numpy.typing as npt
import polars as pl

from voting.fraud.company import company
from voting.fraud.features import features
from voting.fraud.findings import Stage, Sweep
from voting.fraud.groups import describe, group_id, label, named
from voting.fraud.policy import Policy
from voting.fraud.prepared import prepare
from voting.fraud.weighing import Weights, weigh

Flags = npt.NDArray[np.bool_]


class Look(msgspec.Struct, frozen=True):
    """When a ballot is held: how probable it must be that it is dishonest, and how many more must be like it.

    `loss` bounds the expected share of honest ballots that are held, so that the cut rises with what is found.
    """

    least_probability: float
    loss: float
    least_group: int
    release: float
    """A ballot held before is let go where the probability is below this."""


class SweepPolicy(msgspec.Struct, frozen=True):
    """The policy of the sweeps: the two looks' weights, and the cuts of each stage."""

    first: Weights
    second: Weights
    nearline: Look
    certification: Look
    every_minutes: int = 15
    """Near-line rounds are at the clock's multiples of this,"""
    hours: int = 24
    """and look so far back."""


class Verdicts(msgspec.Struct, frozen=True):
    """By prepared ballot: whether it is held, whether one held before is let go, the reasons' bits, the group."""

    hold: Flags
    release: Flags
    reasons: npt.NDArray[np.uint32]
    group: npt.NDArray[np.int64]
    """-1: none."""


def sweep(ballots: pl.DataFrame, policy: Policy, stage: Stage) -> Sweep:
    """What is found among these ballots (a table as frame() makes it, in any order)."""
    prepared = prepare(ballots)
    found = judge(prepared, msgspec.convert(policy.sweep, SweepPolicy), stage)
    order = prepared["row"].to_numpy()
    held = order[found.hold]
    names = ballots[held].select("id", "entry")
    inside, labels, bits = prepared.filter(pl.Series(found.hold)), found.group[found.hold], found.reasons[found.hold]
    groups = describe(inside, names, labels, bits, prepared) if len(held) else ()
    of_label = names.with_columns(label=pl.Series(labels)).group_by("label").agg(pl.col("id").min())
    ids = {number: group_id([first]) for number, first in of_label.iter_rows()}
    table = pl.DataFrame(
        {
            "row": order,
            "hold": found.hold,
            "release": found.release,
            "reasons": [list(named(bits)) if hold else [] for hold, bits in zip(found.hold, found.reasons.tolist(), strict=True)],
            "group": [ids[number] if number >= 0 else None for number in found.group.tolist()],
        },
        schema_overrides={"reasons": pl.List(pl.String), "group": pl.String},
    ).sort("row")
    return Sweep(pl.concat([ballots.select("id"), table.drop("row")], how="horizontal"), groups)


def judge(prepared: pl.DataFrame, rules: SweepPolicy, stage: Stage) -> Verdicts:
    """Looks twice: the second look learns nothing from what the first distrusted, and sees each ballot's company."""
    first = weigh(features(prepared), rules.first, prepared.height)
    doubted = prepared.with_columns(trust=pl.Series(1 - first.probability.astype(np.float64)))
    found = weigh(chain(features(doubted), company(doubted)), rules.second, prepared.height)
    look = rules.nearline if stage == "nearline" else rules.certification
    hold = found.probability > _cut(found.probability.astype(np.float64), look)
    labels = np.full(prepared.height, -1)
    if hold.any():
        inside = label(prepared.filter(pl.Series(hold)), found.reasons[hold])
        sizes = np.bincount(inside)
        hold[hold] = sizes[inside] >= look.least_group
        labels[hold] = inside[sizes[inside] >= look.least_group]
    return Verdicts(hold, found.probability < look.release, found.reasons, labels)


def _cut(probability: npt.NDArray[np.float64], look: Look) -> float:
    """The probability above which ballots are held.

    It is the lowest, though not below the least, at which the honest ballots that are expected among the held are no
    more than the allowed share of all honest ones (Benjamini and Hochberg's idea, for posterior probabilities).
    """
    ordered = np.sort(probability)[::-1]
    lost = np.cumsum(1 - ordered)
    within = int(np.searchsorted(lost, look.loss * (1 - probability).sum(), side="right"))
    return max(look.least_probability, float(ordered[within]) if within < len(ordered) else 0.0)
