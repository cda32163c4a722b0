"""Snapshots of PostgreSQL, Redis and the board during a run, without the proxies."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID

import asyncpg

from loadtests.faults.client import Ask, Client, Voter
from loadtests.faults.client_log import now
from loadtests.faults.evidence import Counts, Reading, Snapshot, Stored
from loadtests.http import request
from voting.engines import Addresses
from voting.errors import TryAgain
from voting.redis import connection as redis
from voting.redis.tallies import TallyView

LOOK_SECONDS = 0.4
ANSWER_SECONDS = 3.0
# A large recount must not become a load of its own.
MOST_SHARE = 0.1
_TALLY = """
select contest, entry, sum(raw)::int, sum(held)::int, sum(counted)::int
from tallies where contest = any($1) group by contest, entry
"""
_RECOUNT = """
select contest, entry, count(*)::int, (count(*) filter (where state = 'hold'))::int,
    (count(*) filter (where state = 'count'))::int
from ballots, unnest(picks) as entry where contest = any($1) group by contest, entry
"""
_PAUSED = "select id, revision from contests where id = any($1) and paused"
_BALLOTS = """
select contest, voter, idempotency_key, id, picks, state, recorded_at from ballots where contest = any($1)
"""
_GONE = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


class Observer:
    """Takes snapshots and readings; the board is that of the first of `contests`."""

    def __init__(self, database: str, view: TallyView, uid: UUID, contests: list[str], client: Client) -> None:
        self._database = database
        self._view = view
        self._uid = uid
        self._contests = contests
        self._client = client
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self.snapshots: list[Snapshot] = []
        self.readings: list[Reading] = []

    async def run(self, ended: asyncio.Event) -> None:
        """Looks until the end; a request under way is finished, since one that is cut off looks like one unanswered."""
        while not ended.is_set():
            begun = time.monotonic()
            await self.look()
            with suppress(TimeoutError):
                async with asyncio.timeout(max(LOOK_SECONDS, (time.monotonic() - begun) / MOST_SHARE)):
                    await ended.wait()

    async def look(self) -> None:
        """Redis and the board first, then PostgreSQL: what they show can then only be less."""
        seen = [await self._redis(), await self._board()]
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                snapshot = await self._snapshot()
        except _GONE:
            self._drop()
            return
        self.snapshots.append(snapshot)
        for at, source, picks, away in seen:
            self.readings.append(Reading(at, source, self._contests[0], picks, snapshot, away))

    async def hash_keys(self) -> dict[str, str]:
        """The random part of each contest's keys, in hex, in the order of the contests."""
        connection = await self._connected()
        return {
            contest: (await connection.fetchval("select hash_key from contests where id = $1", contest)).hex()
            for contest in self._contests
        }

    async def ballots(self, labels: Mapping[tuple[str, bytes], str]) -> list[Stored]:
        """All ballots of the contests; `labels`: (contest, stored voter) -> label in the logs."""
        connection = await self._connected()
        return [
            Stored(
                contest,
                labels.get((contest, voter), f"unknown {voter.hex()}"),
                key,
                str(id),
                tuple(picks),
                state,
                recorded.timestamp(),
            )
            for contest, voter, key, id, picks, state, recorded in await connection.fetch(_BALLOTS, self._contests)
        ]

    async def _redis(self) -> Any:
        at = time.monotonic()
        try:
            found = await self._view.read(self._uid)
        except TryAgain:
            return at, "redis", None, True
        picks = None if found is None else {entry: tally.counted for entry, tally in found.items()}
        return at, "redis", picks, False

    async def _board(self) -> Any:
        at, contest = time.monotonic(), self._contests[0]
        raw = request("GET", f"/api/v1/contests/{contest}/tallies")
        with self._client.link() as link:
            status, answer = await self._client.once(link, Ask("board", Voter("", "", contest), raw=raw))
        if answer is None or status != 200:
            return at, "board", None, True
        rows = json.loads(answer.body)["tallies"]
        return at, "board", {row["entry"]: row["picks"] for row in rows}, False

    async def _snapshot(self) -> Snapshot:
        connection = await self._connected()
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            tally = await connection.fetch(_TALLY, self._contests)
            at, wall = now()
            recount = await connection.fetch(_RECOUNT, self._contests)
            paused = await connection.fetch(_PAUSED, self._contests)
        return Snapshot(at, _counts(tally), _counts(recount), wall, dict(map(tuple, paused)))

    async def _connected(self) -> asyncpg.Connection[asyncpg.Record]:
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(
                self._database, timeout=ANSWER_SECONDS, server_settings={"application_name": "observer"}
            )
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def close(self) -> None:
        """Closes the database connection."""
        if self._connection is not None:
            with suppress(*_GONE):
                await self._connection.close(timeout=ANSWER_SECONDS)
            self._drop()


@asynccontextmanager
async def observing(addresses: Addresses, uid: UUID, contests: list[str], client: Client) -> AsyncIterator[Observer]:
    """An observer of these contests."""
    async with redis.connected(addresses.redis_url) as connected:
        observer = Observer(addresses.database_url, connected.view, uid, contests, client)
        try:
            yield observer
        finally:
            await observer.close()


def _counts(rows: list[asyncpg.Record]) -> dict[tuple[str, str], Counts]:
    return {(contest, entry): (raw, held, counted) for contest, entry, raw, held, counted in rows}
