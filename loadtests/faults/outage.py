"""Reads at a steady rate while PostgreSQL, or Redis too, is away: how many are answered 200."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from loadtests.faults.arena import settings, standing_arena
from loadtests.faults.failover import made_contest
from voting.engines import Addresses
from voting.wiring import admin

WARM_SECONDS = 3.0


@dataclass
class Reads:
    """Answers by path and status; status 0 is a connection that failed."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    slowest: float = 0.0

    @property
    def good(self) -> float:
        """The share of 200."""
        return sum(count for (_, status), count in self.answers.items() if status == 200) / self.answers.total()


async def read_steadily(client: httpx.AsyncClient, paths: Sequence[str], seconds: float, rate: float) -> Reads:
    """`rate` reads a second, each on its own task: a slow answer delays no other."""
    reads = Reads()

    async def read(path: str) -> None:
        begun = time.monotonic()
        try:
            status = (await client.get(path)).status_code
        except httpx.HTTPError:
            status = 0
        reads.answers[path, status] += 1
        reads.slowest = max(reads.slowest, time.monotonic() - begun)

    begun = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for number in range(round(seconds * rate)):
            await asyncio.sleep(max(0.0, begun + number / rate - time.monotonic()))
            group.create_task(read(paths[number % len(paths)]))
    return reads


def public_paths(contest: str) -> list[str]:
    """What voters read: pages, entries and tallies."""
    return [
        f"/c/{contest}",
        f"/c/{contest}?sort=picks&page=1",
        f"/c/{contest}/entries/A001",
        "/api/v1/contests",
        f"/api/v1/contests/{contest}",
        f"/api/v1/contests/{contest}/entries",
        f"/api/v1/contests/{contest}/tallies",
    ]


async def read_in_an_outage(
    folder: Path, addresses: Addresses, seconds: float, rate: float, fault: str, redis: bool
) -> Reads:
    """A service of its own, a contest with a vote, and then the outage."""
    contest, tokens = await made_contest(
        admin.services(settings(folder, addresses.database_url, addresses.redis_url), "outage")
    )
    async with standing_arena(folder, addresses) as arena:
        await arena.service.start()
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{arena.service.port}", timeout=20) as client:
            headers = {"Authorization": f"Bearer {next(tokens)}", "Idempotency-Key": "k"}
            vote = await client.post(f"/api/v1/contests/{contest}/ballots", json={"entries": ["A001"]}, headers=headers)
            vote.raise_for_status()
            paths = public_paths(contest)
            await read_steadily(client, paths, WARM_SECONDS, rate)
            for proxy in (arena.postgres, arena.redis)[: 2 if redis else 1]:
                proxy.hang() if fault == "hang" else proxy.cut()
            return await read_steadily(client, paths, seconds, rate)
