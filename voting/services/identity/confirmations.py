"""Asks voters chosen by chance to confirm that they are people, and takes their answers.

A keyed coin for each voter and day decides with the ballot, so nobody can foresee who is asked; nobody is asked twice.
The vote counts meanwhile, and without an answer, unless people decide that all voters of a cell must confirm. What
confirms is an identity of another channel, of which a keyed hash is stored.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from voting.domain.identity.channel import Channel
from voting.domain.identity.credential import Credential
from voting.domain.identity.token import mac
from voting.errors import ChannelClosed, ConfirmationTaken, NotAsked, SlowDown
from voting.fraud.facts.facts import Facts
from voting.fraud.sample import cells_of
from voting.postgres.ballots import Ask
from voting.postgres.database import Connection, Database
from voting.postgres.identity import confirmations, persons
from voting.postgres.identity.confirmations import Request
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.identity.keyring import Keyring

CODES_A_VOTER = 3
_CODE_BYTES = 5
_COIN_BYTES = 8


def new_code() -> str:
    """Returns a new code that a voter can read out to the organiser."""
    return base64.b32encode(secrets.token_bytes(_CODE_BYTES)).decode()


def ask(
    keyring: Keyring, snapshot: ContestSnapshot, credential: Credential, facts: Facts, picks: Sequence[str]
) -> Ask | None:
    """Returns the request that goes with a ballot, if its voter is one of those to be asked."""
    rule = snapshot.contest.verification
    if rule is None or not rule.ways(credential.channel):
        return None
    share = rule.share_of(credential.channel)
    if snapshot.raised_shares:
        cells = (cell for entry in picks for cell in cells_of(entry, credential.channel, facts.prefix))
        share = max(share, *(snapshot.raised_shares.get(cell, 0.0) for cell in cells))
    day = snapshot.now().astimezone(snapshot.contest.zone).date().isoformat()
    key = keyring.key("confirmation", snapshot.contest.id)
    coin = mac(key, credential.identity + day.encode())[:_COIN_BYTES]
    if int.from_bytes(coin, "big") >= share * 2 ** (8 * _COIN_BYTES):
        return None
    return Ask(credential.channel, share, facts.prefix, new_code())


class _Voter(NamedTuple):
    """A voter who was asked, and until when an answer is taken."""

    request: Request
    ways: tuple[Channel, ...]
    until: datetime


class Confirmations:
    """Methods that take a token raise CredentialInvalid."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    async def status(self, snapshot: ContestSnapshot, token: str) -> dict[str, Any] | None:
        """Returns what the voter is asked; None if nothing. `kept`: denied, and it counts by reviewers' decision."""
        credential = self._keyring.credential_of(snapshot.contest, token)
        rule = snapshot.contest.verification
        if rule is None:
            return None
        async with self._database.connection() as connection:
            asked = await self._asked(connection, snapshot, credential)
        if asked is None:
            return None
        request, zone = asked.request, snapshot.contest.zone
        # What counts though it was denied is in a group that reviewers have released.
        denied = "kept" if request.all_count else "denied"
        answer = "confirmed" if request.confirmed_at else denied if request.denied_at else None
        return {
            "state": answer or ("asked" if snapshot.now() < asked.until else "over"),
            "by": list(asked.ways),
            "cast_at": request.cast_at.astimezone(zone) if request.cast_at else None,
            "until": asked.until.astimezone(zone),
            "required": request.due_at is not None,
            "code": request.code,
            "telephone": rule.telephone,
        }

    async def check(self, snapshot: ContestSnapshot, token: str, channel: str) -> None:
        """Raises NotAsked if the voter is not asked now, and ChannelClosed if this channel cannot confirm it."""
        await self._open(snapshot, token, channel)

    async def count_code(self, snapshot: ContestSnapshot, token: str) -> None:
        """Counts a code that is about to be sent to the voter's phone.

        Raises NotAsked, ChannelClosed, or SlowDown if the voter or the contest has used up its codes.
        """
        asked, _ = await self._open(snapshot, token, "phone")
        rule, contest = snapshot.contest.verification, snapshot.contest.id
        most = rule.codes if rule else 0
        if not await self._database.transact(
            lambda tx: confirmations.count_code(tx, contest, asked.request.voter, CODES_A_VOTER, most)
        ):
            raise SlowDown("no more codes are sent for this; confirm another way, or tell the organiser your code")

    async def confirm(self, snapshot: ContestSnapshot, token: str, channel: str, subjects: Sequence[str]) -> None:
        """Stores that the person with these verified subjects is the voter; repeating it has no effect.

        Raises NotAsked, ChannelClosed, or ConfirmationTaken if the identity has confirmed another voter.
        """
        asked, way = await self._open(snapshot, token, channel)
        contest, voter = snapshot.contest.id, asked.request.voter
        subject = self._keyring.subject(contest, snapshot.hash_key, f"confirmation|{subjects[0]}")
        if not asked.request.confirmed_at and not await self._database.transact(
            lambda tx: confirmations.confirm(tx, contest, voter, way, subject)
        ):
            raise ConfirmationTaken

    async def open(self, snapshot: ContestSnapshot, token: str) -> Request:
        """Returns the request to a voter who is asked now. Raises NotAsked."""
        return (await self._waiting(snapshot, token)).request

    async def _open(self, snapshot: ContestSnapshot, token: str, channel: str) -> tuple[_Voter, Channel]:
        asked = await self._waiting(snapshot, token)
        for way in asked.ways:
            if way == channel:
                return asked, way
        raise ChannelClosed

    async def _waiting(self, snapshot: ContestSnapshot, token: str) -> _Voter:
        credential = self._keyring.credential_of(snapshot.contest, token)
        async with self._database.connection() as connection:
            asked = await self._asked(connection, snapshot, credential)
        if asked is None or snapshot.now() >= asked.until or asked.request.denied_at:
            raise NotAsked
        return asked

    async def _asked(self, connection: Connection, snapshot: ContestSnapshot, credential: Credential) -> _Voter | None:
        contest, rule = snapshot.contest, snapshot.contest.verification
        voter = self._keyring.voter(contest.id, snapshot.hash_key, credential.identity)
        voters = {voter}
        if snapshot.has_joined_voters:
            joined = await persons.select_joined(connection, contest.id, [voter])
            voters |= {*joined, *joined.values()}
        request = await confirmations.select(connection, contest.id, voters)
        if request is None or rule is None:
            return None
        until = max(contest.closes_at, request.due_at or contest.closes_at)
        return _Voter(request, rule.ways(request.channel), until)
