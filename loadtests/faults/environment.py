"""Everything that a fault can hit: embedded engines, a service, and proxies between them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from loadtests.faults.disk import Disk
from loadtests.faults.proxy import Proxy, proxied, proxy_to
from loadtests.http import HOST
from loadtests.service import ROOT, Service, variables
from voting.engines import Addresses, processes, state
from voting.settings import Settings, load

PLANTED = Path(__file__).with_name("planted")
BUG = "LOADTESTS_BUG"
WORKERS = 2


@dataclass
class Environment:
    """The parts of one run."""

    folder: Path
    addresses: Addresses
    postgres: Proxy
    redis: Proxy
    clients: Proxy
    service: Service
    disk: Disk | None = None
    contest: str = ""
    """The main contest of the run."""

    def postmaster(self) -> psutil.Process:
        """The first process of PostgreSQL now."""
        return psutil.Process(state.load(self.folder).postgres.pid)

    def valkey(self) -> psutil.Process:
        """The process of Valkey now."""
        return psutil.Process(state.load(self.folder).valkey.pid)

    def settings(self) -> Settings:
        """Settings for the same database without the proxies."""
        return load(variables(self.folder, self.addresses))

    async def start(self) -> None:
        """Starts the service."""
        await asyncio.to_thread(self.service.start)

    async def recovered(self, seconds: float) -> bool:
        """Whether the service is ready with all workers within this time."""
        return await asyncio.to_thread(processes.wait_until, self.service.is_complete, seconds)


def planted(bug: str) -> dict[str, str]:
    """Variables of a service with a planted bug."""
    return {"PYTHONPATH": os.pathsep.join((str(PLANTED), str(ROOT))), BUG: bug}


@asynccontextmanager
async def service_behind_proxies(
    folder: Path, addresses: Addresses, disk: Disk | None = None, bug: str = ""
) -> AsyncIterator[Environment]:
    """A service on running engines, not yet started, and stopped at the end. `bug` is planted in its processes."""
    async with (
        proxied(addresses.database_url) as (postgres, database_url),
        proxied(addresses.redis_url) as (redis, redis_url),
    ):
        own = variables(folder, Addresses(database_url, redis_url))
        if bug:
            own |= planted(bug)
        service = Service(own, WORKERS, folder / "service.log")
        async with proxy_to(HOST, service.port) as clients:
            try:
                yield Environment(folder, addresses, postgres, redis, clients, service, disk)
            finally:
                await asyncio.to_thread(service.stop)
