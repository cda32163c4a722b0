"""Checks whether PostgreSQL and Redis answer, a required standby confirms commits, and the public logs grow."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from typing import NamedTuple

from voting.errors import TryAgain
from voting.postgres.database import Database
from voting.postgres.standby import Standby
from voting.postgres.transparency import log
from voting.postgres.transparency.log import LogHealth
from voting.redis.tallies import TallyView
from voting.services.single_flight import SingleFlight

ANSWER_SECONDS = 2.0
KEPT_SECONDS = 0.5
# The receipts promise a minute, and voters' pages look about then.
LOG_LATE_SECONDS = 60.0


class Health(NamedTuple):
    """By name, whether each dependency answers; and the logs, None if PostgreSQL does not."""

    answers: dict[str, bool]
    log: LogHealth | None

    @property
    def log_state(self) -> str:
        """How the logs are, in a word."""
        if self.log is None:
            return "unknown"
        if self.log.frozen:
            return "frozen"
        return "behind" if self.log.oldest_seconds > LOG_LATE_SECONDS else "ok"


class Readiness:
    """Probes PostgreSQL, Redis and the logs."""

    def __init__(self, database: Database, standby: Standby, view: TallyView) -> None:
        self._database = database
        self._standby = standby
        self._view = view
        self._kept = Health({}, None)
        self._asked_on = float("-inf")
        self._single_flight: SingleFlight[Health] = SingleFlight()
        self.draining = False
        """The process is stopping: it still answers requests, but wants no new ones."""

    async def probe(self) -> Health:
        """Returns which of them answers within two seconds; checks at most twice a second, since anybody may ask.

        Without Redis the service is slower, but complete. The standby is among them if it is required.
        """
        if time.monotonic() - self._asked_on > KEPT_SECONDS:
            return await self._single_flight.once("probe", self._ask)
        return self._kept

    async def _ask(self) -> Health:
        postgres, redis, logs = await asyncio.gather(
            self._answers(self._database.ping()), self._answers(self._view.ping()), self._read_logs()
        )
        answers = {"postgres": postgres, "redis": redis}
        if self._standby.required:
            answers["standby"] = self._standby.confirms
        # Set both together: a caller between two checks would get an old result, or none.
        self._kept, self._asked_on = Health(answers, logs), time.monotonic()
        return self._kept

    async def _answers(self, ping: Awaitable[None]) -> bool:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await ping
        except (TryAgain, TimeoutError):
            return False
        return True

    async def _read_logs(self) -> LogHealth | None:
        try:
            async with asyncio.timeout(ANSWER_SECONDS), self._database.connection() as connection:
                return await log.select_health(connection)
        except (TryAgain, TimeoutError):
            return None
