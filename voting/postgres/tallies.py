"""The tally, and the recount of the ballots that it must equal."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from voting.domain.results.scoring import Tally
from voting.postgres.database import Connection
from voting.postgres.queries import named

_QUERIES = named("tallies")
# Reading all ballots of a contest takes 4 s (warm) to 13 s (cold) a million on two cores; the limit is ten times that.
_LEAST_SECONDS = 60
_PICKS_A_SECOND = 7_500
KEPT = timedelta(days=3)


async def select(connection: Connection, contest: str, entries: Sequence[str] | None = None) -> dict[str, Tally]:
    """The tally of the entries (None: of all) that have picks, in one snapshot."""
    rows = await connection.fetch(_QUERIES["select"], contest, entries)
    return {row["entry"]: Tally(row["raw"], row["held"], row["counted"], row["version"]) for row in rows}


async def allow_all(connection: Connection, contest: str) -> int:
    """Gives the transaction's statements time to read all of the contest's ballots; answers how many seconds each has.

    A minute, and more where the tally has more than 450,000 picks; a wrong tally does not make it short.
    """
    picks: int = await connection.fetchval(_QUERIES["picks"], contest)
    seconds = max(_LEAST_SECONDS, picks // _PICKS_A_SECOND)
    await connection.execute(f"set local statement_timeout = '{seconds}s'")
    return seconds


async def replace(connection: Connection, contest: str, tallies: Mapping[str, Tally]) -> None:
    """Sets these tallies, as newer versions than those that there are. Ballots must be kept waiting."""
    columns = [
        list(tallies),
        *([getattr(tally, name) for tally in tallies.values()] for name in ("raw", "held", "counted")),
    ]
    await connection.execute(_QUERIES["replace"], contest, *columns)


async def recount(
    connection: Connection, contest: str, since: datetime | None = None, before: datetime | None = None
) -> dict[str, Tally]:
    """The same from the ballots themselves, of those recorded in [since, before)."""
    seconds = await allow_all(connection, contest)
    rows = await connection.fetch(_QUERIES["recount"], contest, since, before, timeout=seconds)
    return {row["entry"]: Tally(row["raw"], row["held"], row["counted"]) for row in rows}


async def take_snapshot(connection: Connection, contest: str, as_of: datetime) -> dict[str, Tally]:
    """The tally as of a settled moment: the one written down for it, or what there is now without what came since.

    What was decided meanwhile about earlier ballots is in it; what was shown for a moment stays.
    """
    seconds = await allow_all(connection, contest)
    shown = await connection.fetchval(_QUERIES["shown"], contest, as_of)
    if shown is not None:
        return _parse(shown)
    rows = await connection.fetch(_QUERIES["as_of"], contest, as_of, timeout=seconds)
    found = {row["entry"]: Tally(row["raw"], row["held"], row["counted"]) for row in rows}
    lines = [[entry, tally.raw, tally.held, tally.counted] for entry, tally in sorted(found.items())]
    await connection.execute(_QUERIES["save_snapshot"], contest, as_of, json.dumps(lines))
    await connection.execute(_QUERIES["forget_snapshots"], contest, as_of - KEPT)
    return found


async def rate(connection: Connection, contest: str, seconds: int) -> int:
    """Ballots recorded in the last so many seconds."""
    return int(await connection.fetchval(_QUERIES["rate"], contest, seconds))


def _parse(text: str) -> dict[str, Tally]:
    return {entry: Tally(raw, held, counted) for entry, raw, held, counted in json.loads(text)}
