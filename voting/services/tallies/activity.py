"""What happens in a vote besides its tally: ballots a minute, refusals, clients, earlier rankings, and who serves.

Each process adds its refusals and shows that it runs; one of all processes stores the minutes and the tallies that
rankings are compared with. A minute is stored once it is settled, from the ballots, so that no process's end loses any.
"""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from voting.domain.contest.calendar import last_multiple
from voting.domain.contest.display import SETTLED
from voting.domain.results.scoring import Tally
from voting.errors import TryAgain
from voting.postgres import activity, leases, tallies
from voting.postgres.activity import Counted, Present
from voting.postgres.database import Connection, Database
from voting.services.background import repeat
from voting.services.contests.contest_cache import ContestCache, ContestSnapshot

ROUND_SECONDS = 5.0
# A process that has not shown itself for so long does not run.
LEASE_SECONDS = 15.0
SHOWN = timedelta(minutes=60)
# The spans over which boards show how places have changed, in minutes, and how far apart the tallies for it are stored.
SPANS = (10, 60, 1440)
SNAPSHOT_MINUTES = 5
_LATE = timedelta(minutes=2 * SNAPSHOT_MINUTES)
# Stored in one transaction.
_MOST = timedelta(minutes=5)
# So long after the close the last minutes are stored.
_AFTER = timedelta(days=1)
# With more of them while PostgreSQL is away, what is noted waits, and belongs to a later minute.
_MOST_SUMS = 1000
_LEASE = "activity"

Before = Mapping[int, tuple[datetime, Mapping[str, Tally]]]
"""Earlier tallies and their moments, by how many minutes ago they were asked for; each may be ten minutes older."""


@dataclass(slots=True)
class Minute:
    """The ballots of a minute by channel, those of them that are held or void now, and refusals by code."""

    at: datetime
    channels: Counter[str] = field(default_factory=Counter)
    held: int = 0
    void: int = 0
    refused: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Activity:
    """`minutes`: those of the last hour that were stored; a missing one was not observed. Clients are theirs.

    `lately`: the tallies of the last hour by their moments, every SNAPSHOT_MINUTES, oldest first; None was not stored.
    """

    present: Present
    minutes: tuple[Minute, ...]
    apps: Mapping[str, int]
    devices: Mapping[str, int]
    before: Before
    lately: Mapping[datetime, Mapping[str, Tally] | None]


