"""Caches contests and their entries for up to a second, and for longer while PostgreSQL is away."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from uuid import UUID

from voting.domain.contest.announcement import Announcement, in_force
from voting.domain.contest.contest import Contest, WindowPhase
from voting.domain.contest.schema import IDENTIFIER
from voting.domain.entry import Entry
from voting.errors import ContestUnknown
from voting.fraud.sample import Cell
from voting.postgres import contests
from voting.postgres.database import Database
from voting.postgres.fraud import suspect_cells
from voting.services.last_known import LastKnown
from voting.services.next_read import NextRead

FRESH_SECONDS = 1.0
ACTIVE_SECONDS = 60.0
_MOST_CONTESTS = 1000
READ_AT_ONCE = 20


@dataclass(frozen=True)
class ContestSnapshot:
    """A contest with its entries, as last read."""

    contest: Contest
    entries: Mapping[str, Entry]
    known_entries: Mapping[str, Entry]
    """The withdrawn ones, too: earlier ballots may have picked them."""
    uid: UUID
    document: str
    paused: bool
    pause_reason: str
    revision: int
    certified: bool
    """Whether a certified result is in force."""
    sealed_at: datetime | None
    has_joined_voters: bool
    """Whether any two voters were found to be one person; exact for this revision."""
    hash_key: str
    """The random part of the keys of its voters' hashes, in hex; empty if it has none, or has none left."""
    announcements: tuple[Announcement, ...]
    """Notices to voters that had not ended."""
    raised_shares: Mapping[Cell, float]
    """The share of voters who are asked to confirm, of cells in which it is above that of the contest's file."""
    read_at: datetime
    read_on: float
    """The process's monotonic clock at `read_at`."""
    initials: Mapping[str, str]
    """The pinyin initials of entries' titles and authors, by code."""

    @cached_property
    def covers(self) -> frozenset[str]:
        """The names of the entries' pictures."""
        return frozenset(entry.cover for entry in self.entries.values())

    @cached_property
    def in_category(self) -> Mapping[str, int]:
        """How many entries each category has."""
        return Counter(entry.category for entry in self.entries.values())

    def now(self) -> datetime:
        """Returns the database's time, advanced by the process's monotonic clock."""
        return self.read_at + timedelta(seconds=time.monotonic() - self.read_on)

    def fresh(self) -> bool:
        """Whether it was read within the last second. Without entries it never is, to show an import at once."""
        return bool(self.entries) and time.monotonic() - self.read_on < FRESH_SECONDS

    def is_sealed(self) -> bool:
        """Whether the organiser sealed the rules or the window has opened."""
        return self.sealed_at is not None or self.now() >= self.contest.opens_at

    def phase(self) -> WindowPhase:
        """Returns the current phase."""
        return self.contest.phase(self.now(), self.paused)

    def announcement(self) -> Announcement | None:
        """Returns the notice that voters are shown now."""
        return in_force(self.announcements, self.now())


class ContestCache:
    """The contests known to one process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._listings: LastKnown[ContestSnapshot] = LastKnown(_MOST_CONTESTS)
        self._ids: LastKnown[tuple[str, ...]] = LastKnown(1)
        self._next_ids = NextRead(self._read_ids)

    async def get(self, contest: str) -> ContestSnapshot:
        """Returns the contest, at most a second old, or older while PostgreSQL is away. Raises ContestUnknown."""
        if not re.fullmatch(IDENTIFIER, contest):
            raise ContestUnknown
        if self._listings.peek(contest) is None and contest not in await self._next_ids.get():
            raise ContestUnknown(f"there is no contest {contest[:64]!r}")
        return await self._listings.get(contest, lambda: self._read(contest), ContestSnapshot.fresh)

    def known(self, contest: str) -> ContestSnapshot | None:
        """Returns the contest as it was read last; None if it was not read yet."""
        return self._listings.peek(contest)

    async def renew(self, contest: str) -> ContestSnapshot:
        """Returns the contest, freshly read. Raises TryAgain when PostgreSQL is away."""
        return await self._listings.renew(contest, lambda: self._read(contest))

    async def all(self) -> tuple[ContestSnapshot, ...]:
        """Returns every contest, the latest opening first; the last known ones while PostgreSQL is away."""
        ids = await self._ids.get("all", self._next_ids.get, lambda _: False)
        # Several at once, because each waits a moment for PostgreSQL if it hangs; not all, for the pool is small.
        snapshots: list[ContestSnapshot] = []
        for first in range(0, len(ids), READ_AT_ONCE):
            snapshots += await asyncio.gather(*(self.get(id) for id in ids[first : first + READ_AT_ONCE]))
        return tuple(snapshots)

    def active(self) -> tuple[ContestSnapshot, ...]:
        """Returns the contests requested in the last minute."""
        since = time.monotonic() - ACTIVE_SECONDS
        return tuple(snapshot for snapshot in self._listings.values() if snapshot.read_on > since)

    async def _read_ids(self) -> tuple[str, ...]:
        """Returns every contest's id. Those that have not changed are fresh then, without a read of each."""
        async with self._database.connection() as connection:
            before = time.monotonic()
            every = await contests.select_all(connection)
        for stored in every:
            known = self._listings.peek(stored.id)
            if known and (known.uid, known.revision) == (stored.uid, stored.revision):
                self._listings.put(stored.id, _renewed(known, stored, before))
        return tuple([stored.id for stored in every])

    async def _read(self, contest: str) -> ContestSnapshot:
        known = self._listings.peek(contest)
        async with self._database.connection() as connection:
            before = time.monotonic()
            stored = await contests.select(connection, contest)
            if stored is None:
                self._listings.forget(contest)
                raise ContestUnknown(f"there is no contest {contest[:64]!r}")
            if known and (known.uid, known.revision) == (stored.uid, stored.revision):
                return _renewed(known, stored, before)
            every = {entry.code: entry for entry in await contests.select_entries(connection, contest, withdrawn=True)}
            withdrawn = await contests.select_withdrawn(connection, contest)
            initials = await contests.select_initials(connection, contest)
            cells = await suspect_cells.select_all(connection, contest) if stored.contest.verification else ()
        entries = {code: entry for code, entry in every.items() if code not in withdrawn}
        head = (
            stored.contest,
            entries,
            every,
            stored.uid,
            stored.document,
            stored.paused,
            stored.pause_reason,
            stored.revision,
            stored.certified,
            stored.sealed_at,
            stored.has_joined_voters,
            stored.hash_key,
            stored.announcements,
            {cell.cell: cell.share for cell in cells if cell.share},
        )
        return ContestSnapshot(*head, stored.read_at, before, initials)


def _renewed(known: ContestSnapshot, stored: contests.StoredContest, read_on: float) -> ContestSnapshot:
    """Returns the snapshot of a contest that was read again and has not changed."""
    # Neither a certification nor the seal nor a notice makes a new revision.
    return replace(
        known,
        certified=stored.certified,
        sealed_at=stored.sealed_at,
        announcements=stored.announcements,
        read_at=stored.read_at,
        read_on=read_on,
    )
