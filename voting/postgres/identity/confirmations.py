"""Voters who were asked to confirm that they are people, and their answers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from voting.domain.identity.channel import Channel
from voting.postgres.database import Connection
from voting.postgres.queries import named
from voting.postgres.tallies import allow_all

_QUERIES = named("confirmations")


class Request(NamedTuple):
    """A request to confirm. `due_at`: when the voter's ballots of `cell` are void without an answer, if at all."""

    voter: bytes
    channel: Channel
    code: str
    cell: str | None
    ballot: UUID | None
    """The one with which chance chose the voter."""
    entry: str | None
    """Of the cell."""
    due_at: datetime | None
    confirmed_at: datetime | None
    denied_at: datetime | None
    """When the voter said that the ballot is another's."""
    cast_at: datetime | None
    """The last ballot that the request is about."""
    all_count: bool
    """Whether none of the ballots that it is about is held or void."""


class SampledPicks(NamedTuple):
    """A pick of the counted ballot with which a voter was sampled."""

    voter: bytes
    channel: str
    share: float
    network: str | None
    confirmed: bool
    entry: str


class AskedNumber(NamedTuple):
    """How many voters of a channel chance chose with this share. `voters`: all of the contest, of any channel."""

    voters: int
    channel: Channel
    share: float
    asked: int


class Answered(NamedTuple):
    """What became of a request that went with a ballot."""

    share: float
    confirmed: bool


async def select(connection: Connection, contest: str, voters: Collection[bytes]) -> Request | None:
    """Returns the request to these voters, who are one person; None if none was asked."""
    row = await connection.fetchrow(_QUERIES["select"], contest, list(voters))
    return Request(*row) if row else None


async def confirm(connection: Connection, contest: str, voter: bytes, by: Channel, subject: bytes) -> bool:
    """Stores the voter's answer; False if this identity has confirmed another voter."""
    return await connection.fetchval(_QUERIES["confirm"], contest, voter, by, subject) is not None


async def confirm_by_code(connection: Connection, contest: str, code: str) -> bytes | None:
    """Stores that the organiser knows the voter with this code; None if there is none, or it has confirmed.

    Returns the voter. A denial is taken back with it.
    """
    voter: bytes | None = await connection.fetchval(_QUERIES["confirm_by_code"], contest, code)
    return voter


async def select_void_by_denial(
    connection: Connection, contest: str, voter: bytes, reason: str
) -> list[tuple[int, str]]:
    """Returns number and group of the voter's ballots that are void for this reason alone."""
    return [tuple(row) for row in await connection.fetch(_QUERIES["void_by_denial"], contest, voter, reason)]


async def deny(connection: Connection, contest: str, voter: bytes) -> bool:
    """Stores that the voter says that the ballot is another's; False if there is an answer."""
    return await connection.fetchval(_QUERIES["deny"], contest, voter) is not None


async def select_disowned(connection: Connection, contest: str, request: Request) -> list[tuple[int, Sequence[str]]]:
    """Returns number and picks of the ballots that a request is about, without those of groups."""
    rows = await connection.fetch(_QUERIES["disowned"], contest, request.voter, request.ballot, request.entry)
    return [(row["sequence"], row["picks"]) for row in rows]


async def count_code(connection: Connection, contest: str, voter: bytes, most_of_voter: int, most: int) -> bool:
    """Counts a code to be sent; False if as many were sent as the voter or the contest may have."""
    return await connection.fetchval(_QUERIES["count_code"], contest, voter, most_of_voter, most) is not None


async def select_sample(connection: Connection, contest: str, until: datetime) -> list[SampledPicks]:
    """Returns the picks of the ballots for which chance chose their voters until a moment, voter by voter."""
    seconds = await allow_all(connection, contest)
    rows = await connection.fetch(_QUERIES["sample"], contest, until, timeout=seconds)
    return [SampledPicks(*row) for row in rows]


async def select_numbers(connection: Connection, contest: str) -> list[AskedNumber]:
    """Returns how many voters of each channel chance chose with which share."""
    seconds = await allow_all(connection, contest)
    return [AskedNumber(*row) for row in await connection.fetch(_QUERIES["numbers"], contest, timeout=seconds)]


async def ask_all(
    connection: Connection, contest: str, cell: str, voters: Sequence[tuple[bytes, str, str]], hours: int
) -> None:
    """Asks voters, given with channel and code, to confirm within so many hours."""
    columns = [list(column) for column in zip(*voters, strict=True)] or [[], [], []]
    await connection.execute(_QUERIES["ask_all"], contest, cell, columns[0], columns[1], hours, columns[2])


async def select_outcomes(connection: Connection, contest: str, voters: Collection[bytes]) -> dict[bytes, bool]:
    """Returns the voters who confirmed (True), or denied a ballot or had to confirm and did not in time (False)."""
    rows = await connection.fetch(_QUERIES["outcomes"], contest, list(voters))
    return {row["voter"]: row["confirmed"] for row in rows}


async def waiting_until(connection: Connection, contest: str, cell: str) -> datetime | None:
    """Returns when the last voter who must confirm for a cell must have; None if nobody has time left."""
    until: datetime | None = await connection.fetchval(_QUERIES["waiting_until"], contest, cell)
    return until


async def select_answers(connection: Connection, contest: str) -> dict[UUID, Answered]:
    """Returns the answers of voters whom chance chose, by the ballot that they were asked with."""
    rows = await connection.fetch(_QUERIES["labels"], contest)
    return {row["ballot"]: Answered(row["share"], row["confirmed"]) for row in rows}


async def forget(connection: Connection, contest: str, voters: Collection[bytes] | None) -> None:
    """Deletes what was observed of voters (None: of all) and the identities that they confirmed with."""
    await connection.execute(_QUERIES["forget"], contest, None if voters is None else list(voters))
