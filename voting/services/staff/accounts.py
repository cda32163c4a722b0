"""Manages staff accounts: their roles, passwords and second factors."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from voting.domain.identity.roles import DECIDING, Account, Grant, account_name
from voting.domain.names import alike
from voting.errors import AlreadyExists, Forbidden, Malformed, NotFound
from voting.postgres.database import Connection, Database
from voting.postgres.identity import accounts, staff
from voting.postgres.identity.staff import ListedSession
from voting.services import audit
from voting.services.identity.encryption import encrypt
from voting.services.identity.keyring import Keyring
from voting.services.staff.keys import hashed
from voting.services.staff.passwords import (
    Passwords,
    check_strength,
    new_password,
    new_recovery_codes,
    new_totp_secret,
    plain_code,
    provisioning_uri,
)
from voting.services.staff.sessions import IDLE_SECONDS


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """What is shown once: the authenticator's secret, its address for a QR code, and the recovery codes."""

    secret: str
    uri: str
    recovery_codes: tuple[str, ...]


class StaffAccounts:
    """Manages the accounts. `actor` is recorded. Methods raise NotFound for an unknown name."""

    def __init__(self, database: Database, keyring: Keyring, passwords: Passwords, actor: str) -> None:
        self._database = database
        self._keyring = keyring
        self._passwords = passwords
        self._actor = actor

    def acting(self, actor: str) -> StaffAccounts:
        """Returns the same with another actor."""
        return StaffAccounts(self._database, self._keyring, self._passwords, actor)

    async def add(
        self, name: str, grants: Sequence[Grant], *, with_code: bool = True
    ) -> tuple[str, SecondFactor | None]:
        """Returns the first password and the second factor of a new account; only hashes and ciphers are stored.

        Raises Malformed, AlreadyExists, and Forbidden for a role that needs a second factor without one.
        """
        stored, password = account_name(name), new_password()
        if stored is None:
            raise Malformed(f"{name[:64]!r} cannot be a name: it has letters and digits, '.', '_' and '-', at most 64")
        password_hash = await self._passwords.hash(password)
        factor = _new_factor(stored) if with_code else None

        async def work(tx: Connection) -> None:
            if taken := [each.name for each in await accounts.select_all(tx) if alike(each.name) == alike(stored)]:
                raise AlreadyExists(f"there is an account {taken[0]!r}; take a name that nobody mistakes for it")
            await accounts.insert(tx, stored, password_hash)
            if factor:
                await self._store(tx, stored, factor)
            for grant in grants:
                _check_factor(grant, factor is not None)
                await accounts.grant(tx, stored, grant)
            details = {"account": stored, "grants": [str(grant) for grant in grants], "code": with_code}
            await audit.record(tx, self._actor, "staff.account.add", None, details)

        await self._database.transact(work)
        return password, factor

    async def grant(self, name: str, grant: Grant) -> None:
        """Grants a role. Raises AlreadyExists, and Forbidden for one that needs a second factor without one."""

        async def work(tx: Connection) -> None:
            account = await _find(tx, name)
            _check_factor(grant, account.totp_secret is not None)
            if not await accounts.grant(tx, account.name, grant):
                raise AlreadyExists(f"{account.name} is {grant} already")
            details = {"account": account.name, "grant": str(grant)}
            await audit.record(tx, self._actor, "staff.grant", grant.contest, details)

        await self._database.transact(work)

    async def revoke(self, name: str, grant: Grant | None) -> None:
        """Takes away one role, or all of them; sessions and keys lose it within two seconds. Raises NotFound."""

        async def work(tx: Connection) -> None:
            account = await _find(tx, name)
            taken = await accounts.revoke(tx, account.name, grant)
            if not taken:
                raise NotFound(
                    f"{account.name} has no such role; it has: {' '.join(map(str, account.grants)) or 'none'}"
                )
            if grant is None:
                await staff.end_sessions(tx, account.name)
            details = {"account": account.name, "grants": [str(each) for each in taken]}
            await audit.record(tx, self._actor, "staff.revoke", grant.contest if grant else None, details)

        await self._database.transact(work)

    async def reset_password(self, name: str) -> str:
        """Returns a new password; every session of the account ends."""
        password = new_password()
        await self._set_password(name, await self._passwords.hash(password))
        return password

    async def change_password(self, account: Account, password: str, session: str) -> None:
        """Sets a password that its owner chose; every other session ends. Raises Malformed."""
        # It computes for up to half a second.
        await asyncio.to_thread(check_strength, account.name, password)
        await self._set_password(account.name, await self._passwords.hash(password), besides=hashed(session))

    async def _set_password(self, name: str, password_hash: str, besides: bytes | None = None) -> None:
        async def work(tx: Connection) -> None:
            account = await _find(tx, name)
            await accounts.set_password(tx, account.name, password_hash)
            await staff.end_sessions(tx, account.name, besides)
            await audit.record(tx, self._actor, "staff.password", None, {"account": account.name})

        await self._database.transact(work)

    async def reset_totp(self, name: str) -> SecondFactor:
        """Returns a new second factor; the former one, its recovery codes and every session end."""

        async def work(tx: Connection) -> SecondFactor:
            account = await _find(tx, name)
            made = _new_factor(account.name)
            await self._store(tx, account.name, made)
            await staff.end_sessions(tx, account.name)
            await audit.record(tx, self._actor, "staff.totp", None, {"account": account.name})
            return made

        return await self._database.transact(work)

    async def all(self) -> tuple[Account, ...]:
        """Returns every account, by name."""
        async with self._database.connection() as connection:
            return await accounts.select_all(connection)

    async def find(self, name: str) -> Account:
        """Returns the account."""
        async with self._database.connection() as connection:
            return await _find(connection, name)

    async def sessions(self, name: str) -> tuple[ListedSession, ...]:
        """Returns the account's live sessions, oldest first."""
        async with self._database.connection() as connection:
            account = await _find(connection, name)
            return await staff.select_sessions(connection, account.name, IDLE_SECONDS)

    async def end_session(self, name: str, id: UUID) -> None:
        """Ends one session within two seconds. Raises NotFound."""

        async def work(tx: Connection) -> None:
            account = await _find(tx, name)
            if not await staff.end_session(tx, account.name, id):
                raise NotFound(f"{account.name} has no session {id}")
            details = {"account": account.name, "session": str(id)}
            await audit.record(tx, self._actor, "staff.session.end", None, details)

        await self._database.transact(work)

    async def _store(self, tx: Connection, name: str, factor: SecondFactor) -> None:
        codes = [hashed(plain_code(code)) for code in factor.recovery_codes]
        await accounts.set_totp(tx, name, encrypt(totp_key(self._keyring), name, factor.secret), codes)


def totp_key(keyring: Keyring) -> bytes:
    """Returns the key under which authenticators' secrets are stored: a copy of the table alone is no second factor."""
    return keyring.key("staff totp")


def _new_factor(name: str) -> SecondFactor:
    secret = new_totp_secret()
    return SecondFactor(secret, provisioning_uri(secret, name), new_recovery_codes())


def _check_factor(grant: Grant, has_code: bool) -> None:
    if grant.role in DECIDING and not has_code:
        raise Forbidden(f"{grant.role} needs a second factor; first run: voting staff reset-totp NAME")


async def _find(connection: Connection, name: str) -> Account:
    stored = account_name(name)
    account = await accounts.select(connection, stored) if stored else None
    if account is None:
        raise NotFound(f"there is no account {name[:64]!r}; `voting staff list` shows them")
    return account
