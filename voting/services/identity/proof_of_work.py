"""Asks for proofs of work and takes each solved one once (ALTCHA protocol 2; PBKDF2 with SHA-256)."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import altcha

from voting import telemetry
from voting.errors import ChallengeRequired
from voting.services.identity.keyring import Keyring

Purpose = Literal["registration", "ballot"]

ALGORITHM = "PBKDF2/SHA-256"
LIFETIME = timedelta(minutes=10)
# Rounds of PBKDF2 for one try, and the number of counters. Every counter is equally likely, so none can be skipped, and
# giving up early does not pay: 115 tries on average.
COST = 1000
COUNTERS = 230


@dataclass(frozen=True, slots=True)
class Solved:
    """A solved challenge that nobody may use again. `mark` names it for ever."""

    mark: bytes
    expires_at: datetime

    @property
    def asked_at(self) -> datetime:
        """When it was made, to the second."""
        return self.expires_at - LIFETIME


@dataclass(frozen=True, slots=True)
class Unsolved:
    """No solved challenge was sent; `why` says what was wrong with the one that was."""

    why: str | None = None


@dataclass(frozen=True, slots=True)
class _Opened:
    mark: bytes
    expires_at: datetime
    purpose: tuple[object, object]


class ProofOfWork:
    """Makes and checks challenges, each bound to one contest and purpose."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    async def ask(self, contest: str, purpose: Purpose, now: datetime, effort: int = 1) -> dict[str, Any]:
        """A fresh challenge, ready for JSON; it takes `effort` times the usual work, and is made at the same cost.

        The key derivation runs in a thread, where it holds no lock of the interpreter: ballots do not wait for it.
        """
        telemetry.CHALLENGES.labels("asked").inc()
        challenge = await asyncio.to_thread(
            altcha.create_challenge,
            ALGORITHM,
            COST,
            counter=secrets.randbelow(effort * COUNTERS),
            # By the database's clock: altcha's own expiry would be checked by this host's.
            data={"contest": contest, "purpose": purpose, "until": int((now + LIFETIME).timestamp())},
            hmac_secret=self._key(contest),
            hmac_key_secret=self._key(contest, "answer"),
        )
        return challenge.to_dict()

    async def check(self, contest: str, purpose: Purpose, solved: str | None, now: datetime) -> Solved:
        """The solved challenge, not yet spent. Raises ChallengeRequired with a fresh one."""
        found = self.judge(contest, purpose, solved, now)
        if isinstance(found, Unsolved):
            raise await self.required(contest, purpose, now, found.why)
        return found

    def judge(self, contest: str, purpose: Purpose, solved: str | None, now: datetime) -> Solved | Unsolved:
        """The solved challenge, not yet spent, or why it is none."""
        if not solved:
            return Unsolved()
        opened = self._open(contest, solved)
        if opened is None or opened.expires_at <= now:
            telemetry.CHALLENGES.labels("failed").inc()
            return Unsolved("the challenge is not solved, or it is too old")
        if opened.purpose != (contest, purpose):
            telemetry.CHALLENGES.labels("failed").inc()
            return Unsolved("the challenge was made for something else")
        telemetry.CHALLENGES.labels("solved").inc()
        return Solved(opened.mark, opened.expires_at)

    async def required(
        self, contest: str, purpose: Purpose, now: datetime, why: str | None = None, effort: int = 1
    ) -> ChallengeRequired:
        """The refusal, with a fresh challenge to solve."""
        message = f"{why}; solve the one in `challenge` and send it" if why else None
        return ChallengeRequired(message, challenge=await self.ask(contest, purpose, now, effort))

    def _open(self, contest: str, solved: str) -> _Opened | None:
        """Any text may come here: what the library does not take is not solved."""
        try:
            payload = altcha.Payload.from_base64(solved)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None
        secret, answer = self._key(contest), self._key(contest, "answer")
        if not altcha.verify_solution(payload, secret, hmac_key_secret=answer).verified:
            return None
        # The signature is good: what is in it is ours, and of our shape.
        data = payload.challenge.parameters.data or {}
        mark = bytes.fromhex(payload.challenge.signature or "")
        return _Opened(mark, datetime.fromtimestamp(data["until"], UTC), (data["contest"], data["purpose"]))

    def _key(self, contest: str, part: str = "") -> bytes:
        return self._keyring.key("challenge", contest, part)
