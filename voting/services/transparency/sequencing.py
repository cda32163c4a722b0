"""The sequencer: appends to each contest's log what waits for it, and signs the new checkpoint.

One process of all servers does it at a time, under a lease. What it takes from the queue, the tiles and the checkpoint
are stored in one transaction, so a checkpoint is shown only after all it states is durable. If the outcome is unknown,
what is stored decides: the signature that was made is forgotten.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import datetime

from voting import telemetry
from voting.domain.ballots.leaf import stated_picks
from voting.domain.transparency import bundle, leaves, tree
from voting.domain.transparency.growth import LogEnd
from voting.domain.transparency.tree import Leaves
from voting.domain.transparency.witness import log_policy
from voting.errors import ContestUnknown, TryAgain, VotingError
from voting.postgres import contests, leases
from voting.postgres.database import Connection, Database
from voting.postgres.transparency import log
from voting.postgres.transparency.log import LoggedRow, Queued, SignedHead, StoredLog
from voting.services.background import repeat
from voting.services.contests.contest_cache import ContestCache
from voting.services.transparency.anchors import Anchors
from voting.services.transparency.bundles.files import store_opened
from voting.services.transparency.due import Due, append_due, due_of, key_change
from voting.services.transparency.log_key import LogKey, LogSigner

LEASE = "log"
LEASE_SECONDS = 5.0
ROUND_SECONDS = 1.0
# Rows of the queue that one transaction appends, each a batch of ballots.
MOST_ROWS = 500
# While ballots wait, what came since the queue was empty is appended at once.
ALL_ROWS = 100_000


class LeaseLostError(Exception):
    """Another process appends now."""


class LogFrozenError(Exception):
    """The stored log is not what it was, so nothing may be appended to it."""


@dataclass(frozen=True)
class LogIdentity:
    """What a contest's log states in its first leaf, besides the contest itself."""

    host: str
    """Where the log is published; with the contest it is the log's origin."""
    receipt_key: str
    policy: str
    """The SHA-256 of the policy that ballots are judged by."""

    def origin(self, contest: str) -> str:
        """Returns the name of a contest's log."""
        return f"{self.host}/log/{contest}"


