"""Persons who sign in, and voters that were joined because they are one person."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from voting.postgres.database import Connection
from voting.postgres.queries import named

_QUERIES = named("persons")


class Overlaps(NamedTuple):
    """The persons of a contest who were found to be two voters."""

    persons: int
    both: int
    """Those who had voted as both."""
    ballots: int
    """Their ballots as the voter that was given up; these stay as they are."""


async def select(connection: Connection, contest: str, subjects: Sequence[bytes]) -> dict[bytes, bytes]:
    """Returns the persons with these subjects, by subject."""
    rows = await connection.fetch(_QUERIES["select"], contest, subjects)
    return {row["subject"]: row["person"] for row in rows}


async def insert(connection: Connection, contest: str, person: bytes, channel: str, subjects: Sequence[bytes]) -> None:
    """Gives a person these subjects. Raises a unique violation if one of them has been taken since."""
    await connection.execute(_QUERIES["insert"], contest, person, channel, sorted(subjects))


async def by_age(connection: Connection, contest: str, persons: Collection[bytes]) -> list[bytes]:
    """Returns the persons, the earliest first."""
    return [row["person"] for row in await connection.fetch(_QUERIES["by_age"], contest, list(persons))]


async def join(connection: Connection, contest: str, persons: Mapping[bytes, bytes], stays: bytes) -> int:
    """Makes the persons one: `stays`. `persons`: each person's voter.

    Returns the number of ballots of the other voters, if both have voted.
    """
    others = [person for person in persons if person != stays]
    voters, voter = [persons[person] for person in others], persons[stays]
    await connection.execute(_QUERIES["move"], contest, others, stays)
    await connection.execute(_QUERIES["move_joined"], contest, voters, voter, stays)
    await connection.execute(_QUERIES["join"], contest, voters, voter, stays)
    ballots: int = await connection.fetchval(_QUERIES["overlap"], contest, voters, voter)
    return ballots


async def select_joined(connection: Connection, contest: str, voters: Collection[bytes]) -> dict[bytes, bytes]:
    """Returns, of all voters who are one person with any of these, those that were given up: the voter that stays."""
    rows = await connection.fetch(_QUERIES["joined"], contest, list(voters))
    return {row["voter"]: row["into_voter"] for row in rows}


async def select_overlaps(connection: Connection, contest: str) -> Overlaps:
    """Returns how many persons were found to be two voters."""
    (row,) = await connection.fetch(_QUERIES["overlaps"], contest)
    return Overlaps(*row)
