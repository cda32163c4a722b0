"""The public log: what waits for it, its end, its full tiles and bundles."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from voting.domain.ballots import merkle
from voting.domain.transparency import bundle
from voting.domain.transparency.growth import Growth, LogEnd
from voting.domain.transparency.tree import Edge, Tile, TileId, right_edge
from voting.domain.verifier_key import VerifierKey
from voting.postgres.database import Connection
from voting.postgres.queries import named

_QUERIES = named("log")
_BUNDLES = -1


class Waiting(NamedTuple):
    """A contest with rows in the queue, and for how long the oldest has waited."""

    contest: str
    rows: int
    seconds: float


class LogHealth(NamedTuple):
    """For how long the oldest row of all queues has waited, 0 if none does, and how many logs are frozen."""

    oldest_seconds: float
    frozen: int


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
    ballots: int
    """The leaves of ballots, and the picks that they state."""
    picks: int
    cosigned: str | None
    """The newest checkpoint with enough cosignatures, and when it was signed."""
    cosigned_at: datetime | None
    old_vkeys: Sequence[str]
    """The keys of before, oldest first."""
    closed_size: int | None
    """The leaves up to the last close, with it."""

    @property
    def vkeys(self) -> list[str]:
        """All keys, the newest first."""
        return [self.vkey, *reversed(self.old_vkeys)]


class DueLog(NamedTuple):
    """A log, and what it does not have yet: the window's end, a certified result, or erasures of a day before."""

    contest: str
    opens_at: datetime
    closes_at: datetime
    now: datetime
    sealed_on: date | None
    closes: bool
    certifies: bool
    erases: bool


class Said(NamedTuple):
    """What leaves say that are appended again.

    `decisions`: numbers and policies; `closed`: the second of the last close that stands, and the leaves up to it.
    `vkeys`: the log's key after them; `old_vkeys`: those that they replaced, oldest first.
    """

    decisions: Mapping[int, str]
    seals: Sequence[date]
    certified: int
    closed: tuple[datetime, int] | None
    vkey: str
    old_vkeys: Sequence[str]


class Cosignature(NamedTuple):
    """A witness' newest cosignature: the size of the checkpoint, its line, and when it was received."""

    size: int
    line: str
    at: datetime


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
    return _stored(await connection.fetchrow(_QUERIES["lock"], contest))


async def select_head(connection: Connection, contest: str) -> StoredLog | None:
    """Returns the log as last committed, or None."""
    return _stored(await connection.fetchrow(_QUERIES["head"], contest))


async def take(connection: Connection, contest: str, most: int) -> list[Queued]:
    """Removes the oldest rows from the queue and returns them in the order of their numbers."""
    return sorted(Queued(*row) for row in await connection.fetch(_QUERIES["take"], contest, most))


async def queue(connection: Connection, contest: str, leaf: bytes) -> None:
    """Puts a leaf at the end of the queue."""
    await connection.execute(_QUERIES["put_back"], contest, None, bundle.frame([leaf]))


async def put_back(connection: Connection, contest: str, row: Queued) -> None:
    """Puts a row that was taken at the end of the queue."""
    await connection.execute(_QUERIES["put_back"], contest, row.batch, row.entries)


async def append(
    connection: Connection,
    contest: str,
    growth: Growth,
    batches: Sequence[LoggedRow],
    signed: SignedHead,
    added: tuple[int, int],
) -> None:
    """Stores the growth of a log, with the batches of ballots in it, and its new checkpoint.

    `added`: the leaves of ballots in it, and the picks that they state.
    """
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
        [row.batch for row in batches],
        [row.first for row in batches],
        [row.leaves for row in batches],
        *([row[column] for row in tiles] for column in range(4)),
        signed.origin,
        *added,
    )


class LoggedRow(NamedTuple):
    """A batch of ballots that is appended: the index of its first leaf, and their count."""

    batch: int
    first: int
    leaves: int


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


async def select_health(connection: Connection) -> LogHealth:
    """Returns whether the logs grow."""
    (row,) = await connection.fetch(_QUERIES["health"])
    return LogHealth(*row)


async def select_growing(connection: Connection) -> list[str]:
    """Returns the contests whose logs are not frozen."""
    return [row["contest"] for row in await connection.fetch(_QUERIES["growing"])]


async def select_growth(connection: Connection) -> dict[str, tuple[int, int]]:
    """Returns the leaves of each log that is not frozen and its contest's revision, by contest, past ones last."""
    return {row["contest"]: (row["size"], row["revision"]) for row in await connection.fetch(_QUERIES["growth"])}


