"""Classes of voters' clients, by the keyed hash of the User-Agent that their ballots' facts contain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from voting.postgres.database import Connection
from voting.postgres.queries import named

_QUERIES = named("clients")


class ClientRow(NamedTuple):
    """The class of one User-Agent in one contest."""

    contest: str
    agent: int
    app: str
    device: str
    browser: str
    system: str


class ClientCount(NamedTuple):
    """The number of ballots from one kind of client; all four fields are empty for unknown clients."""

    app: str
    device: str
    browser: str
    system: str
    ballots: int


async def insert(connection: Connection, rows: Sequence[ClientRow]) -> None:
    """Stores classes; known ones stay unchanged."""
    await connection.execute(_QUERIES["insert"], *(list(column) for column in zip(*rows, strict=True)))


async def select_all(connection: Connection, contest: str) -> dict[int, ClientRow]:
    """Returns every known class of a contest's clients, by hash."""
    return {row["agent"]: ClientRow(**row) for row in await connection.fetch(_QUERIES["select_all"], contest)}


async def count_of_group(connection: Connection, contest: str, group: str) -> tuple[ClientCount, ...]:
    """Returns the kinds of clients of a group's ballots, the most frequent first."""
    return tuple(ClientCount(*row) for row in await connection.fetch(_QUERIES["of_group"], contest, group))
