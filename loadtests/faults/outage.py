"""Reads at a steady rate while PostgreSQL, or Redis too, is away: how many are answered 200."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx


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
