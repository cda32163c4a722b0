"""Casts ballots: one transaction each, durable before it is answered."""

from __future__ import annotations

import secrets
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import msgspec

from voting import telemetry
from voting.domain import ballot as rules
from voting.domain.ballot import Receipt
from voting.domain.client import ClientFacts, network_of
from voting.domain.contest import Contest, WindowPhase
from voting.domain.credential import Credential
from voting.domain.explain import explain_quota
from voting.domain.quota import Bucket, Remaining, Use, buckets, exhausted, remaining, spent
from voting.errors import (
    ChannelClosed,
    ContestPaused,
    ContestUnknown,
    KeyReused,
    QuotaExhausted,
    VotingError,
    WindowClosed,
    WindowNotOpen,
)
from voting.postgres import ballots
from voting.postgres.ballots import BallotRow
from voting.postgres.database import Connection, Database
from voting.services.catalogue import Catalogue, Listing
from voting.services.challenging import Challenging, Solved
from voting.services.keyring import Keyring
from voting.services.mirroring import Mirroring


@dataclass(frozen=True, slots=True)
class Submission:
    """What a voter sent: the idempotency key, the picks and, for signals, what else the page knows."""

    key: str
    picks: Sequence[str]
    ticket: str | None
    client: dict[str, Any] | None
    challenge: str | None


@dataclass(frozen=True, slots=True)
class _Attempt:
    listing: Listing
    voter: bytes
    credential: Credential
    submission: Submission
    facts: ClientFacts


class _RulesMovedError(Exception):
    """The contest changed after it was read into memory."""


