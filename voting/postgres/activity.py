"""What each minute of a vote brought, and the present figures beside the tally, for the live boards."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from voting.domain.results.scoring import Tally
from voting.postgres.database import Connection
from voting.postgres.queries import named
from voting.postgres.tallies import allow_all

_QUERIES = named("activity")


class MinuteRow(NamedTuple):
    """The ballots of a minute from one channel, app and device; `voters` voted for the first time."""

    minute: datetime
    channel: str
    app: str
    device: str
    ballots: int
    voters: int


class Present(NamedTuple):
    """`ballots` of the last minute, all `voters`, when the last sweep ended, and the worker processes that run."""

    ballots: int
    voters: int
    swept_at: datetime | None
    workers: int


class Counted(NamedTuple):
    """The first ballots of all voters in the stored minutes to `until`, which do not change."""

    until: datetime
    voters: int


NOTHING_COUNTED = Counted(datetime(1970, 1, 1, tzinfo=UTC), 0)


async def last_minute(connection: Connection, contest: str) -> datetime | None:
    """Returns the latest minute that is stored."""
    minute: datetime | None = await connection.fetchval(_QUERIES["last"], contest)
    return minute


async def first_ballot(connection: Connection, contest: str, since: datetime, until: datetime) -> datetime | None:
    """Returns the time of the first ballot of [since, until)."""
    found: datetime | None = await connection.fetchval(_QUERIES["next"], contest, since, until)
    return found


async def store(connection: Connection, contest: str, since: datetime, until: datetime, watched: datetime) -> None:
    """Stores the minutes of [since, until); those before `watched` only if they have ballots."""
    seconds = await allow_all(connection, contest)
    await connection.execute(_QUERIES["store"], contest, since, until, max(since, watched), timeout=seconds)


async def store_refused(
    connection: Connection, refused: Mapping[tuple[str, datetime, str], int], worker: uuid.UUID
) -> None:
    """Stores how many a worker has refused so far, by contest, minute and code; it may be stored again."""
    keys = zip(*refused, strict=True)
    await connection.execute(_QUERIES["store_refused"], *keys, list(refused.values()), worker)


async def forget_refused(connection: Connection, contest: str, before: datetime) -> None:
    """Deletes the refusals of earlier minutes, which nobody reads."""
    await connection.execute(_QUERIES["forget_refused"], contest, before)


async def forget_workers(connection: Connection) -> None:
    """Deletes the leases of processes that ended without giving them back."""
    await connection.execute(_QUERIES["forget_workers"])


async def select_present(connection: Connection, contest: str, counted: Counted) -> tuple[Present, Counted]:
    """Returns the present figures, and what the next call need not count again."""
    (row,) = await connection.fetch(_QUERIES["present"], contest, *counted)
    voters = int(row["stored"]) + row["unstored"]
    return Present(row["ballots"], voters, row["swept_at"], row["workers"]), Counted(row["until"], int(row["stored"]))


async def select_minutes(connection: Connection, contest: str, since: datetime) -> list[MinuteRow]:
    """Returns the stored minutes, oldest first."""
    return [MinuteRow(*row) for row in await connection.fetch(_QUERIES["since"], contest, since)]


async def select_in_question(connection: Connection, contest: str, since: datetime) -> dict[tuple[datetime, str], int]:
    """Returns how many ballots of each minute are held or void now, by minute and state."""
    rows = await connection.fetch(_QUERIES["in_question"], contest, since)
    return {(row["minute"], row["state"]): row["ballots"] for row in rows}


async def select_refused(connection: Connection, contest: str, since: datetime) -> list[tuple[datetime, str, int]]:
    """Returns minute, code and number of refusals, oldest first."""
    return [tuple(row) for row in await connection.fetch(_QUERIES["refused"], contest, since)]


async def select_tally_before(
    connection: Connection, contest: str, moment: datetime, within: timedelta
) -> tuple[datetime, dict[str, Tally]] | None:
    """Returns the latest tally that was stored for `moment` or at most `within` before it, with its moment."""
    row = await connection.fetchrow(_QUERIES["snapshot_before"], contest, moment, moment - within)
    return (row["as_of"], _tallies(row["tallies"])) if row else None


async def select_tallies(
    connection: Connection, contest: str, moments: Collection[datetime]
) -> dict[datetime, dict[str, Tally]]:
    """Returns the tallies that were stored for these moments."""
    rows = await connection.fetch(_QUERIES["snapshots"], contest, moments)
    return {row["as_of"]: _tallies(row["tallies"]) for row in rows}


def _tallies(text: str) -> dict[str, Tally]:
    return {entry: Tally(raw, held, counted) for entry, raw, held, counted in json.loads(text)}
