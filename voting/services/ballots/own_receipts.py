"""A voter's receipts, given again; and the check of a receipt for anyone who has one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from voting.domain.ballots.leaf import read_leaf
from voting.postgres import ballots
from voting.postgres.database import Database
from voting.postgres.identity import persons
from voting.services.ballots.record import receipt_again
from voting.services.ballots.voter_status import MOST_SHOWN, state_shown
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.identity.keyring import Keyring, check_receipt


@dataclass(frozen=True, slots=True)
class OwnReceipt:
    """A ballot as its voter may see it, without the picks."""

    id: UUID
    recorded_at: datetime
    state: str
    receipt: str
    proof: str
    """The path of its proof in the public log; empty for a ballot from before there was one."""


@dataclass(frozen=True, slots=True)
class CheckedReceipt:
    """A genuine receipt. `is_recorded`: whether its ballot is stored."""

    ballot: str
    recorded_at: datetime
    is_recorded: bool


class OwnReceipts:
    """Reads receipts. None of them shows what was picked."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    async def latest(self, snapshot: ContestSnapshot, token: str) -> tuple[OwnReceipt, ...]:
        """Returns the latest ballots of a voter with their receipts, newest first. Raises CredentialInvalid."""
        contest = snapshot.contest.id
        identity = self._keyring.credential_of(snapshot.contest, token).identity
        voter = self._keyring.voter(contest, snapshot.hash_key, identity)
        async with self._database.connection() as connection:
            joined = await persons.select_joined(connection, contest, [voter]) if snapshot.has_joined_voters else {}
            own = await ballots.select_receipted(connection, contest, {joined.get(voter, voter), *joined}, MOST_SHOWN)
            batches = await ballots.read_batches(connection, contest, {ballot.batch for ballot, _ in own})
        return tuple(
            OwnReceipt(
                ballot.id,
                ballot.recorded_at,
                state_shown(state, snapshot.certified),
                receipt_again(contest, ballot, batches[ballot.batch]),
                "" if batches[ballot.batch].parts is None else f"proof/{ballot.batch}/{ballot.place}",
            )
            for ballot, state in own
        )

    async def check(self, snapshot: ContestSnapshot, text: str) -> CheckedReceipt | None:
        """Returns what a receipt of this contest states; None if it is not genuine."""
        statement = check_receipt(self._keyring.public_key, text)
        named = read_leaf(statement) if statement else None
        if named is None or named[0] != snapshot.contest.id:
            return None
        contest, ballot, moment = named
        async with self._database.connection() as connection:
            is_recorded = await ballots.is_recorded(connection, contest, moment, UUID(ballot))
        return CheckedReceipt(ballot, moment, is_recorded)
