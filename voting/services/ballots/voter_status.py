"""The status of a voter: the remaining quota and the recorded ballots."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from voting.domain.ballots import quota
from voting.domain.ballots.ballot import State
from voting.domain.ballots.quota import Remaining
from voting.postgres import ballots
from voting.postgres.ballots import OwnBallot
from voting.postgres.database import Database
from voting.postgres.identity import persons
from voting.services.ballots.remaining_quota import describe
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.identity.keyring import Keyring

MOST_SHOWN = 200
_DECIDED: dict[State, str] = {"count": "counted", "hold": "recorded", "void": "void"}


class VoterStatus:
    """Reads what a voter may see of their own ballots."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    async def remaining(self, snapshot: ContestSnapshot, token: str) -> Remaining:
        """Returns the voter's remaining quota. Raises CredentialInvalid."""
        return _remaining(snapshot, await self._own(snapshot, token))

    async def status(self, snapshot: ContestSnapshot, token: str) -> dict[str, Any]:
        """Returns the remaining quota and the latest ballots, with their states once the result is certified."""
        contest, own = snapshot.contest, await self._own(snapshot, token)
        rows = [
            {
                "ballot": str(ballot.id),
                "recorded_at": ballot.recorded_at.astimezone(contest.zone),
                "state": state_shown(ballot.state, snapshot.certified),
            }
            for ballot in reversed(own[-MOST_SHOWN:])
        ]
        return {"remaining": describe(contest, _remaining(snapshot, own)), "ballots": rows}

    async def _own(self, snapshot: ContestSnapshot, token: str) -> tuple[OwnBallot, ...]:
        contest = snapshot.contest
        voter = self._keyring.voter(contest.id, snapshot.hash_key, self._keyring.credential_of(contest, token).identity)
        async with self._database.connection() as connection:
            joined = await persons.select_joined(connection, contest.id, [voter]) if snapshot.has_joined_voters else {}
            return await ballots.select_own(connection, contest.id, {joined.get(voter, voter), *joined})


def state_shown(state: State, is_certified: bool) -> str:
    """Returns what a voter learns of the decision about a ballot: nothing before the result is certified."""
    return _DECIDED[state] if is_certified else "recorded"


def _remaining(snapshot: ContestSnapshot, own: Sequence[OwnBallot]) -> Remaining:
    contest, now = snapshot.contest, snapshot.now()
    used = quota.used(contest, snapshot.known_entries, own, quota.counted_since(contest, now))
    return quota.remaining(contest, used, now)
