"""Records ballots in batches: judges each ballot, signs the batch once, and answers after the commit."""

from __future__ import annotations

import logging
import secrets
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import cycle
from typing import NamedTuple

import msgspec

from voting import telemetry
from voting.domain.ballots import ballot as rules
from voting.domain.ballots import merkle
from voting.domain.ballots.ballot import State
from voting.domain.ballots.leaf import SALTS_BYTES, leaf, parts, split_parts
from voting.domain.ballots.quota import (
    Bucket,
    Use,
    buckets,
    counted_since,
    exhausted,
    first_moment,
    remaining,
    spent,
    used,
)
from voting.domain.contest.contest import Contest
from voting.domain.contest.explain import explain_quota
from voting.domain.identity.tier import Tier
from voting.errors import ContestUnknown, KeyReused, Malformed, QuotaExhausted, TryAgain, VotingError
from voting.postgres import ballots as stored
from voting.postgres.ballots import Ask, BallotRow, BatchContext, BatchRow, SealedBatch, StoredBallot
from voting.postgres.database import CollidedError, Connection, Database, RowRefusedError
from voting.postgres.identity import persons
from voting.postgres.standby import Standby
from voting.services.ballots.remaining_quota import RemainingQuota, describe
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.identity.keyring import Keyring, receipt_text
from voting.services.identity.proof_of_work import Solved, Unsolved

CONCURRENT_BATCHES = 4
# The estimated database clock is off by less than this.
_CLOCKS_DIFFER = timedelta(minutes=1)
_JSON = msgspec.json.Encoder()


class RulesMovedError(Exception):
    """The contest has changed since it was read into memory."""


class UnprovenError(Exception):
    """The contest requires a solved challenge. The message, if any, says what was wrong with the one sent."""


class Ballot(NamedTuple):
    """A ballot to be cast, with what was judged without the database."""

    voter: bytes
    key: str
    picks: Sequence[str]
    facts: str
    """The observed facts, as JSON."""
    proof: Solved | Unsolved | None
    """The solved challenge; None if none is required."""
    state: State = "count"
    reasons: Sequence[str] = ()
    """Codes of voting.fraud.reasons.reasons that explain a hold."""
    tier: Tier = "issued"
    ask: Ask | None = None


class InLog(msgspec.Struct):
    """Where in the public log a ballot will stand: the number of its batch, and its place there."""

    batch: int
    place: int


class Answer(NamedTuple):
    """The answer to the voter as JSON, and whether it repeats an earlier answer."""

    text: bytes
    replayed: bool


Recorded = Answer | Exception


