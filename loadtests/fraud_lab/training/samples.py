"""What is learnt from one world: as the certification sees it, as rounds do at some moments, and by its clusters."""

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
from voting.fraud.clusters import clusters
from voting.fraud.features import Families, features
from voting.fraud.past import Past
from voting.fraud.prepared import prepare
from voting.fraud.survey import Part, Survey
from voting.fraud.sweep import calibrated, further, glance, past_of
from voting.fraud.weighing import Trees, weigh

Floats = npt.NDArray[np.float32]
# Of ordinary voters a tenth is enough, of one campaign or one crowd 300 ballots.
_BACKGROUND, _MOST, _TYPICAL = 0.1, 300, 400
# Milliseconds: what a round looks back, how long it waits at most, what is new to it; of what is older less depends.
_WINDOWS, _WINDOW, _ROUND, _NEW, _OF_OLDER = 10, 8 * 3_600_000, 50 * 60_000, 75 * 60_000, 0.35
_DAY, _PAST = 24 * 3_600_000, 4 * 24 * 3_600_000
# Honest crowds are few beside the public, and the worst that the sweeps can do is to hold one.
_CROWD = 4
# A cluster is held or spared at once: of the worst places of 54 worlds 36, 19 and 16 % are lost, 43, 31 and 18 at 4.
_CROWD_TOGETHER = 12
_NOT_LEARNT = (*UNJUDGED, UNLABELLED)


class Lesson(NamedTuple):
    """Ballots (as prepared) to learn from, in the order of time, with their labels; `weight`: how much each counts."""

    ballots: pl.DataFrame
    labels: pl.DataFrame
    weight: Floats


class Sample(NamedTuple):
    """What trees are fitted on: features, whether it is fraud, and how much each weighs."""

    names: list[str]
    table: Floats
    fraud: Floats
    weight: Floats


def whole(ballots: pl.DataFrame, labels: pl.DataFrame) -> Lesson:
    """A world as the certification sees it."""
    return Lesson(prepare(ballots), labels, np.ones(len(labels), dtype=np.float32))


def windows(ballots: pl.DataFrame, labels: pl.DataFrame, first: Trees, seed: int) -> Iterator[Lesson]:
    """What rounds would see, at moments when much is cast, and at the very end. What is new is to be decided then.
    `first`: a first look that did not see this world; the past is what it says of the days before."""
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
    """What a first look learns from."""
    survey = Survey(lesson.ballots)
    return _sample(features(survey, np.ones(survey.size), families), lesson)


def then(lesson: Lesson, first: Trees, families: Families) -> Sample:
    """What a second look learns from, after a first one that did not see this world."""
    survey = Survey(lesson.ballots)
    _, distrust = glance(survey, first, families)
    return _sample(further(survey, 1 - distrust.astype(np.float64), families), lesson)


def clustered(lesson: Lesson, first: Trees, second: Trees) -> Sample:
    """The clusters that looks make of a world which they did not see: campaigns are those of mostly fraud."""
    survey = Survey(lesson.ballots)
    _, distrust = glance(survey, first)
    found = weigh(further(survey, 1 - distrust.astype(np.float64)), second, survey.size)
    each = clusters(survey, distrust, calibrated(found.probability, second.bias))
    labels = lesson.labels
    count = each.ballots.counts()

    def share(those: pl.Series) -> Floats:
        return (each.ballots.totals(those.cast(pl.Float64).to_numpy()) / count).astype(np.float32)

    fraud = (share(labels["fraud"]) > 0.5).astype(np.float32)
    crowds = share(~labels["fraud"] & (labels["family"] != BACKGROUND)) > 0.5
    # Large or small, one is as good as the other.
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
