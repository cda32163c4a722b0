"""The tally, and the recount of the ballots that it must equal."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from voting.domain.identity.tier import TIERS
from voting.domain.results.scoring import Tally
from voting.postgres.database import Connection
from voting.postgres.queries import named

_QUERIES = named("tallies")
# Reading all ballots of a contest takes 4 s (warm) to 13 s (cold) a million on two cores; the limit is ten times that.
_LEAST_SECONDS = 60
_PICKS_A_SECOND = 7_500
KEPT = timedelta(days=3)


async def select(connection: Connection, contest: str, entries: Sequence[str] | None = None) -> dict[str, Tally]:
    """Returns the tally of the entries (None: all) that have picks, in one snapshot."""
    rows = await connection.fetch(_QUERIES["select"], contest, entries)
    return {row["entry"]: _tally(row, row["version"]) for row in rows}


async def allow_all(connection: Connection, contest: str) -> int:
    """Raises the transaction's statement timeout for reading all of the contest's ballots; returns it in seconds.

    It is a minute, and more if the tally exceeds 450,000 picks; a wrong tally cannot make it shorter.
    """
    picks: int = await connection.fetchval(_QUERIES["picks"], contest)
    seconds = max(_LEAST_SECONDS, picks // _PICKS_A_SECOND)
    await connection.execute(f"set local statement_timeout = '{seconds}s'")
    return seconds


async def replace(connection: Connection, contest: str, tallies: Mapping[str, Tally]) -> None:
    """Stores these tallies as newer versions than the present ones. Ballots must be blocked meanwhile."""
    columns = [
        list(tallies),
        *([getattr(tally, name) for tally in tallies.values()] for name in ("raw", "held", "counted")),
        *([tally.by_tier[tier] for tally in tallies.values()] for tier in TIERS),
    ]
    await connection.execute(_QUERIES["replace"], contest, *columns)


async def recount(
    connection: Connection, contest: str, since: datetime | None = None, before: datetime | None = None
) -> dict[str, Tally]:
    """Counts the picks from the ballots recorded in [since, before)."""
    seconds = await allow_all(connection, contest)
    rows = await connection.fetch(_QUERIES["recount"], contest, since, before, timeout=seconds)
    return {row["entry"]: _tally(row) for row in rows}


async def take_snapshot(connection: Connection, contest: str, as_of: datetime) -> dict[str, Tally]:
    """Returns the tally as of a settled moment: the stored one, or the present tally minus later ballots.

    It includes later decisions on earlier ballots; once stored for a moment, it does not change.
    """
    seconds = await allow_all(connection, contest)
    shown = await connection.fetchval(_QUERIES["shown"], contest, as_of)
    if shown is not None:
        return {entry: Tally(raw, held, counted) for entry, raw, held, counted in json.loads(shown)}
    rows = await connection.fetch(_QUERIES["as_of"], contest, as_of, timeout=seconds)
    tallies = {row["entry"]: Tally(row["raw"], row["held"], row["counted"]) for row in rows}
    lines = [[entry, tally.raw, tally.held, tally.counted] for entry, tally in sorted(tallies.items())]
    await connection.execute(_QUERIES["save_snapshot"], contest, as_of, json.dumps(lines))
    await connection.execute(_QUERIES["forget_snapshots"], contest, as_of - KEPT)
    return tallies


def _tally(row: Any, version: int = 0) -> Tally:
    return Tally(row["raw"], row["held"], row["counted"], version, tuple(row[tier] for tier in TIERS))
