"""Staff sessions and roles."""

from __future__ import annotations

import hmac
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from voting.domain.identity.roles import Role, StaffKey
from voting.errors import CredentialInvalid, CredentialMissing, Forbidden
from voting.postgres import staff
from voting.postgres.database import Connection, Database
from voting.services import audit
from voting.services.identity.staff_keys import PREFIX, hashed
from voting.services.next_read import NextRead

SESSION_SECONDS = 12 * 3600
KEPT_SECONDS = 2.0
MOST_SESSIONS = 20
_MOST_KEPT = 1000
_KEY = re.compile(rf"{PREFIX}_([0-9a-f]{{12}})_([A-Za-z0-9_-]{{20,60}})")


class StaffSessions:
    """Checks staff keys and sessions. The end of either takes effect within two seconds."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: OrderedDict[str | bytes, tuple[StaffKey, float]] = OrderedDict()
        self._names = NextRead(self._read_names)

    async def permit(self, contest: str, roles: frozenset[Role], bearer: str | None, session: str | None) -> StaffKey:
        """Returns the key behind a bearer key or a session.

        Raises CredentialMissing, CredentialInvalid or Forbidden.
        """
        if bearer:
            key = await self.by_key(bearer)
        elif session:
            name = hashed(session)
            signed_in = await self._find(name, lambda tx: staff.select_by_session(tx, name))
            if signed_in is None:
                raise CredentialInvalid("the session has ended; sign in again")
            key = signed_in
        else:
            raise CredentialMissing("a staff key is needed: send it as a bearer token, or sign in")
        if key.role not in roles or key.contest not in (None, contest):
            raise Forbidden(f"this takes the role {' or '.join(sorted(roles))} for this contest")
        return key

    async def by_key(self, text: str) -> StaffKey:
        """Returns the live key of a secret. Raises CredentialInvalid."""
        parts = _KEY.fullmatch(text)
        key = await self._find(parts[1], lambda tx: staff.select(tx, parts[1])) if parts else None
        if key is None or parts is None or not hmac.compare_digest(key.key_hash, hashed(parts[2])):
            raise CredentialInvalid("this is not a live staff key")
        return key

    async def sign_in(self, text: str) -> tuple[StaffKey, str]:
        """Returns the key and a session's cookie value.

        The session ends after 12 hours, at sign-out, with its key, or when the key has twenty newer ones.
        """
        key, session = await self.by_key(text), secrets.token_urlsafe(32)

        async def work(tx: Connection) -> None:
            await staff.open_session(tx, hashed(session), key.id, SESSION_SECONDS, MOST_SESSIONS)
            await audit.record(tx, key.actor, "staff.session.open", key.contest, {"name": key.name})

        await self._database.transact(work)
        return key, session

    async def sign_out(self, session: str) -> None:
        """Ends a session."""
        await self._database.transact(lambda tx: staff.close_session(tx, hashed(session)))

    async def record(self, key: StaffKey, action: audit.Action, contest: str) -> None:
        """Records the use of a key in the audit log."""
        details = {"name": key.name, "role": key.role}
        await self._database.transact(lambda tx: audit.record(tx, key.actor, action, contest, details))

    async def _find(
        self, name: str | bytes, read: Callable[[Connection], Awaitable[StaffKey | None]]
    ) -> StaffKey | None:
        """Returns the live key, cached for two seconds."""
        kept, read_on = self._kept.get(name, (None, 0.0))
        if kept and time.monotonic() - read_on < KEPT_SECONDS:
            return kept
        if kept is None and name not in await self._names.get():
            return None
        self._kept.pop(name, None)
        async with self._database.connection() as connection:
            key = await read(connection)
        if key is None or key.revoked_at is not None:
            return None
        self._kept[name] = (key, time.monotonic())
        while len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        return key

    async def _read_names(self) -> frozenset[str | bytes]:
        async with self._database.connection() as connection:
            return await staff.select_names(connection)
