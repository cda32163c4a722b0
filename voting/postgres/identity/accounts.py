"""Staff accounts: their roles, second factors, and attempts to sign in."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

from voting.domain.identity.roles import Account, Grant, Role
from voting.postgres.database import Connection
from voting.postgres.queries import named

_QUERIES = named("accounts")


async def insert(connection: Connection, name: str, password_hash: str) -> None:
    """Stores a new account without roles."""
    await connection.execute(_QUERIES["insert"], name, password_hash)


async def select(connection: Connection, name: str) -> Account | None:
    """Returns the account, or None."""
    row = await connection.fetchrow(_QUERIES["select"], name)
    return _account(row) if row else None


async def select_all(connection: Connection) -> tuple[Account, ...]:
    """Returns every account, by name."""
    return tuple(_account(row) for row in await connection.fetch(_QUERIES["select_all"]))


async def grant(connection: Connection, name: str, grant: Grant) -> bool:
    """Grants a role; returns False if the account has it already."""
    return await connection.fetchval(_QUERIES["grant"], name, grant.role, grant.contest) is not None


async def revoke(connection: Connection, name: str, grant: Grant | None) -> tuple[Grant, ...]:
    """Takes away one grant, or all; returns those taken."""
    one: tuple[Role | None, str | None] = (grant.role, grant.contest) if grant else (None, None)
    return tuple(Grant(*row) for row in await connection.fetch(_QUERIES["revoke"], name, *one))


async def set_password(connection: Connection, name: str, password_hash: str) -> None:
    """Replaces the account's password."""
    await connection.execute(_QUERIES["set_password"], name, password_hash)


async def set_totp(connection: Connection, name: str, secret: bytes | None, recovery_hashes: Sequence[bytes]) -> None:
    """Replaces the account's second factor and its recovery codes."""
    await connection.execute(_QUERIES["set_totp"], name, secret)
    await connection.execute(_QUERIES["remove_recovery_codes"], name)
    await connection.execute(_QUERIES["insert_recovery_codes"], name, recovery_hashes)


async def use_step(connection: Connection, name: str, step: int) -> bool:
    """Accepts the code of a step; returns False if it, or a later one, was accepted before."""
    return await connection.fetchval(_QUERIES["use_step"], name, step) is not None


async def use_recovery_code(connection: Connection, name: str, code_hash: bytes) -> bool:
    """Takes a recovery code; returns False if the account has none of this hash."""
    return await connection.fetchval(_QUERIES["use_recovery_code"], name, code_hash) is not None


async def deciders(connection: Connection, contest: str, roles: Collection[Role]) -> frozenset[str]:
    """Returns the names of the accounts that have one of these roles for a contest."""
    return frozenset(row["account"] for row in await connection.fetch(_QUERIES["deciders"], contest, list(roles)))


async def try_once(connection: Connection, subject: bytes, free: int, most_seconds: float) -> float:
    """Counts an attempt to sign in; returns 0, or the seconds until one may be made.

    After `free` attempts that failed, each waits twice as long as the one before, at most `most_seconds`.
    """
    if await connection.fetchval(_QUERIES["try"], subject, free, most_seconds) is not None:
        return 0.0
    wait: float = await connection.fetchval(_QUERIES["wait"], subject)
    return max(wait, 0.001)


async def forgive(connection: Connection, own: bytes, others: Sequence[bytes]) -> None:
    """Forgets the failed attempts of a subject, and takes back the last one of the others: it succeeded."""
    await connection.execute(_QUERIES["forgive"], own)
    await connection.execute(_QUERIES["give_back"], others)


def _account(row: Any) -> Account:
    grants = tuple(Grant(role, contest) for role, contest in json.loads(row["grants"]))
    return Account(**{**row, "grants": grants})
