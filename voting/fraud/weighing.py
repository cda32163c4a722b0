"""Adds up what was found of each ballot: a linear scorecard whose weights are data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
import numpy as np
import numpy.typing as npt
import polars as pl

from voting.fraud.codes import CODES, code_of

Floats = npt.NDArray[np.float32]

# A reason is named when it adds so much to the log-odds.
_WORTH_NAMING = 0.35


class Weights(msgspec.Struct, frozen=True):
    """Log-odds: `bias`, and what one unit of each feature adds. A feature without a weight adds nothing."""

    bias: float
    of: Mapping[str, float]


class Weighed(msgspec.Struct, frozen=True):
    """By ballot: the probability that it is no honest one, and the reasons as bits, in the order of CODES."""

    probability: Floats
    reasons: npt.NDArray[np.uint32]


def weigh(features: Iterable[pl.DataFrame], weights: Weights, rows: int) -> Weighed:
    """The sum over all features, taken a few columns at a time: a contest of ten millions must fit into memory."""
    score = np.full(rows, weights.bias, dtype=np.float32)
    reasons = np.zeros(rows, dtype=np.uint32)
    for table in features:
        for code, names in _by_code(table.columns, weights.of).items():
            part = np.zeros(rows, dtype=np.float32)
            for name in names:
                part += table[name].to_numpy().astype(np.float32, copy=False) * np.float32(weights.of[name])
            score += part
            reasons |= np.where(part > _WORTH_NAMING, np.uint32(1 << CODES.index(code)), np.uint32(0))
    return Weighed((1 / (1 + np.exp(-np.clip(score, -30, 30)))).astype(np.float32), reasons)


def _by_code(names: Iterable[str], weights: Mapping[str, float]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in names:
        if weights.get(name):
            found.setdefault(code_of(name), []).append(name)
    return found