class BallotRecorder:
    """Records the ballots of one contest. `policy` is the SHA-256 of the policy that they are judged by."""

    def __init__(self, database: Database, standby: Standby, keyring: Keyring, policy: str, shards: int) -> None:
        self._database = database
        self._standby = standby
        self._keyring = keyring
        self._policy = policy
        self._remaining_quota = RemainingQuota()
        # Concurrent batches, also of other processes, lock different gates and tally rows, so they rarely wait.
        first = secrets.randbelow(shards)
        self._shards = cycle([(first + number) % shards for number in range(CONCURRENT_BATCHES)])

    async def record(self, snapshot: ContestSnapshot, ballots: Sequence[Ballot]) -> Sequence[Recorded]:
        """Records ballots and returns the outcome of each: an answer, a refusal, or UnprovenError.

        Raises TryAgain if the outcome is unknown, and RulesMovedError if the contest is not that of the snapshot any
        more. A repetition is safe, because committed ballots are found by their keys. If PostgreSQL refuses a row, or
        the ballots of a voter keep colliding with those in another process, the batch is halved to isolate it.
        """
        if not self._standby.commits_wait:
            raise TryAgain("no standby would have the ballots")
        try:
            return await self._database.run_with_retry(lambda connection: self._record(connection, snapshot, ballots))
        except RowRefusedError as error:
            if len(ballots) == 1:
                telemetry.POISON.inc()
                logging.getLogger("voting").warning("a ballot cannot be stored: %s", error)
                return [Malformed("the ballot holds something that cannot be stored")]
        except CollidedError:
            if len(ballots) == 1:
                return [TryAgain()]
        half = len(ballots) // 2
        return [*await self.record(snapshot, ballots[:half]), *await self.record(snapshot, ballots[half:])]

    async def _record(
        self, connection: Connection, snapshot: ContestSnapshot, ballots: Sequence[Ballot]
    ) -> Sequence[Recorded]:
        contest, joined = snapshot.contest, dict[bytes, bytes]()
        if snapshot.has_joined_voters:
            # Exact, though in a statement of its own: a later joining gives the contest another revision.
            joined = await persons.select_joined(connection, contest.id, {ballot.voter for ballot in ballots})
            ballots = [ballot._replace(voter=joined.get(ballot.voter, ballot.voter)) for ballot in ballots]
        keys = [(ballot.voter, ballot.key) for ballot in ballots]
        marks = [ballot.proof.mark for ballot in ballots if isinstance(ballot.proof, Solved)]
        since = first_moment(contest, snapshot.now() - _CLOCKS_DIFFER)
        context = await stored.read_context(connection, contest.id, keys, since, marks, joined)
        if context is None:
            return [ContestUnknown() for _ in ballots]
        if context.frozen:
            # The database lost what was published: what is recorded now might be lost by its recovery.
            return [TryAgain("the public log is frozen: `voting log status` says why") for _ in ballots]
        moments = counted_since(contest, context.now)
        if snapshot.revision != context.revision or min(moments, default=context.now) < since:
            raise RulesMovedError
        batch = Batch(snapshot, context, moments, self._remaining_quota.at(contest, context.revision, context.now))
        judged = [batch.judge(ballot) for ballot in ballots]
        answers = await self._store(connection, batch)
        earlier = [each for each in judged if isinstance(each, StoredBallot)]
        answers |= await _read_answers(connection, contest, earlier)
        return [
            each if isinstance(each, Exception) else Answer(answers[each.id], batch.is_repeated(ballot, each))
            for ballot, each in zip(ballots, judged, strict=True)
        ]

    async def _store(self, connection: Connection, batch: Batch) -> dict[uuid.UUID, bytes]:
        """Stores the rows with one signature. Returns the answers by ballot. Raises RulesMovedError."""
        contest, now = batch.snapshot.contest, batch.context.now
        rows = sorted(batch.rows.values(), key=lambda row: (row.voter, row.ordinal))
        if not rows:
            return {}
        sealed, paths = seal(self._keyring, contest.id, rows, now, self._policy)
        number = await stored.insert(
            connection,
            contest.id,
            rows,
            context=batch.context,
            closes_at=contest.closes_at,
            shard=next(self._shards),
            sealed=sealed,
        )
        if number is None:
            raise RulesMovedError
        recorded_at = now.astimezone(contest.zone)
        receipts = [receipt_text(*each, sealed.signature) for each in zip(sealed.leaves, paths, strict=True)]
        return {
            row.id: _answer(row.id, recorded_at, receipt, row.remaining, InLog(number, place))
            for place, (row, receipt) in enumerate(zip(rows, receipts, strict=True))
        }


