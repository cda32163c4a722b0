"""Ballots in batches: one statement reads the context of a batch, one records it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from voting.domain.ballots.ballot import State
from voting.domain.ballots.leaf import SALT_BYTES, Parts
from voting.domain.identity.tier import NUMBERS, TIERS, Tier
from voting.domain.transparency import bundle
from voting.postgres.database import Connection
from voting.postgres.queries import named

_QUERIES = named("ballots")
_CHALLENGES = named("challenges")
# Of a contest; migration 0018 made as many for older ones. A batch locks the gate and the shard of the tally of one
# number below the setting VOTING_SHARDS: two batches of the same number wait for each other.
GATES = 64
_PLACES = {tier: place for place, tier in enumerate(TIERS)}


class StoredBallot(NamedTuple):
    """An earlier ballot of a voter and its place in its batch."""

    ordinal: int
    key: str
    id: UUID
    picks: Sequence[str]
    recorded_at: datetime
    salt: bytes
    batch: int
    place: int


@dataclass(frozen=True, slots=True)
class BatchContext:
    """What a batch is judged against: the contest, the clock, earlier ballots of its voters, and spent challenges."""

    paused: bool
    revision: int
    now: datetime
    frozen: bool = False
    """Whether the contest's log is frozen, so that nothing may be recorded."""
    ballots: dict[bytes, list[StoredBallot]] = field(default_factory=dict)
    """By voter, oldest first."""
    spent: set[bytes] = field(default_factory=set)


class Ask(NamedTuple):
    """A request to confirm that goes with a ballot; see voting.services.identity.confirmations."""

    channel: str
    share: float
    network: str | None
    code: str


class BallotRow(NamedTuple):
    """A ballot to be stored. `voter` is a keyed hash; `facts` and `remaining` (the quota) are JSON."""

    voter: bytes
    ordinal: int
    key: str
    id: UUID
    picks: Sequence[str]
    state: State
    reasons: Sequence[str]
    salts: bytes
    """Of the picks, the state and the person."""
    facts: str
    remaining: str
    challenge: tuple[bytes, datetime] | None = None
    """The challenge that it spends and the time when that expires."""
    tier: Tier = "issued"
    """The tier of its voter's credential."""
    apart: bool = False
    """Whether it adds to the tally of its tier alone."""
    ask: Ask | None = None
    """What its voter is asked with it."""


class BatchRow(NamedTuple):
    """The columns of a batch that answers are rebuilt from."""

    recorded_at: datetime
    remaining: Sequence[str]
    leaves: bytes
    signature: bytes
    parts: bytes | None
    """The stored parts of the commitments; None for a batch from before there was a log."""


class SealedBatch(NamedTuple):
    """What receipts and log have of a batch, by place: leaves, their hashes, the commitments' parts; one signature."""

    leaves: Sequence[bytes]
    hashes: Sequence[bytes]
    parts: Sequence[Parts]
    signature: bytes


class OwnBallot(NamedTuple):
    """A ballot as its voter may see it, with the picks that the quotas count."""

    id: UUID
    recorded_at: datetime
    state: State
    picks: Sequence[str]


async def read_context(
    connection: Connection,
    contest: str,
    keys: Sequence[tuple[bytes, str]],
    since: datetime,
    challenges: Sequence[bytes],
    joined: Mapping[bytes, bytes],
) -> BatchContext | None:
    """Returns the context of ballots with these (voter, key): each voter's ballots since `since`, and the latest one.

    The ballots of voters that are `joined` are the voter's own, too, of the ordinal 0. None: there is no such contest.
    """
    voters = sorted({voter for voter, _ in keys} | joined.keys())
    columns = voters, [key for _, key in keys], since, challenges
    rows = await connection.fetch(_QUERIES["context"], contest, *columns)
    if not rows or rows[0]["revision"] is None:
        return None
    found = BatchContext(rows[0]["paused"], rows[0]["revision"], rows[0]["recorded_at"], rows[0]["frozen"])
    for voter, *ballot, _paused, _revision, challenge, _frozen in rows[1:]:
        if voter is None:
            found.spent.add(challenge)
        elif voter in joined:
            earlier = StoredBallot(*ballot)._replace(ordinal=0)
            found.ballots.setdefault(joined[voter], []).insert(0, earlier)
        else:
            found.ballots.setdefault(voter, []).append(StoredBallot(*ballot))
    return found


