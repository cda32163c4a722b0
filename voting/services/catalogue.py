"""Looks up contests and their entries, from memory for up to a second."""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from voting.domain.contest import Contest, WindowPhase
from voting.domain.entry import Entry
from voting.domain.tables import IDENTIFIER
from voting.errors import ContestUnknown, TryAgain
from voting.postgres import contests
from voting.postgres.database import Database
from voting.services.sharing import Sharing

FRESH_SECONDS = 1.0
ACTIVE_SECONDS = 60.0
_MOST_CONTESTS = 1000


@dataclass(frozen=True)
class Listing:
    """A contest with its entries, as last read."""

    contest: Contest
    entries: Mapping[str, Entry]
    uid: UUID
    document: str
    paused: bool
    revision: int
    read_at: datetime
    read_on: float
    """The process's monotonic clock at `read_at`."""

    def now(self) -> datetime:
        """The database's clock, carried on by the process's monotonic clock."""
        return self.read_at + timedelta(seconds=time.monotonic() - self.read_on)

    def fresh(self) -> bool:
        """Whether it was read within the last second."""
        return time.monotonic() - self.read_on < FRESH_SECONDS

    def phase(self) -> WindowPhase:
        """The phase now."""
        return self.contest.phase(self.now(), self.paused)


class Catalogue:
    """The listings of one process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._listings: OrderedDict[str, Listing] = OrderedDict()
        self._sharing: Sharing[Listing] = Sharing()

    async def get(self, contest: str) -> Listing:
        """The listing, at most a second old; an older one while PostgreSQL is away. Raises ContestUnknown."""
        if not re.fullmatch(IDENTIFIER, contest):
            raise ContestUnknown
        listing = self._listings.get(contest)
        # A contest whose entries have not come yet is asked for anew: its page must not stay empty after the import.
        if listing and listing.entries and (listing.fresh() or self._sharing.busy(contest)):
            return listing
        return await self._sharing.once(contest, lambda: self._renew(contest))

    async def renew(self, contest: str) -> Listing:
        """The listing, read anew. Raises TryAgain when PostgreSQL is away."""
        self._listings.pop(contest, None)
        return await self.get(contest)

    async def all(self) -> tuple[Listing, ...]:
        """Every contest, the latest opening first."""
        async with self._database.connection() as connection:
            stored = await contests.select_all(connection)
        return tuple([await self.get(row.id) for row in stored])

    def active(self) -> tuple[Listing, ...]:
        """The listings that were asked for in the last minute."""
        since = time.monotonic() - ACTIVE_SECONDS
        return tuple(listing for listing in self._listings.values() if listing.read_on > since)

    async def _renew(self, contest: str) -> Listing:
        known = self._listings.get(contest)
        try:
            listing = await self._read(contest, known)
        except TryAgain:
            if known is None:
                raise
            return known
        self._listings[contest] = listing
        self._listings.move_to_end(contest)
        while len(self._listings) > _MOST_CONTESTS:
            self._listings.popitem(last=False)
        return listing

    async def _read(self, contest: str, known: Listing | None) -> Listing:
        async with self._database.connection() as connection:
            before = time.monotonic()
            stored = await contests.select(connection, contest)
            if stored is None:
                self._listings.pop(contest, None)
                raise ContestUnknown(f"there is no contest {contest[:64]!r}")
            if known and (known.uid, known.revision) == (stored.uid, stored.revision):
                return replace(known, read_at=stored.read_at, read_on=before)
            entries = {entry.code: entry for entry in await contests.select_entries(connection, contest)}
        head = (stored.contest, entries, stored.uid, stored.document, stored.paused, stored.revision)
        return Listing(*head, stored.read_at, before)
