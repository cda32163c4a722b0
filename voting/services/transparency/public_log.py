"""The log as strangers read it: checkpoint, tiles, bundles, where a batch stands, and proofs."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from voting.domain.transparency import bundle, note, tree
from voting.domain.transparency.tree import TILE_HASHES, TileId
from voting.domain.transparency.witness import log_policy
from voting.errors import NotFound, NotYet
from voting.postgres.database import Database
from voting.postgres.transparency import log
from voting.postgres.transparency.log import Placed, StoredLog
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.last_known import LastKnown

# A new checkpoint comes once a second.
FRESH_SECONDS = 0.5
# A ballot that is not in the log so long after its receipt is a breach of the receipt's promise.
MERGE_DELAY_SECONDS = 60
# A checkpoint without witnesses is shown when that of the quorum is older by more.
WITNESSES_LATE = timedelta(seconds=5)
# Of PostgreSQL's bigint.
_LARGEST = 2**63 - 1
_MOST_LOGS, _MOST_TILES = 1000, 2000


@dataclass(frozen=True)
class Head:
    """A log as last read."""

    stored: StoredLog
    read_on: float

    def fresh(self) -> bool:
        """Whether it may be the newest."""
        return time.monotonic() - self.read_on < FRESH_SECONDS


def about(snapshot: ContestSnapshot, stored: StoredLog, receipt_key: str) -> bytes:
    """Returns what a client may ask the log about itself, as JSON; whom it trusts it must know from elsewhere."""
    return msgspec.json.encode(
        {
            "origin": stored.origin,
            "vkey": stored.vkey,
            "contest": snapshot.contest.id,
            "receipt_key": receipt_key,
            "merge_delay_seconds": MERGE_DELAY_SECONDS,
        }
    )


def policy_of(snapshot: ContestSnapshot, stored: StoredLog) -> str:
    """Returns whose signatures a checkpoint of the log needs."""
    return log_policy(stored.vkeys, snapshot.contest.witnesses, snapshot.contest.witness_quorum)


def published(stored: StoredLog) -> str:
    """Returns the newest checkpoint that enough witnesses cosigned; if they are late, the newest at all."""
    is_late = stored.cosigned_at is None or stored.signed_at - stored.cosigned_at > WITNESSES_LATE
    return stored.checkpoint if is_late or stored.cosigned is None else stored.cosigned


class PublicLog:
    """Reads the logs. Methods raise NotFound for what is not in the log."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._heads: LastKnown[Head] = LastKnown(_MOST_LOGS)
        self._tiles: LastKnown[bytes] = LastKnown(_MOST_TILES)
        self._batches: LastKnown[Placed] = LastKnown(_MOST_TILES)

    async def head(self, snapshot: ContestSnapshot) -> StoredLog:
        """Returns the log with its newest checkpoint."""
        return (await self._heads.get(snapshot.uid, lambda: self._read_head(snapshot), Head.fresh)).stored

    async def witnesses(self, snapshot: ContestSnapshot) -> dict[str, datetime | None]:
        """Returns when each witness of the contest cosigned last."""
        if not snapshot.contest.witnesses:
            return {}
        async with self._database.connection() as connection:
            cosigned = await log.select_cosignatures(connection, snapshot.contest.id)
        return {
            each.name: cosigned[each.name].at if each.name in cosigned else None for each in snapshot.contest.witnesses
        }

    async def tile(self, snapshot: ContestSnapshot, id: TileId, width: int) -> bytes:
        """Returns the first `width` hashes of a tile."""
        await self._check(snapshot, id, width)
        return await self._tile(snapshot, id, width)

    async def entries(self, snapshot: ContestSnapshot, number: int, width: int) -> bytes:
        """Returns a bundle of the first `width` entries."""
        await self._check(snapshot, TileId(0, number), width)
        async with self._database.connection() as connection:
            found = await log.select_bundle(connection, snapshot.contest.id, number)
        return bundle.frame(found[:width])

    async def batch(self, snapshot: ContestSnapshot, number: int) -> Placed:
        """Returns where a batch of ballots stands. Raises NotYet while it waits for the log."""
        return await self._batches.get(
            (snapshot.uid, number), lambda: self._read_batch(snapshot, number), lambda _: True
        )

    async def proof(self, snapshot: ContestSnapshot, number: int, place: int) -> str:
        """Returns the proof that a ballot's leaf is in the log, of the newest checkpoint. Raises NotYet."""
        placed = await self.batch(snapshot, number)
        if not 0 <= place < placed.leaves:
            raise NotFound(f"the batch {number} has {placed.leaves} ballots, so its last place is {placed.leaves - 1}")
        index, head = placed.first + place, await self.head(snapshot)
        if index >= head.size:
            # It was read before the batch.
            head = (await self._heads.renew(snapshot.uid, lambda: self._read_head(snapshot))).stored
        checkpoint = published(head)
        size = note.read_note(checkpoint)[0].size
        if index >= size:
            # Witnesses have not seen it yet.
            checkpoint, size = head.checkpoint, head.size
        proof = tree.inclusion(index, size)
        tiles = {id: await self._tile(snapshot, id, tree.tile_width(id, size)) for id in tree.tiles_of(proof)}
        return note.proof_text(index, [tree.root(each, tiles) for each in proof], checkpoint)

    async def _check(self, snapshot: ContestSnapshot, id: TileId, width: int) -> None:
        head = await self.head(snapshot)
        if not 0 < width <= min(TILE_HASHES, tree.tile_width(id, head.size)):
            raise NotFound(f"the log has {head.size} leaves; this tile is none of its, or not as wide")

    async def _tile(self, snapshot: ContestSnapshot, id: TileId, width: int) -> bytes:
        async def read() -> bytes:
            async with self._database.connection() as connection:
                found = await log.select_tile(connection, snapshot.contest.id, id)
            return found[: width * 32]

        # It never changes.
        return await self._tiles.get((snapshot.uid, id, width), read, lambda _: True)

    async def _read_head(self, snapshot: ContestSnapshot) -> Head:
        read_on = time.monotonic()
        async with self._database.connection() as connection:
            stored = await log.select_head(connection, snapshot.contest.id)
        if stored is None:
            raise NotFound("this contest has no log yet")
        return Head(stored, read_on)

    async def _read_batch(self, snapshot: ContestSnapshot, number: int) -> Placed:
        if number > _LARGEST:
            raise NotFound
        async with self._database.connection() as connection:
            placed = await log.select_batch(connection, snapshot.contest.id, number)
            if placed is None and await log.is_recorded(connection, snapshot.contest.id, number):
                raise NotYet
        if placed is None:
            raise NotFound(f"there is no batch {number} of ballots in this contest's log")
        return placed
