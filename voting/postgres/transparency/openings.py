"""What auditors open the log with: picks and states of ballots as they were cast, and decisions, with their salts."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from voting.postgres.database import Connection
from voting.postgres.queries import named
from voting.postgres.tallies import allow_all

_QUERIES = named("openings")


class OpenedBallot(NamedTuple):
    """A ballot: its leaf's index, what it was cast with, and the stored parts of its commitment, joined.

    `salt`: of the picks and of the state, joined.
    """

    leaf: int
    id: UUID
    recorded_at: datetime
    picks: Sequence[str]
    salt: bytes
    state: str
    reasons: Sequence[str]
    parts: bytes
    apart: bool


class UnloggedBallot(NamedTuple):
    """A ballot from before the log, with the state that it had when the log began."""

    id: UUID
    picks: Sequence[str]
    state: str
    apart: bool


class OpenedLeaf(NamedTuple):
    """A leaf of decisions: `lines` as in `DecisionLine`, `salt` of the line that says nothing."""

    number: int
    salt: bytes
    lines: Sequence[tuple[str, str, Sequence[str], str, str, str, int, bytes]]


async def select_leaves(connection: Connection, contest: str) -> list[OpenedLeaf]:
    """Returns the leaves of decisions, by number; needs a transaction."""
    seconds = await allow_all(connection, contest)
    rows = await connection.fetch(_QUERIES["leaves"], contest, timeout=seconds)
    return [
        OpenedLeaf(
            row["number"], row["salt"], [(*line, bytes.fromhex(salt)) for *line, salt in json.loads(row["lines"])]
        )
        for row in rows
    ]


async def select_policies(connection: Connection) -> list[str]:
    """Returns the hashes of the policies that ballots were judged by, the newest first."""
    return [row["sha256"] for row in await connection.fetch(_QUERIES["policies"])]


async def read_ballots(connection: Connection, contest: str) -> AsyncIterator[OpenedBallot]:
    """Yields the ballots in the log's order; needs a transaction."""
    await allow_all(connection, contest)
    async for row in connection.cursor(_QUERIES["ballots"], contest, prefetch=1000):
        yield OpenedBallot(*row)


async def read_unlogged(connection: Connection, contest: str) -> AsyncIterator[UnloggedBallot]:
    """Yields the ballots from before the log; needs a transaction."""
    await allow_all(connection, contest)
    async for row in connection.cursor(_QUERIES["unlogged"], contest, prefetch=1000):
        yield UnloggedBallot(*row)
