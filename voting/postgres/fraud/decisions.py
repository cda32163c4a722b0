"""Decisions on ballots: their states and reasons, the tally that follows from them, and the history of both."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from secrets import token_bytes
from typing import Literal, NamedTuple
from uuid import UUID

from voting.domain.ballots.ballot import State
from voting.domain.transparency.decisions import SALT_BYTES, DecisionLine, entries
from voting.domain.transparency.decisions import root as merkle_root
from voting.domain.transparency.leaves import leaf
from voting.postgres import contests
from voting.postgres.ballots import GATES, array_text
from voting.postgres.database import Connection
from voting.postgres.queries import named
from voting.postgres.tallies import allow_all
from voting.postgres.transparency import log

_QUERIES = named("decisions")
# A separate shard of the tally, so that decisions never wait for ballots being cast.
SHARD = GATES
CERTIFICATION = "certification"
"""The actor of decisions about groups that no reviewer decided."""

Stage = Literal["online", "nearline", "certification", "review"]


class UnresolvedBallot(NamedTuple):
    """A ballot that is not counted, or belongs to a group."""

    sequence: int
    voter: bytes
    state: State
    reasons: Sequence[str]
    group: str | None
    frozen: bool
    """A reviewer has decided or proposed a decision for its group: no sweep changes the ballot."""


class Change(NamedTuple):
    """The intended state of a ballot. `voter` may be a prefix of the voter's hash."""

    sequence: int
    voter: bytes
    state: State
    reasons: Sequence[str]
    group: str | None


class ExcessEstimate(NamedTuple):
    """Picks of an entry beyond what honest voters explain, not tied to single ballots; `sign` names the evidence."""

    entry: str
    sign: str
    low: int
    estimate: int
    high: int


@dataclass(frozen=True, slots=True)
class Authority:
    """The actor of a decision and its basis."""

    stage: Stage
    actor: str
    policy_version: str | None = None
    policy_sha256: str | None = None
    ruling: int | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """The number of ballots changed, by new state, and the entries whose tally changed."""

    changed: int = 0
    held: int = 0
    released: int = 0
    voided: int = 0
    entries: frozenset[str] = frozenset()

    def __add__(self, other: Changed) -> Changed:
        return Changed(
            self.changed + other.changed,
            self.held + other.held,
            self.released + other.released,
            self.voided + other.voided,
            self.entries | other.entries,
        )


@dataclass(frozen=True, slots=True)
class Member:
    """A ballot of a group, for display; it identifies no voter."""

    id: UUID
    recorded_at: datetime
    state: State
    reasons: Sequence[str]
    picks: Sequence[str]


@dataclass(frozen=True, slots=True)
class Decided:
    """One line of a ballot's history."""

    decided_at: datetime
    stage: Stage
    state: State
    reasons: Sequence[str]
    group_id: str | None
    policy_version: str | None
    policy_sha256: str | None
    actor: str
    ruling: int | None


async def select_in_question(connection: Connection, contest: str) -> list[UnresolvedBallot]:
    """Returns every ballot that is not counted or belongs to a group, by ballot number."""
    async with connection.transaction():
        seconds = await allow_all(connection, contest)
        rows = await connection.fetch(_QUERIES["in_question"], contest, CERTIFICATION, timeout=seconds)
    return [UnresolvedBallot(*row) for row in rows]


async def count_ungrouped(connection: Connection, contest: str) -> int:
    """Returns how many ballots are held without a group: those held when cast, until certification."""
    async with connection.transaction():
        seconds = await allow_all(connection, contest)
        found: int = await connection.fetchval(_QUERIES["count_ungrouped"], contest, timeout=seconds)
    return found


async def select_members(connection: Connection, contest: str, group: str) -> list[tuple[int, bytes, Sequence[str]]]:
    """Returns number, voter and reasons of each ballot of a group."""
    seconds = await allow_all(connection, contest)
    rows = await connection.fetch(_QUERIES["members"], contest, group, timeout=seconds)
    return [tuple(row) for row in rows]


async def select_sample(connection: Connection, contest: str, group: str, most: int) -> tuple[Member, ...]:
    """Returns the first ballots of a group."""
    return tuple(Member(**row) for row in await connection.fetch(_QUERIES["sample"], contest, group, most))


