"""Records ballots: many in one transaction, each judged by itself, durable before it is answered."""

from __future__ import annotations

import logging
import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import compress, cycle
from typing import Any, NamedTuple

import msgspec

from voting import telemetry
from voting.domain import ballot as rules
from voting.domain.ballot import Channel, Receipt
from voting.domain.contest import Contest, WindowPhase
from voting.domain.explain import explain_quota
from voting.domain.quota import Bucket, Remaining, Use, buckets, exhausted, remaining, renewals, spent
from voting.errors import (
    ContestPaused,
    ContestUnknown,
    KeyReused,
    Malformed,
    QuotaExhausted,
    VotingError,
    WindowClosed,
    WindowNotOpen,
)
from voting.postgres import ballots
from voting.postgres.ballots import SHARDS, BallotRow, Earlier, WindowRow
from voting.postgres.database import Connection, Database, RowRefusedError
from voting.services.catalogue import Listing
from voting.services.challenging import Solved, Unsolved
from voting.services.keyring import Keyring

BATCHES_AT_ONCE = 4


class Attempt(NamedTuple):
    """A ballot that a voter wants to cast, as judged by what is known outside the transaction."""

    listing: Listing
    voter: bytes
    channel: Channel | None
    key: str
    picks: Sequence[str]
    body_digest: bytes
    facts: str
    """What was observed, as JSON."""
    proof: Solved | Unsolved | None
    """The challenge; None where the contest asks for none."""


class Answer(NamedTuple):
    """What a voter is answered, as JSON, and whether it was answered before."""

    text: str
    replayed: bool


class RulesMovedError(Exception):
    """The contest changed after it was read into memory."""


class UnprovenError(Exception):
    """The contest asks for a challenge; the message, if any, says what was wrong with the one that was sent."""


Outcome = Answer | Exception


