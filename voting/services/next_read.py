"""Answers everyone who asks for what is not in memory with one read, so that asking for nonsense is no query each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

PAUSE_SECONDS = 0.05
T = TypeVar("T")


class NextRead(Generic[T]):
    """Reads at most twenty times a second, however many ask and for however many different names."""

    def __init__(self, read: Callable[[], Awaitable[T]]) -> None:
        self._read = read
        self._next: asyncio.Task[T] | None = None

    async def get(self) -> T:
        """What a read finds that begins after this call, so it has all that was stored before. Raises its errors."""
        if self._next is None:
            self._next = asyncio.create_task(self._later())
        # Who is cancelled takes nothing from those who wait for the same read.
        return await asyncio.shield(self._next)

    async def _later(self) -> T:
        await asyncio.sleep(PAUSE_SECONDS)
        self._next = None
        return await self._read()
