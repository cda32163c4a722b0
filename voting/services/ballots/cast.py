"""Casts ballots in batches: judges what needs no database, then records."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Annotated, Any, NamedTuple

import msgspec

from voting import telemetry
from voting.domain.ballots.client import ClientFacts
from voting.domain.identity.credential import Credential
from voting.domain.identity.tier import tier_of
from voting.errors import ChannelClosed, SlowDown, TryAgain, VotingError
from voting.fraud.facts.attempt import Client, Sighting
from voting.fraud.facts.facts import Facts
from voting.redis.turns import Call, Taken, Use
from voting.services.ballots.client_classes import ClientClasses
from voting.services.ballots.group_commit import GroupCommit, Waiting
from voting.services.ballots.record import Answer, Ballot, BallotRecorder, Recorded, RulesMovedError, UnprovenError
from voting.services.ballots.screen import Screening, counted, read_counts
from voting.services.contests.contest_cache import ContestCache, ContestSnapshot
from voting.services.identity.confirmations import ask
from voting.services.identity.keyring import TICKET_LIFETIME, Keyring, Ticket
from voting.services.identity.proof_of_work import ProofOfWork, Solved
from voting.services.rate_limits import RateLimits
from voting.services.tallies.activity import Activities
from voting.services.tallies.projection import TallyProjection

_CODE = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class CastBallot(msgspec.Struct, forbid_unknown_fields=True):
    """`entries` are the picks. The other fields are optional and have no effect if absent."""

    entries: Annotated[list[_CODE], msgspec.Meta(min_length=1, max_length=1000)]
    ticket: str | None = None
    client: dict[str, Any] | None = None
    challenge: str | None = None


class BallotRequest(NamedTuple):
    """A ballot as it was sent: the voter's credential, the idempotency key, the body, and the client."""

    token: str
    key: str
    body: CastBallot
    client: ClientFacts


class _Observed(NamedTuple):
    """A request with what was observed of it, before it is counted."""

    voter: bytes
    credential: Credential
    ticket: Ticket | None
    facts: Facts


Outcome = Answer | Exception
_JSON = msgspec.json.Encoder()
# Cached: the library takes a lock for each look-up.
_outcomes = cache(telemetry.BALLOTS.labels)
_clients = cache(telemetry.CLIENTS.labels)
# The rules may change while a batch is judged, but not again and again.
MOST_RENEWALS = 5
_ACCEPTED = {"recorded", "replayed"}


