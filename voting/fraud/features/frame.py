"""Ballots as a table: one row for each pick, columns of plain values."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from operator import attrgetter

import msgspec
import polars as pl

from voting.fraud.facts.facts import Facts

SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "id": pl.String,
    "at": pl.Int64,  # milliseconds since 1970, UTC
    "voter": pl.String,
    "entry": pl.String,
    "channel": pl.String,
    "device": pl.String,
    "age": pl.Int64,
    "reading": pl.Int64,
    "address": pl.String,
    "prefix": pl.String,
    "asn": pl.Int64,
    "hosting": pl.Boolean,
    "agent": pl.Int64,
    "client": pl.Int64,
    "fingerprint": pl.Int64,
    "origin": pl.Int64,
    "oddities": pl.Int32,
    "app": pl.String,
    "solved": pl.Boolean,
    "solving": pl.Float64,  # milliseconds
}


# Of the other columns, those with another name in the facts.
_NAMES = {"solved": "challenge_passed", "solving": "challenge_ms"}


class Row(msgspec.Struct, frozen=True, gc=False):
    """A pick of a recorded ballot: the ballot's id, time, voter, entry and facts."""

    id: str
    at: int
    """Milliseconds since 1970."""
    voter: str
    entry: str
    facts: Facts


def frame(rows: Iterable[Row]) -> pl.DataFrame:
    """Returns the table of these picks, with the columns of SCHEMA."""
    rows = list(rows)
    facts = [row.facts for row in rows]
    return pl.DataFrame(
        [
            pl.Series(
                name,
                list(map(attrgetter(_NAMES.get(name, name)), rows if name in Row.__struct_fields__ else facts)),
                dtype=kind,
            )
            for name, kind in SCHEMA.items()
        ]
    )


def milliseconds(moment: datetime) -> int:
    """Returns whole milliseconds since 1970, rounded down."""
    # Compute with whole microseconds: a float's error could give another millisecond.
    return round(moment.timestamp() * 1_000_000) // 1000