class Recording:
    """Records the ballots of one contest."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring
        # Batches at once, here and in other processes, add to different rows of the tally: they need not wait.
        first = secrets.randbelow(SHARDS)
        self._shards = cycle([(first + number) % SHARDS for number in range(BATCHES_AT_ONCE)])

    async def record(self, attempts: Sequence[Attempt]) -> Sequence[Outcome]:
        """What became of each, all of one contest. Raises TryAgain when the outcome is unknown.

        A replay is safe: the keys find what was committed. A row that PostgreSQL refuses is found by halving, so that
        its neighbours are kept.
        """
        try:
            return await self._database.transact(lambda tx: self._record(tx, attempts))
        except RowRefusedError as error:
            if len(attempts) == 1:
                telemetry.POISON.inc()
                logging.getLogger("voting").warning("a ballot cannot be stored: %s", error)
                return [Malformed("the ballot holds something that cannot be stored")]
        half = len(attempts) // 2
        return [*await self.record(attempts[:half]), *await self.record(attempts[half:])]

    async def _record(self, tx: Connection, attempts: Sequence[Attempt]) -> Sequence[Outcome]:
        channels: dict[bytes, str | None] = {}
        for attempt in attempts:
            channels[attempt.voter] = channels.get(attempt.voter) or attempt.channel
        window = await ballots.open_batch(tx, attempts[0].listing.contest.id, channels)
        if window is None:
            return [ContestUnknown() for _ in attempts]
        is_current = [attempt.listing.revision == window.revision for attempt in attempts]
        current = list(compress(attempts, is_current))
        judged = iter(await self._judge(tx, window, current) if current else ())
        return [next(judged) if is_it else RulesMovedError() for is_it in is_current]

    async def _judge(self, tx: Connection, window: WindowRow, attempts: Sequence[Attempt]) -> Sequence[Outcome]:
        contest = attempts[0].listing.contest
        keys = [(attempt.voter, attempt.key) for attempt in attempts]
        marks = [attempt.proof.mark for attempt in attempts if isinstance(attempt.proof, Solved)]
        earlier = await ballots.select_earlier(tx, contest, keys, marks, window.now)
        sheet = _Sheet(contest, window, earlier, self._keyring, renewals(contest, window.now))
        outcomes = [sheet.outcome(attempt) for attempt in attempts]
        if sheet.rows:
            await ballots.insert(tx, contest, sheet.rows, next(self._shards), window.now)
        return outcomes


@dataclass(slots=True)
class _Sheet:
    """The ballots of one batch, one after another: each meets what was committed and what came before it here."""

    contest: Contest
    window: WindowRow
    earlier: Earlier
    keyring: Keyring
    ends: tuple[datetime, ...]
    rows: list[BallotRow] = field(default_factory=list)

    def outcome(self, attempt: Attempt) -> Outcome:
        """The answer, or the error that is this ballot's alone."""
        try:
            return self._answer(attempt)
        except (VotingError, UnprovenError) as error:
            return error
        except Exception as error:
            logging.getLogger("voting").exception("a ballot could not be judged")
            return error

    def _answer(self, attempt: Attempt) -> Answer:
        if before := self.earlier.answers.get((attempt.voter, attempt.key)):
            if before[0] != attempt.body_digest:
                raise KeyReused
            return Answer(before[1], replayed=True)
        contest, now = self.contest, self.window.now
        _check_phase(contest, contest.phase(now, self.window.paused), self.window)
        picks = rules.check_picks(contest.ballot, attempt.listing.entries, attempt.picks)
        challenge = self._unspent(attempt.proof)
        wanted, used = buckets(contest, picks), self.earlier.used.get(attempt.voter, {})
        self._check_quotas(wanted, used)
        after = spent(used, wanted, now)
        row = self._row(attempt, wanted, used, remaining(contest, after, now, self.ends), challenge)
        self.rows.append(row)
        self.earlier.used[attempt.voter] = after
        self.earlier.answers[attempt.voter, attempt.key] = (row.body_digest, row.answer)
        if challenge:
            self.earlier.spent.add(challenge[0])
        return Answer(row.answer, replayed=False)

    def _unspent(self, proof: Solved | Unsolved | None) -> tuple[bytes, Any] | None:
        """What the ballot spends, in its own transaction: a refused ballot leaves its challenge unspent."""
        if proof is None:
            return None
        if isinstance(proof, Unsolved):
            raise UnprovenError(proof.why) if proof.why else UnprovenError
        if proof.mark in self.earlier.spent:
            raise UnprovenError("the challenge was used before")
        return proof.mark, proof.expires_at

    def _check_quotas(self, wanted: Mapping[Bucket, int], used: Mapping[Bucket, Use]) -> None:
        if full := exhausted(self.contest, wanted, used):
            left = describe(self.contest, remaining(self.contest, used, self.window.now))
            rule = explain_quota(self.contest.quotas[full[0].quota], self.contest, "en")
            raise QuotaExhausted(f"these picks would exceed a quota: {rule}", remaining=left)

    def _row(
        self,
        attempt: Attempt,
        wanted: Mapping[Bucket, int],
        used: Mapping[Bucket, Use],
        left: Remaining,
        challenge: tuple[bytes, Any] | None,
    ) -> BallotRow:
        contest, now, id, salt = self.contest, self.window.now, uuid.uuid4(), secrets.token_bytes(16)
        ballot = str(id)
        commitment = rules.commitment(salt, contest.id, ballot, attempt.picks)
        answer = {
            "ballot": ballot,
            "recorded_at": now.astimezone(contest.zone),
            "receipt": self.keyring.sign(Receipt(contest.id, ballot, now, commitment)),
            "remaining": describe(contest, left),
        }
        return BallotRow(
            voter=attempt.voter,
            key=attempt.key,
            id=id,
            body_digest=attempt.body_digest,
            picks=attempt.picks,
            state="count",
            salt=salt,
            answer=msgspec.json.encode(answer).decode(),
            facts=attempt.facts,
            slots=_numbered(wanted, used),
            challenge=challenge,
        )


def describe(contest: Contest, left: Remaining) -> dict[str, Any]:
    """The remaining quota, ready for JSON, times in the contest's time zone."""
    limits = [
        {
            "unit": limit.unit,
            "per": limit.per,
            "period": limit.period,
            "scope": limit.scope,
            "limit": limit.limit,
            "left": limit.left,
            "renews_at": limit.renews_at.astimezone(contest.zone),
        }
        for limit in left.limits
    ]
    return {"picks": left.picks, "limits": limits}


def _numbered(wanted: Mapping[Bucket, int], used: Mapping[Bucket, Use]) -> list[tuple[Bucket, int]]:
    """The next slots of each bucket, numbered from 1."""
    numbered = []
    for bucket, count in sorted(wanted.items()):
        first = used[bucket].taken + 1 if bucket in used else 1
        numbered += [(bucket, number) for number in range(first, first + count)]
    return numbered


def _check_phase(contest: Contest, phase: WindowPhase, window: WindowRow) -> None:
    refusals: dict[WindowPhase, type[VotingError]]
    refusals = {"not_open": WindowNotOpen, "closed": WindowClosed, "paused": ContestPaused}
    if phase in refusals:
        moments = (contest.opens_at, contest.closes_at, window.now)
        opens, closes, here = (moment.astimezone(contest.zone) for moment in moments)
        raise refusals[phase](opens_at=opens, closes_at=closes, server_time=here)
