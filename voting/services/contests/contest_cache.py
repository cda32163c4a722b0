"""Caches contests and their entries for up to a second, and for longer while PostgreSQL is away.

Only contests that are current or were asked for lately are read again and again: past ones, however many, cost nothing.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Mapping, Sequence
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
        self._asked: dict[str, float] = {}
        """When each contest was asked for last."""
        self._every: LastKnown[tuple[ContestSnapshot, ...]] = LastKnown(1)
        self._current: LastKnown[tuple[str, ...]] = LastKnown(1)
        self._next_ids = NextRead(self._read_ids)
        self._next_every = NextRead(self._read_every)
        self._next_current = NextRead(self._read_current)

    async def get(self, contest: str) -> ContestSnapshot:
        """Returns the contest, at most a second old, or older while PostgreSQL is away. Raises ContestUnknown."""
        if not re.fullmatch(IDENTIFIER, contest):
            raise ContestUnknown
        if self._listings.peek(contest) is None and contest not in await self._next_ids.get():
            raise ContestUnknown(f"there is no contest {contest[:64]!r}")
        self._asked[contest] = time.monotonic()
        return await self._get(contest)

    async def _get(self, contest: str) -> ContestSnapshot:
        return await self._listings.get(contest, lambda: self._read(contest), ContestSnapshot.fresh)

    def known(self, contest: str) -> ContestSnapshot | None:
        """Returns the contest as it was read last; None if it was not read yet."""
        return self._listings.peek(contest)

    async def renew(self, contest: str) -> ContestSnapshot:
        """Returns the contest, freshly read. Raises TryAgain when PostgreSQL is away."""
        return await self._listings.renew(contest, lambda: self._read(contest))

    async def all(self) -> tuple[ContestSnapshot, ...]:
        """Returns every contest, the latest opening first, as last known while PostgreSQL is away.

        For lists that people ask for: it reads every contest, and entries may be missing.
        """
        return await self._every.get("all", self._next_every.get, lambda _: False)

    async def current(self) -> tuple[ContestSnapshot, ...]:
        """Returns the contests that are open, open within an hour, or ended within a day."""
        ids = await self._current.get("current", self._next_current.get, lambda _: False)
        return await self._each(ids)

    async def active(self) -> tuple[ContestSnapshot, ...]:
        """Returns the current contests, and those that were asked for in the last minute."""
        current, since = await self.current(), time.monotonic() - ACTIVE_SECONDS
        self._asked = {id: moment for id, moment in self._asked.items() if moment > since}
        return (*current, *await self._each([*self._asked.keys() - {snapshot.contest.id for snapshot in current}]))

    async def _each(self, ids: Sequence[str]) -> tuple[ContestSnapshot, ...]:
        # Several at once, because each waits a moment for PostgreSQL if it hangs; not all, for the pool is small.
        snapshots: list[ContestSnapshot] = []
        for first in range(0, len(ids), READ_AT_ONCE):
            snapshots += await asyncio.gather(*(self._get(id) for id in ids[first : first + READ_AT_ONCE]))
        return tuple(snapshots)

    async def _read_ids(self) -> frozenset[str]:
        async with self._database.connection() as connection:
            return await contests.select_ids(connection)

    async def _read_every(self) -> tuple[ContestSnapshot, ...]:
        async with self._database.connection() as connection:
            before = time.monotonic()
            every = await contests.select_all(connection)
        former = {snapshot.contest.id: snapshot for snapshot in self._every.peek("all") or ()}
        snapshots: list[ContestSnapshot] = []
        for stored in every:
            snapshot = self._renewed(stored, before) or _as_of(former.get(stored.id), stored, before)
            if snapshot is None:
                snapshot = _snapshot(stored, before)
                # It decoded the contest's file: let the others run between two of them.
                await asyncio.sleep(0)
            snapshots.append(snapshot)
        return tuple(snapshots)

    async def _read_current(self) -> tuple[str, ...]:
        """Returns the current contests' ids. Those that have not changed are fresh then, without a read of each."""
        async with self._database.connection() as connection:
            before = time.monotonic()
            current = await contests.select_current(connection)
        for stored in current:
            self._renewed(stored, before)
        return tuple([stored.id for stored in current])

    def _renewed(self, stored: contests.StoredContest, read_on: float) -> ContestSnapshot | None:
        """Returns the known snapshot of a contest that has not changed, as of now, and keeps it."""
        snapshot = _as_of(self._listings.peek(stored.id), stored, read_on)
        if snapshot:
            self._listings.put(stored.id, snapshot)
        return snapshot

    async def _read(self, contest: str) -> ContestSnapshot:
        async with self._database.connection() as connection:
            before = time.monotonic()
            stored = await contests.select(connection, contest)
            if stored is None:
                self._listings.forget(contest)
                raise ContestUnknown(f"there is no contest {contest[:64]!r}")
            if known := self._renewed(stored, before):
                return known
            every = {entry.code: entry for entry in await contests.select_entries(connection, contest, withdrawn=True)}
            withdrawn = await contests.select_withdrawn(connection, contest)
            initials = await contests.select_initials(connection, contest)
            cells = await suspect_cells.select_all(connection, contest) if stored.contest.verification else ()
        return replace(
            _snapshot(stored, before),
            entries={code: entry for code, entry in every.items() if code not in withdrawn},
            known_entries=every,
            raised_shares={cell.cell: cell.share for cell in cells if cell.share},
            initials=initials,
        )


def _as_of(known: ContestSnapshot | None, stored: contests.StoredContest, read_on: float) -> ContestSnapshot | None:
    """Returns the snapshot as of now; None if the contest has changed since."""
    if known is None or (known.uid, known.revision) != (stored.uid, stored.revision):
        return None
    # Neither a certification nor the seal nor a notice makes a new revision.
    return replace(
        known,
        certified=stored.certified,
        sealed_at=stored.sealed_at,
        announcements=stored.announcements,
        read_at=stored.read_at,
        read_on=read_on,
    )


def _snapshot(stored: contests.StoredContest, read_on: float) -> ContestSnapshot:
    """Returns a contest without its entries."""
    return ContestSnapshot(
        contest=stored.contest,
        entries={},
        known_entries={},
        uid=stored.uid,
        document=stored.document,
        paused=stored.paused,
        pause_reason=stored.pause_reason,
        revision=stored.revision,
        certified=stored.certified,
        sealed_at=stored.sealed_at,
        has_joined_voters=stored.has_joined_voters,
        hash_key=stored.hash_key,
        announcements=stored.announcements,
        raised_shares={},
        read_at=stored.read_at,
        read_on=read_on,
        initials={},
    )