async def read_batches(connection: Connection, contest: str, ids: Iterable[int]) -> dict[int, BatchRow]:
    """Returns the batches with these ids, after they are durable."""
    async with connection.transaction():
        rows = await connection.fetch(_QUERIES["batches"], contest, list(ids))
        await connection.execute(_QUERIES["flush"])
    return {
        row["id"]: BatchRow(row["recorded_at"], row["remaining"], row["leaves"], row["signature"], row["parts"])
        for row in rows
    }


async def insert(
    connection: Connection,
    contest: str,
    rows: Sequence[BallotRow],
    *,
    context: BatchContext,
    closes_at: datetime,
    shard: int,
    sealed: SealedBatch,
) -> int | None:
    """Stores ballots, sorted by (voter, ordinal), with the time of the context; returns the number of their batch.

    None, and nothing is stored, if the contest has changed since or the window has ended. An ordinal or challenge that
    was taken since raises a unique violation.
    """
    shared = (
        f"[{','.join([row.facts for row in rows])}]",
        [row.remaining for row in rows],
        b"".join(sealed.hashes),
        sealed.signature,
    )
    ballots = (
        [row.voter for row in rows],
        [row.ordinal for row in rows],
        [row.key for row in rows],
        [row.id for row in rows],
        # Lists of different lengths cannot go as an array of arrays.
        [array_text(row.picks) for row in rows],
        [row.state for row in rows],
        [array_text(row.reasons) for row in rows],
        # The person's salt is stored with the facts, to be erased with them.
        [row.salts[: 2 * SALT_BYTES] for row in rows],
        [NUMBERS[row.tier] for row in rows],
        [row.apart for row in rows],
    )
    logged = (
        b"".join([part for parts in sealed.parts for part in parts]),
        [row.salts[2 * SALT_BYTES :] for row in rows],
        bundle.frame(sealed.leaves),
    )
    spent = _columns(sorted(row.challenge for row in rows if row.challenge), 2)
    head = contest, context.revision, shard, context.now, closes_at
    asked = _columns([(row.voter, row.id, *row.ask) for row in rows if row.ask], 2 + len(Ask._fields))
    tallies = _columns(_added(rows), 4 + len(TIERS))
    batch: int | None = await connection.fetchval(
        _QUERIES["insert"], *head, *shared, *ballots, *spent, *asked, *tallies, *logged
    )
    return batch


async def select_own(connection: Connection, contest: str, voters: Collection[bytes]) -> tuple[OwnBallot, ...]:
    """Returns the ballots of the voters, who are one person, oldest first."""
    return tuple(OwnBallot(*row) for row in await connection.fetch(_QUERIES["of_voters"], contest, list(voters)))


async def select_receipted(
    connection: Connection, contest: str, voters: Collection[bytes], most: int
) -> list[tuple[StoredBallot, State]]:
    """Returns the latest ballots of the voters, who are one person, newest first, with their states."""
    rows = await connection.fetch(_QUERIES["receipted"], contest, list(voters), most)
    return [(StoredBallot(*ballot), state) for *ballot, state in rows]


async def is_recorded(connection: Connection, contest: str, recorded_at: datetime, id: UUID) -> bool:
    """Whether a ballot of that second is stored."""
    return await connection.fetchval(_QUERIES["is_recorded"], contest, recorded_at, id) is not None


async def spend_challenge(connection: Connection, contest: str, challenge: bytes, expires_at: datetime) -> bool:
    """Marks a challenge as used. Returns False if it was used before."""
    return await connection.fetchval(_CHALLENGES["spend"], contest, challenge, expires_at) is not None


async def sweep_challenges(connection: Connection) -> None:
    """Deletes challenges that have expired."""
    await connection.execute(_CHALLENGES["sweep"])


def _added(rows: Iterable[BallotRow]) -> list[tuple[str | int, ...]]:
    """Returns what the ballots add to the tally, by entry: raw, held, counted, and counted by tier."""
    added: dict[str, list[int]] = {}
    for row in rows:
        for code in row.picks:
            counts = added.setdefault(code, [0] * (3 + len(TIERS)))
            if not row.apart:
                counts[0] += 1
                counts[1] += row.state == "hold"
                counts[2] += row.state == "count"
            counts[3 + _PLACES[row.tier]] += row.state == "count"
    return [(code, *added[code]) for code in sorted(added)]


def _columns(rows: Sequence[Sequence[object]], count: int) -> list[list[object]]:
    """Returns one list for each of the `count` columns of the rows."""
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(count)]


def array_text(codes: Iterable[str]) -> str:
    """Returns PostgreSQL's text form of an array."""
    quoted = (code.replace("\\", "\\\\").replace('"', '\\"') for code in codes)
    return "{" + ",".join(f'"{code}"' for code in quoted) + "}"
