"""Fits the weights of a fraud policy's sweeps on made worlds: offline, once for each version of a policy.

The worlds have only the families that a detector may be tuned on (loadtests.traffic.families.DEVELOPMENT). Each look is
a ridge logistic regression. The second is fitted on what a first look says that did not see the world in question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from loadtests.fraud.worlds import table_of
from loadtests.traffic import DEVELOPMENT, make_world
from loadtests.traffic.families import BACKGROUND, UNJUDGED
from voting.fraud.company import company
from voting.fraud.features import QUICK, features
from voting.fraud.prepared import prepare
from voting.fraud.survey import Part, Survey
from voting.fraud.weighing import Weights, weigh

Floats = npt.NDArray[np.float32]
_RIDGE = 30.0
_BLOCK = 8192
# Of ordinary voters a tenth is enough, of one campaign or one crowd 300 ballots; a round sees half a day.
_BACKGROUND, _MOST, _TYPICAL = 0.1, 300, 400
_WINDOWS, _WINDOW = 10, 12 * 3_600_000
# Two friends' entries that are really voted for in a posted order look like a traded vote: they must not teach the
# sweeps to overlook the trade.
_LIKE_A_TRADE, _ITS_WEIGHT = "L16", 0.3


class Plan(NamedTuple):
    """One world to learn from."""

    seed: int
    ballots: int
    fraud: float
    small: bool = False


# Large and small contests, with little and with much fraud.
PLANS = (
    *(Plan(seed, 200_000, 0.22) for seed in range(900, 906)),
    *(
        Plan(1000 + number, (60_000, 120_000, 200_000)[number % 3], fraud, number % 5 == 4)
        for number, fraud in enumerate((0.22, 0.1, 0.25, 0.4, 0.05, 0.22, 0.3, 0.22, 0.1, 0.25, 0.4))
        if number not in (0, 7)
    ),
)


class Sample(NamedTuple):
    """Ballots to fit on: features, whether they are fraud, and how much each weighs."""

    names: list[str]
    table: Floats
    fraud: Floats
    weight: Floats


def fit(plans: Sequence[Plan], tell: Callable[[str], None]) -> dict[str, Weights]:
    """The weights `quick`, `first` and `second`."""
    prepared, labels, windows = [], [], []
    for plan in plans:
        world = make_world(plan.seed, plan.ballots, plan.fraud, families=DEVELOPMENT, small=plan.small)
        ballots = table_of(world)
        windows += list(_windows(ballots, world.labels, plan.seed))
        prepared.append(prepare(ballots))
        labels.append(world.labels[prepared[-1]["row"].to_numpy()])
        tell(f"world {plan.seed}: {ballots.height} ballots")
    surveys = [Survey(table) for table in prepared]
    first = [
        _sample(features(survey, np.ones(survey.size)), told) for survey, told in zip(surveys, labels, strict=True)
    ]
    halves = [_fitted(first[1::2]), _fitted(first[::2])]
    second = []
    for number, (survey, told) in enumerate(zip(surveys, labels, strict=True)):
        found = weigh(features(survey, np.ones(survey.size)), halves[number % 2], survey.size)
        trust = 1 - found.probability.astype(np.float64)
        second.append(_sample(chain(features(survey, trust), company(survey, trust)), told))
        tell(f"second look at world {plans[number].seed}")
    return {"quick": _fitted(windows), "first": _fitted(first), "second": _fitted(second)}


def written(weights: dict[str, Weights]) -> str:
    """The tables for the policy's file."""
    parts = []
    for name, look in weights.items():
        lines = [f"{feature} = {weight:.3f}" for feature, weight in sorted(look.of.items()) if abs(weight) >= 0.005]
        parts.append("\n".join([f"[sweep.{name}]", f"bias = {look.bias:.4f}", "", f"[sweep.{name}.of]", *lines, ""]))
    return "\n".join(parts)


def _windows(ballots: pl.DataFrame, labels: pl.DataFrame, seed: int) -> Iterable[Sample]:
    """What rounds would see, at moments of chance."""
    random, times = np.random.default_rng(seed), ballots["at"].to_numpy()
    for share in random.uniform(0.03, 1.0, _WINDOWS):
        moment = times[0] + (times[-1] - times[0]) * share
        begin, end = np.searchsorted(times, [moment - _WINDOW, moment]).tolist()
        if end - begin >= _MOST:
            table = prepare(ballots[begin:end])
            parts = features(Survey(table), np.ones(table.height), QUICK)
            yield _sample(parts, labels[begin:end][table["row"].to_numpy()])


