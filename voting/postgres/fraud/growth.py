"""People's written grounds for growth that no single ballot explains."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from voting.postgres.database import Connection
from voting.postgres.queries import named

_QUERIES = named("growth")


@dataclass(frozen=True, slots=True)
class GrowthDecision:
    """A ground that was given, or proposed by the first of two persons. `most`: up to how many picks it explains."""

    entry: str
    sign: str
    most: int
    reason: str
    actor: str
    account: str | None
    is_decided: bool
    at: datetime | None = None


async def select(connection: Connection, contest: str) -> dict[tuple[str, str], GrowthDecision]:
    """Returns the grounds by entry and sign."""
    rows = [GrowthDecision(**row) for row in await connection.fetch(_QUERIES["select"], contest)]
    return {(row.entry, row.sign): row for row in rows}


async def put(connection: Connection, contest: str, row: GrowthDecision) -> None:
    """Stores a ground instead of the one for the same growth."""
    columns = (row.entry, row.sign, row.most, row.reason, row.actor, row.account, row.is_decided)
    await connection.execute(_QUERIES["put"], contest, *columns)


async def remove(connection: Connection, contest: str, entry: str, sign: str) -> None:
    """Deletes a ground; the audit log keeps it."""
    await connection.execute(_QUERIES["remove"], contest, entry, sign)
