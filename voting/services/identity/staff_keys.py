"""Issues and revokes staff keys."""

from __future__ import annotations

import hashlib
import secrets

from voting.domain.identity.roles import Role, StaffKey
from voting.errors import NotFound
from voting.postgres import staff
from voting.postgres.database import Connection, Database
from voting.services import audit

PREFIX = "vsk"


class StaffKeys:
    """Manages the staff keys. `actor` is recorded."""

    def __init__(self, database: Database, actor: str) -> None:
        self._database = database
        self._actor = actor

    async def create(self, name: str, role: Role, contest: str | None) -> str:
        """Returns a new key; only its hash is stored, so it cannot be shown again."""
        id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)

        async def work(tx: Connection) -> None:
            await staff.insert(tx, id, name, role, contest, hashed(secret))
            await audit.record(tx, self._actor, "staff.key.create", contest, {"key": id, "name": name, "role": role})

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