class Casting:
    """Casts ballots."""

    def __init__(
        self, database: Database, catalogue: Catalogue, keyring: Keyring, challenging: Challenging, mirroring: Mirroring
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._keyring = keyring
        self._challenging = challenging
        self._mirroring = mirroring

    async def cast(self, contest: str, token: str, submission: Submission, facts: ClientFacts) -> bytes:
        """The answer as JSON: the same bytes again for the same key and picks. Raises the contract's refusals."""
        begun = time.perf_counter()
        try:
            answer, outcome = await self._cast(contest, token, submission, facts)
        except VotingError as error:
            telemetry.BALLOTS.labels(error.code).inc()
            raise
        telemetry.BALLOTS.labels(outcome).inc()
        telemetry.CASTING_SECONDS.observe(time.perf_counter() - begun)
        return answer.encode()

    async def _cast(self, contest: str, token: str, submission: Submission, facts: ClientFacts) -> tuple[str, str]:
        listing = await self._catalogue.get(contest)
        credential = self._keyring.open_credential(contest, token)
        if (credential.channel or "issued") not in listing.contest.voters.channels:
            raise ChannelClosed
        voter = self._keyring.voter(contest, credential.identity)
        while True:
            try:
                return await self._attempt(_Attempt(listing, voter, credential, submission, facts))
            except _RulesMovedError:
                listing = await self._catalogue.renew(contest)

    async def _attempt(self, attempt: _Attempt) -> tuple[str, str]:
        listing, picks = attempt.listing, attempt.submission.picks
        answer, recorded = await self._database.transact(lambda tx: self._record(tx, attempt))
        if not recorded:
            return answer, "replayed"
        telemetry.CLIENTS.labels(attempt.facts.app).inc()
        self._mirroring.mark(listing.uid, listing.contest.id, picks)
        return answer, "recorded"

    async def _record(self, tx: Connection, attempt: _Attempt) -> tuple[str, bool]:
        """The answer, and whether this call recorded the ballot. Replays safely: the key finds what was committed."""
        contest, submission = attempt.listing.contest, attempt.submission
        window = await ballots.share_window(tx, contest.id)
        if window is None:
            raise ContestUnknown
        if window.revision != attempt.listing.revision:
            raise _RulesMovedError
        await ballots.lock_voter(tx, contest.id, attempt.voter, attempt.credential.channel, window.now)
        digest = rules.body_digest(submission.picks)
        if earlier := await ballots.select_by_key(tx, contest.id, attempt.voter, submission.key):
            return _same_answer(earlier, digest), False
        _check_phase(contest, contest.phase(window.now, window.paused), window.now)
        picks = rules.check_picks(contest.ballot, attempt.listing.entries, submission.picks)
        solved = self._solved_challenge(contest, submission.challenge, window.now)
        wanted = buckets(contest, picks)
        used = await self._used(tx, attempt, wanted, window.now)
        await self._spend(tx, contest, solved, window.now)
        row = self._ballot(attempt, digest, remaining(contest, spent(used, wanted, window.now), window.now), window.now)
        await ballots.insert(tx, contest, row, wanted, used)
        return row.answer, True

    async def _used(
        self, tx: Connection, attempt: _Attempt, wanted: Counter[Bucket], now: datetime
    ) -> dict[Bucket, Use]:
        contest = attempt.listing.contest
        used = await ballots.select_used(tx, contest, attempt.voter, now)
        if full := exhausted(contest, wanted, used):
            quota = contest.quotas[full[0].quota]
            left = describe(contest, remaining(contest, used, now))
            rule = explain_quota(quota, contest, "en")
            raise QuotaExhausted(f"these picks would exceed a quota: {rule}", remaining=left)
        return used

    def _solved_challenge(self, contest: Contest, challenge: str | None, now: datetime) -> Solved | None:
        if contest.challenge.ask != "ballot":
            return None
        return self._challenging.check(contest.id, "ballot", challenge, now)

    async def _spend(self, tx: Connection, contest: Contest, solved: Solved | None, now: datetime) -> None:
        """In the ballot's own transaction: a refused ballot leaves its challenge unspent."""
        if solved and not await ballots.spend_challenge(tx, contest.id, solved.mark, solved.expires_at):
            raise self._challenging.required(contest.id, "ballot", now, "the challenge was used before")

    def _ballot(self, attempt: _Attempt, digest: bytes, left: Remaining, now: datetime) -> BallotRow:
        contest, picks = attempt.listing.contest, attempt.submission.picks
        ballot, salt = uuid.uuid4(), secrets.token_bytes(16)
        commitment = rules.commitment(salt, contest.id, str(ballot), picks)
        receipt = self._keyring.sign(Receipt(contest.id, str(ballot), now, commitment))
        answer = {
            "ballot": str(ballot),
            "recorded_at": now.astimezone(contest.zone),
            "receipt": receipt,
            "remaining": describe(contest, left),
        }
        return BallotRow(
            voter=attempt.voter,
            key=attempt.submission.key,
            id=ballot,
            body_digest=digest,
            picks=picks,
            state="count",
            recorded_at=now,
            salt=salt,
            answer=msgspec.json.encode(answer).decode(),
            facts=self._facts(attempt),
        )

    def _facts(self, attempt: _Attempt) -> str:
        """What was observed, as JSON; addresses as keyed hashes only."""
        contest, facts, submission = attempt.listing.contest.id, attempt.facts, attempt.submission
        address = facts.address
        observed = {
            "channel": attempt.credential.channel,
            "credential_issued_at": attempt.credential.issued_at,
            "opened_at": self._keyring.open_ticket(contest, submission.ticket) if submission.ticket else None,
            "app": facts.app,
            "browser": facts.browser,
            "os": facts.os,
            "device": facts.device,
            "address": self._keyring.hashed(contest, "address", str(address)) if address else None,
            "network": self._keyring.hashed(contest, "network", network_of(address)) if address else None,
            "client": submission.client,
        }
        return msgspec.json.encode({name: value for name, value in observed.items() if value is not None}).decode()


def describe(contest: Contest, left: Remaining) -> dict[str, Any]:
    """The remaining quota, ready for JSON, times in the contest's time zone."""
    limits = [asdict(limit) | {"renews_at": limit.renews_at.astimezone(contest.zone)} for limit in left.limits]
    return {"picks": left.picks, "limits": limits}


def _same_answer(earlier: tuple[bytes, str], digest: bytes) -> str:
    body_digest, answer = earlier
    if body_digest != digest:
        raise KeyReused
    return answer


def _check_phase(contest: Contest, phase: WindowPhase, now: datetime) -> None:
    refusals: dict[WindowPhase, type[VotingError]]
    refusals = {"not_open": WindowNotOpen, "closed": WindowClosed, "paused": ContestPaused}
    if phase in refusals:
        opens, closes, here = (moment.astimezone(contest.zone) for moment in (contest.opens_at, contest.closes_at, now))
        raise refusals[phase](opens_at=opens, closes_at=closes, server_time=here)
