"""A circuit breaker for Redis: after a failure, calls fail at once for a moment, then one call tries again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.exceptions import AuthenticationError, RedisClusterException, RedisError

from voting import telemetry
from voting.errors import TryAgain

OPEN_SECONDS = 1.0
# The client of a cluster raises the second, which is not among its other errors, while no node can be reached.
FAILED = (RedisError, RedisClusterException)
REFUSED = "Redis refuses the user or the password of REDIS_URL; correct them there"


class Breaker:
    """Guards every call to one Redis: if it hangs, one call waits for the time limit, not each."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until = 0.0
        self._cause = ""

    @asynccontextmanager
    async def answered(self, operation: str) -> AsyncIterator[None]:
        """Raises TryAgain if Redis fails, exceeds the time limit (connecting included), or failed a moment ago."""
        now = time.monotonic()
        if now < self._until:
            raise TryAgain(self._cause)
        readiness = self._until > 0
        if readiness:
            # Other calls fail at once until this one returns.
            self._until = now + OPEN_SECONDS
        try:
            async with asyncio.timeout(self._seconds):
                yield
        except (*FAILED, OSError, TimeoutError) as error:
            self._until = time.monotonic() + OPEN_SECONDS
            telemetry.VIEW_ERRORS.labels(operation).inc()
            self._cause = REFUSED if isinstance(error, AuthenticationError) else "Redis is away"
            raise TryAgain(self._cause) from error
        self._until = 0.0
