"""What waits for people in several contests, in one read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from voting.postgres.database import Connection
from voting.postgres.queries import named

_QUERIES = named("overview")
HOURS = 24


@dataclass(frozen=True, slots=True)
class Counts:
    """A contest's recorded picks, and how many groups, cells, objections and complaints wait.

    `growth`: estimates, whether they wait or not. `certified_at`: of a valid result.
    """

    picks: int
    groups: int
    cells: int
    growth: int
    objections: int
    complaints: int
    certified_at: datetime | None


async def select(connection: Connection, contests: Collection[str]) -> dict[str, Counts]:
    """Returns the counts of each of these contests."""
    rows = await connection.fetch(_QUERIES["select"], list(contests))
    return {row["id"]: Counts(*list(row.values())[1:]) for row in rows}


async def select_hours(connection: Connection, contests: Collection[str]) -> dict[str, list[int]]:
    """Returns the ballots of each of the last 24 hours, oldest first, of those of these contests that had any."""
    hours: dict[str, list[int]] = defaultdict(lambda: [0] * HOURS)
    for row in await connection.fetch(_QUERIES["hours"], list(contests)):
        hours[row["contest"]][HOURS - 1 - row["ago"]] += row["ballots"]
    return dict(hours)
