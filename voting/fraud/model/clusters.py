"""Clusters: the doubtful ballots of an entry on a day.

By chance, or through its neighbours, a single ballot of a crowd may look bought; so the cluster's average is judged
once.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from voting.fraud.features.column_index import Floats, Numbering, Part, Survey, Values
from voting.fraud.features.features import World, own
from voting.fraud.model.tree_ensemble import Trees, score_trees

# Consider ballots above this probability; smaller clusters have no reliable average.
_DOUBTFUL, _LEAST = 0.2, 5
_CERTAIN, _UNLIKELY = 0.9, 0.3
_BY = ("entry", "day")


class Clusters(NamedTuple):
    """`ballots`: the cluster of each ballot that is in one; `columns`: the features, by cluster."""

    ballots: Numbering
    columns: dict[str, Floats]


def clusters(survey: Survey, distrust: Values, probability: Values) -> Clusters:
    """Returns the clusters after a first pass (`distrust`) and a second one (`probability`)."""
    cells = survey.numbering(_BY)
    doubtful = np.where(probability > _DOUBTFUL, cells.of, cells.size)
    counts = Numbering(doubtful, cells.size).counts()
    judged = np.flatnonzero(counts >= _LEAST)
    ballots, count = Numbering(doubtful, cells.size).only(judged), counts[judged]
    rows = np.flatnonzero(ballots.of < ballots.size)
    at = ballots.of[rows]

    def mean(values: Values | npt.NDArray[np.bool_]) -> Floats:
        return np.bincount(at, np.nan_to_num(values).astype(np.float64), len(judged)) / count

    first, second_pass = distrust[rows], probability[rows]
    columns = {
        "cluster_size": np.log(count),
        "cluster_share": count / cells.counts()[judged],
        "cluster_glance": mean(first),
        "cluster_glance_certain": mean(first > _CERTAIN),
        "cluster_glance_unlikely": mean(first < _UNLIKELY),
        "cluster_likely": mean(second_pass),
        "cluster_certain": mean(second_pass > _CERTAIN),
    }
    for part in own(survey, World(survey, 1 - distrust.astype(np.float64))):
        columns |= {name: mean(part.of_ballots(name, rows)) for name in part.columns}
    return Clusters(ballots, columns)


def together(found: Clusters, trees: Trees) -> Values:
    """Returns, by ballot, the probability that its cluster is a campaign; 1 for a ballot without cluster."""
    of_each = score_trees([Part(None, found.columns)], trees, found.ballots.size).probability
    return np.append(of_each, np.float32(1))[found.ballots.of]
