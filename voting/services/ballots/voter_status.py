"""A voter's own status: the remaining quota, and the ballots that were recorded."""

from __future__ import annotations

from typing import Any

from voting.domain.ballots import quota
from voting.domain.ballots.ballot import State
from voting.domain.ballots.quota import Remaining
from voting.domain.contest.contest import Contest
from voting.postgres import ballots
from voting.postgres.database import Database
from voting.services.ballots.remaining_quota import describe
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.identity.keyring import Keyring

_DECIDED: dict[State, str] = {"count": "counted", "hold": "recorded", "void": "void"}


class VoterStatus:
    """Reads what a voter may know of the own ballots."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    async def remaining(self, snapshot: ContestSnapshot, token: str) -> Remaining:
        """The voter's remaining quota. Raises CredentialInvalid."""
        contest, now = snapshot.contest, snapshot.now()
        voter = self._voter(contest, token)
        async with self._database.connection() as connection:
            used = await ballots.select_used(connection, contest, voter, now)
        return quota.remaining(contest, used, now)

    async def status(self, snapshot: ContestSnapshot, token: str) -> dict[str, Any]:
        """The voter's remaining quota and own ballots; what was decided about them, once the result is certified."""
        contest = snapshot.contest
        left = await self.remaining(snapshot, token)
        async with self._database.connection() as connection:
            own = await ballots.select_own(connection, contest.id, self._voter(contest, token))
        rows = [
            {
                "ballot": str(ballot.id),
                "recorded_at": ballot.recorded_at.astimezone(contest.zone),
                "state": _DECIDED[ballot.state] if snapshot.certified else "recorded",
            }
            for ballot in own
        ]
        return {"remaining": describe(contest, left), "ballots": rows}

    def _voter(self, contest: Contest, token: str) -> bytes:
        return self._keyring.voter(contest.id, self._keyring.credential_of(contest, token).identity)
