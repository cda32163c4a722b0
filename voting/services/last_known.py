"""A cache that returns the last known value while PostgreSQL is away or slow."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from voting.errors import TryAgain
from voting.services.single_flight import SingleFlight

# A reader that can use the last known value waits no longer for a new one.
PATIENCE_SECONDS = 0.25
# While one reader loads a value, the others use one of this age without waiting.
OVERLAP_SECONDS = 2.0
# The longest outage bridged; older values would be mistaken for the present state of the vote.
KNOWN_SECONDS = 6 * 3600.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Kept(Generic[T]):
    value: T
    read_on: float

    def younger_than(self, seconds: float) -> bool:
        return time.monotonic() - self.read_on < seconds


class LastKnown(Generic[T]):
    """At most `most` values by name; the one read longest ago is dropped first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, _Kept[T]] = OrderedDict()
        self._single_flight: SingleFlight[T] = SingleFlight()

    async def get(self, name: Hashable, read: Callable[[], Awaitable[T]], fresh: Callable[[T], bool]) -> T:
        """Returns the cached value if it is fresh, else a new one; the last known one if that cannot be read.

        Raises TryAgain if the value was never read, or too long ago.
        """
        kept = self._kept.get(name)
        if kept is None or not kept.younger_than(KNOWN_SECONDS):
            return await self.renew(name, read)
        if fresh(kept.value) or (self._single_flight.busy(name) and kept.younger_than(OVERLAP_SECONDS)):
            return kept.value
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await self.renew(name, read)
        except (TryAgain, TimeoutError):
            return kept.value

    async def renew(self, name: Hashable, read: Callable[[], Awaitable[T]]) -> T:
        """Returns a new value; concurrent calls share one read."""

        async def work() -> T:
            value = await read()
            self.put(name, value)
            return value

        return await self._single_flight.once(name, work)

    def put(self, name: Hashable, value: T) -> None:
        """Stores a value that was read elsewhere."""
        self._kept[name] = _Kept(value, time.monotonic())
        self._kept.move_to_end(name)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def peek(self, name: Hashable) -> T | None:
        """Returns the cached value, of any age."""
        kept = self._kept.get(name)
        return kept.value if kept else None

    def forget(self, name: Hashable) -> None:
        """Removes a value."""
        self._kept.pop(name, None)
