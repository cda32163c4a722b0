"""make rebuild: recounts a million ballots, and rebuilds their tally in PostgreSQL and in Redis.

With --whole, what else reads all ballots of a contest: certification and exports, and the queries of its pages.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from itertools import product
from pathlib import Path

import asyncpg
import click
import psutil
from redis.asyncio import Redis

from loadtests.contests import now
from loadtests.service import ID, VOTING, Prepared, inherited, prepared, temporary_folder
from loadtests.stored_ballots import fill, held
from loadtests.stored_queries import timed
from voting.engines import state
from voting.redis import keys
from voting.redis.connection import connected
from voting.services.fraud.review import ReviewAction
from voting.services.second_person import Person
from voting.services.tallies.projection import TallyProjection
from voting.settings import load
from voting.wiring import admin

SECONDS = 60.0
CERTIFIED_SECONDS = 1800.0
MILLISECONDS = 5.0
ENTRIES = 120
DAYS = 10.0
# A tenth of the ballots, half of them, and all.
STAGES = (range(1), range(1, 5), range(5, 10))
_CLOSE = "update contests set closes_at = clock_timestamp() where closes_at > clock_timestamp()"


@click.command(epilog="Example: make rebuild ARGS='--ballots 100000'")
@click.option("--ballots", default=1_000_000, show_default=True, type=click.IntRange(1), help="The number of ballots.")
@click.option("--within", default=SECONDS, show_default=True, help="Seconds that each step may take.")
@click.option("--whole", is_flag=True, help="Also time certification, exports, and the queries of boards and pages.")
@click.option("--folder", type=click.Path(path_type=Path), help="Keep the database in FOLDER, and go on with it.")
def main(ballots: int, within: float, whole: bool, folder: Path | None) -> None:
    """Fill a database with ballots of two picks and no tally, and time three steps.

    `voting recount --mend` rebuilds the tally, `voting recount` finds it right, and the tally in Redis is rebuilt.
    Exit code 1: a step takes longer, or its result is wrong.

    With --whole the ballots are spread over ten days, the queries of boards and pages are timed at a tenth, half and
    all of them, and may take 5 ms; certification may take 30 minutes.
    """
    times: list[float] = []
    slow = 0
    opens = now().replace(microsecond=0) - timedelta(days=DAYS + 1) if whole else None
    with prepared(ENTRIES, 1, folder=folder, opens=opens) as ready:
        for tenths in STAGES if whole else (range(10),):
            if _missing(ready, ballots, tenths):
                with _timed(f"{len(tenths)} tenths of {ballots} ballots inserted", []):
                    asyncio.run(fill(ready.environment, ballots, ready.entries, days=DAYS * whole, tenths=tenths))
                with _timed("voting recount --mend, of a missing tally", times):
                    _run(ready.environment, "recount", "--contest", ID, "--mend", "lost")
                slow = _queries(ready.environment) if whole else 0
        with _timed("voting recount", times):
            _run(ready.environment, "recount", "--contest", ID)
        counted = asyncio.run(_rebuild_view(ready.environment, times))
        right = counted == 2 * (ballots - held(ballots))
        click.echo(f"{counted} counted picks in Redis: {'right' if right else 'wrong'}")
        certified = _certify_and_export(ready.environment) if whole else 0.0
    sys.exit(0 if right and not slow and max(times) <= within and certified <= CERTIFIED_SECONDS else 1)


@contextmanager
def _timed(name: str, times: list[float]) -> Iterator[None]:
    begun = time.perf_counter()
    yield
    times.append(time.perf_counter() - begun)
    click.echo(f"{name}: {times[-1]:.2f} s")


def _run(environment: Mapping[str, str], *arguments: str) -> None:
    """Runs a command, and prints what it took: on a busy machine its time says little."""
    before = _postgres_seconds(environment)
    process = subprocess.Popen(
        [*VOTING, *arguments], env={**inherited(), **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert process.stderr
    with process.stderr as stream:
        said = stream.read().decode()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise click.ClickException(f"voting {arguments[0]}: {said[-2000:]}")
    click.echo(
        f"  {used.ru_utime + used.ru_stime:.0f} s of a processor, {_postgres_seconds(environment) - before:.0f} s of"
        f" PostgreSQL's, at most {used.ru_maxrss / 2**20:.2f} GiB"
    )


def _postgres_seconds(environment: Mapping[str, str]) -> float:
    """The processor time of PostgreSQL's connections that have ended."""
    postmaster = psutil.Process(state.load(Path(environment["VOTING_DATA"])).postgres.pid)
    return float(postmaster.cpu_times().children_user + postmaster.cpu_times().children_system)


