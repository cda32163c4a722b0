"""Mirrors the tallies into Redis: what moved, within a tenth of a second; all of it, every two seconds.

Redis gets absolute tallies with their version, after the commit and never before, so it is never above the truth.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from voting import telemetry
from voting.domain.results.scoring import Tally
from voting.errors import TryAgain
from voting.postgres import tallies
from voting.postgres.ballots import sweep_challenges
from voting.postgres.database import Database
from voting.postgres.staff import sweep_sessions
from voting.redis.tallies import TallyView
from voting.services.background import repeat
from voting.services.contests.contest_cache import ContestCache, ContestSnapshot
from voting.services.last_known import LastKnown

GATHER_SECONDS = 0.1
RECONCILE_SECONDS = 2.0
CHECKED_SECONDS = 5.0
SWEEP_SECONDS = 600.0
_MOST_DIRTY = 10_000
_MOST_READINGS = 1000


@dataclass(frozen=True, slots=True)
class Reading:
    """Every entry's tally at a moment of the database's clock."""

    tallies: Mapping[str, Tally]
    as_of: datetime


class TallyProjection:
    """Keeps Redis equal to PostgreSQL."""

    def __init__(self, database: Database, view: TallyView, contest_cache: ContestCache) -> None:
        self._database = database
        self._view = view
        self._contest_cache = contest_cache
        self._dirty: dict[tuple[UUID, str], set[str]] = {}
        self._moved = asyncio.Event()
        self._checked: dict[UUID, float] = {}
        self.readings: LastKnown[Reading] = LastKnown(_MOST_READINGS)
        """By contest's uid, the latest in this process: what is shown while PostgreSQL is away."""

    def mark(self, uid: UUID, contest: str, entries: Iterable[str]) -> None:
        """Says that these entries' tallies moved. Past a bound it is left to the next reconciliation."""
        if len(self._dirty) < _MOST_DIRTY:
            self._dirty.setdefault((uid, contest), set()).update(entries)
            self._moved.set()

    async def run(self) -> None:
        """Works until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(repeat(self._write_moved, GATHER_SECONDS))
            group.create_task(repeat(self._reconcile, RECONCILE_SECONDS))
            group.create_task(repeat(self._sweep, SWEEP_SECONDS))

    async def reconcile_all(self) -> None:
        """Writes every contest's tally: done before the first request, for whatever happened before this start."""
        try:
            for snapshot in await self._contest_cache.all():
                await self.reconcile(snapshot)
        except TryAgain as error:
            logging.getLogger("voting").warning("the view is rebuilt later: %s", error)

    async def _write_moved(self) -> None:
        await self._moved.wait()
        self._moved.clear()
        moved, self._dirty = self._dirty, {}
        for (uid, contest), entries in moved.items():
            async with self._database.connection() as connection:
                truth = await tallies.select(connection, contest, sorted(entries))
            await self._view.write(uid, truth)
        telemetry.VIEW_ROUNDS.labels("moved").inc()

    def is_checked(self, uid: UUID) -> bool:
        """Whether this process found the view right within the last five seconds: an older one is not shown."""
        return time.monotonic() - self._checked.get(uid, float("-inf")) < CHECKED_SECONDS

    async def _reconcile(self) -> None:
        open_now = [snapshot for snapshot in await self._contest_cache.all() if snapshot.phase() in ("open", "paused")]
        drift = 0
        for snapshot in {snapshot.uid: snapshot for snapshot in (*open_now, *self._contest_cache.active())}.values():
            drift += await self.reconcile(snapshot)
        telemetry.VIEW_DRIFT.set(drift)
        telemetry.VIEW_MENDED.inc(drift)
        telemetry.VIEW_ROUNDS.labels("reconciled").inc()

    async def reconcile(self, snapshot: ContestSnapshot) -> int:
        """Writes the whole tally; answers how many entries were not as they should be.

        The view is read before the truth: a version in it that is higher than the truth's, or the same with other
        numbers, can then only be wrong (PostgreSQL was restored to an earlier time, or either was forged), and the view
        is replaced: it would not take what is no newer.
        """
        uid, begun, as_of = snapshot.uid, time.monotonic(), snapshot.now()
        seen = await self._view.read(uid)
        async with self._database.connection() as connection:
            truth = await tallies.select(connection, snapshot.contest.id)
        known = self.readings.peek(uid)
        if known is None or known.as_of < as_of:
            self.readings.put(uid, Reading(truth, as_of))
        if seen != truth:
            await self._mend(uid, seen, truth)
        self._checked[uid] = begun
        there = seen or {}
        return sum(there.get(entry) != truth.get(entry) for entry in {*there, *truth})

    async def _mend(self, uid: UUID, seen: Mapping[str, Tally] | None, truth: Mapping[str, Tally]) -> None:
        wrong = seen is None or any(
            entry not in truth or (tally != truth[entry] and tally.version >= truth[entry].version)
            for entry, tally in seen.items()
        )
        await self._view.write(uid, truth, "replace" if wrong else "complete")

    async def _sweep(self) -> None:
        async with self._database.connection() as connection:
            await sweep_challenges(connection)
            await sweep_sessions(connection)
