"""Adds up what was found of each ballot: a linear scorecard whose weights are data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
import numpy as np
import numpy.typing as npt

from voting.fraud.codes import CODES, code_of
from voting.fraud.survey import Part

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


def weigh(parts: Iterable[Part], weights: Weights, rows: int) -> Weighed:
    """The sum over all features, taken a few columns at a time: a contest of ten millions must fit into memory."""
    score = np.full(rows, weights.bias, dtype=np.float32)
    reasons = np.zeros(rows, dtype=np.uint32)
    for part in parts:
        lines = rows if part.cells is None else part.cells.size
        adds, names = np.zeros(lines, dtype=np.float32), np.zeros(lines, dtype=np.uint32)
        for code, columns in _by_code(part.columns, weights.of).items():
            added = np.zeros(lines, dtype=np.float32)
            for column in columns:
                added += part.columns[column].astype(np.float32) * np.float32(weights.of[column])
            adds += added
            names |= np.where(added > _WORTH_NAMING, np.uint32(1 << CODES.index(code)), np.uint32(0))
        if part.cells is None:
            score += adds
            reasons |= names
        else:
            score += np.append(adds, np.float32(0))[part.cells.of]
            reasons |= np.append(names, np.uint32(0))[part.cells.of]
    return Weighed((1 / (1 + np.exp(-np.clip(score, -30, 30)))).astype(np.float32), reasons)


def _by_code(names: Iterable[str], weights: Mapping[str, float]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in names:
        if weights.get(name):
            found.setdefault(code_of(name), []).append(name)
    return found
