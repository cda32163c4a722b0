"""A voter's own data: which notice they agreed to, what is stored, and its erasure.

Erased are what was observed of the ballots, once the result is certified, and the identities from outside, once the
window has closed. Until then fraud control and the quota need them: a script could otherwise erase its traces after
each ballot. The ballots stay, so counts, receipts and quotas do, too. Of the observations a hash remains, with which a
certified result is verified.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from voting.domain.contest.contest import Contest
from voting.domain.identity.channel import Channel
from voting.domain.language import Language
from voting.errors import Stale
from voting.postgres.database import Connection, Database
from voting.postgres.identity import persons, privacy
from voting.postgres.identity.privacy import Consent, KeptBallot
from voting.services import audit
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.identity.keyring import Keyring

# The notice of contests whose file has none. Its text is in voting.web.i18n: a changed text is a new version.
DEFAULT_NOTICE = "voting-2026.4"


def notice_version(contest: Contest) -> str:
    """Returns the version of the notice that the contest shows."""
    return contest.privacy.version if contest.privacy else DEFAULT_NOTICE


@dataclass(frozen=True, slots=True)
class OwnData:
    """What is stored of a voter."""

    channel: Channel
    issued_at: datetime
    consents: tuple[Consent, ...]
    notice: str | None
    """The version of the notice in force at the first ballot."""
    ballots: tuple[KeptBallot, ...]
    identities: int
    """How many keyed hashes of identities from outside."""
    is_erasing: bool
    """Whether the observations are to be deleted once the result is certified."""


class Privacy:
    """Shows and erases voters' data. Methods raise CredentialInvalid."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring
        self._shown: set[tuple[str, str]] = set()

    async def show_notice(self, snapshot: ContestSnapshot, zh: str, en: str) -> None:
        """Notes that the contest's notice is shown, with these texts."""
        contest, version = snapshot.contest.id, notice_version(snapshot.contest)
        if (contest, version) in self._shown:
            return
        await self._database.transact(lambda tx: privacy.show_notice(tx, contest, version, zh, en))
        self._shown.add((contest, version))

    async def consent(self, snapshot: ContestSnapshot, token: str, version: str, language: Language) -> Consent:
        """Stores the voter's consent to the notice that the contest shows. Raises Stale for another version."""
        contest, shown = snapshot.contest.id, notice_version(snapshot.contest)
        if version != shown:
            raise Stale(f"the notice is now version {shown}; read it again and agree to that one")
        identity = self._keyring.credential_of(snapshot.contest, token).identity
        voter = self._keyring.voter(contest, snapshot.hash_key, identity)
        return await self._database.transact(lambda tx: privacy.give_consent(tx, contest, voter, version, language))

    async def own_data(self, snapshot: ContestSnapshot, token: str) -> OwnData:
        """Returns what is stored of the voter."""
        contest = snapshot.contest.id
        credential = self._keyring.credential_of(snapshot.contest, token)
        async with self._database.connection() as connection:
            person, voters = await self._person(connection, snapshot, credential.identity)
            ballots = await privacy.select_ballots(connection, contest, voters)
            consents = await privacy.select_consents(connection, contest, voters)
            first = ballots[0].recorded_at if ballots else None
            notice = await privacy.notice_at(connection, contest, first) if first else None
            identities = await privacy.count_identities(connection, contest, person, voters)
            erasing = await privacy.has_wished_erasure(connection, contest, voters)
        return OwnData(credential.channel, credential.issued_at, consents, notice, ballots, identities, erasing)

    async def erase(self, snapshot: ContestSnapshot, token: str) -> None:
        """Erases the voter's data, or marks them to be. The audit log records that it happened, not of whom."""
        contest = snapshot.contest.id
        identity = self._keyring.credential_of(snapshot.contest, token).identity

        async def work(tx: Connection) -> None:
            person, voters = await self._person(tx, snapshot, identity)
            ballots = await privacy.select_ballots(tx, contest, voters)
            is_stored = any(ballot.has_facts for ballot in ballots) or await privacy.count_identities(
                tx, contest, person, voters
            )
            if not is_stored or await privacy.has_wished_erasure(tx, contest, voters):
                # Repeating it writes nothing, so nobody can fill the audit log with it.
                return
            await privacy.wish_erasure(tx, contest, person, voters)
            if snapshot.certified:
                await privacy.erase_wished(tx, contest)
            await audit.record(tx, "voter", "voter.erase", contest, {"ballots": len(ballots)})

        await self._database.transact(work)

    async def _person(
        self, connection: Connection, snapshot: ContestSnapshot, identity: bytes
    ) -> tuple[bytes, set[bytes]]:
        """Returns the person of a credential and its voters."""
        contest = snapshot.contest.id
        voter = self._keyring.voter(contest, snapshot.hash_key, identity)
        if not snapshot.has_joined_voters:
            return identity, {voter}
        joined = await persons.select_joined(connection, contest, [voter])
        person = await privacy.into_person(connection, contest, voter) or identity
        return person, {joined.get(voter, voter), *joined}
