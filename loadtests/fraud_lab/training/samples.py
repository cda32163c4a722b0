"""Training samples of one world: of a certification, of rounds at some moments, and of clusters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from loadtests.fraud_lab.families import UNJUDGED
from loadtests.fraud_lab.simulator.world import BACKGROUND
from loadtests.fraud_lab.training.labelled import UNLABELLED
from voting.fraud.features.column_index import Part, Survey
from voting.fraud.features.features import Families, features
from voting.fraud.features.history import Past
from voting.fraud.features.preprocess import prepare
from voting.fraud.model.clusters import clusters
from voting.fraud.model.tree_ensemble import Trees, score_trees
from voting.fraud.sweep import calibrated, first_pass, past_of, second_pass

Floats = npt.NDArray[np.float32]
# A tenth of the ordinary voters is enough, and 300 ballots of one campaign or crowd.
_BACKGROUND, _MOST, _TYPICAL = 0.1, 300, 400
# A number of windows; their length, the longest wait and the age of new ballots in ms; older ballots weigh less.
_WINDOWS, _WINDOW, _ROUND, _NEW, _OF_OLDER = 10, 8 * 3_600_000, 50 * 60_000, 75 * 60_000, 0.35
_DAY, _PAST = 24 * 3_600_000, 4 * 24 * 3_600_000
# The weight of honest crowds: they are few, and to hold one is the worst mistake.
_CROWD = 4
# Their weight as clusters, which are held or spared whole: the worst crowds of 54 worlds lose 36, 19 and 16 %; with a
# weight of 4 they lose 43, 31 and 18 %.
_CROWD_TOGETHER = 12
_NOT_LEARNT = (*UNJUDGED, UNLABELLED)


class Lesson(NamedTuple):
    """Prepared ballots in the order of time, with labels and weights."""

    ballots: pl.DataFrame
    labels: pl.DataFrame
    weight: Floats


class Sample(NamedTuple):
    """Rows to fit trees on: features, fraud or not, weight."""

    names: list[str]
    table: Floats
    fraud: Floats
    weight: Floats


def whole(ballots: pl.DataFrame, labels: pl.DataFrame) -> Lesson:
    """A world as certification sees it."""
    return Lesson(prepare(ballots), labels, np.ones(len(labels), dtype=np.float32))


def windows(ballots: pl.DataFrame, labels: pl.DataFrame, first: Trees, seed: int) -> Iterator[Lesson]:
    """The windows of rounds at busy moments and at the end. `first`: trees of a first pass, not fitted on this world;
    they also give the past of the days before."""
    random, times = np.random.default_rng(seed), ballots["at"].to_numpy()

    @cache
    def before(day: int) -> Past:
        end = day * _DAY
        return past_of(ballots.filter(pl.col("at").is_between(end - _PAST, end, closed="left")), first)

    some = random.choice(times, _WINDOWS - 1) + random.uniform(0, _ROUND, _WINDOWS - 1)
    for moment in (*some, times[-1] + 1):
        begin, end = np.searchsorted(times, [moment - _WINDOW, moment]).tolist()
        if end - begin >= _MOST:
            weight = np.where(times[begin:end] > moment - _NEW, 1, _OF_OLDER).astype(np.float32)
            yield Lesson(prepare(ballots[begin:end], before(moment // _DAY)), labels[begin:end], weight)


def at_first(lesson: Lesson, families: Families) -> Sample:
    """Samples for a first pass."""
    survey = Survey(lesson.ballots)
    return _sample(features(survey, np.ones(survey.size), families), lesson)


def then(lesson: Lesson, first: Trees, families: Families) -> Sample:
    """Samples for a second pass, after a first one that was not fitted on this world."""
    survey = Survey(lesson.ballots)
    _, distrust = first_pass(survey, first, families)
    return _sample(second_pass(survey, 1 - distrust.astype(np.float64), families), lesson)


def clustered(lesson: Lesson, first: Trees, second: Trees) -> Sample:
    """Samples of clusters, made by passes that were not fitted on this world; a campaign is mostly fraud."""
    survey = Survey(lesson.ballots)
    _, distrust = first_pass(survey, first)
    found = score_trees(second_pass(survey, 1 - distrust.astype(np.float64)), second, survey.size)
    each = clusters(survey, distrust, calibrated(found.probability, second.bias))
    labels = lesson.labels
    count = each.ballots.counts()

    def share(those: pl.Series) -> Floats:
        return (each.ballots.totals(those.cast(pl.Float64).to_numpy()) / count).astype(np.float32)

    fraud = (share(labels["fraud"]) > 0.5).astype(np.float32)
    crowds = share(~labels["fraud"] & (labels["family"] != BACKGROUND)) > 0.5
    # Clusters weigh the same, large or small.
    weight = np.where(crowds, _CROWD_TOGETHER, 1) * (share(labels["family"].is_in(_NOT_LEARNT)) <= 0.5)
    return Sample(
        list(each.columns),
        np.stack([*each.columns.values()], axis=1).astype(np.float32),
        fraud,
        weight.astype(np.float32),
    )


def _sample(parts: Iterable[Part], lesson: Lesson) -> Sample:
    labels = lesson.labels
    sizes = labels.select(pl.len().over("instance")).to_series().to_numpy().astype(np.float64)
    usual = (labels["family"] == BACKGROUND).to_numpy()
    share = np.where(usual, _BACKGROUND, np.minimum(1, _MOST / sizes))
    keep = np.random.default_rng(labels.height).random(labels.height) < share
    keep &= ~labels["family"].is_in(_NOT_LEARNT).to_numpy()
    fraud = labels["fraud"].to_numpy()
    weight = lesson.weight * np.where(usual, 1 / _BACKGROUND, np.clip(np.sqrt(_TYPICAL / sizes), 0.3, 3) / share)
    weight = np.where(~fraud & ~usual, _CROWD * weight, weight)
    names: list[str] = []
    columns = []
    for part in parts:
        names += part.columns
        columns += [part.of_ballots(name)[keep].astype(np.float32) for name in part.columns]
    return Sample(names, np.stack(columns, axis=1), fraud[keep].astype(np.float32), weight[keep].astype(np.float32))
