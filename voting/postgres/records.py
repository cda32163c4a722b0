"""Recorded ballots, read in bulk: for sweeps, certification and re-tallies."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from voting.postgres.database import Connection
from voting.postgres.queries import named

_QUERIES = named("ballots")
READ_SECONDS = 600
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
    await connection.execute(f"set local statement_timeout = '{READ_SECONDS}s'")
    cursor = await connection.cursor(_QUERIES["recorded"], contest, since, before, timeout=READ_SECONDS)
    while rows := await cursor.fetch(ROWS_AT_ONCE, timeout=READ_SECONDS):
        yield [Record(*row) for row in rows]
