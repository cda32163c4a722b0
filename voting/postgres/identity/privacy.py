"""What is stored of voters: shown to them, erased at their wish, and erased for all when its time is over."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from voting.domain.ballots.ballot import State
from voting.domain.language import Language
from voting.postgres.database import Connection
from voting.postgres.identity import confirmations
from voting.postgres.queries import named

_QUERIES = named("privacy")


class KeptBallot(NamedTuple):
    """A ballot, and whether what was observed of it is still stored."""

    id: UUID
    recorded_at: datetime
    state: State
    has_facts: bool


class Consent(NamedTuple):
    """A voter's consent to a version of the notice, as shown in a language."""

    version: str
    language: Language
    given_at: datetime


class Due(NamedTuple):
    """A contest, with the moments that its retention follows from."""

    contest: str
    closes_at: datetime
    certified_at: datetime | None
    now: datetime


async def show_notice(connection: Connection, contest: str, version: str, zh: str, en: str) -> None:
    """Notes that a notice is shown from now on; a version that was shown before keeps its text and moment."""
    await connection.execute(_QUERIES["show_notice"], contest, version, zh, en)


async def notice_at(connection: Connection, contest: str, moment: datetime) -> str | None:
    """Returns the version of the notice that was shown at the moment."""
    version: str | None = await connection.fetchval(_QUERIES["notice_at"], contest, moment)
    return version


async def give_consent(connection: Connection, contest: str, voter: bytes, version: str, language: Language) -> Consent:
    """Stores a voter's consent, and returns it; the one given first, if it was given before."""
    rows = await connection.fetch(_QUERIES["give_consent"], contest, voter, version, language)
    return Consent(*rows[0])


async def select_consents(connection: Connection, contest: str, voters: Collection[bytes]) -> tuple[Consent, ...]:
    """Returns the consents of the voters, who are one person, oldest first."""
    return tuple(Consent(*row) for row in await connection.fetch(_QUERIES["consents"], contest, list(voters)))


async def select_ballots(connection: Connection, contest: str, voters: Collection[bytes]) -> tuple[KeptBallot, ...]:
    """Returns the ballots of the voters, who are one person, oldest first."""
    return tuple(KeptBallot(*row) for row in await connection.fetch(_QUERIES["ballots"], contest, list(voters)))


async def count_identities(connection: Connection, contest: str, person: bytes, voters: Collection[bytes]) -> int:
    """Returns how many identities from outside are stored of a person, as keyed hashes, to sign in or to confirm."""
    count: int = await connection.fetchval(_QUERIES["identities"], contest, person, list(voters))
    return count


async def into_person(connection: Connection, contest: str, voter: bytes) -> bytes | None:
    """Returns the person into which a voter was joined."""
    person: bytes | None = await connection.fetchval(_QUERIES["into_person"], contest, voter)
    return person


async def wish_erasure(connection: Connection, contest: str, person: bytes, voters: Collection[bytes]) -> None:
    """Marks the person's identities and what was observed of the voters' ballots to be deleted."""
    await connection.execute(_QUERIES["wish_erasure"], contest, list(voters))
    await connection.execute(_QUERIES["delete_openids"], contest, list(voters))
    await connection.execute(_QUERIES["erase_person"], contest, person)


async def has_wished_erasure(connection: Connection, contest: str, voters: Collection[bytes]) -> bool:
    """Whether what was observed of these voters' ballots waits to be deleted."""
    wished: bool = await connection.fetchval(_QUERIES["has_wished"], contest, list(voters))
    return wished


async def erase_wished(connection: Connection, contest: str) -> int:
    """Erases what was observed of the ballots of those who wished it. Returns how many voters they were."""
    voters = [row["voter"] for row in await connection.fetch(_QUERIES["take_erasures"], contest)]
    if voters:
        await connection.execute(_QUERIES["erase_facts"], contest, voters)
        await connection.execute(_QUERIES["count_erased"], contest, len(voters))
        await confirmations.forget(connection, contest, voters)
    return len(voters)


async def select_due(connection: Connection, contest: str | None) -> tuple[Due, ...]:
    """Returns every contest, or one."""
    return tuple(Due(*row) for row in await connection.fetch(_QUERIES["due"], contest))


async def delete_erased(connection: Connection, contest: str) -> int:
    """Deletes the identities of persons who wished it, once the window has closed. Returns how many."""
    return _count(await connection.execute(_QUERIES["delete_erased"], contest))


async def erase_facts_after(connection: Connection, contest: str, batch: int) -> tuple[int | None, int]:
    """Erases the facts of a portion of batches. Returns the last one, or None, and how many ballots had facts."""
    (row,) = await connection.fetch(_QUERIES["erase_all_facts"], contest, batch)
    return row["last"], row["ballots"]


async def delete_hash_key(connection: Connection, contest: str) -> bool:
    """Deletes the random part of the keys of the contest's hashes. Returns whether there was one."""
    return _count(await connection.execute(_QUERIES["delete_hash_key"], contest)) > 0


async def delete_persons(connection: Connection, contest: str) -> int:
    """Deletes every identity and consent of the contest's voters. Returns how many identities."""
    for statement in ("delete_joined", "delete_clients", "delete_consents"):
        await connection.execute(_QUERIES[statement], contest)
    await confirmations.forget(connection, contest, None)
    return _count(await connection.execute(_QUERIES["delete_persons"], contest))


def _count(status: str) -> int:
    """Returns the number of rows in PostgreSQL's answer, such as `DELETE 3`."""
    return int(status.rpartition(" ")[2])
