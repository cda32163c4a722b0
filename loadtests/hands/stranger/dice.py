"""Draws that every part uses."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Rng = np.random.Generator
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Words = NDArray[np.uint64]


def shifted(rng: Rng, low: float, high: float) -> float:
    """A value of the research page's range, moved by x0.5 to x2."""
    return float(rng.uniform(low, high) * 2.0 ** rng.uniform(-1, 1))


def whole(rng: Rng, low: float, high: float, least: int = 1) -> int:
    """`shifted` as a whole number."""
    return max(least, round(shifted(rng, low, high)))


def pick(rng: Rng, weights: NDArray[Any], size: int) -> Ints:
    """Indices drawn by weight."""
    edges = np.cumsum(weights, dtype=np.float64)
    found = np.searchsorted(edges, rng.random(size) * edges[-1], side="right")
    made: Ints = np.minimum(found, len(edges) - 1).astype(np.int64)
    return made


def around(rng: Rng, median: float, sigma: float, size: int) -> Floats:
    """Log-normal values."""
    return np.exp(rng.normal(np.log(median), sigma, size))


def chance(rng: Rng, share: float, size: int) -> Bools:
    """True with this probability."""
    made: Bools = rng.random(size) < share
    return made


def numbers(rng: Rng, low: int, high: int, size: int) -> Ints:
    """Whole numbers from `low` to below `high`."""
    return rng.integers(low, high, size, dtype=np.int64)


def same(value: int, size: int) -> Ints:
    """One number repeated."""
    return np.full(size, value, np.int64)
