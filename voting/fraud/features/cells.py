"""Cells: ballots that share an entry and one more thing, compared with what independence would give.

The count of a cell is compared with the product of its margins, where the rate of the thing is taken from the *other*
entries (a large campaign must not become its own expectation) and every ballot weighs as much as it is trusted (what a
former look found is not learnt from; MIDAS-F, Bhatia et al. 2020). The surprise is the signed Poisson deviance.
"""

from __future__ import annotations

import numpy as np

from voting.fraud.features.column_index import Cells, Floats

# Nobody can say how rare a thing is that only one entry's voters show: so many unseen ballots are assumed elsewhere.
_UNSEEN = 0.5
_LEAST_EXPECTED = 0.05


def surprise(count: Floats, expected: Floats) -> Floats:
    """Square root of the Poisson deviance, in standard deviations; 0 where the count is not above expectation."""
    count, expected = np.asarray(count, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    above = count > expected
    excess = np.where(above, count, expected)
    deviance = 2 * (excess * np.log(excess / expected) - (excess - expected))
    return np.asarray(np.sqrt(np.maximum(deviance, 0)), dtype=np.float64)


def expectation(cells: Cells, trust: Floats) -> Floats:
    """By cell: the entry's trusted ballots times the trusted share of the value among all other entries.

    `trust`: by ballot, from 0 to 1. Ballots with an unknown value are in no cell, and not counted.
    """
    trusted = cells.ballots.totals(trust)
    of_entry = np.bincount(cells.entry, trusted)[cells.entry]
    elsewhere = np.bincount(cells.value, trusted)[cells.value] - trusted + _UNSEEN
    expected = elsewhere / (trusted.sum() - of_entry + 1) * of_entry
    return np.asarray(np.maximum(expected, _LEAST_EXPECTED), dtype=np.float64)
