"""What the rows beside a ballot say of it: its quota slots, facts, voter and decisions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple
from uuid import UUID

from voting.domain.contest.contest import Contest
from voting.postgres.database import Connection
from voting.postgres.queries import named
from voting.postgres.tallies import allow_all

_QUERIES = named("traces")


class Contradiction(NamedTuple):
    """Ballots that other rows contradict in one way; `sample`: the first ids."""

    kind: Literal["missing", "slots", "state", "voter"]
    ballots: int
    sample: Sequence[UUID]


async def select_contradictions(connection: Connection, contest: Contest) -> tuple[Contradiction, ...]:
    """Each kind that there is; within a transaction."""
    seconds = await allow_all(connection, contest.id)
    await connection.execute(_QUERIES["by_hash"])
    of_ballots = sum(quota.unit == "ballots" for quota in contest.quotas)
    quotas = (of_ballots, len(contest.quotas) - of_ballots)
    rows = await connection.fetch(_QUERIES["contradictions"], contest.id, *quotas, timeout=seconds)
    return tuple(Contradiction(**row) for row in rows)
