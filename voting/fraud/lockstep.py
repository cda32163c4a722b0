"""Lockstep: voters who backed the same two entries on the same two days, far more often than chance would have it.

A paid task list is what makes strangers do that. The idea is CopyCatch's (Beutel et al., WWW 2013) and SynchroTrap's
(Cao et al., CCS 2014), made linear: each voter contributes the pairs of *different* entries that he backed. Nothing is
trained, and a loyal voter of one entry makes no pair.
"""

from __future__ import annotations

import polars as pl

from voting.fraud.cells import surprise

# A voter with more cells than this gives only the first: pairs grow with the square.
_MOST_CELLS = 12
_LEAST_Z, _LEAST_N = 3.0, 3
_SURE_Z, _SURE_N, _SURE_PAIRS = 6.0, 5, 2
_PAIR = ("entry", "day", "entry_other", "day_other")


def lockstep(ballots: pl.DataFrame) -> pl.DataFrame:
    """For each of `ballots`, in their order, how surprising the pairs are that it and its voter are in.

    All but the last are log1p of standard deviations: pair_z, pair_friends_z (the ballot's strongest pair, with and
    without what the two entries share on other days), pair_voter_z, pair_voter_friends_z (the voter's mean over his
    pairs), pair_voter_count (log1p of how many he has), pair_voter_share (of his cells, how many are in one).
    """
    both = _pairs_of_voters(ballots)
    inside = both.join(_surprising(both).lazy(), on=_PAIR).select("voter", *_PAIR, "z", "z_specific").collect().lazy()
    sides = pl.concat(
        [
            inside.select("voter", "entry", "day", "z", "z_specific"),
            inside.select("voter", entry="entry_other", day="day_other", z="z", z_specific="z_specific"),
        ]
    )
    cells = sides.group_by("voter", "entry", "day").agg(
        pair_friends_z=pl.col("z").max().log1p().cast(pl.Float32),
        pair_z=pl.col("z_specific").max().log1p().cast(pl.Float32),
    )
    voters = inside.group_by("voter").agg(
        pair_voter_friends_z=pl.col("z").log1p().mean().cast(pl.Float32),
        pair_voter_z=pl.col("z_specific").log1p().mean().cast(pl.Float32),
        pair_voter_count=pl.len().log1p().cast(pl.Float32),
    )
    keys = ["voter", "entry", "day"]
    joined = (
        ballots.lazy()
        .select(keys)
        .join(cells, on=keys, how="left", maintain_order="left")
        .join(voters, on="voter", how="left", maintain_order="left")
        .with_columns(pair_voter_share=pl.col("pair_z").is_not_null().mean().over("voter").cast(pl.Float32))
    )
    return joined.drop(keys).fill_null(0.0).collect()


def task_takers(ballots: pl.DataFrame) -> pl.Series:
    """The voters (as named in `ballots`) with two pairs that many share and chance does not explain: a rule of its own.

    Measured on made contests, two pairs of more than six standard deviations with five voters each hold most of a click
    farm and hardly one honest voter in 100,000; the friends that entries share on any day are allowed for.
    """
    both = _pairs_of_voters(ballots)
    found = _surprising(both).filter((pl.col("z_specific") > _SURE_Z) & (pl.col("n") >= _SURE_N))
    taken = both.join(found.lazy(), on=_PAIR).group_by("voter").len().filter(pl.col("len") >= _SURE_PAIRS)
    return taken.collect()["voter"].sort()


def _pairs_of_voters(ballots: pl.DataFrame) -> pl.LazyFrame:
    """One row for each voter and two (entry, day) cells of his, the earlier one first."""
    cells = (
        ballots.lazy()
        .filter(pl.col("returning") > 0)
        .select("voter", "entry", "day")
        .unique(maintain_order=True)
        .filter(pl.int_range(pl.len()).over("voter") < _MOST_CELLS)
    )
    return cells.join(cells, on="voter", suffix="_other").filter(pl.col("day") < pl.col("day_other"))


def _surprising(both: pl.LazyFrame) -> pl.DataFrame:
    """The pairs of different entries with n, expected and z.

    Expected is what independence gives among the voters of both days. Some entries share friends, on whatever days:
    `z_specific` expects as many as the same two entries share on other days.
    """
    counts = both.group_by(_PAIR).agg(n=pl.len().cast(pl.Float64)).collect().lazy()
    days = counts.group_by("day", "day_other").agg(all=pl.col("n").sum())
    first = counts.group_by("day", "day_other", "entry").agg(first=pl.col("n").sum())
    second = counts.group_by("day", "day_other", "entry_other").agg(second=pl.col("n").sum())
    found = (
        counts.filter(pl.col("entry") != pl.col("entry_other"))
        .join(days, on=["day", "day_other"])
        .join(first, on=["day", "day_other", "entry"])
        .join(second, on=["day", "day_other", "entry_other"])
        .with_columns(expected=(pl.col("first") * pl.col("second") / pl.col("all")).clip(0.02))
        .with_columns(
            low=pl.min_horizontal("entry", "entry_other"),
            high=pl.max_horizontal("entry", "entry_other"),
        )
        .with_columns(
            friends=(pl.col("n").sum().over("low", "high") - pl.col("n") + 0.5)
            / (pl.col("expected").sum().over("low", "high") - pl.col("expected") + 0.5)
        )
        .with_columns(
            z=surprise(pl.col("n"), pl.col("expected")),
            z_specific=surprise(pl.col("n"), pl.col("expected") * pl.col("friends").clip(1)),
        )
    )
    return (
        found.filter((pl.col("z") > _LEAST_Z) & (pl.col("n") >= _LEAST_N))
        .select(*_PAIR, "n", "expected", "z", "z_specific")
        .collect()
    )
