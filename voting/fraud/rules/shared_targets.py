"""Open lists: entries that the same strangers work off, each in an order and on days of his own.

A common day or order gives a task list away (tasks.py); who takes paid tasks from a platform, when he has time, has
neither. What is left is the list itself: four entries or more, each of which shares its voters with three others of
them, far more often than entries of this contest do. Nothing is trained. Spared are

- allies, who are two or three, and those who keep to entries of one kind, where that is usual;
- people of one place, such as an office that backs all of its own entries: who takes tasks lives anywhere;
- people who are called together, such as a show's audience by its contestants: tasks wait until there is time;
- lovers of a kind: what is popular of it is popular with them too; tasks are handed out evenly.
"""

from __future__ import annotations

import math

import numpy as np
import polars as pl

from voting.fraud.features.column_index import Ints, Numbering, Numbers, Survey
from voting.fraud.features.lockstep import FRIENDS, NEAR, Flags, Pairs, during, lifted, nearness, returning

# A pair of entries must have so many voters beside each, and surprise so much (standard deviations): lists are looked
# for among all pairs. Each entry must go with so many others of its list.
_OTHERS, _Z, _DEGREE = 8, 8.0, 3
# Of their ballots so many may be of one hour.
_AT_ONCE = 0.1
# How much (in logarithms) they follow what is popular: 0 is even, 1 as popular as it is. In made contests workers have
# 0.27 at most, four lists of five less than this, and lovers of a kind 0.2 to 0.9, unless a campaign moves what is
# popular.
_ELASTICITY = 0.2


def list_workers(survey: Survey) -> pl.DataFrame:
    """Who backed entries of one open list: `voter`, as named in the ballots, and of how many (`entries`, from 2)."""
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
    found = [
        workers.select(named.gather(workers["voter"]), "entries")
        for (number,), workers in worked.group_by("list")
        if _are_strangers(survey, voters, workers["voter"].to_numpy(), np.flatnonzero(list_of == number))
    ]
    none = pl.DataFrame(schema={"voter": named.dtype, "entries": pl.UInt32})
    return pl.concat([none, *found]).group_by("voter").agg(pl.col("entries").max()).sort("voter")


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
    """By kind of pair whether it holds a list together."""
    usual = max(0.0, float(np.median(pairs.lift[pairs.kind]))) if len(pairs.kind) else 0.0
    tied = (pairs.lift > usual + math.log(FRIENDS)) & (pairs.others >= _OTHERS) & (pairs.z > _Z)
    while True:
        # Both orders of a pair are kinds of their own.
        degree = np.bincount(pairs.entry[tied], minlength=entries)
        kept = tied & (np.minimum(degree[pairs.entry], degree[pairs.entry_other]) >= _DEGREE)
        if kept.sum() == tied.sum():
            return tied
        tied = kept


def _joined(first: Numbers, second: Numbers, size: int) -> Ints:
    """By entry the least entry that these pairs, each there in both orders, join it to."""
    least = np.arange(size)
    while True:
        before = least.copy()
        np.minimum.at(least, first, before[second])
        if (least == before).all():
            return least


def _elasticity(cast: Ints, others: Ints) -> float:
    """How much more (in logarithms) is cast for what others cast more for; the regression's slope. 1 where all are
    equally popular: nobody can tell."""
    x, y = np.log1p(others), np.log1p(cast)
    x -= x.mean()
    spread = float((x * x).sum())
    return float((x * y).sum()) / spread if spread else 1.0
