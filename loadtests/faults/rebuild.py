"""make rebuild: recounts a million ballots, and rebuilds their tally in PostgreSQL and in Redis."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta

import asyncpg
import click
from redis.asyncio import Redis

from loadtests.service import ID, VOTING, inherited, prepared
from voting.domain.ballots import merkle
from voting.domain.ballots.ballot import Receipt, commitment
from voting.redis import keys
from voting.redis.connection import connected
from voting.services.identity.keyring import Keyring
from voting.services.tallies.projection import TallyProjection
from voting.settings import load
from voting.wiring import admin

SECONDS = 60.0
ENTRIES = 120
AT_ONCE = 64
_BALLOTS = (
    *("contest", "voter", "ordinal", "idempotency_key", "id", "picks"),
    *("state", "recorded_at", "salt", "batch", "place"),
)
_BATCHES = ("contest", "id", "recorded_at", "voters", "facts", "remaining", "leaves", "signature")
_DECISIONS = (
    "insert into decisions (contest, ballot, decided_at, stage, state, reasons, actor)"
    " select contest, id, recorded_at, 'online', state, reasons, 'policy' from ballots where state = 'hold'"
)


@click.command(epilog="Example: make rebuild ARGS='--ballots 100000'")
@click.option("--ballots", default=1_000_000, show_default=True, type=click.IntRange(1), help="The number of ballots.")
@click.option("--within", default=SECONDS, show_default=True, help="Seconds that each step may take.")
def main(ballots: int, within: float) -> None:
    """Fill a database with ballots of two picks and no tally, and time three steps.

    `voting recount --mend` rebuilds the tally, `voting recount` finds it right, and the tally in Redis is rebuilt.
    Exit code 1: a step takes longer, or its result is wrong.
    """
    times: list[float] = []
    with prepared(ENTRIES, 1) as ready:
        with _timed(f"{ballots} ballots inserted", []):
            asyncio.run(_fill(ready.environment, ballots))
        with _timed("voting recount --mend, of a missing tally", times):
            _recount(ready.environment, "--mend", "lost")
        with _timed("voting recount", times):
            _recount(ready.environment)
        counted = asyncio.run(_rebuild_view(ready.environment, times))
    right = counted == 2 * (ballots - ballots // 50)
    click.echo(f"{counted} counted picks in Redis: {'right' if right else 'wrong'}")
    sys.exit(0 if right and max(times) <= within else 1)


@contextmanager
def _timed(name: str, times: list[float]) -> Iterator[None]:
    begun = time.perf_counter()
    yield
    times.append(time.perf_counter() - begun)
    click.echo(f"{name}: {times[-1]:.2f} s")


async def _fill(environment: Mapping[str, str], ballots: int) -> None:
    connection = await asyncpg.connect(environment["DATABASE_OWNER_URL"])
    keyring = Keyring(environment["VOTING_SECRET"].encode())
    begun = await connection.fetchval("select clock_timestamp()")
    for first in range(0, ballots, 1000 * AT_ONCE):
        firsts = range(first, min(ballots, first + 1000 * AT_ONCE), AT_ONCE)
        batches = [_batch(keyring, each, min(AT_ONCE, ballots - each), begun) for each in firsts]
        await connection.copy_records_to_table("batches", records=[batch for batch, _ in batches], columns=_BATCHES)
        rows = [row for _, rows in batches for row in rows]
        await connection.copy_records_to_table("ballots", records=rows, columns=_BALLOTS)
    await connection.execute(_DECISIONS, timeout=600)
    await connection.execute("vacuum analyze", timeout=600)
    await connection.close()


def _batch(
    keyring: Keyring, first: int, count: int, begun: datetime
) -> tuple[tuple[object, ...], list[tuple[object, ...]]]:
    """A batch and its ballots as casting records them, signed."""
    at, ids, numbers = begun + timedelta(microseconds=first), [uuid.uuid4() for _ in range(count)], range(count)
    picks = [
        [f"E{1 + each % ENTRIES:03d}", f"E{1 + (each // 7 + 1) % ENTRIES:03d}"] for each in range(first, first + count)
    ]
    leaves = [
        merkle.leaf_hash(Receipt(ID, str(id), at, commitment(id.bytes, ID, str(id), codes)).statement())
        for id, codes in zip(ids, picks, strict=True)
    ]
    signature = keyring.sign(merkle.root_of(leaves))
    voters, facts = [id.bytes for id in ids], json.dumps([[]] * count)
    batch = (ID, first, at, voters, facts, ["{}"] * count, b"".join(leaves), signature)
    states = ["count" if (first + number) % 50 else "hold" for number in numbers]
    return batch, [
        (ID, id.bytes, 1, "k", id, picks[number], states[number], at, id.bytes, first, number)
        for number, id in enumerate(ids)
    ]


def _recount(environment: Mapping[str, str], *more: str) -> None:
    command = [*VOTING, "recount", "--contest", ID, *more]
    done = subprocess.run(command, env={**inherited(), **environment}, capture_output=True, text=True)
    if done.returncode:
        raise click.ClickException(f"voting recount: {done.stderr or done.stdout}")


async def _rebuild_view(environment: Mapping[str, str], times: list[float]) -> int:
    """Rebuilds a missing tally in Redis as a worker does when it starts; returns its counted picks."""
    settings = load(environment)
    async with admin.services(settings, "rebuild") as office, connected(settings.redis_url) as redis:
        uid = (await office.contest_cache.get(ID)).uid
        async with Redis.from_url(settings.redis_url) as client:
            await client.delete(keys.tally(uid))
        with _timed("the tally in Redis from PostgreSQL", times):
            await TallyProjection(office.database, redis.view, office.contest_cache).reconcile_all()
        return sum(tally.counted for tally in (await redis.view.read(uid) or {}).values())


if __name__ == "__main__":
    main()
