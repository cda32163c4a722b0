"""Ends pauses that no second person has confirmed in time: one person alone cannot stop a vote for long."""

from __future__ import annotations

from voting.postgres import contests
from voting.postgres.database import Connection, Database
from voting.postgres.identity import proposals
from voting.services import audit
from voting.services.background import repeat
from voting.services.contests.admin import UNCONFIRMED_PAUSE

ROUND_SECONDS = 5.0


class Pauses:
    """Looks after the pauses of all contests. Each process may do so: a pause ends once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run(self) -> None:
        """Works until cancelled."""
        await repeat(self.round, ROUND_SECONDS)

    async def round(self) -> None:
        """Resumes each vote whose pause has waited too long for a second person."""
        async with self._database.connection() as connection:
            due = await proposals.select_lapsed(connection, "contest.pause", UNCONFIRMED_PAUSE)
        for contest in due:
            await self._end(contest)

    async def _end(self, contest: str) -> None:
        async def work(tx: Connection) -> None:
            await contests.lock_gates(tx, contest)
            # It may have been confirmed or ended meanwhile.
            if contest not in await proposals.select_lapsed(tx, "contest.pause", UNCONFIRMED_PAUSE):
                return
            await proposals.remove(tx, contest, "contest.pause")
            stored = await contests.select(tx, contest)
            if stored is None or stored.read_at >= stored.window_end:
                return
            await contests.set_paused(tx, contest, False)
            minutes = int(UNCONFIRMED_PAUSE.total_seconds()) // 60
            details = {"reason": f"no second person confirmed the pause within {minutes} minutes"}
            await audit.record(tx, "serve", "contest.resume", contest, details)

        await self._database.transact(work)
