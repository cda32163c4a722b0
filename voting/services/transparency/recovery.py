"""Recovers a log that the database has lost a part of: published entries are appended again, and the loss is logged.

Nothing is signed away: what was published stays as it was, at its place. The log then says how many of its ballots are
gone, and the command lists them, so that their voters can be told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

from voting.domain.ballots.leaf import stated_picks
from voting.domain.transparency import bundle, leaves, note, tree
from voting.domain.transparency.growth import LogEnd
from voting.domain.transparency.note import Checkpoint
from voting.domain.transparency.tree import TILE_HASHES
from voting.errors import LogBroken, NotFound
from voting.postgres import contests
from voting.postgres.database import Connection, Database
from voting.postgres.results import certifications
from voting.postgres.transparency import bundles, log
from voting.postgres.transparency.log import LoggedRow, Queued, Said, SignedHead, StoredLog
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.transparency.due import key_change
from voting.services.transparency.log_key import LogKey, LogSigner, is_signed
from voting.services.transparency.sequencing import ALL_ROWS

_BALLOT = b"voting/ballot/"


class LostBallot(NamedTuple):
    """A ballot that the log has and the database has not."""

    leaf_index: int
    ballot: str
    recorded: str


class Recovered(NamedTuple):
    """How many entries were appended again, and the ballots among them that are gone.

    `without_bundle`: the certification that stands, if the log has its certificate, and the database no bundle.
    """

    entries: int
    lost: list[LostBallot]
    without_bundle: int | None


async def recover(database: Database, key: LogKey, snapshot: ContestSnapshot, directory: Path) -> Recovered:
    """Continues a frozen log from a published copy of it, laid out as `voting log export` does.

    Raises NotFound, and LogBroken if the copy is not signed, or not a continuation of the stored log. Salts cannot be
    restored: the leaf about the loss names what can never be opened.
    """
    contest = snapshot.contest.id

    async def work(tx: Connection) -> Recovered:
        # No decision takes a number while those of the log are restored.
        await certifications.lock_result(tx, contest)
        stored = await log.lock(tx, contest)
        if stored is None or not stored.frozen:
            raise NotFound(f"the log of {contest!r} is not frozen: there is nothing to recover")
        signer = key.signer(stored.origin)
        published = _checkpoint(directory, signer)
        end = await log.read_end(tx, contest, stored)
        missing = list(_entries(directory, end.size, published.size))
        if end.grown(missing).end.edge.root() != published.root or published.size <= end.size:
            raise LogBroken(f"the log in {directory} is not a longer one that begins as the stored log does")
        said = _said(missing, stored, end.size)
        if said.vkey not in map(str, signer.keys):
            raise LogBroken(f"the log in {directory} was continued with another key; set VOTING_LOG_KEY to its file")
        known, batches, waiting = await _known(tx, contest, missing, end)
        await _put_back(tx, contest, waiting, max(said.decisions, default=0))
        decisions, seals = await log.restore(tx, contest, said)
        lost = [
            LostBallot(index, *entry.decode().split("\n")[2:4])
            for index, entry in enumerate(missing, end.size)
            if entry.startswith(_BALLOT) and index not in known
        ]
        what = f"{len(lost)} ballots from leaf {end.size} on are in this log and were lost by the database"
        unsalted = [*(f"decisions {number}" for number in decisions), *(f"the seal of {day}" for day in seals)]
        if unsalted:
            what += f", as were the salts that open {', '.join(unsalted)}"
        more = [leaves.leaf("incident", contest, await contests.clock(tx), [("what", what)])]
        if said.vkey != str(signer.key):
            vkeys = [said.vkey, *reversed([*stored.old_vkeys, *said.old_vkeys])]
            more.insert(0, await key_change(tx, snapshot.contest, vkeys, str(signer.key)))
        growth = end.grown([*missing, *more])
        head = SignedHead(signer.key.name, str(signer.key), signer.sign(growth.end.size, growth.end.edge.root()))
        picks = [stated_picks(entry) for entry in missing if entry.startswith(_BALLOT)]
        await log.append(tx, contest, growth, batches, head, (len(picks), sum(picks)))
        await log.unfreeze(tx, contest)
        return Recovered(len(missing), lost, await _without_bundle(tx, contest, said.certified))

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


def _said(missing: Sequence[bytes], stored: StoredLog, first: int) -> Said:
    """Reads what the missing leaves say, so that no number, day or close is used again; `first` is their index."""
    decisions: dict[int, str] = {}
    seals: list[date] = []
    vkeys = [stored.vkey]
    certified = 0
    closed: tuple[datetime, int] | None = None
    for index, entry in enumerate(missing, first):
        if entry.startswith(_BALLOT):
            continue
        kind, at, lines = leaves.read_leaf(entry)
        if kind == "decisions":
            decisions[int(lines["number"])] = lines["policy"]
        elif kind == "seal":
            seals.append(date.fromisoformat(lines["day"]))
        elif kind == "certificate":
            certified = int(lines["number"])
        elif kind == "key":
            vkeys[-1:] = [lines["old"], lines["new"]]
        elif kind == "close":
            closed = at, index + 1
        elif closed and "closes" in lines and datetime.fromisoformat(lines["closes"]) > closed[0]:
            closed = None
    *old, vkey = vkeys
    return Said(decisions, seals, certified, closed, vkey, old)


async def _known(
    tx: Connection, contest: str, missing: Sequence[bytes], end: LogEnd
) -> tuple[set[int], list[LoggedRow], list[Queued]]:
    """Empties the queue. Returns the indexes of leaves that the log has, where batches stand, and the other rows."""
    places = {entry: index for index, entry in enumerate(missing, end.size)}
    known, batches, waiting = set[int](), [], []
    for row in await log.take(tx, contest, ALL_ROWS):
        entries = bundle.unframe(row.entries)
        if entries[0] not in places:
            waiting.append(row)
            continue
        known |= {places[entry] for entry in entries}
        if row.batch is not None:
            batches.append(LoggedRow(row.batch, places[entries[0]], len(entries)))
    return known, batches, waiting


async def _without_bundle(tx: Connection, contest: str, certified: int) -> int | None:
    """Returns the certification that stands if no bundle will come: the log has certificates up to `certified`."""
    stands = await certifications.select(tx, contest)
    if stands is None or stands.number > certified or await bundles.select(tx, contest, stands.number):
        return None
    return stands.number


async def _put_back(tx: Connection, contest: str, waiting: Sequence[Queued], last: int) -> None:
    """Puts rows at the end of the queue. Decisions on a restored backup may repeat the log's numbers, up to `last`."""
    decided = {row.number: leaves.read_leaf(entry) for row in waiting if (entry := _decisions(row))}
    numbers = [int(leaf.lines["number"]) for leaf in decided.values()]
    higher = max(0, last + 1 - min(numbers, default=last + 1))
    if higher:
        await log.renumber_decisions(tx, contest, min(numbers), higher)
    for row in waiting:
        if higher and row.number in decided:
            _, at, lines = decided[row.number]
            lines["number"] = str(int(lines["number"]) + higher)
            row = row._replace(entries=bundle.frame([leaves.leaf("decisions", contest, at, lines.items())]))
        await log.put_back(tx, contest, row)


def _decisions(row: Queued) -> bytes | None:
    """Returns the row's leaf of decisions, which is alone in it, or None."""
    entry = bundle.unframe(row.entries)[0]
    return entry if entry.startswith(b"voting/decisions/") else None
