"""Cells: ballots that share an entry and one more value, compared with their expectation under independence.

The expectation of a cell is the product of its margins. The rate of the value is taken from the *other* entries (a
large campaign must not become its own expectation), and ballots are weighted by trust (findings of an earlier pass are
excluded; MIDAS-F, Bhatia et al. 2020). The surprise is the signed Poisson deviance.
"""

from __future__ import annotations

import numpy as np

from voting.fraud.features.column_index import Cells, Floats

# The frequency of a value seen at one entry only is unknown: assume this many unseen ballots elsewhere.
_UNSEEN = 0.5
_LEAST_EXPECTED = 0.05


def surprise(count: Floats, expected: Floats) -> Floats:
    """Returns the root of the Poisson deviance, in standard deviations; 0 if the count is not above expectation."""
    count, expected = np.asarray(count, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    above = count > expected
    excess = np.where(above, count, expected)
    deviance = 2 * (excess * np.log(excess / expected) - (excess - expected))
    return np.asarray(np.sqrt(np.maximum(deviance, 0)), dtype=np.float64)


def expectation(cells: Cells, trust: Floats) -> Floats:
    """Returns, by cell, the entry's trusted ballots times the trusted share of the value among all other entries.

    `trust`: by ballot, 0 to 1. Ballots with an unknown value are in no cell, and not counted.
    """
    trusted = cells.ballots.totals(trust)
    of_entry = np.bincount(cells.entry, trusted)[cells.entry]
    elsewhere = np.bincount(cells.value, trusted)[cells.value] - trusted + _UNSEEN
    expected = elsewhere / (trusted.sum() - of_entry + 1) * of_entry
    return np.asarray(np.maximum(expected, _LEAST_EXPECTED), dtype=np.float64)
