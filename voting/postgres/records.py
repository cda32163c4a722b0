"""Recorded ballots, read in bulk: for sweeps, certification and re-tallies."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from voting.postgres.database import Connection
from voting.postgres.queries import named
from voting.postgres.tallies import allow_all

_QUERIES = named("ballots")
ROWS_AT_ONCE = 20_000
BATCHES_AT_ONCE = 1_000
_FACTS = msgspec.json.Decoder(list[msgspec.Raw])
_ERASED = b"null"


class Record(NamedTuple):
    """A ballot, and what was observed of it as JSON."""

    sequence: int
    id: UUID
    voter: bytes
    recorded_at: datetime
    picks: Sequence[str]
    facts: str | None


class SignedBatch(NamedTuple):
    """A batch: the hashes of its receipts' statements, joined, and the signature of their tree's root."""

    id: int
    leaves: bytes
    signature: bytes


class Receipted(NamedTuple):
    """A ballot with what its receipt states: the commitment is made of the picks and the salt."""

    batch: int
    place: int
    id: UUID
    recorded_at: datetime
    picks: Sequence[str]
    salt: bytes


async def read(
    connection: Connection, contest: str, since: datetime | None, before: datetime | None
) -> AsyncIterator[list[Record]]:
    """The contest's ballots of [since, before), in order, in portions; within a transaction."""
    seconds = await allow_all(connection, contest)
    cursor = await connection.cursor(_QUERIES["recorded"], contest, since, before, timeout=seconds)
    while rows := await cursor.fetch(ROWS_AT_ONCE, timeout=seconds):
        ids = list({row["batch"] for row in rows})
        facts = {
            row["id"]: _FACTS.decode(row["facts"])
            for row in await connection.fetch(_QUERIES["facts"], contest, ids, timeout=seconds)
        }
        yield [
            Record(
                sequence,
                id,
                voter,
                recorded_at,
                picks,
                None if (text := bytes(facts[batch][place])) == _ERASED else text.decode(),
            )
            for sequence, id, voter, recorded_at, picks, batch, place in rows
        ]


async def read_batches(connection: Connection, contest: str) -> AsyncIterator[SignedBatch]:
    """The contest's batches, in order; within a transaction."""
    seconds = await allow_all(connection, contest)
    async for row in connection.cursor(_QUERIES["signed_batches"], contest, prefetch=BATCHES_AT_ONCE, timeout=seconds):
        yield SignedBatch(*row)


async def read_receipts(connection: Connection, contest: str) -> AsyncIterator[Receipted]:
    """The contest's ballots in the order of their batches and places; within a transaction."""
    seconds = await allow_all(connection, contest)
    async for row in connection.cursor(_QUERIES["by_batch"], contest, prefetch=ROWS_AT_ONCE, timeout=seconds):
        yield Receipted(*row)
