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
_LEAST_Z, _LEAST_N = 4.0, 4
_PAIR = ("entry", "day", "entry_other", "day_other")


def lockstep(ballots: pl.DataFrame) -> pl.DataFrame:
    """For each of `ballots`, in their order: how surprising its strongest pair is, and how many such pairs it is in.

    Columns: pair_z, pair_friends_z (both log1p of standard deviations), pair_count (log1p).
    """
    both = _pairs_of_voters(ballots)
    found = _surprising(both)
    inside = both.join(found.lazy(), on=_PAIR).select("voter", *_PAIR, "z", "z_specific")
    sides = pl.concat(
        [
            inside.select("voter", "entry", "day", "z", "z_specific"),
            inside.select("voter", entry="entry_other", day="day_other", z="z", z_specific="z_specific"),
        ]
    )
    told = sides.group_by("voter", "entry", "day").agg(
        pair_friends_z=pl.col("z").max().log1p().cast(pl.Float32),
        pair_z=pl.col("z_specific").max().log1p().cast(pl.Float32),
        pair_count=(pl.col("z_specific") > _LEAST_Z).sum().log1p().cast(pl.Float32),
    )
    keys = ["voter", "entry", "day"]
    joined = ballots.lazy().select(keys).join(told, on=keys, how="left", maintain_order="left")
    return joined.select(pl.col("pair_z", "pair_friends_z", "pair_count").fill_null(0.0)).collect()


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
