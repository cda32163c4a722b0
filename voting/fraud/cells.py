"""Cells: ballots that share an entry and one more thing, compared with what independence would give.

The count of a cell is compared with the product of its margins, where the rate of the thing is taken from the *other*
entries (a large campaign must not become its own expectation) and every ballot weighs as much as it is trusted (what a
former round found is not learnt from; MIDAS-F, Bhatia et al. 2020). The surprise is the signed Poisson deviance.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

# Nobody can say how rare a thing is that only one entry's voters show: so many unseen ballots are assumed elsewhere.
_UNSEEN = 0.5


def surprise(count: pl.Expr, expected: pl.Expr) -> pl.Expr:
    """Square root of the Poisson deviance, in standard deviations; 0 where the count is not above expectation."""
    deviance = 2 * (count * (count / expected).log() - (count - expected))
    return pl.when(count > expected).then(deviance.clip(0).sqrt()).otherwise(0.0)


def cells(ballots: pl.DataFrame, by: Sequence[str], least: int = 1) -> pl.DataFrame:
    """One row for each (entry, *by) that occurs so often at least, without unknown values: n, expected, z.

    `ballots` has a column `trust` (0 to 1). The expectation of a cell is the entry's trusted ballots times the trusted
    share of `by` among all other entries.
    """
    known = ballots.lazy().filter(pl.all_horizontal(pl.col(name).is_not_null() for name in by))
    found = known.group_by("entry", *by).agg(n=pl.len().cast(pl.Float64), trusted=pl.col("trust").sum())
    of_entry = known.group_by("entry").agg(entry_trusted=pl.col("trust").sum())
    of_value = found.group_by(by).agg(value_trusted=pl.col("trusted").sum())
    elsewhere = pl.col("all_trusted") - pl.col("entry_trusted")
    rate = (pl.col("value_trusted") - pl.col("trusted") + _UNSEEN) / (elsewhere + 1)
    return (
        # Most cells have one ballot: of those that nobody asks for nothing is reckoned.
        found.filter(pl.col("n") >= least)
        .join(of_entry, on="entry")
        .join(of_value, on=by)
        .join(known.select(all_trusted=pl.col("trust").sum()), how="cross")
        .with_columns(expected=(rate * pl.col("entry_trusted")).clip(0.05))
        .with_columns(z=surprise(pl.col("n"), pl.col("expected")))
        .drop("trusted", "entry_trusted", "value_trusted", "all_trusted")
        .collect()
    )
