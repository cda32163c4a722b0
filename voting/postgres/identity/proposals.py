"""What a first of two accounts wants to be done about a contest."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from voting.postgres.database import Connection
from voting.postgres.queries import named

_QUERIES = named("proposals")


class StoredProposal(NamedTuple):
    """The account that proposes an act, and the act's details."""

    account: str
    details: Mapping[str, object]


class PendingProposal(NamedTuple):
    """A proposal with its contest, its act and its moment."""

    contest: str
    action: str
    account: str
    details: Mapping[str, object]
    proposed_at: datetime


async def select(connection: Connection, contest: str, action: str) -> StoredProposal | None:
    """Returns the pending proposal of this act, or None."""
    row = await connection.fetchrow(_QUERIES["select"], contest, action)
    return StoredProposal(row["account"], json.loads(row["details"])) if row else None


async def select_all(connection: Connection, contests: Collection[str]) -> tuple[PendingProposal, ...]:
    """Returns the pending proposals about these contests, the oldest first."""
    rows = await connection.fetch(_QUERIES["select_all"], list(contests))
    return tuple(PendingProposal(**{**row, "details": json.loads(row["details"])}) for row in rows)


async def select_lapsed(connection: Connection, action: str, after: timedelta) -> list[str]:
    """Returns the contests in which a proposal of this act has waited for longer than `after`."""
    return [row["contest"] for row in await connection.fetch(_QUERIES["select_lapsed"], action, after)]


async def was_unconfirmed(connection: Connection, contest: str, action: str, account: str, within: timedelta) -> bool:
    """Whether the account proposed this act less than `within` ago, and nobody has confirmed it."""
    found: bool = await connection.fetchval(_QUERIES["was_unconfirmed"], contest, action, account, within)
    return found


async def put(connection: Connection, contest: str, action: str, proposal: StoredProposal) -> None:
    """Stores a proposal in place of another one of the same act."""
    details = json.dumps(proposal.details, ensure_ascii=False)
    await connection.execute(_QUERIES["put"], contest, action, details, proposal.account)


async def remove(connection: Connection, contest: str, action: str) -> None:
    """Removes the pending proposal."""
    await connection.execute(_QUERIES["remove"], contest, action)
