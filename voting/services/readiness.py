"""Checks whether PostgreSQL and Redis answer, and a required standby confirms commits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable

from voting.errors import TryAgain
from voting.postgres.database import Database
from voting.postgres.standby import Standby
from voting.redis.tallies import TallyView
from voting.services.single_flight import SingleFlight

ANSWER_SECONDS = 2.0
KEPT_SECONDS = 0.5


class Readiness:
    """Probes PostgreSQL and Redis."""

    def __init__(self, database: Database, standby: Standby, view: TallyView) -> None:
        self._database = database
        self._standby = standby
        self._view = view
        self._kept: dict[str, bool] = {}
        self._asked_on = float("-inf")
        self._single_flight: SingleFlight[dict[str, bool]] = SingleFlight()
        self.draining = False
        """The process is stopping: it still answers requests, but wants no new ones."""

    async def probe(self) -> dict[str, bool]:
        """Returns which of them answers within two seconds; checks at most twice a second, since anybody may ask.

        Without Redis the service is slower, but complete. The standby is among them if it is required.
        """
        if time.monotonic() - self._asked_on > KEPT_SECONDS:
            return await self._single_flight.once("probe", self._ask)
        return self._kept

    async def _ask(self) -> dict[str, bool]:
        both = await asyncio.gather(self._answers(self._database.ping()), self._answers(self._view.ping()))
        answers = dict(zip(("postgres", "redis"), both, strict=True))
        if self._standby.required:
            answers["standby"] = self._standby.confirms
        # Set both together: a caller between two checks would get an old result, or none.
        self._kept, self._asked_on = answers, time.monotonic()
        return self._kept

    async def _answers(self, ping: Awaitable[None]) -> bool:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await ping
        except (TryAgain, TimeoutError):
            return False
        return True
