"""Casts ballots: judges what needs no database, then submits the ballot to the batch that records it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Annotated, Any

import msgspec

from voting import telemetry
from voting.domain.ballots.client import ClientFacts
from voting.errors import ChannelClosed, TryAgain, VotingError
from voting.fraud.facts.attempt import Client, Sighting
from voting.fraud.facts.facts import Facts
from voting.redis.turns import Call, Use
from voting.services.ballots.client_classes import ClientClasses
from voting.services.ballots.group_commit import GroupCommit
from voting.services.ballots.record import Answer, Ballot, RulesMovedError, UnprovenError
from voting.services.ballots.screen import Screening, counted, read_counts
from voting.services.contests.contest_cache import ContestCache, ContestSnapshot
from voting.services.identity.keyring import TICKET_LIFETIME, Keyring, Ticket
from voting.services.identity.proof_of_work import ProofOfWork, Solved
from voting.services.rate_limits import RateLimits
from voting.services.tallies.projection import TallyProjection

_CODE = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class CastBallot(msgspec.Struct, forbid_unknown_fields=True):
    """`entries` are the picks. The other fields are optional and have no effect if absent."""

    entries: Annotated[list[_CODE], msgspec.Meta(min_length=1, max_length=1000)]
    ticket: str | None = None
    client: dict[str, Any] | None = None
    challenge: str | None = None


_JSON = msgspec.json.Encoder()
# Cached: the library takes a lock for each look-up.
_outcomes = cache(telemetry.BALLOTS.labels)
_clients = cache(telemetry.CLIENTS.labels)
# The rules may change while a ballot is judged, but not again and again.
MOST_RENEWALS = 5


@dataclass(frozen=True, slots=True)
class Casting:
    """Casts ballots."""

    contest_cache: ContestCache
    keyring: Keyring
    proof_of_work: ProofOfWork
    screening: Screening
    rate_limits: RateLimits
    group_commit: GroupCommit[Ballot, Answer]
    tally_projection: TallyProjection
    client_classes: ClientClasses

    async def cast(self, contest: str, token: str, key: str, request: CastBallot, client: ClientFacts) -> bytes:
        """Returns the answer as JSON, the same bytes for the same key and picks. Raises the contract's refusals."""
        try:
            answer = await self._cast(contest, token, key, request, client)
        except VotingError as error:
            _outcomes(error.code).inc()
            raise
        _outcomes("replayed" if answer.replayed else "recorded").inc()
        return answer.text

    async def _cast(self, contest: str, token: str, key: str, request: CastBallot, client: ClientFacts) -> Answer:
        snapshot = await self.contest_cache.get(contest)
        credential = self.keyring.credential_of(snapshot.contest, token)
        if credential.channel not in snapshot.contest.voters.channels:
            raise ChannelClosed
        voter, now = self.keyring.voter(contest, credential.identity), snapshot.now()
        ticket = self.keyring.open_ticket(contest, request.ticket, now) if request.ticket else None
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
            client=_reported(request.client),
        )
        # The screening affects new ballots only; a replay gets the stored answer.
        facts = self.screening.observe(contest, sighting)
        facts = await self._counted(snapshot, voter.hex(), request.entries, ticket, facts, now)
        judgement = self.screening.judge(facts)
        proof = None
        if judgement.response == "challenge" or snapshot.contest.challenge.ask == "ballot":
            # Checked before the batch, because it takes a third of a millisecond.
            proof = self.proof_of_work.judge(contest, "ballot", request.challenge, now)
            if isinstance(proof, Solved):
                solving = (now - proof.asked_at).total_seconds() * 1000
                facts = msgspec.structs.replace(facts, challenge_passed=True, challenge_ms=round(solving))
        held = judgement.response == "hold"
        ballot = Ballot(
            snapshot=snapshot,
            voter=voter,
            key=key,
            picks=request.entries,
            facts=_JSON.encode(facts).decode(),
            proof=proof,
            state="hold" if held else "count",
            reasons=judgement.reasons if held else (),
        )
        answer = await self._recorded(ballot, self.screening.effort(judgement))
        if not answer.replayed:
            _clients(facts.app).inc()
            if client.agent:
                self.client_classes.note(contest, facts.agent, client.agent)
            self.tally_projection.mark(snapshot.uid, contest, request.entries)
        return answer

    async def _counted(
        self,
        snapshot: ContestSnapshot,
        voter: str,
        picks: Sequence[str],
        ticket: Ticket | None,
        facts: Facts,
        now: datetime,
    ) -> Facts:
        """Returns the facts with the counts of similar ballots. Raises SlowDown if a rate limit is exceeded."""
        # A ticket belongs to the voter who uses it first; this is stored until the ticket expires.
        until = ticket.issued_at + TICKET_LIFETIME - now if ticket else None
        use = Use(ticket.name, voter, until.total_seconds()) if ticket and until else None
        call = Call((voter, facts.address or voter), counted(picks, voter, facts), use)
        taken = await self.rate_limits.admit(snapshot.uid, call, now.timestamp())
        # Another voter's ticket says nothing about the reading time of this one.
        reading = facts.reading if taken.is_first else None
        return msgspec.structs.replace(facts, reading=reading, counts=read_counts(taken.cells, picks))

    async def _recorded(self, ballot: Ballot, effort: int) -> Answer:
        contest = ballot.snapshot.contest.id
        for _ in range(MOST_RENEWALS):
            try:
                return await self.group_commit.submit(contest, ballot)
            except RulesMovedError:
                ballot = ballot._replace(snapshot=await self.contest_cache.renew(contest))
            except UnprovenError as error:
                now = ballot.snapshot.now()
                refusal = await self.proof_of_work.required(contest, "ballot", now, str(error) or None, effort)
                raise refusal from None
        raise TryAgain


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
