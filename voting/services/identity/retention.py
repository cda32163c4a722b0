"""Ends the retention of voters' data: some days after the publication, and at once for what a voter wished to erase."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from voting.postgres import complaints
from voting.postgres.database import Connection, Database
from voting.postgres.identity import privacy
from voting.postgres.identity.privacy import Due
from voting.services import audit
from voting.services.contests.contest_cache import ContestCache

# A contest that is not certified by then never will be.
UNCERTIFIED = timedelta(days=184)


@dataclass(frozen=True, slots=True)
class Purged:
    """What was deleted of a contest. `due_at`: when its data are to be deleted, as it stands."""

    contest: str
    due_at: datetime
    erased: int
    """Identities of voters who wished to be erased."""
    voters: int
    """Voters who wished that what was observed of their ballots is erased."""
    ballots: int
    """Ballots whose observations were deleted."""
    identities: int
    complaints: int
    """Complaints whose text, contact and answer were deleted."""
    has_destroyed_key: bool
    """Whether the key of the hashes of voters and addresses was destroyed."""


class Retention:
    """Deletes voters' data whose time is over. `actor` is recorded."""

    def __init__(self, database: Database, contest_cache: ContestCache, actor: str) -> None:
        self._database = database
        self._contest_cache = contest_cache
        self._actor = actor

    async def purge(self, days: int, contest: str | None = None) -> list[Purged]:
        """Deletes what is due `days` after each contest's publication ended, or that of one contest.

        Without a publication the certification itself counts; without a certification, half a year after the window.
        Before that an unfinished contest needs its data against fraud.
        """
        async with self._database.connection() as connection:
            contests = await privacy.select_due(connection, contest)
        return [await self._purge(due, days) for due in contests]

    async def _purge(self, due: Due, days: int) -> Purged:
        shown = (await self._contest_cache.get(due.contest)).contest.publication
        # Working days are counted as at most 7 days for 5, and a week for holidays.
        publication = 0 if shown is None else shown.days * 7 // 5 + 7 if shown.working_days else shown.days
        shown_from = due.certified_at or due.closes_at + UNCERTIFIED
        due_at = shown_from + timedelta(days=publication + days)
        is_due = due_at <= due.now
        ballots = await self._erase_facts(due.contest) if is_due else 0

        async def work(tx: Connection) -> Purged:
            erased = await privacy.delete_erased(tx, due.contest)
            voters = await privacy.erase_wished(tx, due.contest) if due.certified_at or is_due else 0
            identities = await privacy.delete_persons(tx, due.contest) if is_due else 0
            texts = await complaints.erase(tx, due.contest) if is_due else 0
            has_destroyed_key = is_due and await privacy.delete_hash_key(tx, due.contest)
            purged = Purged(due.contest, due_at, erased, voters, ballots, identities, texts, has_destroyed_key)
            if erased or voters or ballots or identities or texts or has_destroyed_key:
                details = {"erased": erased, "voters": voters, "ballots": ballots, "identities": identities}
                details["complaints"] = texts
                details["hash_key"] = int(has_destroyed_key)
                await audit.record(tx, self._actor, "retention.purge", due.contest, details)
            return purged

        return await self._database.transact(work)

    async def _erase_facts(self, contest: str) -> int:
        """Erases the facts of every ballot, in portions; repeating it is harmless."""
        last: int | None = 0
        total = 0
        while last is not None:
            last, ballots = await self._database.transact(
                partial(privacy.erase_facts_after, contest=contest, batch=last)
            )
            total += ballots
        return total
