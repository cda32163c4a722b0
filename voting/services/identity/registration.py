"""Gives a web voter a credential for a solved challenge."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from voting.errors import ChannelClosed, CredentialInvalid, SlowDown
from voting.fraud.facts.observe import places
from voting.fraud.online.counters import Cells
from voting.postgres import ballots
from voting.postgres.database import Database
from voting.redis.turns import Call
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.identity.keyring import Keyring
from voting.services.identity.proof_of_work import ProofOfWork
from voting.services.rate_limits import RateLimits

# The delay given to an address that asks too often.
REFUSED_SECONDS = 1.0
_UNCOUNTED = Cells((), (), ())


class Registration:
    """Registers voters while the window is open."""

    def __init__(
        self, database: Database, keyring: Keyring, proof_of_work: ProofOfWork, rate_limits: RateLimits
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._proof_of_work = proof_of_work
        self._rate_limits = rate_limits

    async def ask(self, snapshot: ContestSnapshot, address: str | None) -> dict[str, Any]:
        """Returns a challenge to solve.

        Raises WindowNotOpen, WindowClosed, or SlowDown if the address asks too often.
        """
        await self._admit(snapshot, address, "challenges")
        return await self._proof_of_work.ask(snapshot.contest.id, "registration", snapshot.now())

    async def register(
        self, snapshot: ContestSnapshot, address: str | None, solved: str | None, held: str | None
    ) -> str:
        """Returns the voter's token: `held` again if it is valid, so that one browser stays one voter.

        Raises ChallengeRequired, with a new challenge, if the solution is missing, wrong or used; ChannelClosed if the
        contest does not accept voters from the web; and the errors of `ask`.
        """
        contest, now = snapshot.contest.id, snapshot.now()
        if "web" not in snapshot.contest.voters.channels:
            raise ChannelClosed
        await self._admit(snapshot, address, "registrations")
        fit = await self._proof_of_work.check(contest, "registration", solved, now)
        if not await self._database.transact(lambda tx: ballots.spend_challenge(tx, contest, fit.mark, fit.expires_at)):
            raise await self._proof_of_work.required(contest, "registration", now, "the challenge was used before")
        if held:
            with suppress(CredentialInvalid):
                self._keyring.credential_of(snapshot.contest, held)
                return held
        return self._keyring.issue_credential(contest, "web", now)

    async def _admit(self, snapshot: ContestSnapshot, address: str | None, what: str) -> None:
        """Limits each address's challenges and registrations, far above what a school needs."""
        now = snapshot.now()
        snapshot.contest.check_window(now)
        holder = places(address)[0] if address else None
        if holder:
            subject = self._keyring.hashed(snapshot.contest.id, what, holder)
            try:
                await self._rate_limits.admit(snapshot.uid, Call((subject,), _UNCOUNTED), now.timestamp())
            except SlowDown:
                # Delay at once: repeated requests would take time from voters.
                await asyncio.sleep(REFUSED_SECONDS)
                raise
