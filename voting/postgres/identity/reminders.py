"""Where WeChat delivers its one message to voters who are asked to confirm: encrypted openids."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from voting.postgres.database import Connection
from voting.postgres.queries import named

_QUERIES = named("reminders")


class Due(NamedTuple):
    """A voter who is to be told. `due_at`: when the ballots are void without an answer, if at all."""

    contest: str
    voter: bytes
    openid: bytes
    due_at: datetime | None


async def put(connection: Connection, contest: str, voter: bytes, openid: bytes) -> None:
    """Stores the encrypted openid of a voter who is asked and has not answered."""
    await connection.execute(_QUERIES["put"], contest, voter, openid)


async def select_due(
    connection: Connection, before_the_end: timedelta, most: int, without: Collection[str]
) -> list[Due]:
    """Returns voters who are to be told now, of all contests but those of `without`."""
    return [Due(*row) for row in await connection.fetch(_QUERIES["due"], before_the_end, most, list(without))]


async def forget(connection: Connection, contest: str, voter: bytes) -> None:
    """Deletes a voter's openid."""
    await connection.execute(_QUERIES["forget"], contest, voter)


async def forget_over(connection: Connection) -> None:
    """Deletes the openids of voters whose time to confirm is over."""
    await connection.execute(_QUERIES["forget_over"])
