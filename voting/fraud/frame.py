"""Ballots as a table: one row for each pick, columns of plain values."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import polars as pl

from voting.fraud.facts import Facts

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


class Row(NamedTuple):
    """A pick of a ballot that was recorded: the ballot's id, when, whose, for what, and its facts."""

    id: str
    at: datetime
    voter: str
    entry: str
    facts: Facts


def frame(rows: Iterable[Row]) -> pl.DataFrame:
    """The table of these picks, with the columns of SCHEMA."""
    columns = zip(*map(_values, rows), strict=True)
    values = dict(zip(SCHEMA, columns, strict=False))
    return pl.DataFrame([pl.Series(name, values.get(name, ()), dtype=kind) for name, kind in SCHEMA.items()])


def _values(row: Row) -> tuple[object, ...]:
    facts = row.facts
    return (
        row.id,
        int(row.at.timestamp() * 1000),
        row.voter,
        row.entry,
        facts.channel,
        facts.device,
        facts.age,
        facts.reading,
        facts.address,
        facts.prefix,
        facts.asn,
        facts.hosting,
        facts.agent,
        facts.client,
        facts.fingerprint,
        facts.origin,
        facts.oddities,
        facts.app,
        facts.challenge_passed,
        facts.challenge_ms,
    )
