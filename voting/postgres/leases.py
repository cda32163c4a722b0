"""Leases: what only one process of all servers does at a time. A row, as advisory locks do not survive a pooler."""

from __future__ import annotations

from uuid import UUID

from voting.postgres.database import Connection
from voting.postgres.queries import named

_QUERIES = named("leases")


async def take(connection: Connection, name: str, holder: UUID, seconds: float) -> bool:
    """Takes or prolongs the lease; False when another holds it."""
    return await connection.fetchval(_QUERIES["take"], name, holder, seconds) is not None


async def hold(connection: Connection, name: str, holder: UUID) -> bool:
    """Whether the lease is the holder's, and stays so until the transaction ends."""
    return await connection.fetchval(_QUERIES["hold"], name, holder) is not None


async def give_back(connection: Connection, name: str, holder: UUID) -> None:
    """Ends the holder's lease."""
    await connection.execute(_QUERIES["give_back"], name, holder)


async def take_turn(connection: Connection, name: str) -> None:
    """Waits until no other transaction has this turn; it is this one's until the transaction ends."""
    await connection.execute(_QUERIES["take_turn"], name)
