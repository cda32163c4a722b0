"""Shares one piece of work among all who ask for it at the same moment.

A lock would wake those who wait one by one, each behind a round of everything else that the loop has to do: measured,
that made a tenth of all reads of a busy tally wait for more than 100 ms.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Work under way, by name."""

    def __init__(self) -> None:
        self._under_way: dict[Hashable, asyncio.Task[T]] = {}

    def busy(self, name: Hashable) -> bool:
        """Whether somebody is at it."""
        return name in self._under_way

    async def once(self, name: Hashable, work: Callable[[], Awaitable[T]]) -> T:
        """What `work` gives; of calls of one name that overlap only the first does it. Whoever leaves ends nothing."""
        task = self._under_way.get(name)
        if task is None:
            task = asyncio.ensure_future(_run(work))
            self._under_way[name] = task
            task.add_done_callback(lambda done: self._finish(name, done))
        return await asyncio.shield(task)

    def _finish(self, name: Hashable, done: asyncio.Task[T]) -> None:
        self._under_way.pop(name, None)
        if not done.cancelled():
            # Read, for it is not lost: those who waited have it too.
            done.exception()


async def _run(work: Callable[[], Awaitable[T]]) -> T:
    return await work()
