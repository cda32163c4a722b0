"""Groups of ballots found by a sweep, and reviewers' rulings on them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

from voting.domain.identity.tier import NUMBERS, TIERS, Tier
from voting.postgres.ballots import array_text
from voting.postgres.database import Connection
from voting.postgres.queries import named
from voting.postgres.tallies import allow_all

_QUERIES = named("groups")
_CONSISTENCY = named("consistency")

GroupState = Literal["open", "released", "void", "gone"]
Action = Literal["release", "void", "undo"]
Step = Literal["propose", "withdraw", "decide"]


class GroupRow(NamedTuple):
    """A group found by a sweep. `evidence` is JSON."""

    id: str
    reasons: Sequence[str]
    evidence: str
    ballots: int
    entries: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Proposal:
    """The proposal of the first of two reviewers. `person` identifies the reviewer."""

    action: Action
    actor: str
    person: str
    reason: str
    at: str


@dataclass(frozen=True, slots=True)
class StoredGroup:
    """A group with its state. `version` grows with every change."""

    id: str
    stage: Literal["nearline", "certification"]
    state: GroupState
    reasons: Sequence[str]
    evidence: str
    ballots: int
    entries: Mapping[str, int]
    policy_version: str
    policy_sha256: str
    version: int
    proposal: Proposal | None
    decided_by: str | None
    found_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Ruling:
    """One act of a reviewer."""

    id: int
    at: datetime
    step: Step
    action: Action
    actor: str
    reason: str
    ballots: int


class Course(NamedTuple):
    """The ballots for an entry in one part of a time: those in a group, and others."""

    since: datetime
    until: datetime
    part: int
    grouped: int
    others: int


class Readings(NamedTuple):
    """The ballots for an entry whose page was read about as long: those in a group, and others."""

    part: int
    grouped: int
    others: int


async def put(
    connection: Connection,
    contest: str,
    rows: Sequence[GroupRow],
    stage: Literal["nearline", "certification"],
    policy: tuple[str, str],
) -> None:
    """Stores the findings of a sweep under a policy (version, SHA-256); unchanged groups are skipped."""
    columns = [
        [row.id for row in rows],
        [array_text(row.reasons) for row in rows],
        [row.evidence for row in rows],
        [row.ballots for row in rows],
        [json.dumps(dict(sorted(row.entries.items()))) for row in rows],
    ]
    await connection.execute(_QUERIES["put"], contest, *columns, stage, *policy)


async def count_members(connection: Connection, contest: str, found: Sequence[str]) -> None:
    """Stores the number of ballots of each open group; empty groups that were not found again are marked as gone."""
    seconds = await allow_all(connection, contest)
    await connection.execute(_CONSISTENCY["by_hash"])
    await connection.execute(_QUERIES["count_members"], contest, list(found), timeout=seconds)


async def recount(connection: Connection, contest: str, id: str) -> None:
    """Stores the number of ballots and picks of one group."""
    seconds = await allow_all(connection, contest)
    await connection.execute(_QUERIES["recount"], contest, id, timeout=seconds)


async def select_all(connection: Connection, contest: str) -> tuple[StoredGroup, ...]:
    """Returns every group except those that are gone."""
    return tuple(_stored(row) for row in await connection.fetch(_QUERIES["select_all"], contest))


async def select(connection: Connection, contest: str, id: str) -> StoredGroup | None:
    """Returns the group, or None."""
    row = await connection.fetchrow(_QUERIES["select"], contest, id)
    return _stored(row) if row else None


async def select_ids(connection: Connection, contest: str) -> dict[str, bool]:
    """Returns every id ever used, and whether a reviewer has decided or proposed a decision for it."""
    return {row["id"]: row["frozen"] for row in await connection.fetch(_QUERIES["ids"], contest)}


async def propose(connection: Connection, contest: str, id: str, proposal: Proposal | None) -> None:
    """Sets or withdraws the first reviewer's proposal."""
    text = json.dumps({name: getattr(proposal, name) for name in Proposal.__slots__}) if proposal else None
    await connection.execute(_QUERIES["propose"], contest, id, text)


async def decide(connection: Connection, contest: str, id: str, state: GroupState, actor: str | None) -> None:
    """Sets the group's state; `actor` None clears who decided."""
    await connection.execute(_QUERIES["decide"], contest, id, state, actor)


async def void_open(connection: Connection, contest: str, actor: str) -> None:
    """Voids every open group."""
    await connection.execute(_QUERIES["void_open"], contest, actor)


async def reopen(connection: Connection, contest: str, actor: str) -> None:
    """Reverts what `void_open` did for this actor."""
    await connection.execute(_QUERIES["reopen"], contest, actor)


async def rule(
    connection: Connection, contest: str, group: StoredGroup, step: Step, action: Action, actor: str, reason: str
) -> int:
    """Inserts a ruling; returns its number."""
    row = (step, action, actor, reason, group.ballots)
    return int(await connection.fetchval(_QUERIES["rule"], contest, group.id, *row))


async def select_rulings(connection: Connection, contest: str, id: str) -> tuple[Ruling, ...]:
    """Returns the rulings on a group, oldest first."""
    return tuple(Ruling(**row) for row in await connection.fetch(_QUERIES["rulings"], contest, id))


class Voters(NamedTuple):
    """How many voters a group has, and how many of them have counted ballots beside it."""

    voters: int = 0
    established: int = 0


async def count_voters(connection: Connection, contest: str, id: str | None = None) -> dict[str, Voters]:
    """Returns the voters of each group, or of one."""
    seconds = await allow_all(connection, contest)
    rows = await connection.fetch(_QUERIES["established"], contest, id, timeout=seconds)
    return {row["id"]: Voters(row["voters"], row["established"]) for row in rows}


async def count_tiers(connection: Connection, contest: str, id: str) -> dict[Tier, int]:
    """Returns the number of a group's ballots by tier, the dearest first; ballots of unknown tier are left out."""
    rows = await connection.fetch(_QUERIES["tiers"], contest, id)
    counts = {row["tier"]: row["ballots"] for row in rows}
    return {tier: counts[NUMBERS[tier]] for tier in TIERS if NUMBERS[tier] in counts}


async def select_course(connection: Connection, contest: str, id: str, entry: str, parts: int) -> tuple[Course, ...]:
    """Returns an entry's ballots over the group's time, and as long before and after, without parts that have none.

    Parts count from 1; `since` and `until` are the ends of the whole.
    """
    seconds = await allow_all(connection, contest)
    rows = await connection.fetch(_QUERIES["course"], contest, id, entry, parts, timeout=seconds)
    return tuple(Course(*row) for row in rows)


async def select_readings(
    connection: Connection, contest: str, id: str, entry: str, bounds: Sequence[int]
) -> tuple[Readings, ...]:
    """Returns an entry's ballots in the group's time by reading time: part 0 is below the first bound."""
    seconds = await allow_all(connection, contest)
    rows = await connection.fetch(_QUERIES["readings"], contest, id, entry, bounds, timeout=seconds)
    return tuple(Readings(*row) for row in rows)


async def select_links(connection: Connection, contest: str, id: str, most: int) -> tuple[tuple[int, str], ...]:
    """Returns each entry that a voter of the group picked, with the voter's number from 1, of `most` voters."""
    return tuple(tuple(row) for row in await connection.fetch(_QUERIES["links"], contest, id, most))


def _stored(row: Any) -> StoredGroup:
    proposal = Proposal(**json.loads(row["proposal"])) if row["proposal"] else None
    return StoredGroup(**{**row, "entries": json.loads(row["entries"]), "proposal": proposal})
