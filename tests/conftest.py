"""Fixtures with real parts: PostgreSQL and Valkey from the engines, and the service in separate processes."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import altcha
import asyncpg
import httpx
import pytest
from hypothesis import settings as hypothesis_settings

from voting import engines
from voting.domain.contest.contest_file import read_contest
from voting.domain.entry import Entry
from voting.domain.identity.roles import Role
from voting.postgres import ballots as ballots_table
from voting.postgres import contests as contests_table
from voting.postgres.ballots import BallotRow, BatchContext
from voting.postgres.database import Connection
from voting.services.ballots.record import seal
from voting.services.identity.keyring import Keyring
from voting.settings import Settings, load
from voting.wiring import admin
from voting.wiring.admin import AdminServices

SECRET = "test-secret-of-more-than-32-bytes-0123456789"
VOTING = [sys.executable, "-m", "voting"]
# Without compiled modules, which some machines turn off, each of the hundreds of processes compiles ours again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# A client of httpx reads the authorities that the machine trusts, 25 ms each time, also for plain HTTP: here are none.
os.environ.pop("SSL_CERT_FILE", None)
os.environ["SSL_CERT_DIR"] = str(Path(__file__).parent)
# Machines vary in speed: no test may fail for its time, and a failing example must be reproducible.
hypothesis_settings.register_profile("voting", deadline=None, derandomize=True)
hypothesis_settings.load_profile("voting")

ERASE_FACTS = """
update batches set facts = array_to_json(array_fill(null::text, array[cardinality(voters)])) where contest = $1
"""
ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Service:
    """A running service and its settings."""

    url: str
    settings: Settings
    process: subprocess.Popen[str]


@dataclass
class Contests:
    """Creates contests, each with a unique id."""

    settings: Settings
    made: list[str] = field(default_factory=list)

    async def make(
        self,
        rules: str = '[[quota]]\npicks = 5\nper = "contest"\nperiod = "day"\n',
        *,
        opens: timedelta = timedelta(minutes=-5),
        closes: timedelta = timedelta(days=10),
        entries: int = 12,
        top: str = "",
    ) -> str:
        """Creates a contest with entries A001 onwards and a window relative to now; `rules` is TOML. Returns its id."""
        id = f"t-{secrets.token_hex(5)}"
        text = top + contest_text(id, rules, opens, closes)
        contest = read_contest(text)
        roster = [
            Entry(
                f"A{number:03d}", f"作品 {number}", f"作者 {number % 7}", ("one", "two")[number % 2], f"简介 {number}"
            )
            for number in range(1, entries + 1)
        ]
        async with self.office() as office:
            await office.contest_admin.create(contest, text)
            await office.contest_admin.import_roster(id, roster, {})
        self.made.append(id)
        return id

    async def end(self) -> None:
        """Ends the contests made so far."""
        ended, self.made = self.made, []
        connection = await asyncpg.connect(self.settings.database_owner_url)
        await connection.execute(
            "update contests set closes_at = now(), revision = revision + 1"
            " where id = any($1) and opens_at < now() and closes_at > now()",
            ended,
        )
        await connection.close()

    def tokens(self, contest: str, count: int) -> list[str]:
        """Returns credentials as issued by `voting credentials issue`."""
        keyring = Keyring(SECRET.encode())
        return [keyring.issue_credential(contest, "issued", datetime.now(UTC)) for _ in range(count)]

    async def staff_key(self, role: Role, contest: str | None, name: str = "test") -> str:
        """Returns a new staff key."""
        async with self.office() as office:
            return await office.staff_keys.create(f"{name} {role}", role, contest)

    def office(self) -> AbstractAsyncContextManager[AdminServices]:
        """Opens the services of a command."""
        return admin.services(self.settings, "test")

    async def counted(self, contest: str) -> dict[str, int]:
        """Returns the recount of the ballots."""
        connection = await asyncpg.connect(self.settings.database_url)
        rows = await connection.fetch(
            "select entry, count(*) as picks from ballots, unnest(picks) as entry"
            " where contest = $1 and state = 'count' group by entry",
            contest,
        )
        await connection.close()
        return {row["entry"]: row["picks"] for row in rows}


def contest_text(id: str, rules: str, opens: timedelta, closes: timedelta) -> str:
    """Returns a contest file with two categories."""
    now = datetime.now(UTC).replace(microsecond=0)
    return f"""\
id = "{id}"
title = "测试评选"
title_en = "A test contest"
host = "测试单位"

[window]
opens_at = {(now + opens).isoformat()}
closes_at = {(now + closes).isoformat()}

[[category]]
id = "one"
name = "类别一"

[[category]]
id = "two"
name = "类别二"

