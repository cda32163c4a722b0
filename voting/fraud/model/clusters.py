"""Clusters: the doubtful ballots of an entry on a day. Chance makes one ballot of a crowd look bought, and its
company another; whether all of them are like a campaign's is asked once, of what they are on average."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from voting.fraud.features.column_index import Floats, Numbering, Part, Survey, Values
from voting.fraud.features.features import World, own
from voting.fraud.model.tree_ensemble import Trees, score_trees

# What is likelier than this to be dishonest is looked at; of fewer nobody can say what they are on average.
_DOUBTFUL, _LEAST = 0.2, 5
_CERTAIN, _UNLIKELY = 0.9, 0.3
_BY = ("entry", "day")


class Clusters(NamedTuple):
    """`ballots`: the cluster of each, if it is in one; `columns`: the features, by cluster."""

    ballots: Numbering
    columns: dict[str, Floats]


def clusters(survey: Survey, distrust: Values, probability: Values) -> Clusters:
    """The clusters of ballots that a first look (`distrust`) and a further one (`probability`) were shown."""
    cells = survey.numbering(_BY)
    doubtful = np.where(probability > _DOUBTFUL, cells.of, cells.size)
    counts = Numbering(doubtful, cells.size).counts()
    told = np.flatnonzero(counts >= _LEAST)
    ballots, count = Numbering(doubtful, cells.size).only(told), counts[told]
    rows = np.flatnonzero(ballots.of < ballots.size)
    at = ballots.of[rows]

    def mean(values: Values | npt.NDArray[np.bool_]) -> Floats:
        return np.bincount(at, np.nan_to_num(values).astype(np.float64), len(told)) / count

    first, second_pass = distrust[rows], probability[rows]
    columns = {
        "cluster_size": np.log(count),
        "cluster_share": count / cells.counts()[told],
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
    """By ballot the probability that its cluster is a campaign; 1 for one that is in none."""
    of_each = score_trees([Part(None, found.columns)], trees, found.ballots.size).probability
    return np.append(of_each, np.float32(1))[found.ballots.of]
