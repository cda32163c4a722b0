"""Recorded ballots with what was observed of them, one after another however many there are."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from voting.postgres.database import Connection
from voting.postgres.queries import named

_QUERIES = named("events")
_AT_ONCE = 5000
# The first row comes when all are sorted.
_SECONDS = 600


class EventRow(NamedTuple):
    """A recorded ballot. `facts`: JSON, as voting.fraud.facts has it, or None."""

    id: UUID
    recorded_at: datetime
    voter: bytes
    picks: Sequence[str]
    facts: str | None


async def recorded(connection: Connection, contest: str) -> AsyncGenerator[EventRow, None]:
    """The contest's ballots in the order in which they were recorded, in one snapshot."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        await connection.execute(f"set local statement_timeout = '{_SECONDS}s'")
        async for row in connection.cursor(_QUERIES["recorded"], contest, prefetch=_AT_ONCE, timeout=_SECONDS):
            yield EventRow(*row)
