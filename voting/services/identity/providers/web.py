"""Gives a web voter a credential for a solved challenge."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from voting.errors import ChannelClosed, CredentialInvalid
from voting.postgres import ballots
from voting.postgres.database import Database
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.identity.crowding import Crowding
from voting.services.identity.keyring import Keyring
from voting.services.identity.proof_of_work import ProofOfWork, Solved, Unsolved
from voting.services.identity.providers.provider import Visitor
from voting.services.identity.sign_in_limits import SignInLimits


class WebProvider:
    """Registers browsers while the window is open."""

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        proof_of_work: ProofOfWork,
        limits: SignInLimits,
        crowding: Crowding,
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._proof_of_work = proof_of_work
        self._limits = limits
        self._crowding = crowding

    async def ask(self, snapshot: ContestSnapshot, address: str | None, agent: str | None) -> dict[str, Any]:
        """Returns a challenge to solve, dearer where many are asked for from one place at once.

        Raises WindowNotOpen, WindowClosed, or SlowDown if the address asks too often.
        """
        await self._limits.admit(snapshot, "challenges", address)
        effort = await self._crowding.effort(snapshot, address, agent)
        return await self._proof_of_work.ask(snapshot.contest.id, "registration", snapshot.now(), effort)

    async def sign_in(self, snapshot: ContestSnapshot, visitor: Visitor, proof: str) -> str:
        """Returns the voter's token: the visitor's own if it is valid, so that one browser stays one voter.

        Raises ChallengeRequired, with a new challenge, if the solution is missing, wrong or used; ChannelClosed if the
        contest does not accept voters from the web; and the errors of `ask`.
        """
        contest, now = snapshot.contest.id, snapshot.now()
        if "web" not in snapshot.contest.voters.channels:
            raise ChannelClosed
        await self._limits.admit(snapshot, "registrations", visitor.address)
        solved = self._proof_of_work.judge(contest, "registration", proof, now)
        if isinstance(solved, Unsolved) or not await self._spend(contest, solved):
            why = solved.why if isinstance(solved, Unsolved) else "the challenge was used before"
            effort = await self._crowding.effort(snapshot, visitor.address, visitor.agent)
            raise await self._proof_of_work.required(contest, "registration", now, why, effort)
        if visitor.token:
            with suppress(CredentialInvalid):
                self._keyring.credential_of(snapshot.contest, visitor.token)
                return visitor.token
        return self._keyring.issue_credential(contest, "web", now)

    async def _spend(self, contest: str, solved: Solved) -> bool:
        """Whether the challenge was not used before, by any process."""
        mark, expires_at = solved.mark, solved.expires_at
        return await self._database.transact(lambda tx: ballots.spend_challenge(tx, contest, mark, expires_at))
