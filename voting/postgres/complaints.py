"""Voters' complaints, and the answers to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from voting.postgres.database import Connection
from voting.postgres.queries import named

_QUERIES = named("complaints")
Subject = Literal["contest", "entry", "ballot"]
SUBJECTS: tuple[Subject, ...] = get_args(Subject)


@dataclass(frozen=True, slots=True)
class StoredComplaint:
    """A complaint. `contact` is encrypted; `body` None: its retention is over, and so is that of what else it held."""

    number: int
    about: Subject
    entry: str | None
    ballot: UUID | None
    body: str | None
    contact: bytes | None
    received_at: datetime
    answer: str | None
    answered_at: datetime | None
    answered_by: str | None
    closed_at: datetime | None
    closed_by: str | None


async def insert(
    connection: Connection, contest: str, about: Subject, entry: str | None, ballot: UUID | None, body: str, most: int
) -> int | None:
    """Stores a complaint; returns its number, or None if `most` wait for an answer."""
    row = (contest, about, entry, ballot, body, most)
    number: int | None = await connection.fetchval(_QUERIES["insert"], *row)
    return number


async def set_contact(connection: Connection, number: int, contact: bytes) -> None:
    """Stores how to reach whoever complains."""
    await connection.execute(_QUERIES["set_contact"], number, contact)


async def select_all(connection: Connection, contest: str, most: int) -> tuple[StoredComplaint, ...]:
    """Returns the contest's complaints: those that wait, the oldest first; then the newest."""
    return tuple(StoredComplaint(**row) for row in await connection.fetch(_QUERIES["select_all"], contest, most))


async def select(connection: Connection, contest: str, number: int) -> StoredComplaint | None:
    """Returns a complaint, or None."""
    row = await connection.fetchrow(_QUERIES["select"], contest, number)
    return StoredComplaint(**row) if row else None


async def answer(connection: Connection, contest: str, number: int, text: str, actor: str) -> bool:
    """Stores an answer in place of an earlier one; returns False if none is open, or its text is erased."""
    return await connection.fetchval(_QUERIES["answer"], contest, number, text, actor) is not None


async def close(connection: Connection, contest: str, number: int, actor: str) -> bool:
    """Closes a complaint; returns False if there is none that is not closed."""
    return await connection.fetchval(_QUERIES["close"], contest, number, actor) is not None


async def erase(connection: Connection, contest: str) -> int:
    """Erases what complaints hold of persons. Returns how many held something."""
    status: str = await connection.execute(_QUERIES["erase"], contest)
    return int(status.rpartition(" ")[2])
