"""Publishes a certified result for objections (公示), takes them, and answers them in public.

An objection is anonymous: nothing is stored of who writes it, and its number is the way to its answer. Where the
contest asks for real names, the objector gives name and evidence to the host under that number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from voting import retry_after
from voting.domain.results.publication import ends_at
from voting.domain.verifier_key import read_key
from voting.errors import NotFound, SlowDown, WindowClosed
from voting.postgres.database import Connection, Database
from voting.postgres.identity import proposals
from voting.postgres.results import certifications, objections
from voting.postgres.results.objections import MATTERS, Matter, Objection
from voting.postgres.transparency import bundles
from voting.services import audit
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.second_person import Person, agree

__all__ = ["MATTERS", "Matter", "Objections", "Published"]
_MOST_WAITING = 1000
"""More than these at once are a flood: answers bring room for others."""
_BUSY_SECONDS = (600, 3600)


@dataclass(frozen=True, slots=True)
class Published:
    """A certified result and the objections to it. `until` None: the contest has no time for objections.

    `signers`: the persons who have signed the certificate, as the contest's file names them.
    """

    certification: int
    certified_at: datetime
    until: datetime | None
    objections: tuple[Objection, ...]
    without_witnesses: bool
    signers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProposedAnswer:
    """An answer that waits for a second person."""

    number: int
    answer: str
    account: str


class Objections:
    """Objections to certified results."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def published(self, snapshot: ContestSnapshot) -> Published | None:
        """Returns the result that is published, with every objection; None before a certification."""
        contest = snapshot.contest
        async with self._database.connection() as connection:
            stands = await certifications.select(connection, contest.id)
            found = await objections.select_all(connection, contest.id)
            if stands is None:
                return None
            signed = await bundles.select_signatures(connection, contest.id, stands.number)
        shown = contest.publication
        until = ends_at(shown, stands.certified_at, contest.zone) if shown else None
        signers = tuple(each.name for each in contest.signers if read_key(each.vkey).name in signed)
        return Published(stands.number, stands.certified_at, until, found, stands.without_witnesses, signers)

    async def file(self, snapshot: ContestSnapshot, matter: Matter, body: str) -> int:
        """Takes an objection; returns its number. Raises WindowClosed, SlowDown."""
        published = await self.published(snapshot)
        if published is None or published.until is None or snapshot.now() >= published.until:
            raise WindowClosed("objections are taken while a certified result is published, and it is not")
        contest = snapshot.contest.id

        async def work(tx: Connection) -> int | None:
            number = await objections.insert(tx, contest, published.certification, matter, body, _MOST_WAITING)
            if number is not None:
                await audit.record(tx, "public", "objection.file", contest, {"number": number, "matter": matter})
            return number

        number = await self._database.transact(work)
        if number is None:
            raise SlowDown("too many objections wait for an answer", retry_after=retry_after.spread(*_BUSY_SECONDS))
        return number

    async def proposed(self, snapshot: ContestSnapshot) -> ProposedAnswer | None:
        """Returns the answer that waits for a second person."""
        async with self._database.connection() as connection:
            pending = await proposals.select(connection, snapshot.contest.id, "objection.answer")
        if pending is None:
            return None
        details: Mapping[str, object] = pending.details
        return ProposedAnswer(int(str(details["number"])), str(details["answer"]), pending.account)

    async def answer(self, snapshot: ContestSnapshot, number: int, text: str, person: Person) -> bool:
        """Publishes the answer; returns False if it is now proposed to a second person. Raises NotFound, Forbidden."""
        contest = snapshot.contest.id

        async def work(tx: Connection) -> bool:
            if not await objections.lock_unanswered(tx, contest, number):
                raise NotFound(f"there is no objection {number} in this contest that waits for an answer")
            act = {"number": number, "answer": text}
            agreed = await agree(tx, person, "objection.answer", contest, act)
            if agreed is None:
                return False
            await objections.answer(tx, contest, number, text, person.actor)
            await audit.record(tx, person.actor, "objection.answer", contest, {**act, **agreed.details})
            return True

        return await self._database.transact(work)
