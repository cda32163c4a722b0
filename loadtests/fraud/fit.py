"""Fits the trees of a fraud policy's sweeps on made worlds: offline, once for each version of a policy.

The worlds are of three hands (loadtests.traffic, foreign and literal), some of their campaigns with a trait of honest
voters (mutations). The second look is fitted on what a first look says that did not see the world in question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from loadtests.fraud.mutations import mutated
from loadtests.fraud.worlds import HANDS, table_of
from loadtests.traffic.families import BACKGROUND, UNJUDGED, WITHHELD
from voting.fraud.clusters import clusters
from voting.fraud.features import QUICK, THOROUGH, Families, features
from voting.fraud.past import Past
from voting.fraud.prepared import prepare
from voting.fraud.survey import Part, Survey
from voting.fraud.sweep import calibrated, further, glance, past_of
from voting.fraud.weighing import Tree, Trees, weigh

Floats = npt.NDArray[np.float32]
# Of ordinary voters a tenth is enough, of one campaign or one crowd 300 ballots.
_BACKGROUND, _MOST, _TYPICAL = 0.1, 300, 400
# Milliseconds: what a round looks back, how long it waits at most, what is new to it; of what is older less depends.
_WINDOWS, _WINDOW, _ROUND, _NEW, _OF_OLDER = 10, 8 * 3_600_000, 50 * 60_000, 75 * 60_000, 0.35
_DAY, _PAST = 24 * 3_600_000, 4 * 24 * 3_600_000
# Honest crowds are few beside the public, and the worst that the sweeps can do is to hold one.
_CROWD = 4
# Whether an employer may tell his staff to vote is for a contest's rules: who is told to looks like who wants to.
_NOT_LEARNT = (*UNJUDGED, "X28")
_LEARNING: dict[str, Any] = {
    "objective": "binary",
    "max_depth": 2,
    "num_leaves": 4,
    "learning_rate": 0.15,
    "lambda_l2": 10,
    "min_data_in_leaf": 100,
    "feature_fraction": 0.6,
    "max_bin": 127,
    "boost_from_average": False,
    "deterministic": True,
    "force_col_wise": True,
    "seed": 1,
    "verbosity": -1,
}
# What a ballot shows against itself may only ever add, however a made world has it.
_AGAINST = (
    "own_hosting",
    "own_odd",
    "own_cross_site",
    "own_automation",
    "own_instant",
    "own_quick",
    "own_refused",
    "own_device_voters",
    "own_restless_asn",
    "own_restless_prefix",
)
_QUICK, _THOROUGH, _CLUSTERS = (150, 200), (200, 500), 200


class Plan(NamedTuple):
    """One world to learn from; `hand`: who made it."""

    hand: str
    seed: int
    ballots: int
    fraud: float
    small: bool

    def world(self, *, withhold: bool) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Its ballots, some mutated, and their labels, in the order of time."""
        short = {"days": 3} if self.hand == "traffic" and self.seed % 3 == 0 else {}
        made = HANDS[self.hand](self.seed, self.ballots, self.fraud, small=self.small, **short)
        ballots, labels = table_of(made), made.labels
        if withhold:
            kept = ~labels["family"].is_in(WITHHELD)
            ballots, labels = ballots.filter(kept), labels.filter(kept)
        changed = mutated(ballots, labels, np.random.default_rng(self.seed))
        order = changed["at"].arg_sort()
        return few_kinds(changed[order], labels[order], self.seed)


# How many of the families of attacks are in a world, by its seed. In most contests few are tried: a crowd that looks
# like bought votes is then seen where none are bought.
_KINDS = (1.0, 0.15, 0.35, 0.6)


