"""The service under test: `voting serve` in processes of its own, on embedded engines in a temporary folder."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Self

import psutil

from loadtests.contests import QUOTAS, SECRET, create_contest, credentials, entries, now
from loadtests.http import HOST
from voting import engines
from voting.engines import Addresses, processes
from voting.settings import load
from voting.wiring import admin

ROOT = Path(__file__).parent.parent
VOTING = (sys.executable, "-m", "voting")
ID = "bench"
READY_SECONDS = 90.0
STOP_SECONDS = 30.0
# All requests come from one address: the flood limiter would refuse them.
UNLIMITED = dict.fromkeys(("VOTING_SHIELD_READS", "VOTING_SHIELD_WRITES", "VOTING_LIMIT_ADDRESS"), "1000000/second")


def variables(folder: Path, addresses: Addresses) -> dict[str, str]:
    """The settings of a service on these engines, as environment variables."""
    own = {"DATABASE_URL": addresses.database_url, "REDIS_URL": addresses.redis_url}
    if addresses.owner_url:
        own["DATABASE_OWNER_URL"] = addresses.owner_url
    return {**own, "VOTING_SECRET": SECRET, "VOTING_DATA": str(folder), **UNLIMITED}


def inherited() -> dict[str, str]:
    """This process's environment without settings of a service."""
    ours = ("VOTING_", "DATABASE_", "REDIS_", "PYTHONPATH")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


@dataclass
class Service:
    """A server that this process starts and stops; `program` takes the options of `voting serve`."""

    environment: Mapping[str, str]
    workers: int = 1
    log: Path | None = None
    program: tuple[str, ...] = ("voting", "serve")
    port: int = field(default_factory=processes.free_port)
    process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Returns when it is ready."""
        command = [sys.executable, "-m", *self.program, "--port", str(self.port), "--workers", str(self.workers)]
        with ExitStack() as stack:
            log = stack.enter_context(self.log.open("ab")) if self.log else subprocess.DEVNULL
            process = self.process = subprocess.Popen(
                command,
                env={**inherited(), **self.environment},
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        processes.wait_until(lambda: process.poll() is not None or self.is_ready(), READY_SECONDS)
        if process.poll() is not None or not self.is_ready():
            self.stop()
            said = self.log.read_text()[-2000:] if self.log else "try: voting serve"
            raise RuntimeError(f"the service did not become ready; {said}")

    def is_ready(self) -> bool:
        """Whether the service reports that it is ready."""
        with suppress(OSError), urllib.request.urlopen(f"http://{HOST}:{self.port}/health/ready", timeout=2):
            return True
        return False

    def is_complete(self) -> bool:
        """Whether it is ready and each worker is connected to an engine; one that is still starting is not."""
        count = 0
        for worker in self.worker_processes() if self.is_ready() else ():
            with suppress(psutil.Error):
                count += any(each.status == psutil.CONN_ESTABLISHED for each in worker.net_connections("tcp"))
        return count >= self.workers

    def children(self) -> list[psutil.Process]:
        """The processes of the service but the first, oldest first: workers, and the sweeper beside them."""
        assert self.process is not None
        try:
            found = psutil.Process(self.process.pid).children(recursive=True)
            named = [(each, " ".join(each.cmdline())) for each in found if each.status() != psutil.STATUS_ZOMBIE]
        except psutil.NoSuchProcess:
            return []
        return sorted((each for each, name in named if "resource_tracker" not in name), key=lambda each: each.pid)

    def worker_processes(self) -> list[psutil.Process]:
        """The processes that answer requests."""
        found = []
        for each in self.children():
            with suppress(psutil.NoSuchProcess):
                found += [each] if any("spawn_main" in part for part in each.cmdline()) else []
        return found

    def clients_of(self, worker: psutil.Process) -> int:
        """The number of connections that a worker has to its clients."""
        return sum(each.laddr.port == self.port and bool(each.raddr) for each in worker.net_connections("tcp"))

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Signals the first process; returns when all have ended."""
        if self.process is None:
            return
        children = self.children()
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        _, left = psutil.wait_procs(children, 5)
        for each in left:
            each.kill()


@dataclass(frozen=True)
class Prepared:
    """Engines with an open contest, as settings of a service on them."""

    environment: dict[str, str]
    entries: list[str]
    tokens: list[str]


@contextmanager
def running_engines(folder: Path, notice: Callable[[str], None] = print) -> Iterator[Addresses]:
    """Embedded engines with a migrated database."""
    with engines.running(folder, own=True, notice=notice) as addresses:
        asyncio.run(admin.migrate(load(variables(folder, addresses)), lambda _: None))
        yield addresses


@contextmanager
def prepared(
    entry_count: int, voters: int, *, folder: Path | None = None, opens: datetime | None = None
) -> Iterator[Prepared]:
    """Engines in a temporary folder, or in one that is kept, with a contest; it opened a minute ago, or at `opens`."""
    with nullcontext(folder) if folder else temporary_folder() as place, running_engines(place) as addresses:
        own = variables(place, addresses)
        codes = entries(entry_count)

        async def create() -> None:
            async with admin.services(load(own), "loadtests") as office:
                if ID not in [snapshot.contest.id for snapshot in await office.contest_cache.all()]:
                    await create_contest(
                        office, ID, codes, QUOTAS, opens=opens, closes=opens and now() + timedelta(days=1)
                    )

        asyncio.run(create())
        yield Prepared(own, list(codes), list(islice(credentials(ID), voters)))


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder that other users can pass through: as root, the engines run as another user."""
    with tempfile.TemporaryDirectory(prefix="voting-loadtests-") as name:
        folder = Path(name).resolve()
        folder.chmod(0o755)
        yield folder