def _sample(parts: Iterable[Part], labels: pl.DataFrame) -> Sample:
    sizes = labels.select(pl.len().over("instance")).to_series().to_numpy().astype(np.float64)
    usual = (labels["family"] == BACKGROUND).to_numpy()
    share = np.where(usual, _BACKGROUND, np.minimum(1, _MOST / sizes))
    keep = np.random.default_rng(labels.height).random(labels.height) < share
    fraud = labels["fraud"].to_numpy()
    weight = np.where(usual, 1 / _BACKGROUND, np.clip(np.sqrt(_TYPICAL / sizes), 0.3, 3) / share)
    weight = np.where(~fraud & ~usual, 2 * weight, weight)
    weight = np.where((labels["family"] == _LIKE_A_TRADE).to_numpy(), _ITS_WEIGHT * weight, weight)
    weight = np.where(labels["family"].is_in(UNJUDGED).to_numpy(), 0, weight)
    names: list[str] = []
    columns = []
    for part in parts:
        names += part.columns
        columns += [part.of_ballots(name)[keep].astype(np.float32) for name in part.columns]
    return Sample(names, np.stack(columns, axis=1), fraud[keep].astype(np.float32), weight[keep].astype(np.float32))


def _fitted(samples: Sequence[Sample]) -> Weights:
    table, fraud, weight = (
        np.concatenate([getattr(each, name) for each in samples]) for name in ("table", "fraud", "weight")
    )
    bias, of = newton(table, fraud, weight)
    return Weights(bias, dict(zip(samples[0].names, of.tolist(), strict=True)))


def newton(table: Floats, fraud: Floats, weight: Floats, rounds: int = 25) -> tuple[float, npt.NDArray[np.float64]]:
    """Ridge logistic regression by Newton's method with backtracking: the bias, and each column's weight."""
    scale = np.sqrt(np.mean(table.astype(np.float64) ** 2, axis=0)).astype(np.float32)
    scale[scale < 1e-4] = 1e9
    theta = np.zeros(table.shape[1] + 1)
    theta[-1] = np.log((weight * fraud).sum() / (weight * (1 - fraud)).sum())
    best, gradient, curvature = _evaluated(table / scale, fraud, weight, theta)
    step, length = np.linalg.solve(curvature, gradient), 1.0
    for _ in range(rounds):
        size = min(length, 4 / np.abs(step).max())
        found = _evaluated(table / scale, fraud, weight, theta + step * size)
        if found[0] > best * (1 + 1e-6):
            length = size / 3
            continue
        gain, theta = best - found[0], theta + step * size
        best, gradient, curvature = found
        step, length = np.linalg.solve(curvature, gradient), 1.0
        if gain < 2e-5 * best:
            break
    return float(theta[-1]), theta[:-1] / scale


def _evaluated(
    table: Floats, fraud: Floats, weight: Floats, theta: npt.NDArray[np.float64]
) -> tuple[float, npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The penalised loss, its negative gradient, and its curvature, a block of rows at a time."""
    size = len(theta)
    loss, gradient, curvature = 0.0, np.zeros(size), np.zeros((size, size))
    for start in range(0, len(table), _BLOCK):
        part = slice(start, start + _BLOCK)
        rows = np.c_[table[part], np.ones(len(table[part]), np.float32)]
        score = np.clip(rows @ theta.astype(np.float32), -30, 30)
        probability = 1 / (1 + np.exp(-score))
        loss -= float((weight[part] * (fraud[part] * score - np.logaddexp(0, score))).sum())
        gradient += rows.T @ (weight[part] * (fraud[part] - probability))
        rows *= np.sqrt(weight[part] * probability * (1 - probability) + 1e-9)[:, None]
        curvature += rows.T @ rows
    ridge = np.full(size, _RIDGE)
    ridge[-1] = 0
    return loss + float((ridge * theta**2).sum()) / 2, gradient - ridge * theta, curvature + np.diag(ridge)
