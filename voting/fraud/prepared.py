"""The columns that the cells are made of, from a table of ballots."""

from __future__ import annotations

import math

import numpy as np
import polars as pl

from voting.fraud.facts import Oddity

_QUICKEST, _SLOWEST = 0.05, 3600.0
# A token of the last quarter of an hour is as good as new.
FRESH_SECONDS = 900
# Wall time of the contests' country, for the hour of the day.
_HOUR_SHIFT = 8
_MORNING = 7
_DAY = (pl.col("at") // 3_600_000 + _HOUR_SHIFT) // 24
_RETURNING = (pl.len().over("voter") > 1).cast(pl.Float32)


def prepare(ballots: pl.DataFrame, takers: pl.Series | None = None) -> pl.DataFrame:
    """One row for each of `ballots`, ordered by time; `row` is the number that it had.

    Texts become numbers, times become bins; `taker`: whether the voter is one of `takers`, who were found before. What
    is unknown is null where it names something, and NaN where it is measured.
    """
    known = pl.Series("takers", [], dtype=pl.String) if takers is None else takers
    reading = (pl.col("reading") / 1000).clip(_QUICKEST, _SLOWEST).log()
    ordered = ballots.lazy().with_row_index("row").sort("at", "row")
    return ordered.select(
        "row",
        *(_text(name) for name in ("entry", "voter", "device", "address", "prefix")),
        *(_known(name) for name in ("agent", "client", "fingerprint", "origin")),
        "asn",
        hosting=_number(pl.col("hosting")),
        oddities=pl.col("oddities"),
        odd=(pl.col("oddities") != 0).cast(pl.Float32),
        oddity_count=pl.col("oddities").bitwise_count_ones().cast(pl.Float32),
        cross_site=((pl.col("oddities") & int(Oddity.CROSS_SITE)) != 0).cast(pl.Float32),
        automation=((pl.col("oddities") & int(Oddity.AUTOMATION)) != 0).cast(pl.Float32),
        second=pl.col("at") / 1000,
        minutes10=pl.col("at") // 600_000,
        hour=pl.col("at") // 3_600_000,
        hours2=pl.col("at") // 7_200_000,
        day=_DAY,
        hour_of_day=(pl.col("at") // 3_600_000 + _HOUR_SHIFT) % 24,
        night=((pl.col("at") // 3_600_000 + _HOUR_SHIFT) % 24 < _MORNING).cast(pl.Float32),
        reading=_number(reading),
        reading_bin=(reading / 0.3).floor().cast(pl.Int32),
        fresh=_number(pl.col("age") < FRESH_SECONDS),
        age_bin=(pl.col("age").clip(1, None).log(2)).floor().cast(pl.Int32),
        refused=_number(~pl.col("solved")),
        returning=_RETURNING,
        taker=pl.col("voter").is_in(known.implode()),
    ).collect()


def prepare_tasks(ballots: pl.DataFrame) -> pl.DataFrame:
    """Of what prepare() answers the columns that lists of tasks show in."""
    ordered = ballots.lazy().select("at", "entry", "voter").with_row_index("row").sort("at", "row")
    return ordered.select("row", _text("entry"), _text("voter"), day=_DAY, returning=_RETURNING).collect()


def _text(name: str) -> pl.Expr:
    return pl.col(name).map_batches(_numbered, pl.Int32)


def _numbered(texts: pl.Series) -> pl.Series:
    """Numbers texts in the order of their first ballots. Hashes of ten millions meet once in 400,000 times."""
    _, inverse = np.unique(texts.hash().to_numpy(), return_inverse=True)
    first = np.empty(int(inverse.max(initial=-1)) + 1, dtype=np.int64)
    first[inverse[::-1]] = np.arange(len(texts))[::-1]
    numbers = np.empty(len(first), dtype=np.int32)
    numbers[np.argsort(first)] = np.arange(len(first), dtype=np.int32)
    return pl.select(pl.when(texts.is_not_null()).then(pl.Series(numbers[inverse]))).to_series()


def _number(value: pl.Expr) -> pl.Expr:
    """Not a number where nothing is known."""
    return value.cast(pl.Float32).fill_null(math.nan)


def _known(name: str) -> pl.Expr:
    """Hashes are 0 where nothing is known."""
    return pl.when(pl.col(name) != 0).then(pl.col(name)).alias(name)
