"""Starting while PostgreSQL is away: processes wait for it, and running ones go on."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import httpx
import psutil
import pytest

from tests.acceptance.test_cli import run
from tests.acceptance.test_stopping import workers_of
from tests.conftest import VOTING, Contests, cast, environment_of, eventually, free_port, serving, without_settings
from tests.proxy import proxied
from voting.settings import Settings


@asynccontextmanager
async def started(environment: dict[str, str], log: Path, *arguments: str) -> AsyncIterator[tuple[str, int]]:
    """Runs `voting serve`, which may not become ready; yields its address and process id."""
    port = free_port()
    with log.open("ab") as file:
        command = [*VOTING, "serve", "--port", str(port), *arguments]
        process = subprocess.Popen(command, env=without_settings() | environment, stdout=file, stderr=file)
    try:
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 30)


@pytest.mark.parametrize("fault", [pytest.param("cut", marks=pytest.mark.campaign), "hang"])
async def test_workers_killed_while_postgresql_is_away_serve_soon_after_it_is_back(
    settings: Settings, contests: Contests, tmp_path: Path, fault: str
) -> None:
    contest, log = await contests.make(), tmp_path / "log"
    async with proxied(settings.database_url) as (postgres, url):
        environment = environment_of(settings) | {"DATABASE_URL": url}
        async with started(environment, log, "--workers", "2") as (address, supervisor):
            await eventually(lambda: _ready(address), 90)
            await eventually(lambda: _two(supervisor), 60)
            postgres.hang() if fault == "hang" else postgres.cut()
            for worker in (former := workers_of(supervisor)):
                os.kill(worker, signal.SIGKILL)
            await eventually(lambda: _says(log, "waiting for PostgreSQL", 2), 90)
            waiting = workers_of(supervisor)
            assert not set(former) & set(waiting)
            postgres.heal()
            back = time.monotonic()
            (token,) = contests.tokens(contest, 1)
            # Connections wait until a worker accepts them, and both workers accept these.
            async with httpx.AsyncClient(base_url=address, timeout=30) as client:
                assert (await cast(client, contest, token, ["A001"])).status_code == 201
            await eventually(lambda: _serve(waiting, url), 20)
            # 3 s on an idle machine.
            assert time.monotonic() - back < 30
            assert workers_of(supervisor) == waiting, "none had to start once more"


async def test_a_service_started_without_postgresql_waits_and_logs_it(settings: Settings, tmp_path: Path) -> None:
    log = tmp_path / "log"
    async with proxied(settings.database_url) as (postgres, url):
        postgres.cut()
        async with started(environment_of(settings) | {"DATABASE_URL": url}, log, "--migrate") as (address, _):
            await eventually(lambda: _says(log, "waiting for PostgreSQL"), 90)
            postgres.heal()
            await eventually(lambda: _ready(address), 60)


@pytest.mark.parametrize("wrong", ["password", "database", "option"])
async def test_a_wrong_setting_ends_the_start_at_once(settings: Settings, wrong: str) -> None:
    head, _, tail = settings.database_url.partition("@")
    urls = {
        "password": f"{head}-wrong@{tail}",
        "database": f"{settings.database_url}-absent",
        "option": f"{settings.database_url}?sslmode=maybe",
    }
    url = urls[wrong]
    command = [*VOTING, "serve", "--port", str(free_port())]
    begun = time.monotonic()
    environment = without_settings() | environment_of(settings) | {"DATABASE_URL": url}
    # A process that only serves need not know the owner.
    del environment["DATABASE_OWNER_URL"]
    done = await asyncio.to_thread(
        subprocess.run, command, env=environment, capture_output=True, text=True, timeout=110, check=False
    )
    assert (done.returncode, "check DATABASE_URL" in done.stderr) == (1, True), done.stderr
    assert time.monotonic() - begun < 100, "it did not wait for two minutes"
    assert "Traceback" not in done.stderr


async def test_one_worker_that_cannot_start_does_not_end_the_others(settings: Settings, contests: Contests) -> None:
    """With a newer schema, a starting worker refuses it; the other goes on with what it has."""
    contest = await contests.make()
    with serving(environment_of(settings), "--workers", "2") as (address, process):
        connection = await asyncpg.connect(settings.database_owner_url)
        await connection.execute(
            "insert into schema_migrations (version, name, kind) values (9999, 'future', 'contract')"
        )
        try:
            killed = workers_of(process.pid)[0]
            os.kill(killed, signal.SIGKILL)
            await asyncio.sleep(8)
            assert process.poll() is None
            tokens = iter(contests.tokens(contest, 100))
            async with httpx.AsyncClient(base_url=address, timeout=30) as client:
                assert (await cast(client, contest, next(tokens), ["A001"])).status_code == 201
        finally:
            await connection.execute("delete from schema_migrations where version = 9999")
            await connection.close()
        await eventually(lambda: _two(process.pid), 60)


async def _serve(workers: list[int], url: str) -> bool:
    """Whether each worker has its connections to PostgreSQL, for ballots and for reads."""
    port = urlsplit(url).port
    connected = [
        sum(bool(each.raddr) and each.raddr.port == port for each in psutil.Process(worker).net_connections("tcp"))
        for worker in workers
    ]
    return len(connected) == 2 and min(connected) >= 3


async def _two(supervisor: int) -> bool:
    return len(workers_of(supervisor)) == 2


async def _says(log: Path, text: str, times: int = 1) -> bool:
    return log.read_text().count(text) >= times


async def _ready(url: str) -> bool:
    try:
        async with httpx.AsyncClient(base_url=url, timeout=2) as client:
            return (await client.get("/health/ready")).status_code == 200
    except httpx.HTTPError:
        return False


async def test_a_changed_secret_is_refused(settings: Settings, contests: Contests, http: httpx.AsyncClient) -> None:
    contest = await contests.make()
    (token,) = contests.tokens(contest, 1)
    assert (await cast(http, contest, token, ["A001"])).status_code == 201
    environment = environment_of(settings) | {"VOTING_SECRET": secrets.token_hex(32)}
    for command in (
        ("serve", "--port", str(free_port())),
        ("demo", "--port", str(free_port())),
        ("credentials", "issue", "--contest", contest, "--count", "1"),
        ("staff", "add", "of-another-secret", "--role", "auditor"),
    ):
        refused = await asyncio.to_thread(run, *command, env=environment)
        assert refused.returncode == 1
        assert not refused.stdout
        assert "VOTING_SECRET is not the one that the ballots of " in refused.stderr
        assert contest in refused.stderr