def _missing(ready: Prepared, ballots: int, tenths: range) -> bool:
    """Whether ballots of these tenths are yet to be stored: the contest of a kept folder may have them."""

    async def count() -> int:
        connection = await asyncpg.connect(ready.environment["DATABASE_OWNER_URL"])
        try:
            return int(await connection.fetchval("select count(*) from ballots", timeout=600))
        finally:
            await connection.close()

    return asyncio.run(count()) * 10 < ballots * tenths.stop * 0.999


def _queries(environment: Mapping[str, str]) -> int:
    """Prints the statements of boards and pages; returns how many are too slow."""
    statements = asyncio.run(timed(environment))
    for statement in statements:
        click.echo(f"  {statement}")
    return sum(statement.milliseconds > MILLISECONDS for statement in statements)


async def _close(environment: Mapping[str, str]) -> None:
    connection = await asyncpg.connect(environment["DATABASE_OWNER_URL"])
    await connection.execute(_CLOSE)
    await connection.close()


async def _release(environment: Mapping[str, str]) -> None:
    """Two persons release every group of ballots that waits for them."""
    async with admin.services(load(environment), "rebuild") as office:
        snapshot = await office.contest_cache.get(ID)
        waiting = [each.group for each in await office.reviews.all(snapshot) if each.group.state == "open"]
        with _timed(f"{sum(group.ballots for group in waiting)} ballots in {len(waiting)} groups released", []):
            for group, person in product(waiting, (Person("first", "first"), Person("second", "second"))):
                await office.reviews.rule(snapshot, group.id, person, ReviewAction("release", "a trial"))


def _certify_and_export(environment: Mapping[str, str]) -> float:
    """Closes the contest; returns how many seconds its certification took."""
    asyncio.run(_close(environment))
    times: list[float] = []
    with _timed("voting certify --propose", []):
        _run(environment, "certify", "--contest", ID, "--propose")
    asyncio.run(_release(environment))
    with _timed("voting certify", times):
        _run(environment, "certify", "--contest", ID, "--public-only")
    with temporary_folder() as folder:
        for command, name in (("results", "results.xlsx"), ("events export", "events.jsonl.gz")):
            more = ("--format", "xlsx") if command == "results" else ()
            with _timed(f"voting {command}", []):
                _run(environment, *command.split(), "--contest", ID, *more, "--out", str(folder / name))
            click.echo(f"{name}: {(folder / name).stat().st_size / 2**20:.0f} MiB")
    return times[0]


async def _rebuild_view(environment: Mapping[str, str], times: list[float]) -> int:
    """Rebuilds a missing tally in Redis as a worker does when it starts; returns its counted picks."""
    settings = load(environment)
    async with admin.services(settings, "rebuild") as office, connected(settings.redis_url) as redis:
        uid = (await office.contest_cache.get(ID)).uid
        async with Redis.from_url(settings.redis_url) as client:
            await client.delete(keys.tally(uid))
        with _timed("the tally in Redis from PostgreSQL", times):
            await TallyProjection(office.database, redis.view, office.contest_cache).reconcile_current()
        return sum(tally.counted for tally in (await redis.view.read(uid) or {}).values())


if __name__ == "__main__":
    main()
