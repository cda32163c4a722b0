"""Casts ballots: what can be judged without the database, then the batch that records them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from voting import telemetry
from voting.domain import ballot as rules
from voting.domain.client import ClientFacts, network_of
from voting.domain.credential import Credential
from voting.errors import ChannelClosed, VotingError
from voting.services.catalogue import Catalogue, Listing
from voting.services.challenging import Challenging, Solved, Unsolved
from voting.services.committing import Committing
from voting.services.keyring import Keyring
from voting.services.limiting import Limiting
from voting.services.mirroring import Mirroring
from voting.services.recording import Answer, Attempt, RulesMovedError, UnprovenError


class Submission(NamedTuple):
    """What a voter sent: the idempotency key, the picks and, for signals, what else the page knows."""

    key: str
    picks: Sequence[str]
    ticket: str | None
    client: dict[str, Any] | None
    challenge: str | None


_JSON = msgspec.json.Encoder()


class Casting:
    """Casts ballots."""

    def __init__(
        self,
        catalogue: Catalogue,
        keyring: Keyring,
        challenging: Challenging,
        limiting: Limiting,
        committing: Committing[Attempt, Answer],
        mirroring: Mirroring,
    ) -> None:
        self._catalogue = catalogue
        self._keyring = keyring
        self._challenging = challenging
        self._limiting = limiting
        self._committing = committing
        self._mirroring = mirroring

    async def cast(self, contest: str, token: str, submission: Submission, facts: ClientFacts) -> bytes:
        """The answer as JSON: the same bytes again for the same key and picks. Raises the contract's refusals."""
        begun = time.perf_counter()
        try:
            answer = await self._cast(contest, token, submission, facts)
        except VotingError as error:
            telemetry.BALLOTS.labels(error.code).inc()
            raise
        telemetry.BALLOTS.labels("replayed" if answer.replayed else "recorded").inc()
        telemetry.CASTING_SECONDS.observe(time.perf_counter() - begun)
        return answer.text.encode()

    async def _cast(self, contest: str, token: str, submission: Submission, facts: ClientFacts) -> Answer:
        listing = await self._catalogue.get(contest)
        credential = self._keyring.open_credential(contest, token)
        if (credential.channel or "issued") not in listing.contest.voters.channels:
            raise ChannelClosed
        voter, address = self._keyring.voter(contest, credential.identity), self._address(contest, facts)
        await self._limiting.admit(listing.uid, voter, address or voter.hex())
        seen = self._facts(contest, credential, submission, facts, address)
        attempt = self._attempt(listing, credential, submission, voter, seen)
        while True:
            try:
                answer = await self._committing.submit(contest, attempt)
            except RulesMovedError:
                attempt = attempt._replace(listing=await self._catalogue.renew(contest))
            except UnprovenError as error:
                raise self._challenging.required(contest, "ballot", listing.now(), str(error) or None) from None
            else:
                break
        if not answer.replayed:
            telemetry.CLIENTS.labels(facts.app).inc()
            self._mirroring.mark(attempt.listing.uid, contest, submission.picks)
        return answer

    def _attempt(
        self, listing: Listing, credential: Credential, submission: Submission, voter: bytes, facts: str
    ) -> Attempt:
        return Attempt(
            listing=listing,
            voter=voter,
            channel=credential.channel,
            key=submission.key,
            picks=submission.picks,
            body_digest=rules.body_digest(submission.picks),
            facts=facts,
            proof=self._proof(listing, submission.challenge),
        )

    def _proof(self, listing: Listing, challenge: str | None) -> Solved | Unsolved | None:
        """Judged here, for it takes a third of a millisecond: too long while the voters' rows are locked."""
        if listing.contest.challenge.ask != "ballot":
            return None
        return self._challenging.judge(listing.contest.id, "ballot", challenge, listing.now())

    def _address(self, contest: str, facts: ClientFacts) -> str | None:
        return self._keyring.hashed(contest, "address", str(facts.address)) if facts.address else None

    def _facts(
        self, contest: str, credential: Credential, submission: Submission, facts: ClientFacts, address: str | None
    ) -> str:
        """What was observed, as JSON; addresses as keyed hashes only."""
        observed = {
            "channel": credential.channel,
            "credential_issued_at": credential.issued_at,
            "opened_at": self._keyring.open_ticket(contest, submission.ticket) if submission.ticket else None,
            "app": facts.app,
            "browser": facts.browser,
            "os": facts.os,
            "device": facts.device,
            "address": address,
            "network": self._keyring.hashed(contest, "network", network_of(facts.address)) if facts.address else None,
            "client": submission.client,
        }
        return _JSON.encode({name: value for name, value in observed.items() if value is not None}).decode()