@dataclass(slots=True)
class Batch:
    """Judges the ballots of a batch in order: each against the committed ballots and those before it in the batch."""

    snapshot: ContestSnapshot
    context: BatchContext
    counted_since: Sequence[datetime]
    """The first moment that each quota counts."""
    left: Callable[[Mapping[Bucket, Use]], str]
    """Returns the remaining quota as JSON for what was used."""
    rows: dict[tuple[bytes, str], BallotRow] = field(default_factory=dict)
    """The rows to store, by voter and key."""
    _made_for: dict[uuid.UUID, Ballot] = field(default_factory=dict)
    _wanted: dict[tuple[str, ...], dict[Bucket, int]] = field(default_factory=dict)
    """What picks take of the quotas: many voters pick the same."""
    _used: dict[bytes, dict[Bucket, Use]] = field(default_factory=dict)
    _ordinals: dict[bytes, int] = field(default_factory=dict)

    def judge(self, ballot: Ballot) -> BallotRow | StoredBallot | Exception:
        """Returns the row to store, the ballot stored earlier under the same key, or the refusal."""
        try:
            return self._earlier(ballot) or self._new(ballot)
        except (VotingError, UnprovenError) as error:
            return error
        except Exception as error:
            logging.getLogger("voting").exception("a ballot could not be judged")
            return error

    def is_repeated(self, ballot: Ballot, outcome: BallotRow | StoredBallot) -> bool:
        """Whether the outcome belongs to an earlier request: two requests with the same ballot get the same answer."""
        return self._made_for.get(outcome.id) is not ballot

    def _earlier(self, ballot: Ballot) -> BallotRow | StoredBallot | None:
        """Returns the earlier ballot under the same key, if any.

        Other picks are refused while a client may have mixed up two ballots. Later they are answered as the first was,
        so that nobody can try picks to learn what was voted for.
        """
        row: BallotRow | StoredBallot | None = self.rows.get((ballot.voter, ballot.key))
        for each in self.context.ballots.get(ballot.voter, ()):
            if each.key == ballot.key and self.context.now - each.recorded_at >= rules.KEY_REUSED:
                return each
            if each.key == ballot.key:
                row = each
        if row and not rules.same_picks(row.picks, ballot.picks):
            raise KeyReused
        return row

    def _new(self, ballot: Ballot) -> BallotRow:
        contest, now, voter = self.snapshot.contest, self.context.now, ballot.voter
        contest.check_window(now, self.context.paused)
        chosen = tuple(ballot.picks)
        wanted = self._wanted.get(chosen)
        if wanted is None:
            picks = rules.check_picks(contest.ballot, self.snapshot.entries, chosen)
            wanted = self._wanted[chosen] = buckets(contest, picks)
        challenge = self._unspent(ballot.proof)
        if voter not in self._used:
            before = self.context.ballots.get(voter, ())
            self._used[voter] = used(contest, self.snapshot.known_entries, before, self.counted_since)
            self._ordinals[voter] = before[-1].ordinal if before else 0
        if full := exhausted(contest, wanted, self._used[voter]):
            left = describe(contest, remaining(contest, self._used[voter], now))
            rule = explain_quota(contest.quotas[full[0].quota], contest, "en")
            raise QuotaExhausted(f"these picks would exceed a quota: {rule}", remaining=left)
        after = spent(self._used[voter], wanted, now)
        row = BallotRow(
            voter,
            self._ordinals[voter] + 1,
            ballot.key,
            uuid.uuid4(),
            ballot.picks,
            ballot.state,
            ballot.reasons,
            secrets.token_bytes(SALTS_BYTES),
            ballot.facts,
            self.left(after),
            challenge,
            ballot.tier,
            ballot.tier in contest.voters.apart,
            ballot.ask,
        )
        self.rows[voter, ballot.key], self._made_for[row.id] = row, ballot
        self._used[voter], self._ordinals[voter] = after, row.ordinal
        if challenge:
            self.context.spent.add(challenge[0])
        return row

    def _unspent(self, proof: Solved | Unsolved | None) -> tuple[bytes, datetime] | None:
        """Returns the challenge to be marked as spent with the ballot; a refused ballot spends none."""
        if proof is None:
            return None
        if isinstance(proof, Unsolved):
            raise UnprovenError(proof.why) if proof.why else UnprovenError
        if proof.mark in self.context.spent:
            raise UnprovenError("the challenge was used before")
        return proof.mark, proof.expires_at


async def _read_answers(
    connection: Connection, contest: Contest, ballots: Sequence[StoredBallot]
) -> dict[uuid.UUID, bytes]:
    """Returns the answers to earlier ballots, byte for byte as first sent."""
    if not ballots:
        return {}
    batches = await stored.read_batches(connection, contest.id, {ballot.batch for ballot in ballots})
    answers = {}
    for ballot in ballots:
        batch, place = batches[ballot.batch], ballot.place
        receipt = receipt_again(contest.id, ballot, batch)
        recorded_at = batch.recorded_at.astimezone(contest.zone)
        log = None if batch.parts is None else InLog(ballot.batch, place)
        answers[ballot.id] = _answer(ballot.id, recorded_at, receipt, batch.remaining[place], log)
    return answers


def receipt_again(contest: str, ballot: StoredBallot, batch: BatchRow) -> str:
    """Returns the receipt of an earlier ballot, byte for byte as first sent."""
    hashes = merkle.split(batch.leaves)
    _, paths = merkle.tree(hashes)
    part = None if batch.parts is None else split_parts(batch.parts, len(hashes))[ballot.place]
    statement = leaf(contest, str(ballot.id), batch.recorded_at, ballot.salt, ballot.picks, part)
    return receipt_text(statement, paths[ballot.place], batch.signature)


def seal(
    keyring: Keyring, contest: str, rows: Sequence[BallotRow], now: datetime, policy: str
) -> tuple[SealedBatch, list[bytes]]:
    """Returns the leaves of a batch, signed once, and the path of each to the root."""
    sealed = [parts(row.salts, (row.state, row.reasons, policy), row.voter, row.facts.encode()) for row in rows]
    leaves = [
        leaf(contest, str(row.id), now, row.salts, row.picks, part) for row, part in zip(rows, sealed, strict=True)
    ]
    hashes = [merkle.leaf_hash(each) for each in leaves]
    root, paths = merkle.tree(hashes)
    return SealedBatch(leaves, hashes, sealed, keyring.sign(root)), paths


def _answer(id: uuid.UUID, recorded_at: datetime, receipt: str, remaining: str, log: InLog | None) -> bytes:
    left = msgspec.Raw(remaining.encode())
    answer = {"ballot": id, "recorded_at": recorded_at, "receipt": receipt, "remaining": left}
    return _JSON.encode(answer if log is None else answer | {"log": log})
