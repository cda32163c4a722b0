"""Computes the columns of the cells from a table of ballots."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from voting.fraud.facts.facts import Oddity
from voting.fraud.features.column_index import Key, Numbering, ranks
from voting.fraud.features.history import Keys, Past, keys_of

# Milliseconds: a ballot below the first is quick; those up to the second are the tail to compare with.
QUICK, TAIL = 1500, 3000

_QUICKEST, _SLOWEST = 0.05, 3600.0
# A token younger than a quarter of an hour counts as new.
# Do not count its age from the first ballot: the trees would lose honest voters (policies/PROVENANCE.md).
FRESH_SECONDS = 900
# Local time of the contests' country, for the hour of the day.
_HOUR_SHIFT = 8
_MORNING = 7
_DAY = ((pl.col("at") // 3_600_000 + _HOUR_SHIFT) // 24).cast(pl.Int32)
_HOUR_OF_DAY = ((pl.col("at") // 3_600_000 + _HOUR_SHIFT) % 24).cast(pl.Int8)
_READING = (pl.col("reading") / 1000).clip(_QUICKEST, _SLOWEST).log()
_READING_BIN = (_READING / 0.3).floor().cast(pl.Int16)
_FRESH = pl.col("age") < FRESH_SECONDS
_AGE_BIN = pl.col("age").clip(1, None).log(2).floor().cast(pl.Int8)


def prepare(ballots: pl.DataFrame | pl.LazyFrame, past: Past | None = None) -> pl.DataFrame:
    """Returns one row for each of `ballots`, ordered by time; `row` is its number in the input.

    Texts become numbers, times become bins. `taker` is whether `past` lists the voter as working through task lists;
    other knowledge of the past has separate columns, if given. Unknown values are null in identifiers and NaN in
    measures.
    """
    # An empty series does not show whether it has texts or hashes.
    taker = pl.col("voter").is_in(past.takers.implode()) if past and len(past.takers) else pl.lit(value=False)
    table = _ordered(
        ballots,
        ("entry", "voter", "device", "address", "prefix"),
        *(_known(name) for name in ("agent", "client", "fingerprint", "origin")),
        "asn",
        hosting=_number(pl.col("hosting")),
        # Having nothing odd is no evidence, however many ballots share it.
        hosted=pl.when(pl.col("hosting")).then(1).cast(pl.Int8),
        oddities=pl.when(pl.col("oddities") != 0).then(pl.col("oddities")),
        odd=pl.col("oddities") != 0,
        oddity_count=pl.col("oddities").bitwise_count_ones().cast(pl.UInt8),
        cross_site=(pl.col("oddities") & int(Oddity.CROSS_SITE)) != 0,
        automation=(pl.col("oddities") & int(Oddity.AUTOMATION)) != 0,
        second=pl.col("at") / 1000,
        minutes10=(pl.col("at") // 600_000).cast(pl.Int32),
        hour=(pl.col("at") // 3_600_000).cast(pl.Int32),
        hours2=(pl.col("at") // 7_200_000).cast(pl.Int32),
        day=_DAY,
        hour_of_day=_HOUR_OF_DAY,
        night=_HOUR_OF_DAY < _MORNING,
        reading=_number(_READING),
        reading_bin=_READING_BIN,
        quick=pl.col("reading").is_between(0, QUICK, closed="left").fill_null(value=False),
        tail=pl.col("reading").is_between(QUICK, TAIL, closed="left").fill_null(value=False),
        fresh=_number(_FRESH),
        age_bin=_AGE_BIN,
        refused=_number(~pl.col("solved")),
        taker=taker,
    )
    if past is None:
        return table
    before = past.columns(cells_over_days(ballots))
    return table.with_columns(pl.Series(name, values).gather(table["row"]) for name, values in before.items())


def cells_over_days(ballots: pl.DataFrame | pl.LazyFrame) -> Mapping[Key, Keys]:
    """Returns, by ballot, the cells that the history is kept by."""
    return keys_of(
        ballots.lazy()
        .select(
            *("entry", "voter", "prefix"),
            _known("agent"),
            reading_bin=_READING_BIN,
            age_bin=_AGE_BIN,
        )
        .collect()
    )


def _ordered(
    ballots: pl.DataFrame | pl.LazyFrame, texts: Sequence[str], *columns: str | pl.Expr, **named: pl.Expr
) -> pl.DataFrame:
    """Returns these columns by time. Texts are read one at a time: those of ten million ballots take gigabytes."""
    at = ballots.lazy().select("at").collect()["at"].to_numpy()
    row = np.argsort(at, kind="stable").astype(np.uint32)
    numbered = [_numbered(ballots, name, row) for name in texts]
    voter = numbered[texts.index("voter")].to_numpy()
    returning = pl.Series("returning", np.bincount(voter)[voter] > 1)
    others = ballots.lazy().select(*columns, **named).collect()[row]
    return pl.DataFrame([pl.Series("row", row), *numbered, returning, *others])


def _numbered(ballots: pl.DataFrame | pl.LazyFrame, name: str, row: npt.NDArray[np.uint32]) -> pl.Series:
    """Numbers texts by their first ballots. Hashes of ten million texts collide with a chance of 1 in 400,000."""
    text = pl.col(name)
    hashes, known = ballots.lazy().select(hash=text.hash(), known=text.is_not_null()).collect()
    alike = Numbering(*ranks(hashes.to_numpy().view(np.int64)[row], 0))
    first = alike.samples()
    begins = np.zeros(len(row), dtype=bool)
    begins[first] = True
    in_turn = np.cumsum(begins, dtype=np.int32)[first] - 1
    numbers = pl.Series(name, in_turn[alike.of])
    return numbers if known.all() else numbers.set(~known.gather(row), None)


def _number(value: pl.Expr) -> pl.Expr:
    """Converts null to NaN."""
    return value.cast(pl.Float32).fill_null(math.nan)


def _known(name: str) -> pl.Expr:
    """Converts hash 0, which means unknown, to null."""
    return pl.when(pl.col(name) != 0).then(pl.col(name)).alias(name)
