"""Classes of voters' clients, by the keyed hash of the User-Agent that the facts of their ballots hold."""

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
    """How many ballots came from a kind of client; all four are empty where it is not known."""

    app: str
    device: str
    browser: str
    system: str
    ballots: int


async def insert(connection: Connection, rows: Sequence[ClientRow]) -> None:
    """Stores classes; those known already stay."""
    await connection.execute(_QUERIES["insert"], *(list(column) for column in zip(*rows, strict=True)))


async def select_all(connection: Connection, contest: str) -> dict[int, ClientRow]:
    """Every known class of a contest's clients, by their hash."""
    return {row["agent"]: ClientRow(**row) for row in await connection.fetch(_QUERIES["select_all"], contest)}


async def count_of_group(connection: Connection, contest: str, group: str) -> tuple[ClientCount, ...]:
    """The kinds of clients of a group's ballots, the most frequent first."""
    return tuple(ClientCount(*row) for row in await connection.fetch(_QUERIES["of_group"], contest, group))
