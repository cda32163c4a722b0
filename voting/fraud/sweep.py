"""Sweeps recorded ballots for rings: near-line over recent ballots, and once more for the certified result."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import numpy.typing as npt
import polars as pl

from voting.fraud.features.column_index import Floats, Part, Survey
from voting.fraud.features.features import QUICK, THOROUGH, Families, features
from voting.fraud.features.history import NOTHING, Past, known
from voting.fraud.features.neighbours import company, sure
from voting.fraud.features.preprocess import cells_over_days, prepare
from voting.fraud.groups.ballot_evidence import true_of
from voting.fraud.groups.group_evidence import LOCKSTEP, QUICKNESS, group_statements, named
from voting.fraud.groups.groups import describe, families, label
from voting.fraud.model.clusters import clusters, together
from voting.fraud.model.tree_ensemble import Trees, TreeScores, score_trees
from voting.fraud.policy import StageRules, SweepPolicy, SweepRules
from voting.fraud.reasons.findings import Stage, Sweep
from voting.fraud.rules.haste import hasty
from voting.fraud.rules.shared_targets import list_workers
from voting.fraud.rules.task_lists import task_takers

if TYPE_CHECKING:
    from voting.fraud.model.model import Model

Flags = npt.NDArray[np.bool_]
# The repetition converges, from above or below; it shifts the odds by at most this. Never upwards: with many bots, a
# doubtful crowd is no likelier to be bought.
_REPETITIONS = 100
_LEAST_SHIFT, _MOST_SHIFT = 0.02, 1.0
# A voter of no more entries of an open list than this may be a friend of them: rounds ignore him.
_ALLIES = 2


class Verdicts(msgspec.Struct, frozen=True):
    """By prepared ballot: whether it is held, whether an earlier hold is released, the reasons' bits, the group."""

    hold: Flags
    release: Flags
    reasons: npt.NDArray[np.uint32]
    group: npt.NDArray[np.int64]
    """-1: none."""


def sweep(ballots: pl.DataFrame | pl.LazyFrame, policy: SweepPolicy, stage: Stage, past: Past | None = None) -> Sweep:
    """Returns the findings of a sweep over these ballots, a table as from frame() in any order.

    A table scanned from a file is read as needed and takes less memory. `past`: a round's knowledge of the days before;
    the certification sees them itself.
    """
    survey = Survey(prepare(ballots, past))
    judged = judge(survey, policy.sweep, policy.model, stage)
    held = np.flatnonzero(judged.hold)
    groups = describe(survey, ballots, held, judged.group[held], judged.reasons, stage)
    # A few of millions of ballots differ: build the reasons of each kind once.
    kinds, kind = np.unique(judged.group[held] << 32 | judged.reasons[held], return_inverse=True)
    of_kind = [groups[number] for number in (kinds >> 32).tolist()]
    reasons = [
        list(group_statements(named(bits & 0xFFFFFFFF), group.reasons, stage))
        for bits, group in zip(kinds.tolist(), of_kind, strict=True)
    ]
    row = survey.ballots["row"].to_numpy()
    place = np.full(survey.size, len(kinds))
    place[row[held]] = kind
    hold, release = np.zeros(survey.size, dtype=bool), np.zeros(survey.size, dtype=bool)
    hold[row], release[row] = judged.hold, judged.release
    verdicts = (
        ballots.lazy()
        .select("id")
        .collect()
        .with_columns(
            hold=pl.Series(hold),
            release=pl.Series(release),
            reasons=pl.Series([*reasons, []], dtype=pl.List(pl.String)).gather(place),
            group=pl.Series([*(group.id for group in of_kind), None], dtype=pl.String).gather(place),
        )
    )
    return Sweep(verdicts, tuple(groups.values()), survey.ballots)


def judge(survey: Survey, rules: SweepRules, model: Model, stage: Stage) -> Verdicts:
    """Returns the verdicts. A round is quick; the certification also looks over days, and for task lists."""
    takers = survey.ballots["taker"]
    if stage == "nearline":
        scored, _ = reconsider(survey, model.quick_first, model.quick_second, QUICK)
        return _held(survey, scored, _listed(takers, scored, rules.nearline), rules.nearline)
    takers |= survey.ballots["voter"].is_in(task_takers(survey).implode())
    scored, distrust = reconsider(survey, model.first, model.second)
    # Voters of a list vote for many entries on many days: no single day's cluster clears them.
    listed = _listed(takers, scored, rules.certification)
    # A campaign that moves popularity makes the open-list rule find lovers of a kind, too: it holds their ballots only
    # if other evidence slightly supports it.
    workers = survey.ballots["voter"].is_in(list_workers(survey)["voter"].implode())
    listed |= workers.to_numpy() & (scored.probability >= rules.certification.ally)
    if model.clusters:
        campaign = together(clusters(survey, distrust, scored.probability), model.clusters)
        scored = msgspec.structs.replace(scored, probability=scored.probability * campaign)
    return _held(survey, scored, listed, rules.certification)


