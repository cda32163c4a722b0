"""The tally, and the recount of the ballots that it must equal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from voting.domain.scoring import Tally
from voting.postgres.database import Connection
from voting.postgres.queries import named

_QUERIES = named("tallies")


async def select(connection: Connection, contest: str, entries: Sequence[str] | None = None) -> dict[str, Tally]:
    """The tally of the entries (None: of all) that have picks, in one snapshot."""
    rows = await connection.fetch(_QUERIES["select"], contest, entries)
    return {row["entry"]: Tally(row["raw"], row["held"], row["counted"], row["version"]) for row in rows}


async def recount(connection: Connection, contest: str, before: datetime | None = None) -> dict[str, Tally]:
    """The same from the ballots themselves, of those recorded before `before`."""
    rows = await connection.fetch(_QUERIES["recount"], contest, before)
    return {row["entry"]: Tally(row["raw"], row["held"], row["counted"]) for row in rows}


async def rate(connection: Connection, contest: str, seconds: int) -> int:
    """Ballots recorded in the last so many seconds."""
    return int(await connection.fetchval(_QUERIES["rate"], contest, seconds))
