"""Recounts the ballots: the tally must equal them in every snapshot.

Differences are reported, and corrected on record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from voting.domain.results.scoring import Tally
from voting.postgres import contests, tallies
from voting.postgres.database import Connection, Database
from voting.postgres.results import certifications
from voting.services import audit
from voting.services.contests.contest_cache import ContestSnapshot


@dataclass(frozen=True, slots=True)
class Difference:
    """An entry whose tally differs from its ballots. Versions do not count."""

    entry: str
    tally: Tally
    recount: Tally


class Recounts:
    """Recounts. `actor` is recorded."""

    def __init__(self, database: Database, actor: str) -> None:
        self._database = database
        self._actor = actor

    async def differences(self, snapshot: ContestSnapshot) -> tuple[Difference, ...]:
        """Returns every entry that differs, from one snapshot; voting continues meanwhile."""

        async def work(tx: Connection) -> tuple[Difference, ...]:
            await tx.execute("set transaction isolation level repeatable read, read only")
            return await self._compare(tx, snapshot)

        return await self._database.transact(work)

    async def mend(self, snapshot: ContestSnapshot, reason: str) -> tuple[Difference, ...]:
        """Sets the tally to the recount and returns the differences; ballots wait for it. The audit log records it."""

        async def work(tx: Connection) -> tuple[Difference, ...]:
            await certifications.lock_uncertified_result(tx, snapshot.contest.id)
            await contests.lock_gates(tx, snapshot.contest.id)
            found = await self._compare(tx, snapshot)
            if found:
                await tallies.replace(
                    tx, snapshot.contest.id, {difference.entry: difference.recount for difference in found}
                )
                changed = {
                    difference.entry: [_figures(difference.tally), _figures(difference.recount)] for difference in found
                }
                details = {"reason": reason, "changed": changed}
                await audit.record(tx, self._actor, "tally.mend", snapshot.contest.id, details)
            return found

        return await self._database.transact(work)

    async def _compare(self, tx: Connection, snapshot: ContestSnapshot) -> tuple[Difference, ...]:
        tally = await tallies.select(tx, snapshot.contest.id)
        return compare(tally, await tallies.recount(tx, snapshot.contest.id))


def compare(tally: Mapping[str, Tally], recount: Mapping[str, Tally]) -> tuple[Difference, ...]:
    """Returns every entry whose raw, held or counted picks differ, or those by tier."""
    pairs = ((entry, tally.get(entry, Tally()), recount.get(entry, Tally())) for entry in sorted({*tally, *recount}))
    return tuple(Difference(*pair) for pair in pairs if _figures(pair[1]) != _figures(pair[2]))


def _figures(tally: Tally) -> tuple[int, ...]:
    return (tally.raw, tally.held, tally.counted, *tally.by_tier.values())
