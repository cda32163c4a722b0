"""The neighbours of a ballot: how much an earlier pass distrusted the ballots that share a cell with it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from voting.fraud.features.column_index import Floats, Part, Survey, Values
from voting.fraud.features.covoting import covoters

# Cells that gather a campaign's ballots.
_CELLS: tuple[tuple[str, ...], ...] = (
    ("entry", "fingerprint"),
    ("entry", "agent"),
    ("entry", "prefix"),
    ("entry", "prefix", "day"),
    ("entry", "minutes10"),
    ("entry", "hour"),
    ("entry", "day"),
    ("entry", "returning", "fresh"),
    ("entry", "returning", "hours2"),
    ("entry", "fingerprint", "hours2"),
    ("entry", "asn", "hours2"),
    ("entry", "reading_bin", "hour"),
    ("entry", "reading_bin", "age_bin"),
    ("address",),
    ("device",),
    ("voter",),
    ("entry",),
)
# This many honest ballots are assumed in addition to the present ones: two in a cell prove little.
_PRIOR = 3.0


def sure(distrust: Values) -> Floats:
    """Returns distrust without mere doubt: otherwise a slightly doubtful crowd would convict itself."""
    return np.asarray(np.clip(2 * distrust - 1, 0, 1), dtype=np.float64)


def company(survey: Survey, trust: Floats) -> Iterator[Part]:
    """Yields, for each cell of a ballot, the others' mean distrust above the overall mean, shrunk towards it."""
    distrust = sure(1 - trust)
    usual = float(distrust.mean()) if len(distrust) else 0.0
    for by in _CELLS:
        cells = survey.numbering(by)
        total, others = np.append(cells.totals(distrust), 0.0), np.append(cells.counts(), 0.0) - 1
        mean = (total[cells.of] - distrust + _PRIOR * usual) / (others[cells.of] + _PRIOR)
        yield Part(
            None, {"company_" + "_".join(by): np.where(cells.of < cells.size, mean - usual, 0.0).astype(np.float32)}
        )
    # By voter: the mean distrust of the voters he met repeatedly, above the usual.
    met = covoters(survey)
    voters = met.voters
    mean = voters.totals(distrust) / np.maximum(voters.counts(), 1)
    weight = met.entries - 1.0
    total, weights = np.full(voters.size, _PRIOR * usual), np.full(voters.size, _PRIOR)
    for mine, other in ((met.first, met.second), (met.second, met.first)):
        total += np.bincount(mine, weight * mean[other], voters.size)
        weights += np.bincount(mine, weight, voters.size)
    yield Part(voters, {"company_covoters": total / weights - usual})
