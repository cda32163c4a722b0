"""Checks every stored ballot against the receipt that its voter was given, so that changes of rows are found.

A batch stores the hashes of its receipts' statements and one signature of the root of their tree. The statement of a
ballot, computed again from its row, has the stored hash only if the row is unchanged.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from voting.domain.ballots import merkle
from voting.domain.ballots.leaf import leaf, split_parts
from voting.domain.roster.sheet import Tick, silent
from voting.postgres import records
from voting.postgres.database import Database
from voting.postgres.records import Receipted, SignedBatch
from voting.services.identity.keyring import ReceiptKey

SAMPLE = 10
_NONE: list[Receipted] = []


@dataclass(slots=True)
class Found:
    """The number of ballots with a finding and a sample: their ids, or the number of the batch for missing ballots."""

    count: int = 0
    sample: list[str] = field(default_factory=list)

    def add(self, what: str, count: int = 1) -> None:
        """Adds a finding."""
        self.count += count
        if len(self.sample) < SAMPLE:
            self.sample.append(what)

    def __str__(self) -> str:
        return ", ".join(self.sample) + (", ..." if self.count > len(self.sample) else "")


@dataclass(slots=True)
class ReceiptReport:
    """The findings of the check."""

    ballots: int = 0
    changed: Found = field(default_factory=Found)
    """The receipt for their place states other picks, another time or another id."""
    invented: Found = field(default_factory=Found)
    """No batch signed by this service has a receipt for them."""
    missing: Found = field(default_factory=Found)
    """A receipt was given for them. A batch whose own row was deleted is not found here."""
    signed: int = 0
    """Batches that are signed with the key."""
    unsigned: int = 0

    @property
    def of_another_key(self) -> bool:
        """Whether no batch is signed with the key, as under another secret than that of the vote."""
        return self.unsigned > 0 and not self.signed

    @property
    def wrong(self) -> list[str]:
        """A sentence for each kind of finding."""
        says = (
            (self.changed, "ballots are not what their receipts were given for"),
            (self.invented, "ballots have no receipt that this service signed for them"),
            (self.missing, "ballots are missing from these batches"),
        )
        lines = [f"{found.count} {words}: {found}" for found, words in says if found.count]
        if self.of_another_key:
            lines.append("no batch is signed with this VOTING_SECRET; set the one that the vote was served with")
        return lines


async def check_receipts(database: Database, contest: str, key: ReceiptKey, tick: Tick = silent) -> ReceiptReport:
    """Checks every ballot of the contest in one snapshot."""
    report = ReceiptReport()
    async with database.connection() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        groups = _by_batch(records.read_receipts(connection, contest))
        group = await anext(groups, _NONE)
        async for batch in records.read_batches(connection, contest):
            while group and group[0].batch < batch.id:
                _invented(report, group)
                group = await anext(groups, _NONE)
            if group and group[0].batch == batch.id:
                _check(report, contest, key, batch, group)
                group = await anext(groups, _NONE)
            else:
                report.missing.add(str(batch.id), len(merkle.split(batch.leaves)))
            tick(report.ballots)
        while group:
            _invented(report, group)
            group = await anext(groups, _NONE)
    return report


async def find_unrecorded(database: Database, contest: str, ballots: set[str]) -> set[str]:
    """Returns which of the ballots the contest does not have."""
    missing = set(ballots)
    async with database.connection() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        async for ballot in records.read_receipts(connection, contest):
            missing.discard(str(ballot.id))
    return missing


async def signed_with_another_key(database: Database, key: ReceiptKey) -> list[str]:
    """Returns the contests, of those not closed, whose ballots were not recorded under this key's secret.

    The first batch shows it: later ones may have been recorded by mistake under another secret.
    """
    async with database.connection() as connection:
        firsts = await records.read_first_batches(connection)
    return [contest for contest, leaves, signature in firsts if not _is_signed(key, merkle.split(leaves), signature)]


async def _by_batch(ballots: AsyncIterator[Receipted]) -> AsyncIterator[list[Receipted]]:
    group: list[Receipted] = []
    async for ballot in ballots:
        if group and group[0].batch != ballot.batch:
            yield group
            group = []
        group.append(ballot)
    if group:
        yield group


def _check(report: ReceiptReport, contest: str, key: ReceiptKey, batch: SignedBatch, ballots: list[Receipted]) -> None:
    leaves = merkle.split(batch.leaves)
    if not _is_signed(key, leaves, batch.signature):
        report.unsigned += 1
        _invented(report, ballots)
        return
    report.signed += 1
    report.ballots += len(ballots)
    parts = [None] * len(leaves) if batch.parts is None else split_parts(batch.parts, len(leaves))
    places: set[int] = set()
    for ballot in ballots:
        id = str(ballot.id)
        if ballot.place in places or not 0 <= ballot.place < len(leaves):
            report.invented.add(id)
            continue
        places.add(ballot.place)
        statement = leaf(contest, id, ballot.recorded_at, ballot.salt, ballot.picks, parts[ballot.place])
        if merkle.leaf_hash(statement) != leaves[ballot.place]:
            report.changed.add(id)
    if lacks := len(leaves) - len(places):
        report.missing.add(str(batch.id), lacks)


def _is_signed(key: ReceiptKey, leaves: Sequence[bytes], signature: bytes) -> bool:
    return bool(leaves) and key.signed(merkle.root_of(leaves), signature)


def _invented(report: ReceiptReport, ballots: list[Receipted]) -> None:
    report.ballots += len(ballots)
    for ballot in ballots:
        report.invented.add(str(ballot.id))
