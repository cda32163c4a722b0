"""Casts ballots: what can be judged without the database, then the batch that records them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

import msgspec

from voting import telemetry
from voting.domain.ballots import ballot as rules
from voting.domain.ballots.client import App, ClientFacts
from voting.errors import ChannelClosed, VotingError
from voting.fraud.facts.attempt import Client
from voting.fraud.facts.facts import Facts
from voting.fraud.online.scorecard import Judgement
from voting.redis.turns import Call, Use
from voting.services.ballots.batch import Answer, Attempt, UnprovenError
from voting.services.ballots.client_classes import ClientClasses
from voting.services.ballots.group_commit import GroupCommit
from voting.services.ballots.record import RulesMovedError
from voting.services.ballots.screen import Screening, Sighting, counted, read_counts
from voting.services.contests.contest_cache import ContestCache, ContestSnapshot
from voting.services.identity.keyring import TICKET_LIFETIME, Keyring, Ticket
from voting.services.identity.proof_of_work import ProofOfWork, Solved, Unsolved
from voting.services.rate_limits import RateLimits
from voting.services.tallies.projection import TallyProjection


class Submission(NamedTuple):
    """What a voter sent: the idempotency key, the picks and, for signals, what else the page knows."""

    key: str
    picks: Sequence[str]
    ticket: str | None
    client: Client | None
    challenge: str | None


class _Screened(NamedTuple):
    """What is known of a ballot before it is recorded."""

    facts: Facts
    judgement: Judgement
    proof: Solved | Unsolved | None


_JSON = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Casting:
    """Casts ballots."""

    contest_cache: ContestCache
    keyring: Keyring
    proof_of_work: ProofOfWork
    screening: Screening
    rate_limits: RateLimits
    group_commit: GroupCommit[Attempt, Answer]
    tally_projection: TallyProjection
    client_classes: ClientClasses

    async def cast(self, contest: str, token: str, submission: Submission, facts: ClientFacts) -> bytes:
        """The answer as JSON: the same bytes again for the same key and picks. Raises the contract's refusals."""
        try:
            answer = await self._cast(contest, token, submission, facts)
        except VotingError as error:
            _outcomes(error.code).inc()
            raise
        _outcomes("replayed" if answer.replayed else "recorded").inc()
        return answer.text.encode()

    async def _cast(self, contest: str, token: str, submission: Submission, facts: ClientFacts) -> Answer:
        snapshot = await self.contest_cache.get(contest)
        credential = self.keyring.credential_of(snapshot.contest, token)
        if (credential.channel or "issued") not in snapshot.contest.voters.channels:
            raise ChannelClosed
        voter = self.keyring.voter(contest, credential.identity)
        seen = Sighting(contest, voter.hex(), credential, self._ticket(snapshot, submission), submission.client, facts)
        screened = await self._screened(snapshot, seen, submission)
        judgement = screened.judgement
        held = judgement.response == "hold"
        attempt = Attempt(
            snapshot=snapshot,
            voter=voter,
            channel=credential.channel,
            key=submission.key,
            picks=submission.picks,
            body_digest=rules.body_digest(submission.picks),
            facts=_JSON.encode(screened.facts).decode(),
            proof=screened.proof,
            state="hold" if held else "count",
            reasons=judgement.reasons if held else (),
        )
        answer = await self._committed(attempt, self.screening.effort(judgement))
        if not answer.replayed:
            _clients(screened.facts.app).inc()
            if facts.agent:
                self.client_classes.note(contest, screened.facts.agent, facts.agent)
            self.tally_projection.mark(snapshot.uid, contest, submission.picks)
        return answer

    async def _screened(self, snapshot: ContestSnapshot, seen: Sighting, submission: Submission) -> _Screened:
        """What is judged here bears on a ballot that is new only: a replay gets its answer whatever it says."""
        now, picks = snapshot.now(), submission.picks
        facts = self.screening.observe(seen, now)
        call = Call((seen.voter, facts.address or seen.voter), counted(picks, seen.voter, facts), _use(seen, now))
        taken = await self.rate_limits.admit(snapshot.uid, call, now.timestamp())
        # Another voter's ticket is none: how long its holder has been reading is not known.
        reading = facts.reading if taken.is_first else None
        facts = msgspec.structs.replace(facts, reading=reading, counts=read_counts(taken.cells, picks))
        judgement = self.screening.judge(facts)
        if judgement.response != "challenge" and snapshot.contest.challenge.ask != "ballot":
            return _Screened(facts, judgement, None)
        # Checked here, for it takes a third of a millisecond: too long while the voters' rows are locked.
        proof = self.proof_of_work.judge(seen.contest, "ballot", submission.challenge, now)
        if isinstance(proof, Solved):
            solving = (now - proof.asked_at).total_seconds() * 1000
            facts = msgspec.structs.replace(facts, challenge_passed=True, challenge_ms=round(solving))
        return _Screened(facts, judgement, proof)

    def _ticket(self, snapshot: ContestSnapshot, submission: Submission) -> Ticket | None:
        if submission.ticket is None:
            return None
        return self.keyring.open_ticket(snapshot.contest.id, submission.ticket, snapshot.now())

    async def _committed(self, attempt: Attempt, effort: int) -> Answer:
        contest = attempt.snapshot.contest.id
        while True:
            try:
                return await self.group_commit.submit(contest, attempt)
            except RulesMovedError:
                attempt = attempt._replace(snapshot=await self.contest_cache.renew(contest))
            except UnprovenError as error:
                now = attempt.snapshot.now()
                refusal = await self.proof_of_work.required(contest, "ballot", now, str(error) or None, effort)
                raise refusal from None


def _use(seen: Sighting, now: datetime) -> Use | None:
    """The ticket is the voter's who uses it first; that is remembered as long as the ticket is good."""
    if seen.ticket is None:
        return None
    return Use(seen.ticket.name, seen.voter, (seen.ticket.issued_at + TICKET_LIFETIME - now).total_seconds())


@cache
def _outcomes(outcome: str) -> Any:
    """Found once: the library takes a lock for each look-up."""
    return telemetry.BALLOTS.labels(outcome)


@cache
def _clients(app: App) -> Any:
    return telemetry.CLIENTS.labels(app)
