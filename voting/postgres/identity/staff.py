"""Staff keys, and the sessions of keys and accounts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from voting.domain.identity.roles import Role, StaffKey
from voting.postgres.database import Connection
from voting.postgres.queries import named

_QUERIES = named("staff")


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key to be stored; without `days` it has no end."""

    id: str
    name: str
    role: Role
    contest: str | None
    key_hash: bytes
    account: str | None
    scopes: Collection[str]
    days: int | None


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A live session, of a key or of an account. `is_stale`: it has not been noted for a minute that it is used."""

    key: str | None
    account: str | None
    is_stale: bool


@dataclass(frozen=True, slots=True)
class ListedSession:
    """A live session of an account, as its owner sees it."""

    id: UUID
    opened_at: datetime
    seen_at: datetime
    expires_at: datetime


async def insert(connection: Connection, key: NewKey) -> None:
    """Stores a new key."""
    row = (key.id, key.name, key.role, key.contest, key.key_hash, key.account, list(key.scopes), key.days)
    await connection.execute(_QUERIES["insert"], *row)


async def select(connection: Connection, id: str) -> StaffKey | None:
    """Returns the live key, or None."""
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


async def open_session(
    connection: Connection, session_hash: bytes, key: str | None, account: str | None, seconds: int, most: int
) -> None:
    """Stores a session of a key or an account by its hash; deletes all but the `most` - 1 newest of the others."""
    await connection.execute(_QUERIES["end_oldest_sessions"], key, account, most - 1)
    await connection.execute(_QUERIES["open_session"], session_hash, key, account, seconds)


async def sweep_sessions(connection: Connection) -> None:
    """Deletes expired sessions."""
    await connection.execute(_QUERIES["sweep_sessions"])


async def select_session(connection: Connection, session_hash: bytes, idle_seconds: int) -> StoredSession | None:
    """Returns a live session, or None; an account's ends after `idle_seconds` without use."""
    row = await connection.fetchrow(_QUERIES["by_session"], session_hash, idle_seconds)
    return StoredSession(**row) if row else None


async def see_session(connection: Connection, session_hash: bytes) -> None:
    """Notes that a session is used."""
    await connection.execute(_QUERIES["see_session"], session_hash)


async def close_session(connection: Connection, session_hash: bytes) -> None:
    """Deletes a session, and expired ones."""
    await connection.execute(_QUERIES["close_session"], session_hash)


async def select_sessions(connection: Connection, account: str, idle_seconds: int) -> tuple[ListedSession, ...]:
    """Returns the account's live sessions, oldest first."""
    return tuple(ListedSession(**row) for row in await connection.fetch(_QUERIES["sessions_of"], account, idle_seconds))


async def end_session(connection: Connection, account: str, id: UUID) -> bool:
    """Ends one session of the account; returns False if there is none of this id."""
    return await connection.fetchval(_QUERIES["end_session"], account, id) is not None


async def end_sessions(connection: Connection, account: str, besides: bytes | None = None) -> None:
    """Ends every session of the account, except the one with this hash."""
    await connection.execute(_QUERIES["end_sessions"], account, besides)
