"""What a first of two accounts wants to be done about a contest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple

from voting.postgres.database import Connection
from voting.postgres.queries import named

_QUERIES = named("proposals")


class StoredProposal(NamedTuple):
    """The account that proposes an act, and the act's details."""

    account: str
    details: Mapping[str, object]


async def select(connection: Connection, contest: str, action: str) -> StoredProposal | None:
    """Returns the pending proposal of this act, or None."""
    row = await connection.fetchrow(_QUERIES["select"], contest, action)
    return StoredProposal(row["account"], json.loads(row["details"])) if row else None


async def put(connection: Connection, contest: str, action: str, proposal: StoredProposal) -> None:
    """Stores a proposal in place of another one of the same act."""
    details = json.dumps(proposal.details, ensure_ascii=False)
    await connection.execute(_QUERIES["put"], contest, action, details, proposal.account)


async def remove(connection: Connection, contest: str, action: str) -> None:
    """Removes the pending proposal."""
    await connection.execute(_QUERIES["remove"], contest, action)
