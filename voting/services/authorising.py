"""Staff sessions and roles: who may do what."""

from __future__ import annotations

import hmac
import re
import time
from datetime import datetime, timedelta

from voting.domain.staff import Role, StaffKey
from voting.domain.token import seal, unseal
from voting.errors import CredentialInvalid, CredentialMissing, Forbidden
from voting.postgres import contests, staff
from voting.postgres.database import Database
from voting.services.keyring import Keyring
from voting.services.staffing import PREFIX, hashed

SESSION = timedelta(hours=12)
KEPT_SECONDS = 2.0
_ID = re.compile(r"[0-9a-f]{12}")


class Authorising:
    """Checks staff keys and sessions."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._session_key = keyring.key("session")
        self._kept: dict[str, tuple[StaffKey | None, float]] = {}

    async def permit(
        self, contest: str, roles: frozenset[Role], bearer: str | None, session: str | None, now: datetime
    ) -> StaffKey:
        """The key behind a bearer key or a session. Raises CredentialMissing, CredentialInvalid or Forbidden."""
        if not bearer and not session:
            raise CredentialMissing("a staff key is needed: send it as a bearer token, or sign in")
        key = await (self.by_key(bearer) if bearer else self._by_session(session or "", now))
        if key.role not in roles or key.contest not in (None, contest):
            raise Forbidden(f"this takes the role {' or '.join(sorted(roles))} for this contest")
        return key

    async def by_key(self, text: str) -> StaffKey:
        """The live key that `text` is. Raises CredentialInvalid."""
        prefix, _, rest = text.partition("_")
        id, _, secret = rest.partition("_")
        key = await self._find(id) if prefix == PREFIX and _ID.fullmatch(id) else None
        if key is None or not hmac.compare_digest(key.key_hash, hashed(secret)):
            raise CredentialInvalid("this is not a live staff key")
        return key

    async def open_session(self, key: StaffKey) -> str:
        """A session's cookie value; it ends after 12 hours or with its key."""
        async with self._database.connection() as connection:
            now = await contests.clock(connection)
        return seal(self._session_key, f"{int((now + SESSION).timestamp())} {key.id}".encode())

    async def _by_session(self, cookie: str, now: datetime) -> StaffKey:
        payload = unseal(self._session_key, cookie) or b"0 "
        until, id = payload.decode().split(" ")
        key = await self._find(id) if int(until) > now.timestamp() else None
        if key is None:
            raise CredentialInvalid("the session has ended; sign in again")
        return key

    async def _find(self, id: str) -> StaffKey | None:
        """The live key; a revocation is seen within two seconds."""
        kept, read_on = self._kept.get(id, (None, 0.0))
        if kept and time.monotonic() - read_on < KEPT_SECONDS:
            return kept
        async with self._database.connection() as connection:
            key = await staff.select(connection, id)
        live = key if key and key.revoked_at is None else None
        if live:
            self._kept[id] = (live, time.monotonic())
        return live
