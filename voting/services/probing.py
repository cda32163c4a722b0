"""Tells whether what the service depends on answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from voting.errors import TryAgain
from voting.postgres.database import Database
from voting.redis.tallies import TallyView

ANSWER_SECONDS = 2.0


class Probing:
    """Probes PostgreSQL and Redis."""

    def __init__(self, database: Database, view: TallyView) -> None:
        self._database = database
        self._view = view

    async def probe(self) -> dict[str, bool]:
        """Which of them answers within two seconds. Without Redis the service is slower, but whole."""
        postgres, redis = await asyncio.gather(self._answers(self._database.ping()), self._answers(self._view.ping()))
        return {"postgres": postgres, "redis": redis}

    async def _answers(self, ping: Awaitable[None]) -> bool:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await ping
        except (TryAgain, TimeoutError):
            return False
        return True
