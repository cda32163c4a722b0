"""Signs staff accounts in: password, second factor, and slower and slower attempts.

A wrong attempt delays the next one of the same account from the same address, and, much later, those of the account
from browsers that are not known. A browser in which the account has signed in before has a cookie that says so, and a
count of its own: whoever tries another's account from elsewhere cannot lock its owner out of there (OWASP, "Slow Down
Online Guessing Attacks with Device Cookies"). Attempts are counted before the password is checked, in one statement, so
that many at once get no more tries.
"""

from __future__ import annotations

import logging
import secrets

from voting import retry_after
from voting.domain.identity.roles import Account, account_name
from voting.domain.identity.token import mac, seal, unseal
from voting.errors import CredentialInvalid, SlowDown
from voting.fraud.facts.observe import places
from voting.postgres import contests
from voting.postgres.database import Connection, Database
from voting.postgres.identity import accounts
from voting.services.identity.encryption import decrypt
from voting.services.identity.keyring import Keyring
from voting.services.staff.accounts import totp_key
from voting.services.staff.keys import hashed
from voting.services.staff.passwords import Passwords, plain_code, step_of

# Attempts without a delay, and the longest delay in seconds, of an account from one address or known browser; of an
# account from all browsers that are not known; of one address, behind which there may be an office.
OWN = (5, 900.0)
STRANGERS = (50, 30.0)
ADDRESS = (100, 60.0)
_DEVICE_BYTES = 16
_WRONG = "the name, the password or the code is wrong, or the code was used before"


class SignIn:
    """Checks who signs in."""

    def __init__(self, database: Database, keyring: Keyring, passwords: Passwords) -> None:
        self._database = database
        self._keyring = keyring
        self._passwords = passwords

    async def check(self, name: str, password: str, code: str, address: str, device: str | None) -> Account:
        """Returns the account. `device` is the cookie of a known browser.

        Raises CredentialInvalid, which does not say what was wrong, or SlowDown.
        """
        stored = account_name(name) or ""
        own, others = self._subjects(stored, address, device)

        async def attempt(tx: Connection) -> Account | None:
            # In one order in every transaction, so that none wait for each other.
            limits = {own: OWN} | dict(zip(others, (STRANGERS, ADDRESS), strict=False))
            for subject, (free, most_seconds) in sorted(limits.items()):
                if wait := await accounts.try_once(tx, subject, free, most_seconds):
                    raise SlowDown(retry_after=retry_after.at_least(wait))
            return await accounts.select(tx, stored)

        account = await self._database.transact(attempt)
        is_password = await self._passwords.check(account.password_hash if account else None, password)
        if account is None or not is_password:
            _log(account, "wrong password")
            raise CredentialInvalid(_WRONG)
        if account.totp_secret and not await self._takes(account, account.totp_secret, code):
            _log(account, "wrong code")
            raise CredentialInvalid(_WRONG)
        if not account.grants:
            _log(account, "it has no role")
            raise CredentialInvalid(_WRONG)
        await self._database.transact(lambda tx: accounts.forgive(tx, own, sorted(others)))
        return account

    def device_of(self, account: Account) -> str:
        """Returns the cookie of a browser in which the account has signed in."""
        return seal(self._keyring.key("staff device", account.name), secrets.token_bytes(_DEVICE_BYTES))

    def _subjects(self, name: str, address: str, device: str | None) -> tuple[bytes, list[bytes]]:
        """Returns whose attempts are counted, as keyed hashes: the caller's own, and those it shares."""
        known = unseal(self._keyring.key("staff device", name), device) if device else None
        if known is not None:
            return self._subject("device", known), []
        # Of IPv6 the /64, which one holder has whole.
        holder = places(address)[0] or ""
        own = self._subject("account at address", f"{name}\0{holder}".encode())
        return own, [self._subject("account", name.encode()), self._subject("address", holder.encode())]

    def _subject(self, kind: str, value: bytes) -> bytes:
        return mac(self._keyring.key("staff attempts", kind), value)

    async def _takes(self, account: Account, stored: bytes, code: str) -> bool:
        """Whether it is a code of the authenticator, or a recovery code; either is accepted once."""
        plain = plain_code(code)
        secret = decrypt(totp_key(self._keyring), account.name, stored)
        if secret is None:
            _log(account, "its authenticator was stored under another VOTING_SECRET; run: voting staff reset-totp")

        async def work(tx: Connection) -> bool:
            step = step_of(secret, plain, await contests.clock(tx)) if secret else None
            if step is not None:
                return await accounts.use_step(tx, account.name, step)
            return await accounts.use_recovery_code(tx, account.name, hashed(plain))

        return await self._database.transact(work)


def _log(account: Account | None, why: str) -> None:
    # Not the name as it was sent: people type their password there.
    name = account.name if account else "an unknown account"
    logging.getLogger("voting").warning("a sign-in as %s was refused: %s", name, why)
