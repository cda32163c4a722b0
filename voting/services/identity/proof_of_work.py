"""Issues proof-of-work challenges and accepts each solution once (ALTCHA protocol 2; PBKDF2 with SHA-256)."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

import altcha

from voting import telemetry
from voting.errors import ChallengeRequired
from voting.services.identity.keyring import Keyring

Purpose = Literal["registration", "ballot"]

ALGORITHM = "PBKDF2/SHA-256"
LIFETIME = timedelta(minutes=10)


class Price(NamedTuple):
    """Rounds of PBKDF2 for one try, and the number of counters.

    Every counter is equally likely, so none can be skipped, and giving up early does not pay.
    """

    cost: int
    counters: int


# What a voter waits for, at most: less than 3 s on a phone six times slower than a server's core. A browser pays a
# millisecond for each try besides its rounds, which a script does not: so the dearer prices have more rounds and fewer
# tries. On one core a script pays 32, 63 and 112 ms.
PRICES = (Price(1000, 230), Price(2500, 180), Price(10_000, 80))


@dataclass(frozen=True, slots=True)
class Solved:
    """A solved challenge, not used before. `mark` identifies it for ever."""

    mark: bytes
    expires_at: datetime

    @property
    def asked_at(self) -> datetime:
        """When the challenge was issued, to the second."""
        return self.expires_at - LIFETIME


@dataclass(frozen=True, slots=True)
class Unsolved:
    """No valid solution was sent; `why` says what was wrong with the one sent."""

    why: str | None = None


@dataclass(frozen=True, slots=True)
class _Opened:
    mark: bytes
    expires_at: datetime
    purpose: tuple[object, object]


class ProofOfWork:
    """Issues and checks challenges, each bound to one contest and purpose."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    async def ask(self, contest: str, purpose: Purpose, now: datetime, effort: int = 0) -> dict[str, Any]:
        """Returns a new challenge, ready for JSON, at the price PRICES[effort].

        The key derivation runs in a thread without the interpreter lock: ballots do not wait for it.
        """
        telemetry.CHALLENGES.labels("asked").inc()
        price = PRICES[effort]
        challenge = await asyncio.to_thread(
            altcha.create_challenge,
            ALGORITHM,
            price.cost,
            counter=secrets.randbelow(price.counters),
            # Expires by the database's clock; altcha's own check would use this host's.
            data={"contest": contest, "purpose": purpose, "until": int((now + LIFETIME).timestamp())},
            hmac_secret=self._key(contest),
            hmac_key_secret=self._key(contest, "answer"),
        )
        return challenge.to_dict()

    def judge(self, contest: str, purpose: Purpose, solved: str | None, now: datetime) -> Solved | Unsolved:
        """Returns the solved challenge if it is unused, or why it is not accepted."""
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
        self, contest: str, purpose: Purpose, now: datetime, why: str | None = None, effort: int = 0
    ) -> ChallengeRequired:
        """Returns the refusal, with a new challenge to solve."""
        message = f"{why}; solve the one in `challenge` and send it" if why else None
        return ChallengeRequired(message, challenge=await self.ask(contest, purpose, now, effort))

    def _open(self, contest: str, solved: str) -> _Opened | None:
        """Parses any text; text that the library rejects is not a solution."""
        try:
            payload = altcha.Payload.from_base64(solved)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None
        secret, answer = self._key(contest), self._key(contest, "answer")
        if not altcha.verify_solution(payload, secret, hmac_key_secret=answer).verified:
            return None
        # The signature is valid, so we made the content and know its shape.
        data = payload.challenge.parameters.data or {}
        mark = bytes.fromhex(payload.challenge.signature or "")
        return _Opened(mark, datetime.fromtimestamp(data["until"], UTC), (data["contest"], data["purpose"]))

    def _key(self, contest: str, part: str = "") -> bytes:
        return self._keyring.key("challenge", contest, part)
