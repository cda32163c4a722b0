"""Notices to voters, as stored."""

from __future__ import annotations

from voting.domain.contest.announcement import Announcement
from voting.postgres.database import Connection
from voting.postgres.queries import named

_QUERIES = named("announcements")


async def insert(connection: Connection, contest: str, given: Announcement, actor: str) -> int:
    """Stores a notice; returns its number, in place of the given one."""
    row = (contest, given.text, given.text_en, given.starts_at, given.ends_at, actor)
    number: int = await connection.fetchval(_QUERIES["insert"], *row)
    return number


async def select_lasting(connection: Connection, contest: str) -> tuple[Announcement, ...]:
    """Returns the contest's notices that have not ended, those of the future too, by their start."""
    return tuple(Announcement(*row) for row in await connection.fetch(_QUERIES["select_lasting"], contest))


async def end(connection: Connection, contest: str, number: int) -> bool:
    """Ends a notice now; returns False if there is none that lasts."""
    return await connection.fetchval(_QUERIES["end"], contest, number) is not None
