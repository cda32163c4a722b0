"""Casts ballots: what can be judged without the database, then the batch that records them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

import msgspec

from voting import telemetry
from voting.domain import ballot as rules
from voting.domain.ballot import Channel
from voting.domain.client import App, ClientFacts
from voting.domain.credential import Credential
from voting.errors import ChannelClosed, VotingError
from voting.services.batch import Answer, Attempt, UnprovenError
from voting.services.catalogue import Catalogue, Listing
from voting.services.challenging import Challenging, Solved, Unsolved
from voting.services.committing import Committing
from voting.services.keyring import Keyring
from voting.services.limiting import Limiting
from voting.services.mirroring import Mirroring
from voting.services.recording import RulesMovedError


class Submission(NamedTuple):
    """What a voter sent: the idempotency key, the picks and, for signals, what else the page knows."""

    key: str
    picks: Sequence[str]
    ticket: str | None
    client: dict[str, Any] | None
    challenge: str | None


class Observed(msgspec.Struct, omit_defaults=True):
    """What was observed of a ballot's client, as it is kept. What is not known is left out."""

    channel: Channel | None = None
    credential_issued_at: datetime | None = None
    opened_at: datetime | None = None
    app: App | None = None
    browser: str | None = None
    os: str | None = None
    device: str | None = None
    address: str | None = None
    network: str | None = None
    client: dict[str, Any] | None = None


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
        try:
            answer = await self._cast(contest, token, submission, facts)
        except VotingError as error:
            _outcomes(error.code).inc()
            raise
        _outcomes("replayed" if answer.replayed else "recorded").inc()
        return answer.text.encode()

    async def _cast(self, contest: str, token: str, submission: Submission, facts: ClientFacts) -> Answer:
        listing = await self._catalogue.get(contest)
        credential = self._keyring.open_credential(contest, token)
        if (credential.channel or "issued") not in listing.contest.voters.channels:
            raise ChannelClosed
        voter = self._keyring.voter(contest, credential.identity)
        address, network = self._origin(contest, facts)
        await self._limiting.admit(listing.uid, voter, address or voter.hex())
        observed = Observed(
            channel=credential.channel,
            credential_issued_at=credential.issued_at,
            opened_at=self._keyring.open_ticket(contest, submission.ticket) if submission.ticket else None,
            app=facts.app,
            browser=facts.browser,
            os=facts.os,
            device=facts.device,
            address=address,
            network=network,
            client=submission.client,
        )
        attempt = self._attempt(listing, credential, submission, voter, _JSON.encode(observed).decode())
        answer = await self._committed(attempt)
        if not answer.replayed:
            _clients(facts.app).inc()
            self._mirroring.mark(listing.uid, contest, submission.picks)
        return answer

    async def _committed(self, attempt: Attempt) -> Answer:
        contest = attempt.listing.contest.id
        while True:
            try:
                return await self._committing.submit(contest, attempt)
            except RulesMovedError:
                attempt = attempt._replace(listing=await self._catalogue.renew(contest))
            except UnprovenError as error:
                now = attempt.listing.now()
                raise self._challenging.required(contest, "ballot", now, str(error) or None) from None

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

    def _origin(self, contest: str, facts: ClientFacts) -> tuple[str, str] | tuple[None, None]:
        """The keyed hashes of address and network: they are never kept themselves."""
        if facts.origin is None:
            return None, None
        hashed = self._keyring.hashed
        return hashed(contest, "address", facts.origin.address), hashed(contest, "network", facts.origin.network)


@cache
def _outcomes(outcome: str) -> Any:
    """Found once: the library takes a lock for each look-up."""
    return telemetry.BALLOTS.labels(outcome)


@cache
def _clients(app: App) -> Any:
    return telemetry.CLIENTS.labels(app)
