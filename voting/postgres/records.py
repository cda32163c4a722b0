"""Recorded ballots, read or checked in bulk: for sweeps, certification and re-tallies."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

import msgspec

from voting.postgres.database import Connection
from voting.postgres.queries import named
from voting.postgres.tallies import allow_all

_QUERIES = named("ballots")
_CONSISTENCY = named("consistency")
PREFETCHED_ROWS = 20_000
PREFETCHED_BATCHES = 1_000
_FACTS = msgspec.json.Decoder(list[msgspec.Raw])
_ERASED = b"null"


class Record(NamedTuple):
    """A ballot and its observed facts as JSON."""

    sequence: int
    id: UUID
    voter: bytes
    recorded_at: datetime
    picks: Sequence[str]
    facts: str | None


class SignedBatch(NamedTuple):
    """A batch: the joined hashes of its receipts' statements and the signature of the root of their tree."""

    id: int
    leaves: bytes
    signature: bytes
    parts: bytes | None
    """The stored parts of the commitments; None for a batch from before there was a log."""


class Receipted(NamedTuple):
    """A ballot with the inputs of its receipt's statement."""

    batch: int
    place: int
    id: UUID
    recorded_at: datetime
    picks: Sequence[str]
    salt: bytes


async def read(
    connection: Connection, contest: str, since: datetime | None, before: datetime | None
) -> AsyncIterator[list[Record]]:
    """Yields the contest's ballots of [since, before) in order and in portions. Needs a transaction."""
    seconds = await allow_all(connection, contest)
    cursor = await connection.cursor(_QUERIES["recorded"], contest, since, before, timeout=seconds)
    while rows := await cursor.fetch(PREFETCHED_ROWS, timeout=seconds):
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
    """Yields the contest's batches in order. Needs a transaction."""
    seconds = await allow_all(connection, contest)
    async for row in connection.cursor(
        _QUERIES["signed_batches"], contest, prefetch=PREFETCHED_BATCHES, timeout=seconds
    ):
        yield SignedBatch(*row)


async def read_first_batches(connection: Connection) -> list[tuple[str, bytes, bytes]]:
    """Returns the first batch of each contest that is not closed: contest, leaves, signature."""
    return [tuple(row) for row in await connection.fetch(_QUERIES["first_batches"])]


async def read_receipts(connection: Connection, contest: str) -> AsyncIterator[Receipted]:
    """Yields the contest's ballots in the order of their batches and places. Needs a transaction."""
    seconds = await allow_all(connection, contest)
    async for row in connection.cursor(_QUERIES["by_batch"], contest, prefetch=PREFETCHED_ROWS, timeout=seconds):
        yield Receipted(*row)


class Contradiction(NamedTuple):
    """Ballots that other rows contradict in one way. `sample` has the first ids."""

    kind: Literal["missing", "ordinal", "state", "voter"]
    ballots: int
    sample: Sequence[UUID]


async def select_contradictions(connection: Connection, contest: str) -> tuple[Contradiction, ...]:
    """Returns each kind found. Needs a transaction."""
    seconds = await allow_all(connection, contest)
    await connection.execute(_CONSISTENCY["by_hash"])
    rows = await connection.fetch(_CONSISTENCY["contradictions"], contest, timeout=seconds)
    return tuple(Contradiction(**row) for row in rows)
