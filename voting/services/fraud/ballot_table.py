"""Gathers recorded ballots into the table that a sweep reads: one row for each pick.

The table names ballots by their numbers and voters by the beginning of their hashes: a text of twelve characters or
fewer takes no room of its own there.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Protocol

import msgspec
import polars as pl

from voting.domain.roster.sheet import Tick, silent
from voting.fraud.facts.facts import Facts
from voting.fraud.features.frame import SCHEMA, Row, frame, milliseconds
from voting.postgres import records
from voting.postgres.database import Database
from voting.postgres.records import Record

# 72 bits: among ten million voters two that begin alike are one chance in a hundred million.
VOTER_BYTES = 9
_FACTS = msgspec.json.Decoder(Facts)
_JSON = msgspec.json.Encoder()


class Digest(Protocol):
    """What a hash of hashlib takes."""

    def update(self, data: bytes, /) -> None:
        """More of what is hashed."""


OnBallot = Callable[[str, Facts], None]
"""Hears each ballot: how the table names it, and its facts."""


async def load_ballot_table(
    database: Database,
    contest: str,
    since: datetime | None = None,
    before: datetime | None = None,
    *,
    tick: Tick = silent,
    digest: Digest | None = None,
    hear: OnBallot | None = None,
) -> pl.DataFrame:
    """The contest's ballots of [since, before), from one snapshot; `digest` gets a line for each."""
    parts, done = [pl.DataFrame(schema=SCHEMA)], 0
    async with database.connection() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        async for some in records.read(connection, contest, since, before):
            parts.append(await asyncio.to_thread(_table, some, digest, hear))
            done += len(some)
            tick(done)
    return pl.concat(parts)


def voter_text(voter: bytes) -> str:
    """How the table names a voter."""
    return base64.urlsafe_b64encode(voter[:VOTER_BYTES]).decode()


def voter_bytes(text: str) -> bytes:
    """With what the voter's hash begins."""
    return base64.urlsafe_b64decode(text)


def read_facts(text: str | None) -> Facts:
    """The facts as stored; what is gone or of another time's shape is unknown, and weighs nothing."""
    if text is None:
        return Facts()
    try:
        return _FACTS.decode(text)
    except msgspec.DecodeError:
        return Facts()


def ballot_line(record: Record) -> bytes:
    """What a digest of the ballots gets of one: a line of JSON with id, voter, moment, picks and facts."""
    return _JSON.encode((str(record.id), record.voter.hex(), record.recorded_at, record.picks, record.facts)) + b"\n"


def _table(some: Iterable[Record], digest: Digest | None, hear: OnBallot | None) -> pl.DataFrame:
    rows = []
    for record in some:
        if digest:
            digest.update(ballot_line(record))
        facts, number, voter = read_facts(record.facts), str(record.sequence), voter_text(record.voter)
        at = milliseconds(record.recorded_at)
        if hear:
            hear(number, facts)
        rows += [Row(number, at, voter, entry, facts) for entry in record.picks]
    return frame(rows)