class Sequencer:
    """Appends to the logs of all contests."""

    def __init__(self, database: Database, key: LogKey, identity: LogIdentity, anchors: Anchors) -> None:
        self._database = database
        self._key = key
        self._identity = identity
        self._anchors = anchors
        self._contest_cache = ContestCache(database)
        self._holder = uuid.uuid4()
        self._ends: dict[str, LogEnd] = {}
        """By contest, as last committed by this process."""
        self._refused: dict[str, str] = {}
        self._led_at = 0.0
        self._surveyed = False
        """Whether every log was looked at since this process leads, or reaches the database again."""

    async def run(self) -> None:
        """Runs rounds until cancelled, then gives the lease back."""
        try:
            await repeat(self.round, ROUND_SECONDS)
        finally:
            await self._give_back()

    async def once(self) -> bool:
        """Runs one round and gives the lease back; returns False, and appends nothing, if another process has it."""
        try:
            return await self.round()
        finally:
            await self._give_back()

    async def round(self) -> bool:
        """Appends everything that waits or is due now; returns False if another process does it."""
        if not await self._lead():
            self._forget()
            return False
        async with self._database.connection() as connection:
            waiting = await log.waiting(connection)
        telemetry.LOG_WAITING.set(sum(each.rows for each in waiting))
        try:
            await self._survey()
            for each in waiting:
                await self._keep_lead()
                await self._guarded(each.contest, self._drain(each.contest))
            async with self._database.connection() as connection:
                logs = await log.select_due(connection)
            for known in logs:
                await self._keep_lead()
                due = due_of(known, (await self._contest_cache.get(known.contest)).contest)
                if not due.is_nothing:
                    await self._guarded(known.contest, self.append(known.contest, due))
        except LeaseLostError:
            self._forget()
            return False
        except TryAgain:
            self._surveyed = False
            raise
        return True

    async def append(self, contest: str, due: Due | None = None) -> int:
        """Appends the oldest rows of a contest's queue, then what is due, in one transaction; returns how many rows.

        Raises LeaseLostError, LogFrozenError.
        """
        try:
            end, rows, checkpoint = await self._database.transact(lambda tx: self._append(tx, contest, due))
        except LogFrozenError as error:
            # Of a log that is lost: the oldest, since the leaves say which keys came after it.
            reason, key = str(error), self._key.signer(self._identity.origin(contest)).keys[-1]
            self._ends.pop(contest, None)
            await self._database.transact(lambda tx: log.freeze(tx, contest, reason, key))
            raise
        except BaseException:
            self._ends.pop(contest, None)
            raise
        self._ends[contest] = end
        if checkpoint:
            await asyncio.to_thread(self._anchors.write, contest, await self._uid(contest), checkpoint)
        telemetry.LOG_LEAVES.set(sum(each.size for each in self._ends.values()))
        telemetry.LOG_CHECKPOINT_AT.set_to_current_time()
        return rows

    def _forget(self) -> None:
        self._ends.clear()
        self._surveyed = False

    async def _survey(self) -> None:
        """Compares every log with its anchor, also those to which nothing is appended now, and announces new keys."""
        if self._surveyed:
            return
        async with self._database.connection() as connection:
            growing = await log.select_growing(connection)
        for contest in growing:
            await self._keep_lead()
            await self._guarded(contest, self.append(contest))
        self._surveyed = True

    async def _give_back(self) -> None:
        await self._database.transact(lambda tx: leases.give_back(tx, LEASE, self._holder))

    async def _lead(self) -> bool:
        """Whether the lease is this process's for the next seconds."""
        self._led_at = time.monotonic()
        return await self._database.transact(lambda tx: leases.take(tx, LEASE, self._holder, LEASE_SECONDS))

    async def _keep_lead(self) -> None:
        """Extends the lease in time: a round over many contests takes longer. Raises LeaseLostError."""
        if time.monotonic() - self._led_at > LEASE_SECONDS / 3 and not await self._lead():
            raise LeaseLostError

    async def _drain(self, contest: str) -> None:
        while await self.append(contest) == MOST_ROWS:
            await self._keep_lead()

    async def _guarded(self, contest: str, work: Awaitable[object]) -> None:
        """Does the work for one contest; what keeps its log from growing does not keep the others'."""
        try:
            await work
        except (TryAgain, LeaseLostError):
            raise
        except Exception as error:
            self._refuse(contest, f"{type(error).__name__}: {error}")

    async def _append(self, tx: Connection, contest: str, due: Due | None) -> tuple[LogEnd, int, str]:
        """Returns the log's new end, how many rows were taken, and the new checkpoint, if there is one."""
        if not await leases.hold(tx, LEASE, self._holder):
            raise LeaseLostError
        if due and due.is_exact:
            # Ballots under way commit first, so the queue has every ballot that the tally has.
            await contests.lock_gates(tx, contest)
        stored = await log.lock(tx, contest)
        if stored and stored.frozen:
            raise LogFrozenError(stored.frozen)
        # Before the key is looked for: that of an older backup may have been dropped since.
        end = await self._end(tx, contest, stored)
        signer = self._signer(contest, stored)
        first = await self._first(tx, contest, stored, signer)
        if first:
            # What is due follows in the next round.
            due = None
        rows = [] if due and due.log.certifies else await log.take(tx, contest, ALL_ROWS if due else MOST_ROWS)
        if not rows and not due and not first:
            return end, 0, ""
        entries, batches, picks = _placed(rows, first, end.size)
        added = sum(row.leaves for row in batches), picks
        if due and stored:
            growth = await append_due(tx, due, end, entries, (stored.ballots + added[0], stored.picks + added[1]))
        else:
            growth = end.grown(entries)
        checkpoint = signer.sign(growth.end.size, growth.end.edge.root())
        head = SignedHead(signer.key.name, str(signer.key), checkpoint)
        await log.append(tx, contest, growth, batches, head, added)
        return growth.end, len(rows), checkpoint

    def _signer(self, contest: str, stored: StoredLog | None) -> LogSigner:
        signer = self._key.signer(stored.origin if stored else self._identity.origin(contest))
        if stored and stored.vkey not in map(str, signer.keys):
            raise VotingError(f"the log of {contest} is signed with another key; set VOTING_LOG_KEY to its file")
        return signer

    async def _end(self, tx: Connection, contest: str, stored: StoredLog | None) -> LogEnd:
        """Returns the log's end: the one in memory if it is the stored one, else rebuilt from what is stored."""
        known = self._ends.get(contest)
        if stored and known and (known.size, known.edge.root()) == (stored.size, stored.root):
            return known
        end = await log.read_end(tx, contest, stored) if stored else LogEnd()
        if stored and end.edge.root() != stored.root:
            raise LogFrozenError(f"the stored tiles of {stored.size} leaves do not have the root that was signed")
        await self._compare_anchor(tx, contest, stored)
        return end

    async def _compare_anchor(self, tx: Connection, contest: str, stored: StoredLog | None) -> None:
        """Raises LogFrozenError if the log that was published last is not a part of the stored one."""
        anchor = await asyncio.to_thread(self._anchors.read, contest, await self._uid(contest))
        if anchor is None:
            return
        size = stored.size if stored else 0
        if anchor.size > size:
            raise LogFrozenError(
                f"a log of {anchor.size} leaves was published, and the database has {size}: it is an older backup, or"
                f" lost commits; see: voting log recover --help"
            )
        whole = Leaves(0, anchor.size)
        tiles = {id: await log.select_tile(tx, contest, id) for id in tree.tiles_of([whole])}
        if tree.root(whole, tiles) != anchor.root:
            raise LogFrozenError(f"its first {anchor.size} leaves are not those of the log that was published")

    async def _uid(self, contest: str) -> uuid.UUID:
        return (await self._contest_cache.get(contest)).uid

    async def _first(self, tx: Connection, contest: str, stored: StoredLog | None, signer: LogSigner) -> list[bytes]:
        """Returns the leaf that opens a log or announces its new key; none if there is neither."""
        if stored and stored.vkey == str(signer.key):
            return []
        made = await contests.select(tx, contest)
        if made is None:
            raise ContestUnknown(f"there is no contest {contest!r}, but leaves wait for its log")
        if stored:
            return [await key_change(tx, made.contest, stored.vkeys, str(signer.key))]
        witnesses = log_policy([str(signer.key)], made.contest.witnesses, made.contest.witness_quorum)
        at: datetime = await contests.clock(tx)
        own, opened = self._identity, await store_opened(tx, witnesses)
        return [leaves.opening(made.contest, made.document, at, own.receipt_key, own.policy, *opened)]

    def _refuse(self, contest: str, reason: str) -> None:
        """Logs why a log does not grow, once for each reason."""
        if self._refused.get(contest) != reason:
            self._refused[contest] = reason
            logging.getLogger("voting").error("nothing is appended to the log of %s: %s", contest, reason)


def _placed(rows: Sequence[Queued], first: Sequence[bytes], size: int) -> tuple[list[bytes], list[LoggedRow], int]:
    """Returns the entries, where the batches of ballots among them will stand, and the picks that they state."""
    entries, batches, picks = [*first], [], 0
    for row in rows:
        own = bundle.unframe(row.entries)
        if row.batch is not None:
            batches.append(LoggedRow(row.batch, size + len(entries), len(own)))
            picks += sum([stated_picks(entry) for entry in own])
        entries += own
    return entries, batches, picks
