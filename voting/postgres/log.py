"""The public log: what waits for it, its end, its full tiles and bundles."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import NamedTuple

from voting.domain.ballots import merkle
from voting.domain.transparency import bundle
from voting.domain.transparency.growth import Growth, LogEnd
from voting.domain.transparency.tree import Edge, Tile, TileId, right_edge
from voting.postgres.database import Connection
from voting.postgres.queries import named

_QUERIES = named("log")
_BUNDLES = -1


class Waiting(NamedTuple):
    """A contest with rows in the queue, and for how long the oldest has waited."""

    contest: str
    rows: int
    seconds: float


class StoredLog(NamedTuple):
    """A log as stored. `edge`: the entries of the last bundle if it is not full, framed."""

    origin: str
    vkey: str
    size: int
    root: bytes
    checkpoint: str
    edge: bytes
    signed_at: datetime
    frozen: str | None


class Queued(NamedTuple):
    """A row of the queue: the entries of a batch of ballots, or others, framed."""

    number: int
    batch: int | None
    entries: bytes


class Placed(NamedTuple):
    """Where a batch of ballots stands in the log."""

    first: int
    leaves: int


class LoggedBatch(NamedTuple):
    """A batch in the log: the index of its first leaf, their count, and their hashes as recorded with the ballots."""

    number: int
    first: int
    leaves: int
    hashes: bytes | None


class Completeness(NamedTuple):
    """The ballots recorded with a leaf, those of them that are in the log, and the rows that wait for it."""

    ballots: int
    logged: int
    queued: int


async def waiting(connection: Connection) -> tuple[Waiting, ...]:
    """Returns the contests with something for the log."""
    return tuple(Waiting(*row) for row in await connection.fetch(_QUERIES["waiting"]))


async def lock(connection: Connection, contest: str) -> StoredLog | None:
    """Returns the log, which nobody else appends to before the transaction has ended; None before its first leaf."""
    row = await connection.fetchrow(_QUERIES["lock"], contest)
    return StoredLog(*row) if row else None


async def select_head(connection: Connection, contest: str) -> StoredLog | None:
    """Returns the log as last committed, or None."""
    row = await connection.fetchrow(_QUERIES["head"], contest)
    return StoredLog(*row) if row else None


async def take(connection: Connection, contest: str, most: int) -> list[Queued]:
    """Removes the oldest rows from the queue and returns them in the order of their numbers."""
    return sorted(Queued(*row) for row in await connection.fetch(_QUERIES["take"], contest, most))


async def append(
    connection: Connection, contest: str, growth: Growth, batches: Sequence[tuple[int, int, int]], signed: SignedHead
) -> None:
    """Stores the growth of a log and its new checkpoint. `batches`: number, first leaf and count of each."""
    end = growth.end
    # A bundle and the tile of level 0 with the hashes of its entries are full at the same time.
    roots = [tile.root for tile in growth.tiles if tile.id.level == 0]
    tiles = [
        *((tile.id.level, tile.id.number, tile.root, tile.body) for tile in growth.tiles),
        *(
            (_BUNDLES, number, root, body)
            for number, (root, body) in enumerate(zip(roots, growth.bundles, strict=True), growth.first_bundle)
        ),
    ]
    await connection.execute(
        _QUERIES["append"],
        contest,
        signed.vkey,
        end.size,
        end.edge.root(),
        signed.checkpoint,
        bundle.frame(end.entries),
        *([row[column] for row in batches] for column in range(3)),
        *([row[column] for row in tiles] for column in range(4)),
        signed.origin,
    )


class SignedHead(NamedTuple):
    """What a log is known by, and its signed checkpoint."""

    origin: str
    vkey: str
    checkpoint: str


async def read_end(connection: Connection, contest: str, stored: StoredLog) -> LogEnd:
    """Returns the log's end, rebuilt from the stored tiles and edge; its root need not be the stored one."""
    entries = bundle.unframe(stored.edge)
    end = LogEnd(Edge(stored.size), entries)
    for id in right_edge(stored.size):
        end.edge.levels += [[] for _ in range(id.level + 1 - len(end.edge.levels))]
        end.edge.levels[id.level] = (
            [row["root"] for row in await connection.fetch(_QUERIES["roots"], contest, *id)]
            if id.level
            else [merkle.leaf_hash(entry) for entry in entries]
        )
    return end


async def freeze(connection: Connection, contest: str, reason: str) -> None:
    """Freezes the log: nothing is appended any more. The first reason stays."""
    await connection.execute(_QUERIES["freeze"], contest, reason)


async def select_tile(connection: Connection, contest: str, id: TileId) -> bytes:
    """Returns the hashes of a tile, as many as there are by now."""
    body: bytes | None = await connection.fetchval(_QUERIES["tile"], contest, *id)
    if body is None and id.level == 0:
        entries = await select_bundle(connection, contest, id.number)
        return b"".join([merkle.leaf_hash(entry) for entry in entries])
    return body or b""


async def select_bundle(connection: Connection, contest: str, number: int) -> list[bytes]:
    """Returns the entries of a bundle, as many as there are by now."""
    return bundle.unframe(await connection.fetchval(_QUERIES["bundle"], contest, number) or b"")


async def select_batch(connection: Connection, contest: str, batch: int) -> Placed | None:
    """Returns where a batch of ballots stands; None if it is not in the log yet or never was recorded."""
    row = await connection.fetchrow(_QUERIES["batch"], contest, batch)
    return Placed(*row) if row else None


async def is_recorded(connection: Connection, contest: str, batch: int) -> bool:
    """Whether there is a batch of this number whose ballots have leaves."""
    recorded: bool = await connection.fetchval(_QUERIES["is_queued"], contest, batch)
    return recorded


async def select_completeness(connection: Connection, contest: str) -> Completeness:
    """Returns how many ballots are recorded and how many of them are in the log."""
    (row,) = await connection.fetch(_QUERIES["unlogged"], contest)
    return Completeness(*row)


async def read_bundles(connection: Connection, contest: str) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Yields the full bundles of entries with their numbers, in order. Needs a transaction."""
    async for row in connection.cursor(_QUERIES["bundles"], contest, prefetch=100):
        yield row["number"], bundle.unframe(row["body"])


async def read_batches(connection: Connection, contest: str) -> AsyncIterator[LoggedBatch]:
    """Yields the batches in the log, in its order. Needs a transaction."""
    async for row in connection.cursor(_QUERIES["batches"], contest, prefetch=1000):
        yield LoggedBatch(*row)


async def select_full_tile(connection: Connection, contest: str, id: TileId) -> Tile | None:
    """Returns a full tile, or None."""
    row = await connection.fetchrow(_QUERIES["full_tile"], contest, *id)
    return Tile(id, row["root"], row["body"]) if row else None


async def select_lost(connection: Connection, contest: str) -> list[int]:
    """Returns the first batches that are neither in the log nor in the queue."""
    return [row["id"] for row in await connection.fetch(_QUERIES["lost"], contest)]
