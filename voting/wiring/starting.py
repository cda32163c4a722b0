"""The start of a process while PostgreSQL may be away, without the services of a server: the sweeper needs none."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeVar

from voting.errors import SchemaUnfit, TryAgain

START_SECONDS = 120.0
RETRY_SECONDS = 0.5
ANNOUNCE_SECONDS = 10.0
T = TypeVar("T")


@asynccontextmanager
async def reached(start: Callable[[AsyncExitStack], Awaitable[T]]) -> AsyncIterator[T]:
    """Yields the result of `start`, retried for two minutes while PostgreSQL is away.

    Otherwise a process that starts during a failover would end, and a supervisor would back off. Raises SchemaUnfit
    after that, and at once for errors that waiting cannot solve.
    """
    until, announce = time.monotonic() + START_SECONDS, 0.0
    while True:
        async with AsyncExitStack() as stack:
            try:
                given = await start(stack)
            except TryAgain as error:
                left = until - time.monotonic()
                if left < 0:
                    raise SchemaUnfit(f"PostgreSQL was away for {START_SECONDS:.0f} s; {error}") from error
                if time.monotonic() > announce:
                    announce = time.monotonic() + ANNOUNCE_SECONDS
                    logging.getLogger("voting").warning("waiting for PostgreSQL, %.0f s more: %s", left, error)
            else:
                yield given
                return
        await asyncio.sleep(RETRY_SECONDS)
