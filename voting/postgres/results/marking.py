"""What judges mark online: drafts, recusals and submissions, as stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from voting.postgres.database import Connection
from voting.postgres.queries import named

_QUERIES = named("marking")


class DraftCount(NamedTuple):
    """How many entries a judge has begun to mark and not submitted."""

    round: str
    judge: str
    entries: int
    saved_at: datetime


class ImportedCount(NamedTuple):
    """How many entries a judge has marked in an imported file."""

    round: str
    judge: str
    entries: int


class Submission(NamedTuple):
    """A judge whose marks were taken."""

    round: str
    judge: str
    submitted_at: datetime


async def put(
    connection: Connection, contest: str, round_: str, judge: str, entry: str, marks: Mapping[str, Decimal]
) -> None:
    """Replaces the judge's draft of one entry."""
    await connection.execute(_QUERIES["put"], contest, round_, judge, entry, list(marks), list(marks.values()))


async def select(connection: Connection, contest: str, round_: str, judge: str) -> dict[str, dict[str, Decimal]]:
    """Returns the judge's drafts, by entry and criterion."""
    found: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for row in await connection.fetch(_QUERIES["select"], contest, round_, judge):
        found[row["entry"]][row["criterion"]] = row["mark"]
    return dict(found)


async def recuse(connection: Connection, contest: str, round_: str, judge: str, entry: str, reason: str) -> None:
    """Stores that the judge does not mark the entry; an empty reason ends that."""
    if reason:
        await connection.execute(_QUERIES["recuse"], contest, round_, judge, entry, reason)
    else:
        await connection.execute(_QUERIES["unrecuse"], contest, round_, judge, entry)


async def select_recusals(connection: Connection, contest: str, round_: str, judge: str) -> dict[str, str]:
    """Returns the reasons of the judge's recusals, by entry."""
    rows = await connection.fetch(_QUERIES["recusals"], contest, round_, judge)
    return {row["entry"]: row["reason"] for row in rows}


async def submitted_at(connection: Connection, contest: str, round_: str, judge: str) -> datetime | None:
    """Returns when the judge submitted, or None."""
    moment: datetime | None = await connection.fetchval(_QUERIES["submitted_at"], contest, round_, judge)
    return moment


async def submit(connection: Connection, contest: str, round_: str, judge: str) -> None:
    """Stores that the judge has submitted, and removes the drafts."""
    await connection.execute(_QUERIES["clear"], contest, round_, judge)
    await connection.execute(_QUERIES["submit"], contest, round_, judge)


async def reopen(connection: Connection, contest: str, round_: str, judge: str) -> bool:
    """Makes a submission's marks drafts again; returns False if there is no submission."""
    return await connection.fetchval(_QUERIES["reopen"], contest, round_, judge) is not None


async def select_submissions(connection: Connection, contest: str) -> tuple[Submission, ...]:
    """Returns every submission, by round and judge."""
    return tuple(Submission(*row) for row in await connection.fetch(_QUERIES["submissions"], contest))


async def count_drafts(connection: Connection, contest: str) -> tuple[DraftCount, ...]:
    """Returns how far judges have come who have not submitted."""
    return tuple(DraftCount(*row) for row in await connection.fetch(_QUERIES["progress"], contest))


async def count_imported(connection: Connection, contest: str) -> tuple[ImportedCount, ...]:
    """Returns of how many entries a file had marks, for each judge."""
    return tuple(ImportedCount(*row) for row in await connection.fetch(_QUERIES["imported"], contest))
