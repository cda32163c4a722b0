"""Issues and revokes staff keys."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection

from voting.domain.identity.roles import SCOPES, Grant, Role, Scope, StaffKey
from voting.errors import Forbidden, NotFound
from voting.postgres.database import Connection, Database
from voting.postgres.identity import accounts, staff
from voting.postgres.identity.staff import NewKey
from voting.services import audit

PREFIX = "vsk"


class StaffKeys:
    """Manages the staff keys. `actor` is recorded."""

    def __init__(self, database: Database, actor: str) -> None:
        self._database = database
        self._actor = actor

    async def create(
        self,
        name: str,
        role: Role,
        contest: str | None,
        *,
        account: str | None = None,
        scopes: Collection[Scope] = SCOPES,
        days: int | None = None,
    ) -> str:
        """Returns a new key; only its hash is stored, so it cannot be shown again.

        With `account` it acts for that person, whose role it must be. Raises NotFound, Forbidden.
        """
        id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)

        async def work(tx: Connection) -> None:
            owner = await accounts.select(tx, account) if account else None
            if account and owner is None:
                raise NotFound(f"there is no account {account!r}; `voting staff list` shows them")
            if owner and not owner.staff.may({role, "owner"}, contest):
                raise Forbidden(f"{account} is not {Grant(role, contest)}; first run: voting staff grant {account}")
            await staff.insert(tx, NewKey(id, name, role, contest, hashed(secret), account, scopes, days))
            details = {"key": id, "name": name, "role": role, "account": account, "scopes": list(scopes), "days": days}
            await audit.record(tx, self._actor, "staff.key.create", contest, details)

        await self._database.transact(work)
        return f"{PREFIX}_{id}_{secret}"

    async def revoke(self, id: str) -> None:
        """Revokes a key and every session opened with it. Raises NotFound."""

        async def work(tx: Connection) -> None:
            if not await staff.revoke(tx, id):
                raise NotFound(f"there is no live staff key {id!r}; `voting staff key list` shows them")
            await audit.record(tx, self._actor, "staff.key.revoke", None, {"key": id})

        await self._database.transact(work)

    async def all(self) -> tuple[StaffKey, ...]:
        """Returns every key, oldest first."""
        async with self._database.connection() as connection:
            return await staff.select_all(connection)


def hashed(secret: str) -> bytes:
    """Hashes a secret. It has 256 random bits, so a plain hash protects it from readers of the table."""
    return hashlib.sha256(secret.encode()).digest()
