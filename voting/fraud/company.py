"""The company that a ballot keeps: how much of what it shares a cell with was found to be dishonest in a first look."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

# Cells in which a campaign's ballots lie together.
_CELLS: tuple[tuple[str, ...], ...] = (
    ("entry", "fingerprint"),
    ("entry", "agent"),
    ("entry", "prefix"),
    ("entry", "prefix", "day"),
    ("entry", "minutes10"),
    ("entry", "hour"),
    ("entry", "fingerprint", "hours2"),
    ("entry", "asn", "hours2"),
    ("entry", "reading_bin", "hour"),
    ("entry", "reading_bin", "age_bin"),
    ("address",),
    ("device",),
    ("voter",),
    ("entry",),
)
# So many honest ballots are assumed beside those that are there: two in a cell say little.
_PRIOR = 3.0


def company(ballots: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """For each cell of a ballot: the others' mean distrust, drawn towards the entry's, above the whole's mean."""
    distrust = 1 - pl.col("trust")
    usual = ballots.select(distrust.mean()).item() or 0.0
    for cell in _CELLS:
        total, count = distrust.sum().over(cell), pl.len().over(cell)
        mean = (total - distrust + _PRIOR * usual) / (count - 1 + _PRIOR)
        known = pl.all_horizontal(pl.col(name).is_not_null() for name in cell)
        value = pl.when(known).then(mean - usual).otherwise(0.0).cast(pl.Float32)
        yield ballots.select(value.alias("company_" + "_".join(cell)))
