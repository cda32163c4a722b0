"""Where a campaign takes place: embedded engines of its own, the service in processes of its own, proxies between."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from loadtests.client import request
from loadtests.faults.disk import Disk
from loadtests.faults.proxy import Proxy, proxied, standing
from loadtests.faults.wire import HOST, Link, Lost
from loadtests.service import UNSHIELDED
from voting.engines import Addresses, processes, state
from voting.settings import Settings, load

ROOT = Path(__file__).parent.parent.parent
PLANTED = Path(__file__).with_name("planted")
BUG = "LOADTESTS_BUG"
SECRET = "a-campaigns-secret-which-protects-nothing-0123456789"
WORKERS = 2
READY_SECONDS = 90.0
STOP_SECONDS = 25.0


def settings(folder: Path, database: str, view: str) -> Settings:
    """The service's settings on these addresses."""
    return load(environment(folder, database, view))


def environment(folder: Path, database: str, view: str) -> dict[str, str]:
    """The same as environment variables. Every request comes from one address: the shield would shed them."""
    return {
        "DATABASE_URL": database,
        "REDIS_URL": view,
        "VOTING_SECRET": SECRET,
        "VOTING_DATA": str(folder),
        **UNSHIELDED,
    }


@dataclass
class Service:
    """`voting serve` with several workers."""

    environment: dict[str, str]
    log: Path
    port: int = field(default_factory=processes.free_port)
    process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Starts it and waits until it is ready."""
        command = [sys.executable, "-m", "voting", "serve", "--port", str(self.port), "--workers", str(WORKERS)]
        clean = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("VOTING_", "DATABASE_URL", "REDIS_URL", "PYTHONPATH", BUG))
        }
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, env=clean | self.environment, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
            )
        if not await self.ready(READY_SECONDS):
            raise RuntimeError(f"the service is not ready: {self.log.read_text()[-2000:]}")

    async def ready(self, seconds: float) -> bool:
        """Whether it says so in this time, and all its workers are there."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with Link(self.port) as link, suppress(Lost):
                answer = await link.ask(request("GET", "/health/ready"))
                if answer.status == 200 and self.serving() >= WORKERS:
                    return True
            await asyncio.sleep(0.05)
        return False

    def serving(self) -> int:
        """How many workers are connected to anybody: one that is still starting is not."""
        count = 0
        for worker in self.workers():
            with suppress(psutil.Error):
                count += any(each.status == psutil.CONN_ESTABLISHED for each in worker.net_connections("tcp"))
        return count

    def workers(self) -> list[psutil.Process]:
        """The worker processes, oldest first."""
        assert self.process is not None
        try:
            children = psutil.Process(self.process.pid).children(recursive=True)
            found = [each for each in children if each.status() != psutil.STATUS_ZOMBIE]
            named = [(each, " ".join(each.cmdline())) for each in found]
        except psutil.NoSuchProcess:
            return []
        return sorted((each for each, name in named if "resource_tracker" not in name), key=lambda each: each.pid)

    async def stop(self, number: int = signal.SIGTERM) -> None:
        """Ends it, and its workers, and waits for that."""
        if self.process is None:
            return
        workers = self.workers()
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            await asyncio.to_thread(self.process.wait, STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        _, left = await asyncio.to_thread(psutil.wait_procs, workers, 5)
        for each in left:
            each.kill()


@dataclass
class Arena:
    """All that a fault can hit."""

    folder: Path
    addresses: Addresses
    postgres: Proxy
    redis: Proxy
    clients: Proxy
    service: Service
    disk: Disk | None = None

    def postmaster(self) -> psutil.Process:
        """PostgreSQL's first process now."""
        return psutil.Process(state.load(self.folder).postgres.pid)

    def valkey(self) -> psutil.Process:
        """Valkey's process now."""
        return psutil.Process(state.load(self.folder).valkey.pid)

    def settings(self) -> Settings:
        """To work on the same database without the proxies."""
        return settings(self.folder, self.addresses.database_url, self.addresses.redis_url)


@asynccontextmanager
async def standing_arena(
    folder: Path, addresses: Addresses, disk: Disk | None = None, bug: str = ""
) -> AsyncIterator[Arena]:
    """A service on engines that run; it is not started yet, and stopped at the end. `bug`: planted in its processes."""
    async with (
        proxied(addresses.database_url) as (postgres, through),
        proxied(addresses.redis_url) as (redis, seen),
    ):
        own = environment(folder, through, seen)
        if bug:
            own |= {"PYTHONPATH": os.pathsep.join((str(PLANTED), str(ROOT))), BUG: bug}
        service = Service(own, folder / "service.log")
        async with standing(HOST, service.port) as clients:
            try:
                yield Arena(folder, addresses, postgres, redis, clients, service, disk)
            finally:
                await service.stop()
