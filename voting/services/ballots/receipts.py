"""Checks every stored ballot against the receipt that its voter was given, so that no row can be changed unnoticed.

A receipt's signature is that of its batch: over the root of the tree of the batch's statements. All statements of a
batch give the root again only if each is genuine and none is missing; only where they do not, each is looked at.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import msgspec

from voting.domain.ballots import merkle
from voting.domain.ballots.ballot import Receipt, commitment
from voting.domain.roster.sheet import Tick, silent
from voting.postgres import records
from voting.postgres.database import Database
from voting.postgres.records import Receipted
from voting.services.identity.keyring import ReceiptKey, SignedReceipt, read_receipt

SAMPLE = 10


class _Answer(msgspec.Struct):
    """What of a stored answer is checked."""

    ballot: str
    receipt: str


_ANSWER = msgspec.json.Decoder(_Answer)


@dataclass(slots=True)
class Found:
    """How many ballots, and a few that show it: their ids, or for missing ones the moment of their batch."""

    count: int = 0
    sample: list[str] = field(default_factory=list)

    def add(self, what: str, count: int = 1) -> None:
        """Takes one more in."""
        self.count += count
        if len(self.sample) < SAMPLE:
            self.sample.append(what)

    def __str__(self) -> str:
        return ", ".join(self.sample) + (", ..." if self.count > len(self.sample) else "")


@dataclass(slots=True)
class ReceiptReport:
    """What the ballots' receipts say of them."""

    ballots: int = 0
    moved: Found = field(default_factory=Found)
    """Their receipt is genuine, and was given for other picks."""
    invented: Found = field(default_factory=Found)
    """They have no genuine receipt of their own."""
    missing: Found = field(default_factory=Found)
    """Others of their batch are there; a batch that is gone as a whole leaves no trace."""

    @property
    def wrong(self) -> list[str]:
        """What is wrong, in words; nothing where all is right."""
        says = (
            (self.moved, "ballots hold other picks than their receipts were given for"),
            (self.invented, "ballots have no receipt that this service signed for them"),
            (self.missing, "ballots at least are missing from the batches recorded at these moments"),
        )
        return [f"{found.count} {words}: {found}" for found, words in says if found.count]


async def check_receipts(database: Database, contest: str, key: ReceiptKey, tick: Tick = silent) -> ReceiptReport:
    """Looks at every ballot of the contest, in one snapshot."""
    check = _Check(contest, key)
    async with database.connection() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        async for some in records.read_receipts(connection, contest):
            await asyncio.to_thread(check.take, some)
            tick(check.report.ballots)
    check.close()
    return check.report


class _Leaf(NamedTuple):
    """A ballot with a receipt that says it is this ballot's; `is_right`: it was given for these picks, too."""

    id: str
    receipt: SignedReceipt
    is_right: bool


class _Check:
    def __init__(self, contest: str, key: ReceiptKey) -> None:
        self.report = ReceiptReport()
        self._contest = contest
        self._key = key
        # What one batch has in common is its moment, and two batches may have the same.
        self._moment: datetime | None = None
        self._batches: dict[str, list[_Leaf]] = defaultdict(list)

    def take(self, rows: Iterable[Receipted]) -> None:
        """The next ballots, in the order of their moments."""
        for row in rows:
            if row.recorded_at != self._moment:
                self.close()
                self._moment = row.recorded_at
            self.report.ballots += 1
            if leaf := self._leaf(row):
                self._batches[leaf.receipt.signature].append(leaf)
            else:
                self.report.invented.add(str(row.id))

    def _leaf(self, row: Receipted) -> _Leaf | None:
        id = str(row.id)
        try:
            told = _ANSWER.decode(row.answer)
            receipt = read_receipt(told.receipt)
            given_for = commitment(row.salt, self._contest, id, row.picks)
        except (msgspec.DecodeError, ValueError, TypeError):
            return None
        expected = Receipt(self._contest, id, row.recorded_at, given_for).statement()
        if told.ballot != id or _head(receipt.statement) != _head(expected):
            return None
        return _Leaf(id, receipt, receipt.statement == expected)

    def close(self) -> None:
        """Judges the batches that are complete."""
        for signature, leaves in self._batches.items():
            self._judge(signature, leaves)
        self._batches.clear()

    def _judge(self, signature: str, leaves: list[_Leaf]) -> None:
        leaves.sort(key=lambda leaf: merkle.place(leaf.receipt.path), reverse=True)
        root = merkle.root_of([merkle.leaf_hash(leaf.receipt.statement) for leaf in leaves])
        if not self._key.signed(root, signature):
            leaves = self._genuine(signature, leaves)
        for leaf in leaves:
            if not leaf.is_right:
                self.report.moved.add(leaf.id)

    def _genuine(self, signature: str, leaves: list[_Leaf]) -> list[_Leaf]:
        """Those that the batch's signature covers, each once; the others are invented, and what it lacks is missing."""
        genuine: dict[bytes, _Leaf] = {}
        roots: dict[bytes, bool] = {}
        for leaf in sorted(leaves, key=lambda leaf: not leaf.is_right):
            root = _root(leaf.receipt)
            if root not in roots:
                roots[root] = self._key.signed(root, signature)
            if roots[root] and leaf.receipt.statement not in genuine:
                genuine[leaf.receipt.statement] = leaf
            else:
                self.report.invented.add(leaf.id)
        if lacks := merkle.least_missing([merkle.place(leaf.receipt.path) for leaf in genuine.values()]):
            self.report.missing.add(self._moment.isoformat() if self._moment else "", lacks)
        return list(genuine.values())


def _head(statement: bytes) -> bytes:
    """All but the commitment: contest, ballot and moment."""
    return statement.rpartition(b"\n")[0]


def _root(receipt: SignedReceipt) -> bytes:
    try:
        return merkle.root(merkle.leaf_hash(receipt.statement), receipt.path)
    except ValueError:
        return b""
