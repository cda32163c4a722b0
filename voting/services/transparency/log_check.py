"""Whether a log grows, has every ballot, and is what its checkpoint states."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

from voting.domain.ballots import merkle
from voting.domain.transparency import bundle, note
from voting.domain.transparency.tree import Edge
from voting.domain.verifier_key import read_key
from voting.errors import NotFound
from voting.postgres import contests
from voting.postgres.database import Connection, Database
from voting.postgres.transparency import log
from voting.postgres.transparency.log import LoggedBatch, StoredLog
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.transparency.log_key import LogKey, is_signed

# A row of the queue that waits for longer is an alarm.
LATE_SECONDS = 5.0
_MOST_FINDINGS = 100


class LogStatus(NamedTuple):
    """A log, the age of its checkpoint, how complete it is, and why it does not grow, if so."""

    stored: StoredLog
    seconds: float
    ballots: int
    logged: int
    queued: int
    wrong: list[str]


async def log_status(database: Database, snapshot: ContestSnapshot) -> LogStatus:
    """Returns the status of a contest's log. Raises NotFound."""
    contest = snapshot.contest.id
    async with database.connection() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        stored = await _head(connection, contest)
        complete = await log.select_completeness(connection, contest)
        lost = await log.select_lost(connection, contest)
        waits = [each.seconds for each in await log.waiting(connection) if each.contest == contest]
        now = await contests.clock(connection)
    wrong = [f"frozen: {stored.frozen}"] if stored.frozen else []
    if lost:
        wrong.append(f"batches that are neither in the log nor before it: {', '.join(map(str, lost))}")
    if waits and waits[0] > LATE_SECONDS:
        wrong.append(f"the oldest row has waited {waits[0]:.0f} s; is `voting log run` running with VOTING_LOG_KEY?")
    return LogStatus(stored, (now - stored.signed_at).total_seconds(), *complete, wrong)


async def select_unannounced(database: Database, key: LogKey) -> list[str]:
    """Returns the contests whose logs have not announced the newest key, so that they need an older one."""
    async with database.connection() as connection:
        logs = await log.select_vkeys(connection)
    return [contest for contest, origin, vkey in logs if vkey != str(key.signer(origin).key)]


async def check_log(database: Database, snapshot: ContestSnapshot) -> tuple[int, list[str]]:
    """Hashes every entry again; returns how many there are and what is wrong. Raises NotFound."""
    contest = snapshot.contest.id
    async with database.connection() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        stored = await _head(connection, contest)
        check = _Check(connection, contest)
        await check.run(stored)
        lost = await log.select_lost(connection, contest)
    if lost:
        check.found(f"batches that are neither in the log nor before it: {', '.join(map(str, lost))}")
    return check.edge.size, check.findings


class _Check:
    """Rebuilds the tree from the entries, and compares what is stored on the way."""

    def __init__(self, connection: Connection, contest: str) -> None:
        self._connection = connection
        self._contest = contest
        self.edge = Edge()
        self.findings: list[str] = []
        self._hashes: list[bytes] = []
        """Of the leaves whose batches were not compared yet."""
        self._batches: AsyncIterator[LoggedBatch] = log.read_batches(connection, contest)
        self._batch: LoggedBatch | None = None

    def found(self, what: str) -> None:
        """Notes a finding; after a hundred there is no need for more."""
        if len(self.findings) < _MOST_FINDINGS:
            self.findings.append(what)

    async def run(self, stored: StoredLog) -> None:
        """Compares everything."""
        self._batch = await anext(self._batches, None)
        due = 0
        async for number, entries in log.read_bundles(self._connection, self._contest):
            if number != due:
                self.found(f"bundle {due} is missing")
                return
            due += 1
            await self._add(entries)
        await self._add(bundle.unframe(stored.edge))
        if self._batch:
            self.found(f"batch {self._batch.number} is said to be at {self._batch.first}, where the log has ended")
        if (self.edge.size, self.edge.root()) != (stored.size, stored.root):
            self.found(
                f"the entries are {self.edge.size} leaves with another root than that of the {stored.size} stored"
            )
        if not stored.checkpoint:
            self.found("the database has lost the log")
            return
        checkpoint, body, signatures = note.read_note(stored.checkpoint)
        if checkpoint != (stored.origin, stored.size, stored.root):
            self.found("the checkpoint states another size or root")
        key = read_key(stored.vkey)
        if not any(is_signed(key, body, signature) for signature in signatures):
            self.found("the checkpoint is not signed with the log's key")

    async def _add(self, entries: Sequence[bytes]) -> None:
        hashes = [merkle.leaf_hash(entry) for entry in entries]
        for tile in self.edge.append(hashes):
            if await log.select_full_tile(self._connection, self._contest, tile.id) != tile:
                self.found(f"tile {tile.id.level}/{tile.id.number} does not have the hashes of what is below it")
        self._hashes += hashes
        while self._batch and self._batch.first + self._batch.leaves <= self.edge.size:
            begin = self._batch.first - (self.edge.size - len(self._hashes))
            logged = b"".join(self._hashes[begin : begin + self._batch.leaves]) if begin >= 0 else b""
            if logged != self._batch.hashes:
                self.found(f"batch {self._batch.number} has other ballots than the log at {self._batch.first}")
            self._batch = await anext(self._batches, None)
        keep = self.edge.size - self._batch.first if self._batch else 0
        self._hashes = self._hashes[max(0, len(self._hashes) - keep) :] if keep > 0 else []


async def _head(connection: Connection, contest: str) -> StoredLog:
    stored = await log.select_head(connection, contest)
    if stored is None:
        raise NotFound(f"contest {contest!r} has no log yet; is `voting log run` running with VOTING_LOG_KEY?")
    return stored
