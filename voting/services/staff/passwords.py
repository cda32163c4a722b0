"""Passwords (argon2id), codes of an authenticator (TOTP, RFC 6238) and recovery codes of staff accounts."""

from __future__ import annotations

import asyncio
import base64
import hmac
import secrets
from datetime import datetime
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from pyotp import TOTP, random_base32

from voting.errors import Malformed

LEAST_CHARACTERS, MOST_CHARACTERS = 15, 128
# Of zxcvbn: 3 is ten to the eighth guesses and more.
LEAST_SCORE = 3
RECOVERY_CODES = 10
STEP_SECONDS = 30
ISSUER = "voting"
# Each takes 64 MiB for 50 ms or so: more at once would take the memory of the votes.
_AT_ONCE = 2
_RECOVERY_BYTES = 15


class Passwords:
    """Hashes and checks passwords in threads, a few at a time: one check takes as long as fifty ballots."""

    def __init__(self) -> None:
        # The defaults are argon2id with 64 MiB, three passes (RFC 9106 section 4, second recommendation).
        self._hasher = PasswordHasher()
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def hash(self, password: str) -> str:
        """Returns the hash to store."""
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def check(self, password_hash: str | None, password: str) -> bool:
        """Whether it is the password; None, for an account that does not exist, takes as long."""
        async with self._turns:
            return await asyncio.to_thread(self._check, password_hash, password)

    def _check(self, password_hash: str | None, password: str) -> bool:
        try:
            self._hasher.verify(password_hash or self._nobodys, password)
        except VerifyMismatchError:
            return False
        return password_hash is not None

    @cached_property
    def _nobodys(self) -> str:
        return self._hasher.hash(secrets.token_hex(16))


def new_password() -> str:
    """Returns a random password of 120 bits, in groups that can be read out."""
    return _grouped(secrets.token_bytes(_RECOVERY_BYTES))


def check_strength(name: str, password: str) -> None:
    """Raises Malformed for a password that is too short, too long, or easy to guess from common ones and the name."""
    if not LEAST_CHARACTERS <= len(password) <= MOST_CHARACTERS:
        raise Malformed(f"a password has {LEAST_CHARACTERS} to {MOST_CHARACTERS} characters; take a longer sentence")
    # It takes 15 MB: a worker loads it once somebody changes a password.
    from zxcvbn import zxcvbn

    estimate = zxcvbn(password, user_inputs=[name, ISSUER], max_length=MOST_CHARACTERS)
    if name in password.casefold() or estimate["score"] < LEAST_SCORE:
        raise Malformed("the password is easy to guess; take a sentence of your own, without the account's name")


def new_totp_secret() -> str:
    """Returns a secret of 160 bits for an authenticator, in base32."""
    return random_base32()


def provisioning_uri(secret: str, name: str) -> str:
    """Returns the address that authenticators read as a QR code."""
    return TOTP(secret, interval=STEP_SECONDS).provisioning_uri(name=name, issuer_name=ISSUER)


def present_code(secret: str) -> str:
    """Returns the code that an authenticator shows now."""
    return TOTP(secret, interval=STEP_SECONDS).now()


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """Returns the step of a code that is valid now, or of one step before or after; None if it is not valid."""
    totp = TOTP(secret, interval=STEP_SECONDS)
    present = int(now.timestamp()) // STEP_SECONDS
    steps = (present, present - 1, present + 1)
    # Compare with each: the time must not show which one it is.
    valid = [step for step in steps if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode())]
    return valid[0] if valid else None


def new_recovery_codes() -> tuple[str, ...]:
    """Returns codes of 120 random bits; each is accepted once in place of an authenticator's code."""
    return tuple(_grouped(secrets.token_bytes(_RECOVERY_BYTES)) for _ in range(RECOVERY_CODES))


def plain_code(text: str) -> str:
    """Returns a code without the spaces and dashes that people type, in one case."""
    return "".join(each for each in text if each.isalnum()).upper()


def _grouped(data: bytes) -> str:
    text = base64.b32encode(data).decode()
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))
