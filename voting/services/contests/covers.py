"""Fetches the entries' covers."""

from __future__ import annotations

from voting.errors import NotFound
from voting.postgres import contests
from voting.postgres.database import Database
from voting.services.contests.contest_cache import ContestSnapshot


class Covers:
    """Reads pictures; a picture's name is its content's hash, so it may be cached for ever."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def fetch(self, snapshot: ContestSnapshot, name: str) -> tuple[str, bytes]:
        """Media type and bytes. Raises NotFound, without a query where no entry has a picture of that name."""
        if not name or name not in snapshot.covers:
            raise NotFound
        async with self._database.connection() as connection:
            found = await contests.select_cover(connection, snapshot.contest.id, name)
        if found is None:
            raise NotFound
        return found
