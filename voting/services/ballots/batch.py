"""The ballots of one batch, judged one after another: each meets what was committed, and what came before it here."""

from __future__ import annotations

import logging
import secrets
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import msgspec

from voting.domain.ballots import ballot as rules
from voting.domain.ballots.ballot import Receipt, State
from voting.domain.ballots.quota import Bucket, Use, buckets, exhausted, remaining, spent
from voting.domain.contest.contest import Contest
from voting.domain.contest.explain import explain_quota
from voting.domain.identity.channel import Channel
from voting.errors import KeyReused, QuotaExhausted, VotingError
from voting.postgres.ballots import BallotRow, Earlier, WindowRow
from voting.services.ballots.remaining_quota import describe
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.identity.keyring import Keyring
from voting.services.identity.proof_of_work import Solved, Unsolved

_JSON = msgspec.json.Encoder()


class Attempt(NamedTuple):
    """A ballot that a voter wants to cast, as judged by what is known outside the transaction."""

    snapshot: ContestSnapshot
    voter: bytes
    channel: Channel | None
    key: str
    picks: Sequence[str]
    body_digest: bytes
    facts: str
    """What was observed, as JSON."""
    proof: Solved | Unsolved | None
    """The challenge; None where none is asked for."""
    state: State = "count"
    reasons: Sequence[str] = ()
    """Codes of voting.fraud.reasons.reasons: why it is held."""


class Answer(NamedTuple):
    """What a voter is answered, as JSON, and whether it was answered before."""

    text: str
    replayed: bool


class UnprovenError(Exception):
    """The contest asks for a challenge; the message, if any, says what was wrong with the one that was sent."""


Outcome = Answer | Exception


class _Draft(NamedTuple):
    """A ballot that is to be stored, before it has its receipt."""

    attempt: Attempt
    slots: Sequence[tuple[Bucket, int]]
    challenge: tuple[bytes, datetime] | None
    remaining: msgspec.Raw


@dataclass(slots=True)
class Batch:
    """What is judged together, at one moment."""

    contest: Contest
    window: WindowRow
    earlier: Earlier
    keyring: Keyring
    tell: Callable[[Mapping[Bucket, Use]], msgspec.Raw]
    """The JSON of what remains, by what was used."""
    rows: list[BallotRow] = field(default_factory=list)
    """What is to be stored, once it was judged."""
    _drafts: dict[tuple[bytes, str], _Draft] = field(default_factory=dict)

    def judge(self, attempts: Sequence[Attempt]) -> Sequence[Outcome]:
        """The answer to each, or the error that is this ballot's alone."""
        judged = [self._judged(attempt) for attempt in attempts]
        self.rows = self._sealed(list(self._drafts.values()))
        texts = {(row.voter, row.key): row.answer for row in self.rows}
        return [
            # Of two of the same ballot the first is recorded, and both get its answer.
            Answer(texts[attempt.voter, attempt.key], replayed=found.attempt is not attempt)
            if isinstance(found, _Draft)
            else found
            for attempt, found in zip(attempts, judged, strict=True)
        ]

    def _judged(self, attempt: Attempt) -> _Draft | Outcome:
        try:
            return self._before(attempt) or self._drafted(attempt)
        except (VotingError, UnprovenError) as error:
            return error
        except Exception as error:
            logging.getLogger("voting").exception("a ballot could not be judged")
            return error

    def _before(self, attempt: Attempt) -> _Draft | Answer | None:
        """What became of an earlier ballot under the same key.

        Another body is refused while a client may have mixed up two ballots. Later it is answered as the first was, so
        that nobody can try bodies to learn what was voted for.
        """
        key = attempt.voter, attempt.key
        if stored := self.earlier.answers.get(key):
            is_new = self.window.now - stored.recorded_at < rules.KEY_REUSED
            if is_new and stored.body_digest != attempt.body_digest:
                raise KeyReused
            return Answer(stored.answer, replayed=True)
        draft = self._drafts.get(key)
        if draft and draft.attempt.body_digest != attempt.body_digest:
            raise KeyReused
        return draft

    def _drafted(self, attempt: Attempt) -> _Draft:
        contest, now = self.contest, self.window.now
        contest.check_window(now, self.window.paused)
        picks = rules.check_picks(contest.ballot, attempt.snapshot.entries, attempt.picks)
        challenge = self._unspent(attempt.proof)
        wanted, used = buckets(contest, picks), self.earlier.used.get(attempt.voter, {})
        self._check_quotas(wanted, used)
        after = spent(used, wanted, now)
        draft = _Draft(attempt, _numbered(wanted, used), challenge, self.tell(after))
        self._drafts[attempt.voter, attempt.key] = draft
        self.earlier.used[attempt.voter] = after
        if challenge:
            self.earlier.spent.add(challenge[0])
        return draft

    def _unspent(self, proof: Solved | Unsolved | None) -> tuple[bytes, datetime] | None:
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

    def _sealed(self, drafts: Sequence[_Draft]) -> list[BallotRow]:
        """The rows of the drafts, with their receipts: one signature for all."""
        if not drafts:
            return []
        contest, now = self.contest, self.window.now
        ids = [uuid.uuid4() for _ in drafts]
        salts = [secrets.token_bytes(16) for _ in drafts]
        receipts = [
            Receipt(contest.id, str(id), now, rules.commitment(salt, contest.id, str(id), draft.attempt.picks))
            for id, salt, draft in zip(ids, salts, drafts, strict=True)
        ]
        signed, recorded_at = self.keyring.sign(receipts), now.astimezone(contest.zone)
        return [
            _row(draft, id, salt, {"ballot": id, "recorded_at": recorded_at, "receipt": receipt})
            for id, salt, draft, receipt in zip(ids, salts, drafts, signed, strict=True)
        ]


def _row(draft: _Draft, id: uuid.UUID, salt: bytes, answer: dict[str, object]) -> BallotRow:
    attempt = draft.attempt
    answer["remaining"] = draft.remaining
    return BallotRow(
        voter=attempt.voter,
        key=attempt.key,
        id=id,
        body_digest=attempt.body_digest,
        picks=attempt.picks,
        state=attempt.state,
        reasons=attempt.reasons,
        salt=salt,
        answer=_JSON.encode(answer).decode(),
        facts=attempt.facts,
        slots=draft.slots,
        challenge=draft.challenge,
    )


def _numbered(wanted: Mapping[Bucket, int], used: Mapping[Bucket, Use]) -> list[tuple[Bucket, int]]:
    """The next slots of each bucket, numbered from 1."""
    numbered = []
    for bucket, count in sorted(wanted.items()):
        first = used[bucket].taken + 1 if bucket in used else 1
        numbered += [(bucket, number) for number in range(first, first + count)]
    return numbered