class Casting:
    """Casts ballots: the requests of one contest that arrive together are judged and recorded as one batch."""

    def __init__(  # noqa: PLR0913 (the parts of a ballot's path)
        self,
        *,
        contest_cache: ContestCache,
        keyring: Keyring,
        screening: Screening,
        rate_limits: RateLimits,
        recorder: BallotRecorder,
        tally_projection: TallyProjection,
        client_classes: ClientClasses,
        activities: Activities,
        most: int,
        at_once: int,
        collect: float,
    ) -> None:
        self._contest_cache = contest_cache
        self._keyring = keyring
        self._proof_of_work = ProofOfWork(keyring)
        self._screening = screening
        self._rate_limits = rate_limits
        self._recorder = recorder
        self._tally_projection = tally_projection
        self._client_classes = client_classes
        self._activities = activities
        self._group_commit = GroupCommit(self._cast, most, at_once, collect, self._refuse)

    async def cast(self, contest: str, request: BallotRequest) -> bytes:
        """Returns the answer as JSON, the same bytes for the same key and picks. Raises the contract's refusals."""
        # A contest that does not exist takes no place in the queue.
        await self._contest_cache.get(contest)
        return (await self._group_commit.result(contest, request)).text

    def begin(
        self, contest: str, request: BallotRequest, done: Callable[[Outcome], None]
    ) -> Waiting[BallotRequest, Answer]:
        """Casts without a task: `done` gets the answer or the refusal, unless what is returned is abandoned before.

        Raises TryAgain.
        """
        return self._group_commit.submit(contest, request, done)

    def note_refused(self, contest: str, code: str) -> None:
        """Counts a ballot that was refused before it came here."""
        self._activities.note_refused(contest, {code: 1})

    async def drain(self) -> None:
        """Waits for the ballots under way, at the end of the process."""
        await self._group_commit.drain()

    def _refuse(self, contest: str) -> None:
        """Counts a ballot for which the queue is too long, or that waited in it until its request ended."""
        _outcomes(TryAgain.code).inc()
        self.note_refused(contest, TryAgain.code)

    async def _cast(self, contest: str, requests: Sequence[BallotRequest]) -> list[Outcome]:
        """Returns the outcome of each request."""
        try:
            outcomes = await self._outcomes(await self._contest_cache.get(contest), requests)
        except Exception as error:
            outcomes = [error] * len(requests)
        # Once for each kind: the library's counters are shared with other processes, and slow.
        names = Counter(map(_name, outcomes))
        for name, count in names.items():
            _outcomes(name).inc(count)
        self._activities.note_refused(contest, {name: names[name] for name in names.keys() - _ACCEPTED})
        return outcomes

    async def _outcomes(self, snapshot: ContestSnapshot, requests: Sequence[BallotRequest]) -> list[Outcome]:
        outcomes: dict[int, Outcome] = {}
        now = snapshot.now()
        observed: dict[int, _Observed] = {}
        for number, request in enumerate(requests):
            try:
                observed[number] = self._observe(snapshot, request, now)
            except Exception as error:
                outcomes[number] = error
        calls = [_call(each, requests[number].body.entries, now) for number, each in observed.items()]
        admitted = await self._rate_limits.admit_all(snapshot.uid, calls, now.timestamp()) if calls else []
        ballots: dict[int, Ballot] = {}
        efforts: dict[int, int] = {}
        for (number, each), taken in zip(observed.items(), admitted, strict=True):
            if isinstance(taken, SlowDown):
                outcomes[number] = taken
                continue
            try:
                ballots[number], efforts[number] = self._judge(snapshot, requests[number], each, taken, now)
            except Exception as error:
                outcomes[number] = error
        recorded = await self._record(snapshot, list(ballots.values())) if ballots else []
        made: list[tuple[BallotRequest, Facts]] = []
        unproven: dict[int, UnprovenError] = {}
        for number, result in zip(ballots, recorded, strict=True):
            if isinstance(result, UnprovenError):
                unproven[number] = result
            else:
                outcomes[number] = result
            if isinstance(result, Answer) and not result.replayed:
                made.append((requests[number], observed[number].facts))
        # What is recorded is answered, whatever becomes of this.
        refusals = (self._challenged(snapshot, each, efforts[number]) for number, each in unproven.items())
        outcomes |= zip(unproven, await asyncio.gather(*refusals), strict=True)
        self._note(snapshot, made)
        return [outcomes[number] for number in range(len(requests))]

    def _observe(self, snapshot: ContestSnapshot, request: BallotRequest, now: datetime) -> _Observed:
        """Returns who votes and what was observed. Raises CredentialInvalid or ChannelClosed."""
        contest, body, client = snapshot.contest.id, request.body, request.client
        credential = self._keyring.credential_of(snapshot.contest, request.token)
        if credential.channel not in snapshot.contest.voters.channels:
            raise ChannelClosed
        voter = self._keyring.voter(contest, snapshot.hash_key, credential.identity)
        ticket = self._keyring.open_ticket(contest, body.ticket, now) if body.ticket else None
        # The token of a web voter is stored by the browser itself, so its age is that of the device.
        is_device = credential.channel == "web"
        sighting = Sighting(
            at=now,
            channel=None if credential.channel == "issued" else credential.channel,
            device=voter.hex() if is_device else None,
            device_issued_at=credential.issued_at if is_device else None,
            opened_at=ticket.issued_at if ticket else None,
            ip=client.address,
            user_agent=client.agent,
            headers=client.headers,
            client=_reported(body.client),
            risk=self._keyring.risk(contest, credential),
        )
        return _Observed(voter, credential, ticket, self._screening.observe(contest, snapshot.hash_key, sighting))

    def _judge(
        self, snapshot: ContestSnapshot, request: BallotRequest, observed: _Observed, taken: Taken, now: datetime
    ) -> tuple[Ballot, int]:
        """Returns the ballot to be recorded, and the effort of a challenge if it takes one.

        The screening affects new ballots only; a replay gets the stored answer.
        """
        picks = request.body.entries
        # Another voter's ticket says nothing about the reading time of this one.
        reading = observed.facts.reading if taken.is_first else None
        facts = msgspec.structs.replace(observed.facts, reading=reading, counts=read_counts(taken.cells, picks))
        judgement = self._screening.judge(facts)
        proof = None
        if judgement.response == "challenge" or snapshot.contest.challenge.ask == "ballot":
            proof = self._proof_of_work.judge(snapshot.contest.id, "ballot", request.body.challenge, now)
            if isinstance(proof, Solved):
                solving = (now - proof.asked_at).total_seconds() * 1000
                facts = msgspec.structs.replace(facts, challenge_passed=True, challenge_ms=round(solving))
        held = judgement.response == "hold"
        ballot = Ballot(
            voter=observed.voter,
            key=request.key,
            picks=picks,
            facts=_JSON.encode(facts).decode(),
            proof=proof,
            state="hold" if held else "count",
            reasons=judgement.reasons if held else (),
            tier=tier_of(observed.credential.channel, is_rated=observed.credential.veiled_risk is not None),
            ask=ask(self._keyring, snapshot, observed.credential, facts, picks),
        )
        return ballot, self._screening.effort(judgement)

    async def _record(self, snapshot: ContestSnapshot, ballots: Sequence[Ballot]) -> Sequence[Recorded]:
        for _ in range(MOST_RENEWALS):
            try:
                return await self._recorder.record(snapshot, ballots)
            except RulesMovedError:
                snapshot = await self._contest_cache.renew(snapshot.contest.id)
        raise TryAgain

    async def _challenged(self, snapshot: ContestSnapshot, unproven: UnprovenError, effort: int) -> Exception:
        """Returns the refusal with a challenge."""
        contest, why = snapshot.contest.id, str(unproven) or None
        try:
            return await self._proof_of_work.required(contest, "ballot", snapshot.now(), why, effort)
        except Exception as error:
            return error

    def _note(self, snapshot: ContestSnapshot, made: Sequence[tuple[BallotRequest, Facts]]) -> None:
        """Notes new ballots for the metrics, the classes of clients and the live tally."""
        for app, count in Counter([facts.app for _, facts in made]).items():
            _clients(app).inc(count)
        for request, facts in made:
            if request.client.agent:
                self._client_classes.note(snapshot.contest.id, facts.agent, request.client.agent)
        if picks := {code for request, _ in made for code in request.body.entries}:
            self._tally_projection.mark(snapshot.uid, snapshot.contest.id, picks)