def few_kinds(ballots: pl.DataFrame, labels: pl.DataFrame, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Some of the families of attacks, and everybody honest."""
    attacks = labels.filter("fraud")["family"].unique().sort()
    out = attacks.filter(pl.Series(np.random.default_rng([seed, 7]).random(len(attacks)) >= _KINDS[seed % len(_KINDS)]))
    kept = ~labels["family"].is_in(out.implode())
    return ballots.filter(kept), labels.filter(kept)


_PLANS_OF_A_HAND = 30
# Beside these, as (ballots, fraud): in a large contest a campaign is a small part; and most contests are honest.
_OTHERS = ((400_000, 0.22), (250_000, 0.22), (120_000, 0.0), (60_000, 0.0), (250_000, 0.0))
# And many small ones, in which a crowd is a large part: what is chance in one of them is seen in others.
_SMALL_OF_A_HAND = 35


def _plans() -> Iterator[Plan]:
    """Large and small contests, with little, with much and without fraud: of a small one a crowd is a large part."""
    for number in range(_PLANS_OF_A_HAND):
        small = number % 5 in (2, 4)
        fraud = (0.22, 0.1, 0.3, 0.0, 0.45, 0.22, 0.05, 0.25)[number % 8] if number % 5 != 4 else 0.05
        for place, hand in enumerate(HANDS):
            ballots = (120_000, 20_000, 60_000, 30_000, 150_000)[(number + 2 * place) % 5]
            yield Plan(hand, 1001 + number, ballots, fraud, small)
    for number, (ballots, fraud) in enumerate(_OTHERS, _PLANS_OF_A_HAND):
        for hand in HANDS:
            yield Plan(hand, 1001 + number, ballots, fraud, small=False)
    for number in range(_SMALL_OF_A_HAND):
        fraud = (0.22, 0.1, 0.3, 0.0, 0.2, 0.05, 0.15)[number % 7]
        for place, hand in enumerate(HANDS):
            ballots = (20_000, 30_000, 40_000, 60_000, 25_000)[(number + place) % 5]
            yield Plan(hand, 1101 + number, ballots, fraud, small=False)


PLANS = tuple(_plans())


class Lesson(NamedTuple):
    """Ballots (as prepared) to learn from, in the order of time, with their labels; `half`: of the worlds, 0 or 1;
    `weight`: how much each counts."""

    half: int
    ballots: pl.DataFrame
    labels: pl.DataFrame
    weight: Floats


class Sample(NamedTuple):
    """Ballots to fit on: features, whether they are fraud, and how much each weighs."""

    names: list[str]
    table: Floats
    fraud: Floats
    weight: Floats


def fit(plans: Sequence[Plan], tell: Callable[[str], None], *, withhold: bool = False) -> dict[str, Trees]:
    """The trees of a policy, by name; with `withhold` from worlds without the withheld families."""
    worlds = []
    for plan in plans:
        worlds.append(plan.world(withhold=withhold))
        tell(f"{plan.hand} {plan.seed}: {len(worlds[-1][1])} ballots")
    wholes = [
        Lesson(number % 2, prepare(ballots), labels, np.ones(len(labels), dtype=np.float32))
        for number, (ballots, labels) in enumerate(worlds)
    ]
    looks = _looks(wholes, THOROUGH, _THOROUGH)
    tell("the certification's looks are fitted")
    # Of a cluster's means nothing is only ever against it: the old who are helped share phones, who hides rents
    # addresses. Of the honest of twelve worlds 0.39 % were left above 0.45 with bounds, 0.33 without.
    of_clusters = _fitted(list(_clusters(wholes, looks)), _CLUSTERS, against=())
    windows = [
        window
        for number, (plan, world) in enumerate(zip(plans, worlds, strict=True))
        for window in _windows(number % 2, *world, looks.blind[number % 2], plan.seed)
    ]
    quick = _looks(windows, QUICK, _QUICK)
    return {
        "quick_first": quick.first,
        "quick_second": quick.second,
        "first": looks.first,
        "second": looks.second,
        "clusters": of_clusters,
    }


class Looks(NamedTuple):
    """A first and a second look; by half of the worlds the first one that did not see it; by world what the second
    learnt from."""

    first: Trees
    second: Trees
    blind: tuple[Trees, Trees]
    samples: list[Sample]


def _looks(lessons: Sequence[Lesson], families: Families, counts: tuple[int, int]) -> Looks:
    """The second look is fitted on what a first one says that was fitted on the other half of the worlds."""
    first, second = [], []
    for lesson in lessons:
        survey = Survey(lesson.ballots)
        first.append(_sample(features(survey, np.ones(survey.size), families), lesson))
    blind = _blind(first, lessons, counts[0])
    for lesson in lessons:
        survey = Survey(lesson.ballots)
        _, distrust = glance(survey, blind[lesson.half], families)
        second.append(_sample(further(survey, 1 - distrust.astype(np.float64), families), lesson))
    return Looks(_fitted(first, counts[0]), _fitted(second, counts[1]), blind, second)


def _blind(samples: Sequence[Sample], lessons: Sequence[Lesson], count: int) -> tuple[Trees, Trees]:
    """By half: trees that were fitted on the other."""
    zero, one = (
        _fitted([sample for sample, lesson in zip(samples, lessons, strict=True) if lesson.half != half], count)
        for half in (0, 1)
    )
    return zero, one


def _clusters(lessons: Sequence[Lesson], looks: Looks) -> Iterator[Sample]:
    """What two looks that did not see a world make clusters of there."""
    seconds = _blind(looks.samples, lessons, _THOROUGH[1])
    for lesson in lessons:
        yield clustered(lesson, looks.blind[lesson.half], seconds[lesson.half])


def clustered(lesson: Lesson, first: Trees, second: Trees) -> Sample:
    """The clusters that these looks make of a world: campaigns are those of which most ballots are fraud."""
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
    weight = np.where(crowds, _CROWD, 1) * (share(labels["family"].is_in(_NOT_LEARNT)) <= 0.5)
    return Sample(
        list(each.columns),
        np.stack([*each.columns.values()], axis=1).astype(np.float32),
        fraud,
        weight.astype(np.float32),
    )


def written(looks: dict[str, Trees]) -> str:
    """The tables for the policy's file."""
    parts = []
    for name, look in looks.items():
        lines = [
            f'  ["{tree.first}", {tree.above_first:.4g}, "{tree.low}", {tree.above_low:.4g}, "{tree.high}",'
            f" {tree.above_high:.4g}, [{', '.join(f'{add:.3f}' for add in tree.adds)}]],"
            for tree in look.trees
        ]
        parts.append("\n".join([f"[sweep.{name}]", f"bias = {look.bias:.4f}", "trees = [", *lines, "]", ""]))
    return "\n".join(parts)


def _windows(half: int, ballots: pl.DataFrame, labels: pl.DataFrame, first: Trees, seed: int) -> Iterator[Lesson]:
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
            prepared = prepare(ballots[begin:end], before(moment // _DAY))
            yield Lesson(half, prepared, labels[begin:end], weight)


def _sample(parts: Iterable[Part], lesson: Lesson) -> Sample:
    labels = lesson.labels
    sizes = labels.select(pl.len().over("instance")).to_series().to_numpy().astype(np.float64)
    usual = (labels["family"] == BACKGROUND).to_numpy()
    share = np.where(usual, _BACKGROUND, np.minimum(1, _MOST / sizes))
    keep = np.random.default_rng(labels.height).random(labels.height) < share
    fraud = labels["fraud"].to_numpy()
    weight = lesson.weight * np.where(usual, 1 / _BACKGROUND, np.clip(np.sqrt(_TYPICAL / sizes), 0.3, 3) / share)
    weight = np.where(~fraud & ~usual, _CROWD * weight, weight)
    weight = np.where(labels["family"].is_in(_NOT_LEARNT).to_numpy(), 0, weight)
    names: list[str] = []
    columns = []
    for part in parts:
        names += part.columns
        columns += [part.of_ballots(name)[keep].astype(np.float32) for name in part.columns]
    return Sample(names, np.stack(columns, axis=1), fraud[keep].astype(np.float32), weight[keep].astype(np.float32))


def _fitted(samples: Sequence[Sample], count: int, against: tuple[str, ...] = _AGAINST) -> Trees:
    # Not of the tests' packages: it needs a system library, and only who fits a policy anew needs it.
    import lightgbm

    names = samples[0].names
    table, fraud, weight = (
        np.concatenate([getattr(each, name) for each in samples]) for name in ("table", "fraud", "weight")
    )
    bias = float(np.log((weight * fraud).sum() / (weight * (1 - fraud)).sum()))
    options = {**_LEARNING, "monotone_constraints": [int(name.startswith(against)) for name in names]}
    data = lightgbm.Dataset(table, fraud, weight=weight, init_score=np.full(len(fraud), bias), feature_name=names)
    model = lightgbm.train(options, data, count)
    return Trees(bias, tuple(tree_of(info["tree_structure"], names) for info in model.dump_model()["tree_info"]))


def tree_of(node: dict[str, Any], names: Sequence[str]) -> Tree:
    """A tree of LightGBM's dump, no deeper than two questions."""
    if "split_feature" not in node:
        return Tree(names[0], 0.0, names[0], 0.0, names[0], 0.0, (node["leaf_value"],) * 4)
    first, above = names[node["split_feature"]], float(node["threshold"])
    low, above_low, adds_low = _question(node["left_child"], names, first, above)
    high, above_high, adds_high = _question(node["right_child"], names, first, above)
    return Tree(first, above, low, above_low, high, above_high, (*adds_low, *adds_high))


def _question(
    node: dict[str, Any], names: Sequence[str], first: str, above: float
) -> tuple[str, float, tuple[float, float]]:
    """What is asked second; where nothing is, the first question again, and the same answer to both."""
    if "split_feature" not in node:
        return first, above, (node["leaf_value"], node["leaf_value"])
    ends = (node["left_child"]["leaf_value"], node["right_child"]["leaf_value"])
    return names[node["split_feature"]], float(node["threshold"]), ends