def rounds(times: npt.NDArray[np.int64], rules: SweepRules) -> list[int]:
    """Returns the moments of the near-line rounds, given when ballots came; milliseconds, on the policy's grid."""
    every, longest = round(rules.every_minutes * 60_000), round(rules.wait_minutes * 60_000)
    found: list[int] = []
    seen = 0
    for moment in ((np.unique(times // every) + 1) * every).tolist():
        first, last = np.searchsorted(times, [moment - rules.hours * 3_600_000, moment]).tolist()
        if last - seen >= rules.growth * (last - first) or moment - found[-1] >= longest:
            found.append(moment)
            seen = last
    return found


def past_of(ballots: pl.DataFrame, first: Trees) -> Past:
    """Returns the history for the rounds after these ballots; `first` are the certification's first-pass trees."""
    if ballots.is_empty():
        return NOTHING
    survey = Survey(prepare(ballots))
    row = survey.ballots["row"]
    workers = list_workers(survey).filter(pl.col("entries") > _ALLIES)["voter"]
    taking = pl.concat([task_takers(survey), workers])
    takers = row.filter(survey.ballots["voter"].is_in(taking.implode()))
    distrust = np.empty(survey.size, dtype=np.float32)
    distrust[row.to_numpy()] = first_pass(survey, first, THOROUGH)[1]
    return Past(ballots["voter"].gather(takers).unique().sort(), known(cells_over_days(ballots), sure(distrust)))


def reconsider(
    survey: Survey, first: Trees, second: Trees, families: Families = THOROUGH
) -> tuple[TreeScores, npt.NDArray[np.float32]]:
    """Runs two passes; returns the scores, and the first pass's probabilities.

    The second pass does not take the first's findings as usual, and for a whole contest sees each ballot's neighbours.
    A third would find evidence in its own doubts: it holds more honest ballots, and no more dishonest ones.
    """
    first_sight, distrust = first_pass(survey, first, families)
    scored = score_trees(second_pass(survey, 1 - distrust.astype(np.float64), families), second, survey.size)
    probability = calibrated(scored.probability, second.bias)
    # Neighbours are no evidence of their own: the first pass's reasons replace theirs.
    return TreeScores(probability, first_sight.reasons | scored.reasons), distrust


def first_pass(
    survey: Survey, first: Trees, families: Families = THOROUGH
) -> tuple[TreeScores, npt.NDArray[np.float32]]:
    """Returns the first pass's scores, and its probabilities calibrated to this contest."""
    scored = score_trees(features(survey, np.ones(survey.size), families), first, survey.size)
    return scored, calibrated(scored.probability, first.bias)


def second_pass(survey: Survey, trust: Floats, families: Families = THOROUGH) -> Iterator[Part]:
    """Yields the features of the second pass. `trust`: by ballot, from the first pass."""
    yield from features(survey, trust, families)
    if families.whole:
        yield from company(survey, trust)


def _listed(takers: pl.Series, scored: TreeScores, look: StageRules) -> Flags:
    """Returns the ballots that the task-list rule holds.

    It is untrained: if everything else clears a ballot, two entries' friends are allies, not a list.
    """
    return takers.to_numpy() & (scored.probability >= look.release)


def _held(survey: Survey, scored: TreeScores, listed: Flags, look: StageRules) -> Verdicts:
    quick = hasty(survey)
    hold = listed | quick | (scored.probability > _cut(scored.probability.astype(np.float64), look))
    reasons = true_of(survey, scored.reasons)
    for rule, reason in ((listed, LOCKSTEP), (quick, QUICKNESS)):
        reasons |= np.where(rule, reason, np.uint32(0))
    # No single family of evidence holds a ballot; task lists and haste are separate rules.
    hold &= listed | quick | (families(reasons) > 1)
    labels = np.full(survey.size, -1)
    if hold.any():
        inside = label(survey, np.flatnonzero(hold), reasons[hold])
        large = np.bincount(inside)[inside] >= look.least_group
        labels[hold] = np.where(large, inside, -1)
        hold[hold] = large
    return Verdicts(hold, (scored.probability < look.release) & ~quick, reasons, labels)


def calibrated(probability: npt.NDArray[np.float32], bias: float) -> npt.NDArray[np.float32]:
    """Returns the probabilities as if the trees had been fitted with this contest's share of dishonest ballots.

    `bias`: the log-odds of a dishonest ballot where they were fitted. The share here is the mean of the probabilities
    themselves, found by iteration (Saerens, Latinne and Decaestecker, Neural Computation 14, 2002): in an honest
    contest hardly any ballot then remains probable. With more dishonest ballots than in the fit, they stay unchanged.
    """
    odds = probability.astype(np.float64) / (1 - probability.astype(np.float64).clip(None, 1 - 1e-9))
    fitted, here = math.exp(bias), math.exp(bias)
    for _ in range(_REPETITIONS):
        shifted = odds * min(max(here / fitted, _LEAST_SHIFT), _MOST_SHIFT)
        share = float((shifted / (1 + shifted)).mean()) if len(odds) else 0.0
        before, here = here, share / max(1 - share, 1e-9)
        if here == before:
            break
    return np.asarray(shifted / (1 + shifted), dtype=np.float32)


def _cut(probability: npt.NDArray[np.float64], look: StageRules) -> float:
    """Returns the probability above which ballots are held.

    It is the lowest, but not below the minimum, at which the expected share of honest ballots among the held does not
    exceed the limit (Benjamini and Hochberg's false discovery rate, for posterior probabilities).
    """
    ordered = np.sort(probability)[::-1]
    honest = np.cumsum(1 - ordered) - look.false_discoveries * np.arange(1, len(ordered) + 1)
    over = np.flatnonzero(honest > look.loss * (1 - probability).sum())
    return max(look.least_probability, float(ordered[over[0]]) if len(over) else 0.0)
