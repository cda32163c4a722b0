"""Who a request of the staff comes from: staff keys, and the sessions of keys and accounts."""

from __future__ import annotations

import hmac
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection
from typing import Generic, TypeVar

from voting.domain.identity.roles import Account, Role, Scope, Staff, StaffKey
from voting.errors import CredentialInvalid, CredentialMissing, Forbidden
from voting.postgres.database import Connection, Database
from voting.postgres.identity import accounts, staff
from voting.services import audit
from voting.services.next_read import NextRead
from voting.services.staff.keys import PREFIX, hashed

SESSION_SECONDS = 12 * 3600
IDLE_SECONDS = 3600
KEPT_SECONDS = 2.0
MOST_SESSIONS = 20
_MOST_KEPT = 1000
_KEY = re.compile(rf"{PREFIX}_([0-9a-f]{{12}})_([A-Za-z0-9_-]{{20,60}})")
Name = TypeVar("Name", bound=str | bytes)
Value = TypeVar("Value")


class StaffSessions:
    """Checks staff keys and sessions. The end of either takes effect within two seconds."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._names = NextRead(self._read_names)
        self._keys: _Recent[str, StaffKey] = _Recent(self._names, self._read_key)
        self._sessions: _Recent[bytes, Staff] = _Recent(self._names, self._read_session)

    async def permit(
        self,
        contest: str | None,
        roles: Collection[Role],
        bearer: str | None,
        session: str | None,
        scope: Scope = "read",
    ) -> Staff:
        """Returns whoever sends a bearer key or a session. `contest` None: it takes a role for every contest.

        Raises CredentialMissing, CredentialInvalid or Forbidden.
        """
        person = await self.find(bearer, session)
        if not person.may(roles, contest):
            where = "this contest" if contest else "every contest"
            raise Forbidden(f"this takes the role {' or '.join(sorted(roles))} for {where}")
        if scope not in person.scopes:
            raise Forbidden(f"this takes a key with the scope {scope!r}")
        return person

    async def find(self, bearer: str | None, session: str | None) -> Staff:
        """Returns whoever sends a bearer key or a session. Raises CredentialMissing or CredentialInvalid."""
        if bearer:
            return (await self.by_key(bearer)).staff
        if not session:
            raise CredentialMissing("sign in, or send a staff key as a bearer token")
        person = await self._sessions.get(hashed(session))
        if person is None:
            raise CredentialInvalid("the session has ended; sign in again")
        return person

    async def by_key(self, text: str) -> StaffKey:
        """Returns the live key of a secret. Raises CredentialInvalid."""
        parts = _KEY.fullmatch(text)
        key = await self._keys.get(parts[1]) if parts else None
        if key is None or parts is None or not hmac.compare_digest(key.key_hash, hashed(parts[2])):
            raise CredentialInvalid("this is not a live staff key")
        return key

    async def sign_in(self, text: str) -> tuple[StaffKey, str]:
        """Returns the key and a session's cookie value.

        The session ends after 12 hours, at sign-out, with its key, or when the key has twenty newer ones.
        """
        key = await self.by_key(text)
        return key, await self._open(key.staff, key=key.id, contest=key.contest, former=None)

    async def open(self, account: Account, former: str | None) -> str:
        """Returns a session's cookie value of an account that has signed in; the browser's former session ends.

        It ends after 12 hours, after an hour without use, at sign-out, or when the account has twenty newer ones.
        """
        return await self._open(account.staff, key=None, contest=None, former=former)

    async def _open(self, person: Staff, *, key: str | None, contest: str | None, former: str | None) -> str:
        session = secrets.token_urlsafe(32)
        account = None if key else person.account

        async def work(tx: Connection) -> None:
            if former:
                await staff.close_session(tx, hashed(former))
            await staff.open_session(tx, hashed(session), key, account, SESSION_SECONDS, MOST_SESSIONS)
            await audit.record(tx, person.actor, "staff.session.open", contest, {"name": person.name})

        await self._database.transact(work)
        return session

    async def sign_out(self, session: str) -> None:
        """Ends a session."""
        await self._database.transact(lambda tx: staff.close_session(tx, hashed(session)))

    async def record(self, person: Staff, action: audit.Action, contest: str) -> None:
        """Records an act without a change, such as reading results, in the audit log."""
        details = {"name": person.name, "roles": [str(grant) for grant in person.grants]}
        await self._database.transact(lambda tx: audit.record(tx, person.actor, action, contest, details))

    async def _read_key(self, id: str) -> StaffKey | None:
        async with self._database.connection() as connection:
            return await staff.select(connection, id)

    async def _read_session(self, session_hash: bytes) -> Staff | None:
        async with self._database.connection() as connection:
            found = await staff.select_session(connection, session_hash, IDLE_SECONDS)
            if found is None:
                return None
            if found.is_stale:
                await staff.see_session(connection, session_hash)
            if found.account:
                account = await accounts.select(connection, found.account)
                return account.staff if account and account.grants else None
            key = await staff.select(connection, found.key or "")
            return key.staff if key else None

    async def _read_names(self) -> frozenset[str | bytes]:
        async with self._database.connection() as connection:
            return await staff.select_names(connection)


class _Recent(Generic[Name, Value]):
    """Keeps what was read for two seconds. Unknown names share one read, however many there are."""

    def __init__(
        self, names: NextRead[frozenset[str | bytes]], read: Callable[[Name], Awaitable[Value | None]]
    ) -> None:
        self._names = names
        self._read = read
        self._kept: OrderedDict[Name, tuple[Value, float]] = OrderedDict()

    async def get(self, name: Name) -> Value | None:
        """Returns the live key or session of a name, or None."""
        kept, read_on = self._kept.get(name, (None, 0.0))
        if kept and time.monotonic() - read_on < KEPT_SECONDS:
            return kept
        if kept is None and name not in await self._names.get():
            return None
        self._kept.pop(name, None)
        value = await self._read(name)
        if value is None:
            return None
        self._kept[name] = (value, time.monotonic())
        while len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        return value
