"""Reads at a steady rate while PostgreSQL, or Redis too, is away: the share that is answered 200."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from loadtests.contests import QUOTAS, create_contest, credentials, entries
from loadtests.faults.environment import service_behind_proxies
from loadtests.http import Link, Lost, ballot, request
from loadtests.service import ID
from voting.engines import Addresses
from voting.wiring import admin

WARM_SECONDS = 3.0
# What voters read: pages, entries and tallies.
PATHS = (
    f"/c/{ID}",
    f"/c/{ID}?sort=picks&page=1",
    f"/c/{ID}/entries/E001",
    "/api/v1/contests",
    f"/api/v1/contests/{ID}",
    f"/api/v1/contests/{ID}/entries",
    f"/api/v1/contests/{ID}/tallies",
)


@dataclass
class Reads:
    """Answers by path and status; status 0 is a connection that failed."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    slowest: float = 0.0

    @property
    def good(self) -> float:
        """The share of 200."""
        return sum(count for (_, status), count in self.answers.items() if status == 200) / self.answers.total()


async def read_steadily(port: int, paths: Sequence[str], seconds: float, rate: float) -> Reads:
    """`rate` reads a second, each in a task of its own: a slow answer delays no other."""
    reads = Reads()

    async def read(path: str) -> None:
        begun = time.monotonic()
        with Link(port) as link:
            try:
                status = (await link.ask(request("GET", path))).status
            except Lost:
                status = 0
        reads.answers[path, status] += 1
        reads.slowest = max(reads.slowest, time.monotonic() - begun)

    begun = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for number in range(round(seconds * rate)):
            await asyncio.sleep(max(0.0, begun + number / rate - time.monotonic()))
            group.create_task(read(paths[number % len(paths)]))
    return reads


async def read_in_an_outage(
    folder: Path, addresses: Addresses, seconds: float, rate: float, fault: str, redis: bool
) -> Reads:
    """Starts a service with a contest that has a vote, and reads during the outage."""
    async with service_behind_proxies(folder, addresses) as environment:
        async with admin.services(environment.settings(), "outage") as office:
            await create_contest(office, ID, entries(1), QUOTAS)
        await environment.start()
        port = environment.service.port
        with Link(port) as link:
            answer = await link.ask(ballot(ID, next(credentials(ID)), "k", ["E001"]))
        if answer.status != 201:
            raise RuntimeError(f"the vote before the outage was answered {answer}")
        await read_steadily(port, PATHS, WARM_SECONDS, rate)
        for proxy in (environment.postgres, environment.redis)[: 2 if redis else 1]:
            proxy.hang() if fault == "hang" else proxy.cut()
        return await read_steadily(port, PATHS, seconds, rate)
