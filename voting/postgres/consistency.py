"""Contradictions between a ballot and its decisions, its batch, and other ballots of its voter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple
from uuid import UUID

from voting.postgres.database import Connection
from voting.postgres.queries import named
from voting.postgres.tallies import allow_all

_QUERIES = named("consistency")


class Contradiction(NamedTuple):
    """Ballots that other rows contradict in one way. `sample` has the first ids."""

    kind: Literal["missing", "ordinal", "state", "voter"]
    ballots: int
    sample: Sequence[UUID]


async def select_contradictions(connection: Connection, contest: str) -> tuple[Contradiction, ...]:
    """Returns each kind found. Needs a transaction."""
    seconds = await allow_all(connection, contest)
    await connection.execute(_QUERIES["by_hash"])
    rows = await connection.fetch(_QUERIES["contradictions"], contest, timeout=seconds)
    return tuple(Contradiction(**row) for row in rows)
