"""Open lists: entries that the same strangers work through, each in another order and on other days.

A common day or order reveals a task list (task_lists.py); people who take paid tasks from a platform in their own time
have neither. What remains is the list itself: four entries or more, each of which shares its voters with three others
of them, far more often than entries of this contest do. Nothing is trained. The rule spares

- allies, who are two or three, and voters who keep to entries of one kind, if that is usual;
- people of one place, such as an office that backs all of its own entries: task workers live anywhere;
- people called together, such as a show's audience by its contestants: tasks wait until there is time;
- lovers of a kind: they prefer the popular entries of it, while tasks are handed out evenly.
"""

from __future__ import annotations

import math

import numpy as np
import polars as pl

from voting.fraud.features.column_index import Ints, Numbering, Numbers, Survey
from voting.fraud.features.lockstep import FRIENDS, NEAR, Flags, Pairs, during, lifted, nearness, returning

# A pair of entries needs this many voters beyond each one's, and this surprise (standard deviations), since lists are
# searched for among all pairs. Each entry must pair with this many others of its list.
_OTHERS, _Z, _DEGREE = 8, 8.0, 3
# The largest share of their ballots in one hour.
_AT_ONCE = 0.1
# How much (in logarithms) they follow popularity: 0 is evenly, 1 in proportion. In simulated contests workers have 0.27
# at most, four lists of five less than this, and lovers of a kind 0.2 to 0.9, unless a campaign moves popularity.
_ELASTICITY = 0.2


def list_workers(survey: Survey) -> pl.DataFrame:
    """Returns voters of one open list:

    `voter`, as named in the ballots, and how many of its entries (`entries`, from 2).
    """
    voters, entries = returning(survey), survey.numbering(("entry",))
    pairs = lifted(survey, voters, during(survey, "ever"))
    tied = _tied(pairs, entries.size)
    list_of = _joined(pairs.entry[tied], pairs.entry_other[tied], entries.size)
    worked = (
        pairs.only(tied)
        .table()
        .lazy()
        .group_by("voter", list=pl.lit(pl.Series(list_of)).gather(pl.col("entry")))
        .agg(entries=pl.concat([pl.col("entry"), pl.col("entry_other")]).n_unique())
        .collect()
    )
    named = survey.ballots["voter"].gather(voters.samples())
    lists = [
        workers.select(named.gather(workers["voter"]), "entries")
        for (number,), workers in worked.group_by("list")
        if _are_strangers(survey, voters, workers["voter"].to_numpy(), np.flatnonzero(list_of == number))
    ]
    none = pl.DataFrame(schema={"voter": named.dtype, "entries": pl.UInt32})
    return pl.concat([none, *lists]).group_by("voter").agg(pl.col("entries").max()).sort("voter")


def _are_strangers(survey: Survey, voters: Numbering, workers: Numbers, entries: Ints) -> bool:
    """Whether these voters come from anywhere, at any time, and to each of these entries alike."""
    of, ballots = survey.numbering(("entry",)).of, np.flatnonzero(np.isin(voters.of, workers))
    at_once = int(np.bincount(survey.numbering(("hour",)).of[ballots]).max(initial=0))
    one = np.zeros(len(workers), dtype=np.int64)
    near = float(nearness(survey, one, voters.samples()[workers], 1)[0])
    if at_once > _AT_ONCE * len(ballots) or near > NEAR:
        return False
    cast, once = (np.bincount(of[rows], minlength=of.max() + 1) for rows in (ballots, voters.of == voters.size))
    return _elasticity(cast[entries], once[entries]) < _ELASTICITY


def _tied(pairs: Pairs, entries: int) -> Flags:
    """Returns, by kind of pair, whether it holds a list together."""
    usual = max(0.0, float(np.median(pairs.lift[pairs.kind]))) if len(pairs.kind) else 0.0
    tied = (pairs.lift > usual + math.log(FRIENDS)) & (pairs.others >= _OTHERS) & (pairs.z > _Z)
    while True:
        # Both orders of a pair are separate kinds.
        degree = np.bincount(pairs.entry[tied], minlength=entries)
        dense = tied & (np.minimum(degree[pairs.entry], degree[pairs.entry_other]) >= _DEGREE)
        if dense.sum() == tied.sum():
            return tied
        tied = dense


def _joined(first: Numbers, second: Numbers, size: int) -> Ints:
    """Returns, by entry, the smallest entry that these pairs connect it to; both orders of a pair are present."""
    least = np.arange(size)
    while True:
        before = least.copy()
        np.minimum.at(least, first, before[second])
        if (least == before).all():
            return least


def _elasticity(cast: Ints, others: Ints) -> float:
    """Returns the slope of the regression of log votes cast on the others' log votes.

    It is 1 if all are equally popular, since the slope is then undefined.
    """
    x, y = np.log1p(others), np.log1p(cast)
    x -= x.mean()
    spread = float((x * x).sum())
    return float((x * y).sum()) / spread if spread else 1.0
