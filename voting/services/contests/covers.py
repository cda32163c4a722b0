"""Fetches the entries' covers."""

from __future__ import annotations

from voting.errors import NotFound
from voting.postgres import contests
from voting.postgres.database import Database
from voting.services.contests.contest_cache import ContestSnapshot


class Covers:
    """Reads pictures. Names are hashes of the content, so pictures may be cached for ever."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def fetch(self, snapshot: ContestSnapshot, name: str) -> tuple[str, bytes]:
        """Returns media type and bytes. Raises NotFound, without a query if no entry has a picture of that name."""
        if not name or name not in snapshot.covers:
            raise NotFound
        async with self._database.connection() as connection:
            picture = await contests.select_cover(connection, snapshot.contest.id, name)
        if picture is None:
            raise NotFound
        return picture
