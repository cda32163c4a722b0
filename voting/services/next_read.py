"""Answers all look-ups of unknown names with one read, so that requests for nonsense do not cost a query each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

PAUSE_SECONDS = 0.05
T = TypeVar("T")


class NextRead(Generic[T]):
    """Reads at most twenty times a second, for any number of callers and names."""

    def __init__(self, read: Callable[[], Awaitable[T]]) -> None:
        self._read = read
        self._next: asyncio.Task[T] | None = None

    async def get(self) -> T:
        """Returns the result of a read that begins after this call, so it sees everything stored before.

        Raises its errors.
        """

        async def read() -> T:
            await asyncio.sleep(PAUSE_SECONDS)
            self._next = None
            return await self._read()

        if self._next is None:
            self._next = asyncio.create_task(read())
        # Cancelling one caller does not cancel the read for the others.
        return await asyncio.shield(self._next)
