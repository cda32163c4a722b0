"""Publishes notices to voters and takes them back."""

from __future__ import annotations

from datetime import datetime, timedelta

from voting.domain.contest.announcement import Announcement
from voting.errors import Malformed, NotFound
from voting.postgres import announcements, contests
from voting.postgres.database import Connection, Database
from voting.services import audit
from voting.services.contests.contest_cache import ContestSnapshot

# A mistyped year would show it for good, or be one that has no place in a time zone.
_LONGEST = timedelta(days=366)
_MOST = 20
TEXT_CHARACTERS = 500


class Announcements:
    """Notices of a contest. Each act is recorded in the audit log, with the text."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def publish(
        self,
        snapshot: ContestSnapshot,
        text: str,
        text_en: str,
        starts_at: datetime | None,
        ends_at: datetime,
        actor: str,
    ) -> int:
        """Stores a notice and returns its number. `starts_at` None: now. Raises Malformed."""
        contest, text, text_en = snapshot.contest.id, text.strip(), text_en.strip()
        if not text or max(len(text), len(text_en)) > TEXT_CHARACTERS:
            raise Malformed(
                f"write the notice in Chinese, and in English if you like, of {TEXT_CHARACTERS} characters at most"
            )

        async def work(tx: Connection) -> int:
            now = await contests.clock(tx)
            given = Announcement(0, text, text_en, starts_at or now, ends_at)
            if not max(now, given.starts_at) < ends_at <= now + _LONGEST:
                raise Malformed("a notice ends after its start and after now, and within a year")
            if given.starts_at < now - _LONGEST:
                raise Malformed("a notice starts within the last year, or later: check the year of its start")
            if len(await announcements.select_lasting(tx, contest)) >= _MOST:
                raise Malformed(f"there are {_MOST} notices that have not ended; end some of them first")
            number = await announcements.insert(tx, contest, given, actor)
            details = {"number": number, "text": text, "text_en": text_en}
            times = {"starts_at": given.starts_at.isoformat(), "ends_at": ends_at.isoformat()}
            await audit.record(tx, actor, "announcement.publish", contest, details | times)
            return number

        return await self._database.transact(work)

    async def end(self, contest: str, number: int, actor: str) -> None:
        """Ends a notice before its time. Raises NotFound."""

        async def work(tx: Connection) -> None:
            if not await announcements.end(tx, contest, number):
                raise NotFound(f"there is no notice {number} in this contest that has not ended")
            await audit.record(tx, actor, "announcement.end", contest, {"number": number})

        await self._database.transact(work)

    async def lasting(self, contest: str) -> tuple[Announcement, ...]:
        """Returns the notices that have not ended, by their start."""
        async with self._database.connection() as connection:
            return await announcements.select_lasting(connection, contest)
