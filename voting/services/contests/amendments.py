"""Changes a contest's rules until they are sealed, then only what they declare changeable.

The rules are sealed by the organiser, or when the window opens. The audit log records every change with its hashes.
"""

from __future__ import annotations

from datetime import datetime

from voting.domain.contest.contest import Contest
from voting.domain.results.inputs import document_sha256
from voting.errors import ContestUnknown, EntryUnknown, RulesSealed
from voting.postgres import certifications, contests
from voting.postgres.contests import StoredContest
from voting.postgres.database import Connection, Database
from voting.services import audit


class Amendments:
    """Amends contests. `actor` is recorded. Every method raises ContestUnknown, Certified."""

    def __init__(self, database: Database, actor: str) -> None:
        self._database = database
        self._actor = actor

    async def replace(self, contest: Contest, document: str) -> None:
        """Replaces the rules. Raises RulesSealed."""

        async def work(tx: Connection) -> None:
            stored = await self._stored(tx, contest.id)
            if is_sealed(stored):
                raise RulesSealed(f"the rules of {contest.id!r} are sealed; nothing was changed")
            await contests.replace(tx, contest, document)
            details = {"was": document_sha256(stored.document), "is": document_sha256(document)}
            await audit.record(tx, self._actor, "contest.replace", contest.id, details)

        await self._database.transact(work)

    async def seal(self, contest: str, document: str) -> str:
        """Seals the rules, which must equal `document`; returns their SHA-256. Raises RulesSealed."""

        async def work(tx: Connection) -> None:
            stored = await self._stored(tx, contest)
            if stored.document != document:
                was, given = document_sha256(stored.document), document_sha256(document)
                raise RulesSealed(f"the stored rules (SHA-256 {was}) are not this file's ({given}); nothing was sealed")
            await contests.seal(tx, contest)
            await audit.record(tx, self._actor, "contest.seal", contest, {"document_sha256": document_sha256(document)})

        await self._database.transact(work)
        return document_sha256(document)

    async def extend(self, contest: str, closes_at: datetime, reason: str) -> None:
        """Moves the window's end to a later moment. Raises RulesSealed."""

        async def work(tx: Connection) -> None:
            stored = await self._stored(tx, contest)
            self._check_changeable(stored, "extension")
            if closes_at <= stored.window_end or stored.read_at >= stored.window_end:
                raise RulesSealed("an open window can be made longer; it cannot be made shorter, or opened again")
            await contests.extend(tx, contest, closes_at)
            details = {"was": stored.window_end.isoformat(), "is": closes_at.isoformat(), "reason": reason}
            await audit.record(tx, self._actor, "contest.extend", contest, details)

        await self._database.transact(work)

    async def withdraw(self, contest: str, entry: str, reason: str) -> None:
        """Withdraws an entry; ballots that picked it stay unchanged. Raises RulesSealed, EntryUnknown."""

        async def work(tx: Connection) -> None:
            self._check_changeable(await self._stored(tx, contest), "withdrawal")
            if not await contests.withdraw(tx, contest, entry):
                raise EntryUnknown(f"there is no entry {entry!r} in this contest")
            await audit.record(tx, self._actor, "entry.withdraw", contest, {"entry": entry, "reason": reason})

        await self._database.transact(work)

    def _check_changeable(self, stored: StoredContest, what: str) -> None:
        if is_sealed(stored) and what not in stored.contest.changeable:
            raise RulesSealed(f"the rules do not declare {what!r} changeable, and they are sealed; nothing was changed")

    async def _stored(self, tx: Connection, contest: str) -> StoredContest:
        await certifications.lock_open_result(tx, contest)
        await contests.take_turn(tx)
        stored = await contests.select(tx, contest)
        if stored is None:
            raise ContestUnknown(f"there is no contest {contest!r}")
        return stored


def is_sealed(stored: StoredContest) -> bool:
    """Whether the organiser sealed the rules or the window has opened."""
    return stored.sealed_at is not None or stored.read_at >= stored.window.opens_at