async def select_due(connection: Connection) -> tuple[DueLog, ...]:
    """Returns the logs, of those not frozen, for which something may be due."""
    return tuple(DueLog(*row) for row in await connection.fetch(_QUERIES["due"]))


async def select_due_certificate(connection: Connection, contest: str) -> tuple[int, bool]:
    """Returns the number of the oldest certified result that the log does not have, and whether it stands."""
    (row,) = await connection.fetch(_QUERIES["due_certificate"], contest)
    return row["number"], row["stands"]


async def is_close_cosigned(connection: Connection, contest: str) -> bool:
    """Whether enough witnesses have cosigned the log with the end of the window in it."""
    found: bool = await connection.fetchval(_QUERIES["is_close_cosigned"], contest)
    return found


async def take_erased_days(connection: Connection, contest: str) -> list[tuple[date, int]]:
    """Removes and returns the days before today on which voters were erased, and how many."""
    return sorted(tuple(row) for row in await connection.fetch(_QUERIES["take_erased_days"], contest))


async def insert_seal(connection: Connection, contest: str, day: date, salt: bytes, raw: str) -> None:
    """Stores what opens the commitment of a day's seal."""
    await connection.execute(_QUERIES["insert_seal"], contest, day, salt, raw)


async def mark(
    connection: Connection,
    contest: str,
    *,
    closed: tuple[datetime, int] | None = None,
    certified: int = 0,
    sealed_on: date | None = None,
) -> None:
    """Notes what the log has now: the window's end and the leaves up to it, a certificate's number, a day's seal."""
    await connection.execute(
        _QUERIES["mark"], contest, closed and closed[0], certified, sealed_on, closed and closed[1]
    )


async def renumber_decisions(connection: Connection, contest: str, since: int, higher: int) -> None:
    """Adds `higher` to the numbers of leaves of decisions, from `since` on; the log must be frozen."""
    await connection.execute(_QUERIES["renumber_decisions"], contest, since, higher)


async def restore(connection: Connection, contest: str, said: Said) -> tuple[list[int], list[date]]:
    """Notes what leaves say; returns the decisions' numbers and the seals' days that the database had lost."""
    decisions = await connection.fetch(
        _QUERIES["restore_decisions"], contest, list(said.decisions), list(said.decisions.values())
    )
    seals = await connection.fetch(_QUERIES["restore_seals"], contest, said.seals)
    last, (second, size) = max(said.seals, default=None), said.closed or (None, None)
    marks = (said.certified, last, second, size, said.vkey, said.old_vkeys)
    await connection.execute(_QUERIES["restore_marks"], contest, *marks)
    return sorted(row["number"] for row in decisions), sorted(row["day"] for row in seals)


async def select_vkeys(connection: Connection) -> list[tuple[str, str, str]]:
    """Returns contest, origin and newest announced key of every log."""
    return [tuple(row) for row in await connection.fetch(_QUERIES["vkeys"])]


async def select_cosignatures(connection: Connection, contest: str) -> dict[str, Cosignature]:
    """Returns the newest cosignature of each witness."""
    rows = await connection.fetch(_QUERIES["cosignatures"], contest)
    return {row["witness"]: Cosignature(row["size"], row["line"], row["at"]) for row in rows}


async def store_cosignature(connection: Connection, contest: str, witness: str, size: int, line: str) -> None:
    """Stores a witness' newest cosignature."""
    await connection.execute(_QUERIES["store_cosignature"], contest, witness, size, line)


async def store_cosigned(connection: Connection, contest: str, note: str, signed_at: datetime) -> None:
    """Stores the newest checkpoint with enough cosignatures."""
    await connection.execute(_QUERIES["store_cosigned"], contest, note, signed_at)


async def freeze(connection: Connection, contest: str, reason: str, key: VerifierKey) -> None:
    """Freezes the log with this key: nothing is appended, and no ballot recorded, any more. The first reason stays."""
    await connection.execute(_QUERIES["freeze"], contest, reason, key.name, str(key))


async def unfreeze(connection: Connection, contest: str) -> None:
    """Ends the freezing of a log."""
    await connection.execute(_QUERIES["unfreeze"], contest)


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


def _stored(row: Any) -> StoredLog | None:
    return StoredLog(*(row[name] for name in StoredLog._fields)) if row else None
