"""Ballots, their quota slots and their voters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from voting.domain.ballot import State
from voting.domain.contest import Contest
from voting.domain.quota import Bucket, Use, since, stamp
from voting.postgres.database import Connection
from voting.postgres.queries import named

_QUERIES = named("ballots")
_CHALLENGES = named("challenges")
SHARDS = 8


@dataclass(frozen=True, slots=True)
class WindowRow:
    """A contest's window with the database's clock, under a share lock."""

    opens_at: datetime
    closes_at: datetime
    paused: bool
    revision: int
    now: datetime


@dataclass(frozen=True, slots=True)
class BallotRow:
    """A ballot to be stored. `voter` and `body_digest` are keyed hash and hash; `answer` is the JSON sent back."""

    voter: bytes
    key: str
    id: UUID
    body_digest: bytes
    picks: Sequence[str]
    state: State
    recorded_at: datetime
    salt: bytes
    answer: str
    facts: str


@dataclass(frozen=True, slots=True)
class OwnBallot:
    """What a voter may see of a ballot."""

    id: UUID
    recorded_at: datetime
    state: State


async def share_window(connection: Connection, contest: str) -> WindowRow | None:
    """The window, held against a close until the transaction ends; None when there is no such contest."""
    row = await connection.fetchrow(_QUERIES["window"], contest)
    return WindowRow(**row) if row else None


async def lock_voter(connection: Connection, contest: str, voter: bytes, channel: str | None, now: datetime) -> None:
    """Holds the voter's row until the transaction ends, so that one voter's ballots come one after another."""
    await connection.execute(_QUERIES["lock_voter"], contest, voter, channel, now)


async def select_by_key(connection: Connection, contest: str, voter: bytes, key: str) -> tuple[bytes, str] | None:
    """The body digest and the answer of the ballot cast under this key, or None."""
    row = await connection.fetchrow(_QUERIES["by_key"], contest, voter, key)
    return (row["body_digest"], row["answer"]) if row else None


async def select_used(connection: Connection, contest: Contest, voter: bytes, now: datetime) -> dict[Bucket, Use]:
    """What the voter has used of each quota in the period that holds `now`."""
    moments = [since(contest, quota, now) for quota in contest.quotas]
    rows = await connection.fetch(_QUERIES["used_slots"], contest.id, voter, list(range(len(moments))), moments)
    return {Bucket(row["quota"], row["scope"]): Use(row["count"], row["oldest"]) for row in rows}


async def insert(
    connection: Connection,
    contest: Contest,
    ballot: BallotRow,
    wanted: Mapping[Bucket, int],
    used: Mapping[Bucket, Use],
) -> None:
    """Stores the ballot with its slots, facts and tally. A slot taken meanwhile raises a unique violation."""
    slots = [
        (bucket.quota, bucket.scope, stamp(contest, contest.quotas[bucket.quota], ballot.recorded_at), number)
        for bucket, count in sorted(wanted.items())
        for number in _numbers(used.get(bucket, Use()).count, count)
    ]
    columns = [[slot[index] for slot in slots] for index in range(4)]
    shard = ballot.voter[0] % SHARDS
    head = (contest.id, ballot.voter, ballot.key, ballot.id, ballot.body_digest, ballot.picks, ballot.state)
    tail = (ballot.recorded_at, ballot.salt, ballot.answer, *columns, shard, ballot.facts)
    await connection.execute(_QUERIES["insert"], *head, *tail)


async def select_own(connection: Connection, contest: str, voter: bytes) -> tuple[OwnBallot, ...]:
    """The voter's latest 200 ballots, newest first."""
    return tuple(OwnBallot(**row) for row in await connection.fetch(_QUERIES["of_voter"], contest, voter))


async def spend_challenge(connection: Connection, contest: str, challenge: bytes, expires_at: datetime) -> bool:
    """Marks a challenge as used; False when it was used before."""
    return await connection.fetchval(_CHALLENGES["spend"], contest, challenge, expires_at) is not None


async def sweep_challenges(connection: Connection) -> None:
    """Forgets challenges that are refused for their age anyway."""
    await connection.execute(_CHALLENGES["sweep"])


def _numbers(used: int, count: int) -> range:
    """The next `count` slot numbers, from 1."""
    return range(used + 1, used + count + 1)
