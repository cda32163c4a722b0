"""What is published of certified results: bundles, and the files that a log or a bundle names by their hashes."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from typing import NamedTuple

from voting.domain.transparency.tree import TileId
from voting.postgres.database import Connection
from voting.postgres.queries import named
from voting.postgres.tallies import allow_all

_QUERIES = named("bundles")


class StoredBundle(NamedTuple):
    """A bundle: the log up to its certificate, and its manifest. `cosigned` None: certified without witnesses."""

    number: int
    size: int
    checkpoint: str
    cosigned: str | None
    manifest: str
    certificate: str


class Seal(NamedTuple):
    """What a day's leaf is opened with: `raw` is the JSON of all picks by entry."""

    day: date
    salt: bytes
    raw: str


class Outside(NamedTuple):
    """Picks of an entry that its tally or the log does not have."""

    apart: int = 0
    """By credentials that are tallied apart; not in the tally."""
    unlogged: int = 0
    """Of ballots from before the log."""


class UnstampedFile(NamedTuple):
    """What an authority is to stamp: a checkpoint named by its day, or a certificate."""

    contest: str
    name: str
    body: str


class Stamp(NamedTuple):
    """A stamped file with the authority's answer, and when that came."""

    name: str
    body: str
    answer: bytes
    stamped_at: datetime


async def store_file(connection: Connection, body: bytes) -> str:
    """Stores a file, unless it is there; returns its SHA-256 in hex."""
    await connection.execute(_QUERIES["store_file"], body)
    return hashlib.sha256(body).hexdigest()


async def select_file(connection: Connection, sha256: str) -> bytes | None:
    """Returns the file with this SHA-256, in hex, or None."""
    body: bytes | None = await connection.fetchval(_QUERIES["file"], sha256)
    return body


async def select_seals(connection: Connection, contest: str) -> list[Seal]:
    """Returns what opens the sealed days, in order."""
    return [Seal(*row) for row in await connection.fetch(_QUERIES["seals"], contest)]


async def select_outside(connection: Connection, contest: str) -> dict[str, Outside]:
    """Returns the picks that tally or log do not have, of entries with any; reads all ballots, in a transaction."""
    seconds = await allow_all(connection, contest)
    rows = await connection.fetch(_QUERIES["outside"], contest, timeout=seconds)
    return {row["entry"]: Outside(row["apart"], row["unlogged"]) for row in rows}


async def select_tile_hashes(connection: Connection, contest: str) -> dict[TileId, str]:
    """Returns the SHA-256, in hex, of every full tile and, at level -1, of every full bundle of entries."""
    seconds = await allow_all(connection, contest)
    rows = await connection.fetch(_QUERIES["tile_hashes"], contest, timeout=seconds)
    return {TileId(row["level"], row["number"]): row["sha256"] for row in rows}


async def store_signature(connection: Connection, contest: str, number: int, name: str, line: str) -> None:
    """Stores a person's signature of a certificate; storing it again has no effect."""
    await connection.execute(_QUERIES["store_signature"], contest, number, name, line)


async def select_signatures(connection: Connection, contest: str, number: int) -> dict[str, str]:
    """Returns the lines of a certificate's signatures by the signers' names."""
    rows = await connection.fetch(_QUERIES["signatures"], contest, number)
    return {row["name"]: row["line"] for row in rows}


async def want_stamps(connection: Connection) -> None:
    """Notes what is to be stamped, of all contests."""
    await connection.execute(_QUERIES["want_days"])
    await connection.execute(_QUERIES["want_certificates"])


async def select_unstamped(connection: Connection) -> list[UnstampedFile]:
    """Returns the oldest files without a stamp."""
    return [UnstampedFile(*row) for row in await connection.fetch(_QUERIES["unstamped"])]


async def store_stamp(connection: Connection, file: UnstampedFile, authority: str, answer: bytes) -> None:
    """Stores an authority's answer about a file, unless that has changed since."""
    await connection.execute(_QUERIES["store_stamp"], file.contest, file.name, authority, answer, file.body)


async def select_stamps(connection: Connection, contest: str) -> list[Stamp]:
    """Returns a contest's stamps."""
    return [Stamp(*row) for row in await connection.fetch(_QUERIES["stamps"], contest)]


async def insert(connection: Connection, contest: str, number: int, manifest: str, certificate: str) -> None:
    """Stores a bundle of the log as it is now."""
    await connection.execute(_QUERIES["insert"], contest, number, manifest, certificate)


async def select(connection: Connection, contest: str, number: int | None = None) -> StoredBundle | None:
    """Returns the bundle of a certification, by default the newest; None if there is none."""
    row = await connection.fetchrow(_QUERIES["select"], contest, number)
    return StoredBundle(*row) if row else None
