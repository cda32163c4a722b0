"""Loads recorded ballots into the table that a sweep reads: one row for each pick.

The table identifies ballots by number and voters by a prefix of their hashes: polars stores texts of up to twelve
characters inline.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Protocol

import msgspec
import polars as pl

from voting.domain.roster.sheet import Tick, silent
from voting.fraud.facts.facts import Facts, read_facts
from voting.fraud.features.frame import SCHEMA, Row, frame, milliseconds
from voting.postgres import records
from voting.postgres.database import Database
from voting.postgres.records import Record

# 72 bits: among ten million voters, two share a prefix with a chance of one in a hundred million.
VOTER_BYTES = 9
_JSON = msgspec.json.Encoder()


class Digest(Protocol):
    """A hash of hashlib."""

    def update(self, data: bytes, /) -> None:
        """Adds data to the hash."""


OnBallot = Callable[[str, Facts], None]
"""Called with each ballot: its name in the table and its facts."""


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
    """Loads the contest's ballots of [since, before) from one snapshot; `digest` is fed a line for each."""
    parts, done = [pl.DataFrame(schema=SCHEMA)], 0
    async with database.connection() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        async for portion in records.read(connection, contest, since, before):
            parts.append(await asyncio.to_thread(_table, portion, digest, hear))
            done += len(portion)
            tick(done)
    return pl.concat(parts)


def voter_text(voter: bytes) -> str:
    """Returns a voter's name in the table."""
    return base64.urlsafe_b64encode(voter[:VOTER_BYTES]).decode()


def voter_bytes(text: str) -> bytes:
    """Returns the prefix of the voter's hash."""
    return base64.urlsafe_b64decode(text)


def ballot_line(record: Record) -> bytes:
    """Returns the line of a ballot that a digest is fed: JSON with id, voter, moment, picks and the facts' hash.

    Of erased facts the hash is all that is stored.
    """
    facts = record.facts
    if facts is not None and facts.startswith("["):
        facts = f'"{hashlib.sha256(facts.encode()).hexdigest()}"'
    return _JSON.encode((str(record.id), record.voter.hex(), record.recorded_at, record.picks, facts)) + b"\n"


def _table(ballots: Iterable[Record], digest: Digest | None, hear: OnBallot | None) -> pl.DataFrame:
    rows = []
    for record in ballots:
        if digest:
            digest.update(ballot_line(record))
        facts, number, voter = read_facts(record.facts), str(record.sequence), voter_text(record.voter)
        at = milliseconds(record.recorded_at)
        if hear:
            hear(number, facts)
        rows += [Row(number, at, voter, entry, facts) for entry in record.picks]
    return frame(rows)
