"""Objections to published results, and the answers to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from voting.postgres.database import Connection
from voting.postgres.queries import named

_QUERIES = named("objections")
Matter = Literal["eligibility", "tally", "marks", "other"]
MATTERS: tuple[Matter, ...] = get_args(Matter)


@dataclass(frozen=True, slots=True)
class Objection:
    """An objection; without an answer it waits for one. Only staff read `body` and `answered_by`."""

    number: int
    certification: int
    matter: Matter
    body: str
    received_at: datetime
    answer: str | None
    answered_at: datetime | None
    answered_by: str | None


async def insert(
    connection: Connection, contest: str, certification: int, matter: Matter, body: str, most: int
) -> int | None:
    """Stores an objection; returns its number, or None if `most` are waiting for an answer."""
    number: int | None = await connection.fetchval(_QUERIES["insert"], contest, certification, matter, body, most)
    return number


async def select_all(connection: Connection, contest: str) -> tuple[Objection, ...]:
    """Returns the contest's objections, oldest first."""
    return tuple(Objection(**row) for row in await connection.fetch(_QUERIES["select_all"], contest))


async def lock_unanswered(connection: Connection, contest: str, number: int) -> bool:
    """Locks an objection until the transaction ends; returns False if there is none that waits for an answer."""
    return await connection.fetchval(_QUERIES["lock"], contest, number) is not None


async def answer(connection: Connection, contest: str, number: int, text: str, actor: str) -> None:
    """Stores the answer to an objection that was locked."""
    await connection.execute(_QUERIES["answer"], contest, number, text, actor)
