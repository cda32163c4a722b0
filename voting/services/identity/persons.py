"""Finds the person who signs in, so that one person is one voter, also over several channels."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence

from voting.domain.identity.channel import Channel
from voting.domain.identity.credential import IDENTITY_BYTES
from voting.errors import ChannelClosed
from voting.postgres import contests, leases
from voting.postgres.database import Connection, Database
from voting.postgres.identity import persons
from voting.postgres.identity.persons import Overlaps
from voting.services import audit
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.identity.keyring import Keyring


class Persons:
    """Knows the persons of each contest, by keyed hashes of their identities."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    async def sign_in(
        self, snapshot: ContestSnapshot, channel: Channel, subjects: Sequence[str], risk: int | None = None
    ) -> str:
        """Returns a token of the person with these identities; it is a new person if none of them is known.

        A subject is `kind:value`: `wechat:APPID:OPENID`, `unionid:ID`, `phone:+8613800000000`, `oidc:ISSUER:SUBJECT`.
        Kinds of `SHARED_IDENTITIES` mean the same person in every channel that the contest lets run together. The
        caller has verified all of them. `risk`: what the provider says of the account, a fact of its ballots. Raises
        ChannelClosed, and WindowNotOpen or WindowClosed.
        """
        contest, now = snapshot.contest, snapshot.now()
        contest.check_window(now)
        if channel not in contest.voters.channels:
            raise ChannelClosed
        shared: Collection[str] = contest.voters.shared_by(channel)
        # An identity that is not shared counts within its channel only.
        names = [text if text.partition(":")[0] in shared else f"{channel}|{text}" for text in subjects]
        hashes = sorted({self._keyring.subject(contest.id, snapshot.hash_key, name) for name in names})
        async with self._database.connection() as connection:
            known = await persons.select(connection, contest.id, hashes)
        if len(known) < len(hashes) or len(set(known.values())) > 1:
            person = await self._database.transact(lambda tx: self._resolve(tx, snapshot, channel, hashes))
        else:
            (person,) = set(known.values())
        return self._keyring.issue_credential(contest.id, channel, now, person, risk)

    async def overlaps(self, contest: str) -> Overlaps:
        """Returns how many persons of the contest were found to be two voters."""
        async with self._database.connection() as connection:
            return await persons.select_overlaps(connection, contest)

    async def _resolve(
        self, tx: Connection, snapshot: ContestSnapshot, channel: Channel, subjects: Sequence[bytes]
    ) -> bytes:
        """Returns the one person with these subjects, after giving it those that nobody has yet.

        A collision with another sign-in is a unique violation: the transaction is repeated and finds the other's rows.
        """
        contest = snapshot.contest.id
        known = await persons.select(tx, contest, subjects)
        if known:
            # A person is changed by one transaction at a time: no subject is added to one that is being joined.
            await leases.take_turn(tx, f"persons:{contest}")
            known = await persons.select(tx, contest, subjects)
        found = set(known.values())
        person = await self._joined(tx, snapshot, found) if found else secrets.token_bytes(IDENTITY_BYTES)
        await persons.insert(tx, contest, person, channel, [each for each in subjects if each not in known])
        return person

    async def _joined(self, tx: Connection, snapshot: ContestSnapshot, found: Collection[bytes]) -> bytes:
        """Returns the earliest of the persons, after joining the others to it."""
        contest, hash_key = snapshot.contest.id, snapshot.hash_key
        stays, *others = await persons.by_age(tx, contest, found)
        if others:
            # A ballot that was judged before for one of the voters is not recorded: the contest has a new revision.
            await contests.lock_gates(tx, contest)
            voters = {person: self._keyring.voter(contest, hash_key, person) for person in found}
            ballots = await persons.join(tx, contest, voters, stays)
            await contests.revise(tx, contest)
            if ballots:
                await audit.record(tx, "sign-in", "person.overlap", contest, {"ballots": ballots})
        return stays
