"""The log as static files, as tlog-tiles lays them out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from voting.domain.ballots import merkle
from voting.domain.transparency import bundle, note, tree
from voting.domain.transparency.tree import TILE_HASHES, TileId
from voting.errors import NotFound, SettingInvalid
from voting.postgres.database import Connection, Database
from voting.postgres.transparency import log
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.transparency.public_log import about, policy_of, published


async def export_log(database: Database, snapshot: ContestSnapshot, receipt_key: str, directory: Path) -> int:
    """Writes the log into the directory, the checkpoint last; returns how many leaves it has.

    Raises NotFound, and SettingInvalid if a file cannot be written.
    """
    contest = snapshot.contest.id
    async with database.connection() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        stored = await log.select_head(connection, contest)
        if stored is None:
            raise NotFound(f"contest {contest!r} has no log yet; is `voting log run` running with VOTING_LOG_KEY?")
        checkpoint = published(stored)
        size = note.read_note(checkpoint)[0].size
        try:
            wanted = await write_tiles(connection, contest, size, directory)
            for file in [each for each in (directory / "tile").rglob("*") if each.is_file() and each not in wanted]:
                # Partial tiles of an earlier export.
                file.unlink()
            write_file(directory / "log.json", about(snapshot, stored, receipt_key))
            write_file(directory / "policy", policy_of(snapshot, stored).encode())
            write_file(directory / "checkpoint", checkpoint.encode())
        except OSError as error:
            raise SettingInvalid(f"{error.filename} cannot be written: {error.strerror}") from None
    return size


async def write_tiles(connection: Connection, contest: str, size: int, directory: Path) -> set[Path]:
    """Writes every tile and bundle of entries of a log of `size` leaves; returns the files.

    Full ones never change and are not written again.
    """
    wanted = set()
    for id in _tiles(size):
        width = tree.tile_width(id, size)
        for name in ("0", "entries") if id.level == 0 else (str(id.level),):
            file = directory / tree.tile_path(name, id.number, width)
            wanted.add(file)
            if width == TILE_HASHES and file.exists():
                continue
            if name == "entries":
                entries = await log.select_bundle(connection, contest, id.number)
                write_file(file, bundle.frame(entries[:width]))
            else:
                hashes = await log.select_tile(connection, contest, id)
                write_file(file, hashes[: width * merkle.HASH_BYTES])
    return wanted


async def prove(connection: Connection, contest: str, index: int, checkpoint: str) -> str:
    """Returns the proof that a leaf is in the log that a checkpoint is of."""
    size = note.read_note(checkpoint)[0].size
    proof = tree.inclusion(index, size)
    tiles = {
        id: (await log.select_tile(connection, contest, id))[: tree.tile_width(id, size) * merkle.HASH_BYTES]
        for id in tree.tiles_of(proof)
    }
    return note.proof_text(index, [tree.root(each, tiles) for each in proof], checkpoint)


def _tiles(size: int) -> Iterator[TileId]:
    """Yields every tile of a tree, full or not."""
    level = 0
    while tree.tile_width(TileId(level, 0), size):
        number = 0
        while tree.tile_width(TileId(level, number), size):
            yield TileId(level, number)
            number += 1
        level += 1


def write_file(file: Path, content: bytes) -> None:
    """Writes a file in one step."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(file.name + ".new")
    draft.write_bytes(content)
    os.replace(draft, file)
