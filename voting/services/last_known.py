"""A cache that answers with the last known value while PostgreSQL is away or slow."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from voting.errors import TryAgain
from voting.services.single_flight import SingleFlight

# A reader who could have the last known value waits no longer for a new one.
PATIENCE_SECONDS = 0.25
# While one reader reads a value, the others take one of this age without waiting.
OVERLAP_SECONDS = 2.0
# An outage may be this long; an older value would be mistaken for the state of the vote.
KNOWN_SECONDS = 6 * 3600.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Kept(Generic[T]):
    value: T
    read_on: float

    def younger_than(self, seconds: float) -> bool:
        return time.monotonic() - self.read_on < seconds


class LastKnown(Generic[T]):
    """Values by name, at most `most`; the one that was read longest ago goes first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, _Kept[T]] = OrderedDict()
        self._single_flight: SingleFlight[T] = SingleFlight()

    async def get(self, name: Hashable, read: Callable[[], Awaitable[T]], fresh: Callable[[T], bool]) -> T:
        """The kept value where it is fresh, else a new one; the last known one while that cannot be read.

        Raises TryAgain when the value was never read, or too long ago.
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
        """A new value; calls that overlap share one read."""

        async def work() -> T:
            value = await read()
            self.put(name, value)
            return value

        return await self._single_flight.once(name, work)

    def put(self, name: Hashable, value: T) -> None:
        """Keeps a value that was read elsewhere."""
        self._kept[name] = _Kept(value, time.monotonic())
        self._kept.move_to_end(name)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def peek(self, name: Hashable) -> T | None:
        """The kept value, of any age."""
        kept = self._kept.get(name)
        return kept.value if kept else None

    def values(self) -> tuple[T, ...]:
        """Every kept value."""
        return tuple(kept.value for kept in self._kept.values())

    def forget(self, name: Hashable) -> None:
        """Drops a value that is gone."""
        self._kept.pop(name, None)
