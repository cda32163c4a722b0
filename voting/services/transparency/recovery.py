"""Recovers a log that the database has lost a part of: published entries are appended again, and the loss is logged.

Nothing is signed away: what was published stays as it was, at its place. The log then says how many of its ballots are
gone, and the command lists them, so that their voters can be told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from voting.domain.ballots.leaf import stated_picks
from voting.domain.transparency import bundle, leaves, note, tree
from voting.domain.transparency.growth import LogEnd
from voting.domain.transparency.note import Checkpoint
from voting.domain.transparency.tree import TILE_HASHES
from voting.errors import LogBroken, NotFound
from voting.postgres import contests, log
from voting.postgres.database import Connection, Database
from voting.postgres.log import LoggedRow, SignedHead
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.transparency.log_key import LogKey, LogSigner, is_signed
from voting.services.transparency.sequencing import ALL_ROWS

_BALLOT = b"voting/ballot/"


class LostBallot(NamedTuple):
    """A ballot that the log has and the database has not."""

    leaf_index: int
    ballot: str
    recorded: str


class Recovered(NamedTuple):
    """How many entries were appended again, and the ballots among them that are gone."""

    entries: int
    lost: list[LostBallot]


async def recover(database: Database, key: LogKey, snapshot: ContestSnapshot, directory: Path) -> Recovered:
    """Continues a frozen log from a published copy of it, laid out as `voting log export` does.

    Raises NotFound, and LogBroken if the copy is not signed, or not a continuation of the stored log.
    """
    contest = snapshot.contest.id

    async def work(tx: Connection) -> Recovered:
        stored = await log.lock(tx, contest)
        if stored is None or not stored.frozen:
            raise NotFound(f"the log of {contest!r} is not frozen: there is nothing to recover")
        signer = key.signer(stored.origin)
        published = _checkpoint(directory, signer)
        end = await log.read_end(tx, contest, stored)
        missing = list(_entries(directory, end.size, published.size))
        if end.grown(missing).end.edge.root() != published.root or published.size <= end.size:
            raise LogBroken(f"the log in {directory} is not a longer one that begins as the stored log does")
        known, batches = await _known(tx, contest, missing, end)
        lost = [
            LostBallot(index, *entry.decode().split("\n")[2:4])
            for index, entry in enumerate(missing, end.size)
            if entry.startswith(_BALLOT) and index not in known
        ]
        what = f"{len(lost)} ballots from leaf {end.size} on are in this log and were lost by the database"
        incident = leaves.leaf("incident", contest, await contests.clock(tx), [("what", what)])
        growth = end.grown([*missing, incident])
        head = SignedHead(signer.key.name, str(signer.key), signer.sign(growth.end.size, growth.end.edge.root()))
        picks = [stated_picks(entry) for entry in missing if entry.startswith(_BALLOT)]
        await log.append(tx, contest, growth, batches, head, (len(picks), sum(picks)))
        await log.unfreeze(tx, contest)
        return Recovered(len(missing), lost)

    return await database.transact(work)


def _checkpoint(directory: Path, signer: LogSigner) -> Checkpoint:
    try:
        checkpoint, body, signatures = note.read_note((directory / "checkpoint").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise LogBroken(f"{directory} has no checkpoint that can be read: {error}") from None
    if checkpoint.origin != signer.key.name or not any(
        is_signed(key, body, each) for key in signer.keys for each in signatures
    ):
        raise LogBroken(f"the checkpoint in {directory} is not signed with this log's key")
    return checkpoint


def _entries(directory: Path, first: int, last: int) -> Iterator[bytes]:
    """Yields the published entries [first, last)."""
    for number in range(first // TILE_HASHES, -(-last // TILE_HASHES)):
        width = min(TILE_HASHES, last - number * TILE_HASHES)
        file = directory / tree.tile_path("entries", number, width)
        try:
            entries = bundle.unframe(file.read_bytes())
        except (OSError, ValueError) as error:
            raise LogBroken(f"{file} cannot be read: {error}") from None
        yield from entries[max(0, first - number * TILE_HASHES) :]


async def _known(
    tx: Connection, contest: str, missing: Sequence[bytes], end: LogEnd
) -> tuple[set[int], list[LoggedRow]]:
    """Takes from the queue what the log has already. Returns the indexes of these leaves, and where batches stand."""
    places = {entry: index for index, entry in enumerate(missing, end.size)}
    known, batches = set[int](), []
    for row in await log.take(tx, contest, ALL_ROWS):
        entries = bundle.unframe(row.entries)
        if entries[0] not in places:
            await log.put_back(tx, contest, row)
            continue
        known |= {places[entry] for entry in entries}
        if row.batch is not None:
            batches.append(LoggedRow(row.batch, places[entries[0]], len(entries)))
    return known, batches
