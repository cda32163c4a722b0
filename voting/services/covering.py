"""Fetches the entries' covers."""

from __future__ import annotations

import re

from voting.errors import NotFound
from voting.postgres import contests
from voting.postgres.database import Database

_NAME = re.compile(r"[0-9a-f]{64}\.[a-z]{3,4}")


class Covering:
    """Reads pictures; a picture's name is its content's hash, so it may be cached for ever."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def fetch(self, contest: str, name: str) -> tuple[str, bytes]:
        """Media type and bytes. Raises NotFound."""
        if not _NAME.fullmatch(name):
            raise NotFound
        async with self._database.connection() as connection:
            found = await contests.select_cover(connection, contest, name)
        if found is None:
            raise NotFound
        return found
