"""Staff keys and sessions."""

from __future__ import annotations

from voting.domain.identity.roles import Role, StaffKey
from voting.postgres.database import Connection
from voting.postgres.queries import named

_QUERIES = named("staff")


async def insert(connection: Connection, id: str, name: str, role: Role, contest: str | None, key_hash: bytes) -> None:
    """Stores a new key."""
    await connection.execute(_QUERIES["insert"], id, name, role, contest, key_hash)


async def select(connection: Connection, id: str) -> StaffKey | None:
    """Returns the key, revoked or not, or None."""
    row = await connection.fetchrow(_QUERIES["select"], id)
    return StaffKey(**row) if row else None


async def select_all(connection: Connection) -> tuple[StaffKey, ...]:
    """Returns every key, oldest first."""
    return tuple(StaffKey(**row) for row in await connection.fetch(_QUERIES["select_all"]))


async def revoke(connection: Connection, id: str) -> bool:
    """Revokes a key; returns False if there is no such live key."""
    return await connection.fetchval(_QUERIES["revoke"], id) is not None


async def select_names(connection: Connection) -> frozenset[str | bytes]:
    """Returns the ids of all live keys, and the hashes of all live sessions."""
    return frozenset(row["id"] or row["session_hash"] for row in await connection.fetch(_QUERIES["select_names"]))


async def open_session(connection: Connection, session_hash: bytes, key: str, seconds: int, most: int) -> None:
    """Stores a session of the key by its hash; deletes all but the `most` - 1 newest of the key's other sessions."""
    await connection.execute(_QUERIES["end_sessions"], key, most - 1)
    await connection.execute(_QUERIES["open_session"], session_hash, key, seconds)


async def sweep_sessions(connection: Connection) -> None:
    """Deletes expired sessions."""
    await connection.execute(_QUERIES["sweep_sessions"])


async def select_by_session(connection: Connection, session_hash: bytes) -> StaffKey | None:
    """Returns the key of a live session, revoked or not, or None."""
    row = await connection.fetchrow(_QUERIES["by_session"], session_hash)
    return StaffKey(**row) if row else None


async def close_session(connection: Connection, session_hash: bytes) -> None:
    """Deletes a session, and expired ones."""
    await connection.execute(_QUERIES["close_session"], session_hash)
