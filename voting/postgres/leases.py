"""Leases: work that one process of all servers does at a time.

They are rows, since advisory locks do not survive a pooler.
"""

from __future__ import annotations

from uuid import UUID

from voting.postgres.database import Connection
from voting.postgres.queries import named

_QUERIES = named("leases")


async def take(connection: Connection, name: str, holder: UUID, seconds: float) -> bool:
    """Takes or extends the lease; returns False if another process has it."""
    return await connection.fetchval(_QUERIES["take"], name, holder, seconds) is not None


async def hold(connection: Connection, name: str, holder: UUID) -> bool:
    """Whether the holder has the lease; it is kept until the transaction ends."""
    return await connection.fetchval(_QUERIES["hold"], name, holder) is not None


async def give_back(connection: Connection, name: str, holder: UUID) -> None:
    """Ends the holder's lease."""
    await connection.execute(_QUERIES["give_back"], name, holder)


async def take_turn(connection: Connection, name: str) -> None:
    """Waits until no other transaction has this turn; it is this one's until the transaction ends."""
    await connection.execute(_QUERIES["take_turn"], name)