async def change(
    connection: Connection, contest: str, changes: Sequence[Change], by: Authority, *, frozen: bool = False
) -> Changed:
    """Changes ballots, the tally and the history; with `frozen`, also ballots of decided groups.

    Ballots already in the intended state are skipped, so a call can be repeated. The result must be locked.
    """
    if not changes:
        return Changed()
    columns = [
        [change.sequence for change in changes],
        [change.voter for change in changes],
        [after(change.voter) for change in changes],
        [change.state for change in changes],
        # PostgreSQL needs arrays of equal lengths in an array of arrays.
        [array_text(change.reasons) for change in changes],
        [change.group for change in changes],
    ]
    seconds = await allow_all(connection, contest)
    await connection.execute(_QUERIES["by_key"])
    authority = (by.stage, by.policy_version, by.policy_sha256, by.actor, by.ruling)
    salts = [token_bytes(SALT_BYTES) for _ in changes]
    (row,) = await connection.fetch(
        _QUERIES["change"], contest, *columns, frozen, *authority, SHARD, salts, timeout=seconds
    )
    if row["changed"]:
        await log_decisions(connection, contest, by, row["lines"])
    return Changed(row["changed"], row["held"], row["released"], row["voided"], frozenset(row["entries"]))


async def log_decisions(
    connection: Connection, contest: str, by: Authority, lines: str = "[]", roster_sha256: str = ""
) -> None:
    """Queues a leaf for the contest's log that commits to decisions; the result must be locked.

    `lines`: JSON of ballot, state, reasons, group and, in hex, the salt of each. `roster_sha256`: of the roster that is
    certified.
    """
    last_salt = token_bytes(SALT_BYTES)
    (row,) = await connection.fetch(_QUERIES["insert_leaf"], contest, by.policy_sha256, last_salt)
    # A large group would block the event loop for seconds.
    root = await asyncio.to_thread(_root, by, lines, last_salt)
    stated = [("number", row["number"]), ("policy", row["policy_sha256"]), ("root", root)]
    if roster_sha256:
        stated.append(("roster", roster_sha256))
    await log.queue(connection, contest, leaf("decisions", contest, await contests.clock(connection), stated))


def _root(by: Authority, lines: str, last_salt: bytes) -> str:
    """Returns the root over decisions, in hex; takes about 20 µs a line."""
    decided = [
        DecisionLine(
            ballot, state, reasons, by.stage, by.policy_sha256 or "", group, by.ruling or 0, bytes.fromhex(salt)
        )
        for ballot, state, reasons, group, salt in json.loads(lines)
    ]
    return merkle_root(entries(decided, last_salt)).hex()


async def set_excesses(connection: Connection, contest: str, found: Sequence[ExcessEstimate]) -> None:
    """Replaces the estimates; the result must be locked."""
    await connection.execute(_QUERIES["set_excesses"], contest, json.dumps([list(estimate) for estimate in found]))


async def set_swept(connection: Connection, contest: str) -> None:
    """Notes that a near-line sweep of the contest has ended."""
    await connection.execute(_QUERIES["set_swept"], contest)


async def select_excesses(connection: Connection, contest: str) -> tuple[ExcessEstimate, ...]:
    """Returns the estimates of the last sweep for certification, largest first."""
    text = await connection.fetchval(_QUERIES["excesses"], contest)
    return tuple(ExcessEstimate(*row) for row in json.loads(text or "[]"))


async def select_history(connection: Connection, contest: str, ballot: UUID) -> tuple[Decided, ...]:
    """Returns the history of a ballot's state, oldest first; empty if it was counted from the start."""
    return tuple(Decided(**row) for row in await connection.fetch(_QUERIES["history"], contest, ballot))


class RulingInForce(NamedTuple):
    """A reviewer's latest decision on a ballot: `ruling` is its number."""

    ballot: UUID
    ruling: int
    action: Literal["release", "void"]
    group: str


async def select_rulings_in_force(connection: Connection, contest: str) -> dict[UUID, RulingInForce]:
    """Returns reviewers' decisions in force, by ballot; must run in a transaction."""
    seconds = await allow_all(connection, contest)
    rows = await connection.fetch(_QUERIES["rulings_in_force"], contest, timeout=seconds)
    return {row["ballot"]: RulingInForce(*row) for row in rows}


def after(voter: bytes) -> bytes:
    """Returns the smallest bytes greater than all that begin with `voter`."""
    head = voter.rstrip(b"\xff")
    return head[:-1] + bytes([head[-1] + 1]) if head else b"\xff" * 64
