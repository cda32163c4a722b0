"""Sweeps recorded ballots for rings: near-line over what there is so far, and once more for the certified result."""

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
# What is repeated converges, from above or below; the odds are shifted by so much at most. Never upwards: where bots
# are many, a crowd that is in doubt is no likelier to be bought.
_REPETITIONS = 100
_LEAST_SHIFT, _MOST_SHIFT = 0.02, 1.0
# Who backed no more entries of an open list than this may be a friend of them: rounds are not told of him.
_ALLIES = 2


class Verdicts(msgspec.Struct, frozen=True):
    """By prepared ballot: whether it is held, whether one held before is let go, the reasons' bits, the group."""

    hold: Flags
    release: Flags
    reasons: npt.NDArray[np.uint32]
    group: npt.NDArray[np.int64]
    """-1: none."""


def sweep(ballots: pl.DataFrame | pl.LazyFrame, policy: SweepPolicy, stage: Stage, past: Past | None = None) -> Sweep:
    """What is found among these ballots (a table as frame() makes it, in any order; one that is scanned from a file is
    read as it is needed, and takes less memory).

    `past`: what a round knows of the days before; the certification sees them itself.
    """
    survey = Survey(prepare(ballots, past))
    found = judge(survey, policy.sweep, policy.model, stage)
    held = np.flatnonzero(found.hold)
    groups = describe(survey, ballots, held, found.group[held], found.reasons, stage)
    # Of millions of ballots a few are different: what is said of each kind is made once.
    kinds, kind = np.unique(found.group[held] << 32 | found.reasons[held], return_inverse=True)
    of_kind = [groups[number] for number in (kinds >> 32).tolist()]
    reasons = [
        list(group_statements(named(bits & 0xFFFFFFFF), group.reasons, stage))
        for bits, group in zip(kinds.tolist(), of_kind, strict=True)
    ]
    row = survey.ballots["row"].to_numpy()
    place = np.full(survey.size, len(kinds))
    place[row[held]] = kind
    hold, release = np.zeros(survey.size, dtype=bool), np.zeros(survey.size, dtype=bool)
    hold[row], release[row] = found.hold, found.release
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
    """What is to be held. A round looks quickly; the certification also over days, and for task lists."""
    takers = survey.ballots["taker"]
    if stage == "nearline":
        found, _ = reconsider(survey, model.quick_first, model.quick_second, QUICK)
        return _held(survey, found, _listed(takers, found, rules.nearline), rules.nearline)
    takers |= survey.ballots["voter"].is_in(task_takers(survey).implode())
    found, distrust = reconsider(survey, model.first, model.second)
    # Who works off a list does so for many entries on many days: no one day's cluster acquits him.
    listed = _listed(takers, found, rules.certification) | _open_listed(survey, found, rules.certification)
    if model.clusters:
        campaign = together(clusters(survey, distrust, found.probability), model.clusters)
        found = msgspec.structs.replace(found, probability=found.probability * campaign)
    return _held(survey, found, listed, rules.certification)


def rounds(times: npt.NDArray[np.int64], rules: SweepRules) -> list[int]:
    """The moments of the near-line rounds (milliseconds, multiples of the policy's minutes), by when ballots came."""
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
    """What these ballots tell the rounds that come after them; `first`: the certification's first look."""
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
    """Two looks: the second learns nothing from what the first distrusts, and of a whole contest sees each ballot's
    company. A third would find company in its own doubts: it holds more of the honest, and no more of the others.

    Beside what is found: the first look's probabilities.
    """
    first_sight, distrust = first_pass(survey, first, families)
    found = score_trees(second_pass(survey, 1 - distrust.astype(np.float64), families), second, survey.size)
    probability = calibrated(found.probability, second.bias)
    # Company is no evidence of its own: what was found at first stands for it.
    return TreeScores(probability, first_sight.reasons | found.reasons), distrust


def first_pass(
    survey: Survey, first: Trees, families: Families = THOROUGH
) -> tuple[TreeScores, npt.NDArray[np.float32]]:
    """A first look, and its probabilities as they are here."""
    found = score_trees(features(survey, np.ones(survey.size), families), first, survey.size)
    return found, calibrated(found.probability, first.bias)


def second_pass(survey: Survey, trust: Floats, families: Families = THOROUGH) -> Iterator[Part]:
    """What a further look sees. `trust`: by ballot, as the look before had it."""
    yield from features(survey, trust, families)
    if families.whole:
        yield from company(survey, trust)


def _listed(takers: pl.Series, found: TreeScores, look: StageRules) -> Flags:
    """The ballots that the rule of task lists holds. It is untrained: where all else speaks for a ballot, two entries'
    friends are allies, and no list."""
    return takers.to_numpy() & (found.probability >= look.release)


def _open_listed(survey: Survey, found: TreeScores, look: StageRules) -> Flags:
    """The ballots that the rule of open lists holds: something else must speak a little for it, too. Lovers of a kind
    are found with them where a campaign moves what is popular."""
    workers = survey.ballots["voter"].is_in(list_workers(survey)["voter"].implode())
    return workers.to_numpy() & (found.probability >= look.ally)


def _held(survey: Survey, found: TreeScores, listed: Flags, look: StageRules) -> Verdicts:
    quick = hasty(survey)
    hold = listed | quick | (found.probability > _cut(found.probability.astype(np.float64), look))
    reasons = true_of(survey, found.reasons)
    for rule, reason in ((listed, LOCKSTEP), (quick, QUICKNESS)):
        reasons |= np.where(rule, reason, np.uint32(0))
    # No single family of evidence holds a ballot; task lists and haste are rules of their own.
    hold &= listed | quick | (families(reasons) > 1)
    labels = np.full(survey.size, -1)
    if hold.any():
        inside = label(survey, np.flatnonzero(hold), reasons[hold])
        large = np.bincount(inside)[inside] >= look.least_group
        labels[hold] = np.where(large, inside, -1)
        hold[hold] = large
    return Verdicts(hold, (found.probability < look.release) & ~quick, reasons, labels)


def calibrated(probability: npt.NDArray[np.float32], bias: float) -> npt.NDArray[np.float32]:
    """The probabilities, had the trees been fitted where as many ballots are dishonest as here.

    `bias`: the log-odds of a dishonest ballot where they were fitted. How many there are here is what the probabilities
    themselves say in the mean, found by repetition (Saerens, Latinne and Decaestecker, Neural Computation 14, 2002): in
    an honest contest hardly anything is then probable. Where more are dishonest than there, they stay as they are.
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
    """The probability above which ballots are held.

    It is the lowest, though not below the least, at which no more of the held than allowed are expected to be honest
    (Benjamini and Hochberg's false discovery rate, for posterior probabilities).
    """
    ordered = np.sort(probability)[::-1]
    honest = np.cumsum(1 - ordered) - look.false_discoveries * np.arange(1, len(ordered) + 1)
    over = np.flatnonzero(honest > look.loss * (1 - probability).sum())
    return max(look.least_probability, float(ordered[over[0]]) if len(over) else 0.0)
