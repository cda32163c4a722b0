"""Projects the tallies into Redis: changed ones within a tenth of a second, all of them every two seconds.

Redis gets absolute tallies with their version, and only after the commit, so it is never above the truth.
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
from voting.postgres.identity.staff import sweep_sessions
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
        """The latest tallies in this process by contest uid; shown while PostgreSQL is away."""

    def mark(self, uid: UUID, contest: str, entries: Iterable[str]) -> None:
        """Marks these entries' tallies as changed. Beyond a limit, the next reconciliation handles them."""
        if len(self._dirty) < _MOST_DIRTY:
            self._dirty.setdefault((uid, contest), set()).update(entries)
            self._moved.set()

    async def run(self) -> None:
        """Projects until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(repeat(self._write_moved, GATHER_SECONDS))
            group.create_task(repeat(self._reconcile, RECONCILE_SECONDS))
            group.create_task(repeat(self._purge_expired, SWEEP_SECONDS))

    async def reconcile_current(self) -> None:
        """Writes the current contests' tallies; called before the first request, since Redis may be stale at start.

        Those of past contests are read from PostgreSQL until one that is asked for has been written.
        """
        try:
            for snapshot in await self._contest_cache.current():
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
        """Whether this process verified the view within the last five seconds; otherwise it must not be shown."""
        return time.monotonic() - self._checked.get(uid, float("-inf")) < CHECKED_SECONDS

    async def _reconcile(self) -> None:
        drift = 0
        for snapshot in await self._contest_cache.active():
            drift += await self.reconcile(snapshot)
        telemetry.VIEW_DRIFT.set(drift)
        telemetry.VIEW_MENDED.inc(drift)
        telemetry.VIEW_ROUNDS.labels("reconciled").inc()

    async def reconcile(self, snapshot: ContestSnapshot) -> int:
        """Writes the whole tally; returns how many entries were wrong.

        The view is read before the truth. A version in the view that is higher than the truth's, or equal with other
        numbers, must therefore be wrong (PostgreSQL was restored to an earlier time, or either was forged). Then the
        view is replaced, since it would not accept older versions.
        """
        uid, begun, as_of = snapshot.uid, time.monotonic(), snapshot.now()
        seen = await self._view.read(uid)
        async with self._database.connection() as connection:
            truth = await tallies.select(connection, snapshot.contest.id)
        known = self.readings.peek(uid)
        if known is None or known.as_of < as_of:
            self.readings.put(uid, Reading(truth, as_of))
        if seen != truth:
            wrong = seen is None or any(
                entry not in truth or (tally != truth[entry] and tally.version >= truth[entry].version)
                for entry, tally in seen.items()
            )
            await self._view.write(uid, truth, "replace" if wrong else "complete")
        self._checked[uid] = begun
        there = seen or {}
        return sum(there.get(entry) != truth.get(entry) for entry in {*there, *truth})

    async def _purge_expired(self) -> None:
        async with self._database.connection() as connection:
            await sweep_challenges(connection)
            await sweep_sessions(connection)
