"""Ballots, their quota slots and their voters. Ballots are stored in batches: one transaction for many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from voting.domain.ballots.ballot import State
from voting.domain.ballots.quota import Bucket, Use, since, stamp
from voting.domain.contest.contest import Contest
from voting.postgres.database import Connection
from voting.postgres.queries import named

_QUERIES = named("ballots")
_CHALLENGES = named("challenges")
# More than there are batches at once on most machines: two on one shard wait for each other.
SHARDS = 16


@dataclass(frozen=True, slots=True)
class WindowRow:
    """What of a contest can change while ballots are cast, under a share lock, with the database's clock."""

    paused: bool
    revision: int
    now: datetime


class Answered(NamedTuple):
    """An earlier ballot: the digest of its body, the answer to it, and when it was recorded."""

    body_digest: bytes
    answer: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Earlier:
    """What was committed before a batch, by voter."""

    answers: dict[tuple[bytes, str], Answered] = field(default_factory=dict)
    """(voter, key) -> the ballot cast under that key."""
    used: dict[bytes, dict[Bucket, Use]] = field(default_factory=dict)
    spent: set[bytes] = field(default_factory=set)
    """Challenges that were used before."""


class BallotRow(NamedTuple):
    """A ballot to be stored. `voter` and `body_digest` are keyed hash and hash; `answer` is the JSON sent back."""

    voter: bytes
    key: str
    id: UUID
    body_digest: bytes
    picks: Sequence[str]
    state: State
    reasons: Sequence[str]
    salt: bytes
    answer: str
    facts: str
    slots: Sequence[tuple[Bucket, int]]
    """What it takes of each bucket, by number."""
    challenge: tuple[bytes, datetime] | None = None
    """The challenge that it spends, and when that ends."""


_PICKS, _REASONS = (BallotRow._fields.index(name) for name in ("picks", "reasons"))
# So many fields go into the ballot's own row, and its facts'.
_STORED = BallotRow._fields.index("facts") + 1


@dataclass(frozen=True, slots=True)
class OwnBallot:
    """What a voter may see of a ballot."""

    id: UUID
    recorded_at: datetime
    state: State


async def open_batch(connection: Connection, contest: str, voters: Mapping[bytes, str | None]) -> WindowRow | None:
    """The contest and the voters (with their channels), held until the transaction ends; None: no such contest."""
    row = await connection.fetchrow(_QUERIES["open_batch"], contest, list(voters), list(voters.values()))
    return WindowRow(**row) if row else None


async def select_earlier(
    connection: Connection,
    contest: Contest,
    keys: Sequence[tuple[bytes, str]],
    challenges: Sequence[bytes],
    now: datetime,
) -> Earlier:
    """What bears on ballots that are cast now under these (voter, key); to be read under the voters' locks."""
    found = Earlier()
    columns = [voter for voter, _ in keys], [key for _, key in keys], list({voter for voter, _ in keys})
    moments = [since(contest, quota, now) for quota in contest.quotas]
    for row in await connection.fetch(_QUERIES["standings"], contest.id, *columns, moments, challenges):
        voter, key, digest, answer, quota, scope, count, oldest, challenge = row
        if voter is None:
            found.spent.add(challenge)
        elif key is not None:
            found.answers[voter, key] = Answered(digest, answer, oldest)
        else:
            found.used.setdefault(voter, {})[Bucket(quota, scope)] = Use(count, oldest)
    return found


async def select_used(connection: Connection, contest: Contest, voter: bytes, now: datetime) -> dict[Bucket, Use]:
    """What the voter has used of each quota in the period that holds `now`."""
    moments = [since(contest, quota, now) for quota in contest.quotas]
    rows = await connection.fetch(_QUERIES["used_slots"], contest.id, voter, list(range(len(moments))), moments)
    return {Bucket(row["quota"], row["scope"]): Use(row["count"], row["oldest"]) for row in rows}


async def insert(
    connection: Connection, contest: Contest, rows: Iterable[BallotRow], shard: int, now: datetime
) -> None:
    """Stores ballots recorded now. A slot, key or challenge taken meanwhile raises a unique violation."""
    rows = sorted(rows, key=_order)
    stored = [row[:_STORED] for row in rows]
    slots = [(row.voter, *bucket, number, row.id) for row in rows for bucket, number in sorted(row.slots)]
    periods = [stamp(contest, quota, now) for quota in contest.quotas]
    spent = sorted(row.challenge for row in rows if row.challenge)
    columns = [*_columns(stored, _STORED), *_columns(slots, 5), periods, *_columns(spent, 2)]
    # Lists of different lengths cannot go as an array of arrays.
    columns[_PICKS] = [array_text(row.picks) for row in rows]
    columns[_REASONS] = [array_text(row.reasons) for row in rows]
    await connection.execute(_QUERIES["insert"], contest.id, now, *columns, shard, *_columns(_added(rows), 4))


async def select_own(connection: Connection, contest: str, voter: bytes) -> tuple[OwnBallot, ...]:
    """The voter's latest 200 ballots, newest first."""
    return tuple(OwnBallot(**row) for row in await connection.fetch(_QUERIES["of_voter"], contest, voter))


async def spend_challenge(connection: Connection, contest: str, challenge: bytes, expires_at: datetime) -> bool:
    """Marks a challenge as used; False when it was used before."""
    return await connection.fetchval(_CHALLENGES["spend"], contest, challenge, expires_at) is not None


async def sweep_challenges(connection: Connection) -> None:
    """Forgets challenges that are refused for their age anyway."""
    await connection.execute(_CHALLENGES["sweep"])


def _order(row: BallotRow) -> tuple[bytes, str]:
    return row.voter, row.key


def _added(rows: Iterable[BallotRow]) -> list[tuple[str, int, int, int]]:
    """What the ballots add to the tally, by entry: raw, held, counted."""
    picked = Counter((code, row.state) for row in rows for code in row.picks)
    states = {
        code: [picked[code, state] for state in ("void", "hold", "count")]
        for code in sorted({code for code, _ in picked})
    }
    return [(code, sum(counts), counts[1], counts[2]) for code, counts in states.items()]


def _columns(rows: Sequence[Sequence[object]], count: int) -> list[list[object]]:
    """Rows as one list for each of their `count` columns."""
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(count)]


def array_text(codes: Iterable[str]) -> str:
    """PostgreSQL's text of an array."""
    quoted = (code.replace("\\", "\\\\").replace('"', '\\"') for code in codes)
    return "{" + ",".join(f'"{code}"' for code in quoted) + "}"