def _name(outcome: Outcome) -> str:
    """Returns the label of an outcome."""
    if isinstance(outcome, Answer):
        return "replayed" if outcome.replayed else "recorded"
    return outcome.code if isinstance(outcome, VotingError) else VotingError.code


def _call(observed: _Observed, picks: Sequence[str], now: datetime) -> Call:
    """Returns what a ballot takes of the rates and adds to the counters."""
    voter, facts, ticket = observed.voter.hex(), observed.facts, observed.ticket
    # A ticket belongs to the voter who uses it first; this is stored until the ticket expires.
    use = Use(ticket.name, voter, (ticket.issued_at + TICKET_LIFETIME - now).total_seconds()) if ticket else None
    return Call((voter, facts.address or voter), counted(picks, voter, facts), use)


def _reported(client: dict[str, Any] | None) -> Client | None:
    """Returns the reported values of the documented shape; a wrong signal is no reason to refuse a ballot."""
    if client is None:
        return None
    screen, timezone, platform = (_text(client.get(name), 100) for name in ("screen", "timezone", "platform"))
    languages, dpr = client.get("languages"), client.get("dpr")
    read = [value for value in languages[:10] if _text(value, 40)] if isinstance(languages, list) else None
    ratio = float(dpr) if isinstance(dpr, (int, float)) and 0 < dpr < 100 else None
    return Client(screen, ratio, read, timezone, platform)


def _text(value: object, most: int) -> str | None:
    return value if isinstance(value, str) and len(value) <= most else None
