"""make rebuild: recounts a million ballots, and rebuilds their tally in PostgreSQL and in Redis."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import click
from redis.asyncio import Redis

from loadtests.service import ID, VOTING, inherited, prepared
from loadtests.stored_ballots import fill, held
from voting.redis import keys
from voting.redis.connection import connected
from voting.services.tallies.projection import TallyProjection
from voting.settings import load
from voting.wiring import admin

SECONDS = 60.0
ENTRIES = 120


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
            asyncio.run(fill(ready.environment, ballots, ready.entries))
        with _timed("voting recount --mend, of a missing tally", times):
            _recount(ready.environment, "--mend", "lost")
        with _timed("voting recount", times):
            _recount(ready.environment)
        counted = asyncio.run(_rebuild_view(ready.environment, times))
    right = counted == 2 * (ballots - held(ballots))
    click.echo(f"{counted} counted picks in Redis: {'right' if right else 'wrong'}")
    sys.exit(0 if right and max(times) <= within else 1)


@contextmanager
def _timed(name: str, times: list[float]) -> Iterator[None]:
    begun = time.perf_counter()
    yield
    times.append(time.perf_counter() - begun)
    click.echo(f"{name}: {times[-1]:.2f} s")


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