class Activities:
    """The activity of every contest, as one process writes and reads it."""

    def __init__(self, database: Database, contest_cache: ContestCache) -> None:
        self._database = database
        self._contest_cache = contest_cache
        self._holder = uuid.uuid4()
        self._noted: Counter[tuple[str, str]] = Counter()
        self._refused: Counter[tuple[str, datetime, str]] = Counter()
        """Sums by minute of what was noted."""
        self._stored: dict[tuple[str, datetime, str], int] = {}
        """Of the refusals, what is stored."""
        self._before: dict[str, tuple[datetime, Before]] = {}
        self._counted: dict[str, Counted] = {}
        self._snapshots: dict[str, Mapping[datetime, Mapping[str, Tally]]] = {}

    def note_refused(self, contest: str, codes: Mapping[str, int]) -> None:
        """Counts refusals, except of unknown contests, which anybody can name; they are stored within seconds."""
        # In a rush this is a part of each refusal: their minute is looked up when they are stored.
        if self._contest_cache.known(contest):
            for code, count in codes.items():
                self._noted[contest, code] += count

    async def run(self) -> None:
        """Works until cancelled; the last refusals are stored then."""
        try:
            await repeat(self.round, ROUND_SECONDS)
        finally:
            with suppress(TryAgain):
                await self._store_refused()
                await self._database.transact(lambda tx: leases.give_back(tx, self._name, self._holder))

    async def round(self) -> None:
        """Shows that this process runs, stores its refusals, and what is due for all, unless another process does."""

        async def take(tx: Connection) -> bool:
            await leases.take(tx, self._name, self._holder, LEASE_SECONDS)
            return await leases.take(tx, _LEASE, self._holder, LEASE_SECONDS)

        is_ours = await self._database.transact(take)
        await self._store_refused()
        if not is_ours:
            return
        for snapshot in await self._contest_cache.active():
            if not await self._database.transact(take):
                return
            # What one contest's tables refuse does not keep the others' minutes.
            with suppress(TryAgain):
                await self.store(snapshot)
        async with self._database.connection() as connection:
            await activity.forget_workers(connection)

    @property
    def _name(self) -> str:
        return f"worker {self._holder}"

    async def _store_refused(self) -> None:
        """Stores each minute's sum, not what was added to it: after a failure it is unknown what was stored."""
        if len(self._refused) < _MOST_SUMS:
            for (contest, code), count in self._noted.items():
                if snapshot := self._contest_cache.known(contest):
                    self._refused[contest, last_multiple(1, snapshot.now()), code] += count
            self._noted.clear()
        if refused := {key: count for key, count in self._refused.items() if self._stored.get(key) != count}:
            async with self._database.connection() as connection:
                await activity.store_refused(connection, refused, self._holder)
            self._stored |= refused
            ended = max(minute for _, minute, _ in refused) - timedelta(minutes=1)
            for key in [key for key in self._stored if key[1] < ended and self._refused[key] == self._stored[key]]:
                del self._stored[key], self._refused[key]

    async def store(self, snapshot: ContestSnapshot) -> None:
        """Stores the contest's minutes, and the tally that later ones are compared with."""
        window, now = snapshot.contest, snapshot.now()
        contest, settled = window.id, now - SETTLED
        if now > window.closes_at + _AFTER:
            return
        end = last_multiple(1, min(settled, window.closes_at + timedelta(minutes=1)))
        watched = last_multiple(1, now) - timedelta(minutes=2)

        async def work(tx: Connection) -> bool:
            """Stores the next minutes; returns whether others are due."""
            last = await activity.last_minute(tx, contest)
            since = last + timedelta(minutes=1) if last else last_multiple(1, window.opens_at)
            # Minutes without ballots that nobody watched are passed over.
            first = await activity.first_ballot(tx, contest, since, end) or end
            since = max(since, min(last_multiple(1, first), watched))
            until = min(end, since + _MOST)
            if since >= until:
                return False
            await activity.store(tx, contest, since, until, watched)
            return until < end

        while await self._database.transact(work):
            pass
        if window.opens_at <= (moment := last_multiple(SNAPSHOT_MINUTES, settled)) <= window.closes_at:

            async def keep(tx: Connection) -> None:
                await tallies.take_snapshot(tx, contest, moment)
                await activity.forget_refused(tx, contest, end - 2 * SHOWN)

            await self._database.transact(keep)

    async def read(self, snapshot: ContestSnapshot) -> Activity:
        """Returns the contest's activity, the last hour's or, if the vote has ended, that of its last hour."""
        contest = snapshot.contest.id
        end = last_multiple(1, min(snapshot.now(), snapshot.contest.closes_at))
        since = end - SHOWN
        async with self._database.connection() as connection:
            counted = self._counted.get(contest, activity.NOTHING_COUNTED)
            present, self._counted[contest] = await activity.select_present(connection, contest, counted)
            rows = await activity.select_minutes(connection, contest, since)
            states = await activity.select_in_question(connection, contest, since)
            refused = await activity.select_refused(connection, contest, since)
            read_for, before = self._before.get(contest, (None, {}))
            if read_for != end:
                before = await _read_before(connection, contest, end)
                self._before[contest] = end, before
            lately = await self._read_lately(connection, contest, end)
        minutes: dict[datetime, Minute] = {}
        clients: dict[str, Counter[str]] = defaultdict(Counter)
        for row in rows:
            minute = minutes.setdefault(row.minute, Minute(row.minute))
            minute.channels[row.channel] += row.ballots
            clients["app"][row.app] += row.ballots
            clients["device"][row.device] += row.ballots
        _add(minutes, states, refused)
        return Activity(present, tuple(minutes.values()), clients["app"], clients["device"], before, lately)

    async def _read_lately(
        self, connection: Connection, contest: str, end: datetime
    ) -> Mapping[datetime, Mapping[str, Tally] | None]:
        """Reads the stored tallies that were not read before: what is stored for a moment does not change."""
        last, step = last_multiple(SNAPSHOT_MINUTES, end), timedelta(minutes=SNAPSHOT_MINUTES)
        moments = [last - step * number for number in reversed(range(SHOWN // step + 1))]
        read = self._snapshots.get(contest, {})
        missing = [moment for moment in moments if moment not in read]
        every = {**read, **(await activity.select_tallies(connection, contest, missing) if missing else {})}
        self._snapshots[contest] = {moment: every[moment] for moment in moments if moment in every}
        return {moment: every.get(moment) for moment in moments}


async def _read_before(connection: Connection, contest: str, end: datetime) -> Before:
    found = {
        span: await activity.select_tally_before(connection, contest, end - timedelta(minutes=span), _LATE)
        for span in SPANS
    }
    return {span: tally for span, tally in found.items() if tally}


def _add(
    minutes: Mapping[datetime, Minute],
    states: Mapping[tuple[datetime, str], int],
    refused: Iterable[tuple[datetime, str, int]],
) -> None:
    """Adds the held and void ballots and the refusals of the stored minutes."""
    for (at, state), ballots in states.items():
        if minute := minutes.get(at):
            setattr(minute, {"hold": "held"}.get(state, state), ballots)
    for at, code, count in refused:
        if minute := minutes.get(at):
            minute.refused[code] += count
