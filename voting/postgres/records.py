"""Recorded ballots, read in bulk: for sweeps, certification and re-tallies."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from voting.postgres.database import Connection
from voting.postgres.queries import named
from voting.postgres.tallies import allow_all

_QUERIES = named("ballots")
ROWS_AT_ONCE = 20_000


class Record(NamedTuple):
    """A ballot, and what was observed of it as JSON."""

    sequence: int
    id: UUID
    voter: bytes
    recorded_at: datetime
    picks: Sequence[str]
    facts: str | None


async def read(
    connection: Connection, contest: str, since: datetime | None, before: datetime | None
) -> AsyncIterator[list[Record]]:
    """The contest's ballots of [since, before), in order, in portions; within a transaction."""
    seconds = await allow_all(connection, contest)
    cursor = await connection.cursor(_QUERIES["recorded"], contest, since, before, timeout=seconds)
    while rows := await cursor.fetch(ROWS_AT_ONCE, timeout=seconds):
        yield [Record(*row) for row in rows]


class Receipted(NamedTuple):
    """A ballot with what proves it: the salt of its commitment, and what its voter was answered, as JSON."""

    id: UUID
    recorded_at: datetime
    picks: Sequence[str]
    salt: bytes
    answer: str


async def read_receipts(connection: Connection, contest: str) -> AsyncIterator[list[Receipted]]:
    """The contest's ballots with their receipts, in the order of their moments, in portions; within a transaction."""
    seconds = await allow_all(connection, contest)
    cursor = await connection.cursor(_QUERIES["receipts"], contest, timeout=seconds)
    while rows := await cursor.fetch(ROWS_AT_ONCE, timeout=seconds):
        yield [Receipted(*row) for row in rows]