{rules}"""


def free_port() -> int:
    """Returns a port that nobody listens on.

    It is below those that systems give to clients: a connection of another test could take it before a service does.
    """
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def without_settings() -> dict[str, str]:
    """Returns the environment without a developer's or a build's settings of the service."""
    ours = ("VOTING_", "DATABASE_", "REDIS_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


@contextmanager
def serving(environment: dict[str, str], *arguments: str, port: int = 0) -> Iterator[tuple[str, Any]]:
    """Runs `voting serve` as a process; yields when it is ready, and stops it with SIGTERM."""
    port = port or free_port()
    process = subprocess.Popen(
        [*VOTING, "serve", "--port", str(port), *arguments],
        env=without_settings() | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        wait_ready(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}", process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def wait_ready(url: str, process: subprocess.Popen[str], seconds: float = 60) -> None:
    """Waits until the service reports that it is ready."""
    until = time.monotonic() + seconds
    with httpx.Client(base_url=url, timeout=2) as client:
        while time.monotonic() < until:
            if process.poll() is not None:
                raise AssertionError(f"the service ended with {process.returncode}: {process.communicate()[1]}")
            try:
                if client.get("/health/ready").status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.05)
    raise AssertionError("the service is not ready")


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Yields settings with the addresses of new engines and a migrated database."""
    folder = tmp_path_factory.mktemp("engines")
    with engines.running(folder, own=True, notice=print) as addresses:
        environment = {
            "DATABASE_URL": addresses.database_url,
            "DATABASE_OWNER_URL": addresses.owner_url,
            "REDIS_URL": addresses.redis_url,
            "VOTING_SECRET": SECRET,
            "VOTING_DATA": str(folder),
        }
        made = load(environment)
        asyncio.run(admin.migrate(made, print))
        yield made


@asynccontextmanager
async def as_owner(settings: Settings) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """Yields a connection of the tables' owner, who may tamper with rows and move moments."""
    connection = await asyncpg.connect(settings.database_owner_url)
    try:
        yield connection
    finally:
        await connection.close()


def environment_of(settings: Settings) -> dict[str, str]:
    """Returns the same settings as environment variables."""
    return {
        "DATABASE_URL": settings.database_url,
        "DATABASE_OWNER_URL": settings.database_owner_url,
        "REDIS_URL": settings.redis_url,
        "VOTING_SECRET": settings.secret.decode(),
        "VOTING_DATA": str(settings.data),
        # A round in the middle of a test would count ballots that the test had held.
        "VOTING_SWEEP": "off",
    }


@pytest.fixture(scope="session")
def service(settings: Settings) -> Iterator[Service]:
    """Runs the service with two workers."""
    with serving(environment_of(settings), "--workers", "2") as (url, process):
        yield Service(url, settings, process)


@pytest.fixture(scope="session")
def all_contests(settings: Settings) -> Contests:
    return Contests(settings)


@pytest.fixture(scope="module")
async def contests(all_contests: Contests) -> AsyncIterator[Contests]:
    """Makes contests, which end with the module: services look at every open contest each two seconds."""
    yield all_contests
    await all_contests.end()


@pytest.fixture
async def http(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    """Yields a client of the service, at first without cookies."""
    limits = httpx.Limits(max_connections=100)
    async with httpx.AsyncClient(base_url=service.url, timeout=30, limits=limits) as client:
        yield client


@pytest.fixture
async def office(settings: Settings) -> AsyncIterator[AdminServices]:
    """The services of a command."""
    async with admin.services(settings, "test") as ready:
        yield ready


async def cast(
    http: httpx.AsyncClient, contest: str, token: str | None, picks: Sequence[str], key: str = "", **more: Any
) -> httpx.Response:
    """Casts a ballot under `key`, or under a new key."""
    headers = {"Idempotency-Key": key or secrets.token_hex(8)}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    body = {"entries": list(picks), **more}
    return await http.post(f"/api/v1/contests/{contest}/ballots", json=body, headers=headers)


async def insert_batch(connection: Connection, contest: str, ballots: Sequence[BallotRow], at: datetime) -> None:
    """Stores ballots as casting does, without the service: with decisions, the tally and one signature for all."""
    sealed, _ = seal(Keyring(SECRET.encode()), contest, ballots, at, "0" * 64)
    stored = await contests_table.select(connection, contest)
    assert stored
    assert await ballots_table.insert(
        connection,
        contest,
        ballots,
        context=BatchContext(paused=False, revision=stored.revision, now=at),
        closes_at=datetime.max.replace(tzinfo=UTC),
        shard=0,
        sealed=sealed,
    )


def solve(challenge: dict[str, Any]) -> str:
    """Returns the solved challenge as ALTCHA's clients send it."""
    opened = altcha.Challenge.from_dict(challenge)
    solution = altcha.solve_challenge(opened)
    assert solution is not None
    return altcha.Payload(opened, solution).to_base64()


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Returns status and code of a problem response."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    content = answer.json()
    assert content["status"] == answer.status_code
    assert content["title"]
    assert content["detail"]
    return answer.status_code, content["code"]


async def eventually(check: Callable[[], Awaitable[bool]], seconds: float = 30) -> None:
    """Waits until `check` succeeds."""
    until = time.monotonic() + seconds
    while not await check():
        assert time.monotonic() < until, "it did not come true in time"
        await asyncio.sleep(0.05)
