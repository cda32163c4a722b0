"""The same rows in the same batches into the same PostgreSQL, without HTTP and rules."""

from __future__ import annotations

import asyncio
import secrets
import time
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import cycle

import asyncpg

from loadtests.contests import QUOTAS, contest_text, now
from loadtests.service import ID
from loadtests.stored_ballots import BATCH, REMAINING, facts
from voting.domain.ballots.leaf import SALTS_BYTES, Parts
from voting.domain.contest.contest import Contest
from voting.domain.contest.contest_file import read_contest
from voting.postgres import ballots
from voting.postgres.ballots import BallotRow, BatchContext, SealedBatch
from voting.postgres.database import Connection, Database, connected

CONNECTIONS = 4


def insert_for(environment: Mapping[str, str], seconds: float) -> float:
    """Ballots a second."""
    return asyncio.run(_insert_for(environment["DATABASE_URL"], seconds))


async def _insert_for(url: str, seconds: float) -> float:
    async with connected(url, 1) as first, first.committing(CONNECTIONS) as database:
        begun = time.perf_counter()
        until = begun + seconds
        counts = await asyncio.gather(*(_insert(database, shard, until) for shard in range(CONNECTIONS)))
        return sum(counts) / (time.perf_counter() - begun)


async def _insert(database: Database, shard: int, until: float) -> int:
    opens = now()
    contest, count = read_contest(contest_text(ID, opens, opens + timedelta(days=1), QUOTAS)), 0
    # Rows are made once, since only PostgreSQL is measured; the voters are new each time.
    entries = cycle(f"E{number:03d}" for number in range(1, 61))
    made = [(secrets.token_bytes(16), uuid.uuid4(), next(entries)) for _ in range(BATCH)]
    while time.perf_counter() < until:
        head = secrets.token_bytes(8)
        rows = [_row(head + voter[8:], id, entry) for voter, id, entry in made]
        try:
            stored = await database.run_with_retry(lambda each: _store(each, contest, rows, shard, opens))  # noqa: B023
            assert stored
        except asyncpg.PostgresError as error:
            raise RuntimeError(f"the bare insert failed: {error}") from error
        count += BATCH
    return count


async def _store(
    connection: Connection, contest: Contest, rows: list[BallotRow], shard: int, now: datetime
) -> int | None:
    revision = await connection.fetchval("select revision from gates where contest = $1 limit 1", contest.id)
    context = BatchContext(False, revision, now)
    parts = [Parts(bytes(32), bytes(32))] * len(rows)
    sealed = SealedBatch([bytes(133)] * len(rows), [bytes(32)] * len(rows), parts, bytes(64))
    return await ballots.insert(
        connection,
        contest.id,
        rows,
        context=context,
        closes_at=contest.closes_at,
        shard=shard,
        sealed=sealed,
    )


def _row(voter: bytes, id: uuid.UUID, entry: str) -> BallotRow:
    return BallotRow(
        voter=voter,
        ordinal=1,
        key="bench",
        id=id,
        picks=[entry],
        state="count",
        reasons=(),
        salts=b"s" * SALTS_BYTES,
        facts=facts(id),
        remaining=REMAINING,
    )
