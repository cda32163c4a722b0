"""Draws and hashes that every part uses."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Rng = np.random.Generator
Array = NDArray[Any]


def shifted(rng: Rng, value: float) -> float:
    """A figure of the research page, moved by x0.5 to x2."""
    return float(value * 2 ** rng.uniform(-1, 1))


def mix(*parts: Array | int) -> Array:
    """A 64-bit hash of integers (splitmix64)."""
    state: Array = np.asarray(0x9E3779B97F4A7C15, np.uint64)
    with np.errstate(over="ignore"):
        for part in parts:
            state = (np.asarray(part).astype(np.uint64) + state) * np.uint64(0xBF58476D1CE4E5B9)
            state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            state = state ^ (state >> np.uint64(31))
    return state
