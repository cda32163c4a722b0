"""Takes experts' marks and figures from outside, and computes the outcome. Each act is in the audit log."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TypeVar

from voting.domain.marks import read_marks, read_metric, uneven_panels
from voting.domain.organisations import organisations
from voting.domain.outcome import Figures, Outcome, compute
from voting.domain.sheet import Notice, Tick, silent
from voting.errors import AlreadyExists, NotFound
from voting.postgres import marks, staff, tallies
from voting.postgres.database import Connection, Database
from voting.services.catalogue import Listing
from voting.spreadsheets import read_sheet

T = TypeVar("T")


class Judging:
    """Marks, metrics, awards. `actor` names who acts."""

    def __init__(self, database: Database, actor: str) -> None:
        self._database = database
        self._actor = actor

    async def import_marks(
        self, listing: Listing, round_: str, body: bytes, name: str, tick: Tick = silent, notice: Notice = silent
    ) -> int:
        """Puts a table of marks in the place of the round's; answers how many. Raises FileInvalid, NotFound."""
        table = _find({each.id: each for each in listing.contest.rounds}, round_, "round")
        sheet = read_sheet(body, name, tick)
        for note in sheet.notes:
            notice(note)
        given = read_marks(sheet, table, listing.entries, name)
        for panel in uneven_panels(given, listing.entries):
            notice(panel)

        async def work(tx: Connection) -> None:
            await marks.replace_round(tx, listing.contest.id, round_, given)
            await self._log(tx, "marks.import", listing, {"round": round_, "marks": len(given), **_digest(body)})

        await self._database.transact(work)
        return len(given)

    async def import_metric(
        self, listing: Listing, metric: str, body: bytes, name: str, notice: Notice = silent
    ) -> int:
        """Puts a table of figures in the place of the metric's; answers how many. Raises FileInvalid, NotFound."""
        table = _find({each.id: each for each in listing.contest.metrics}, metric, "metric")
        holders = listing.entries if table.of == "entry" else organisations(listing.entries.values())
        sheet = read_sheet(body, name)
        for note in sheet.notes:
            notice(note)
        given = read_metric(sheet, table.of, holders, name)

        async def work(tx: Connection) -> None:
            await marks.replace_metric(tx, listing.contest.id, metric, given)
            await self._log(tx, "metric.import", listing, {"metric": metric, "figures": len(given), **_digest(body)})

        await self._database.transact(work)
        return len(given)

    async def revoke(self, listing: Listing, award: str, holder: str, reason: str) -> None:
        """Takes an award back from an entry or organisation; the next comes up. Raises NotFound, AlreadyExists."""
        contest, entries = listing.contest, listing.entries
        for_organisations = [each.id for each in contest.organisation_awards]
        _find(dict.fromkeys([*(each.id for each in contest.awards), *for_organisations]), award, "award")
        if award in for_organisations:
            _find(organisations(entries.values()), holder, "organisation")
        else:
            _find(entries, holder, "entry")

        async def work(tx: Connection) -> None:
            if not await marks.revoke(tx, listing.contest.id, award, holder, reason):
                raise AlreadyExists(f"award {award!r} of {holder} was taken back before")
            await self._log(tx, "award.revoke", listing, {"award": award, "holder": holder, "reason": reason})

        await self._database.transact(work)

    async def outcome(self, listing: Listing) -> Outcome:
        """Funnel, final scores and awards, from one snapshot. Raises NotScorable, naming what is missing."""

        async def work(tx: Connection) -> Figures:
            await tx.execute("set transaction isolation level repeatable read")
            found = await tallies.select(tx, listing.contest.id)
            return Figures(
                entries=listing.entries,
                picks={entry: tally.counted for entry, tally in found.items()},
                marks=await marks.select(tx, listing.contest.id),
                metrics=await marks.select_metrics(tx, listing.contest.id),
                revoked=await marks.select_revocations(tx, listing.contest.id),
            )

        return compute(listing.contest, await self._database.transact(work))

    async def _log(self, tx: Connection, action: str, listing: Listing, details: Mapping[str, object]) -> None:
        await staff.log(tx, self._actor, action, listing.contest.id, details)


def _find(known: Mapping[str, T], id: str, kind: str) -> T:
    if id not in known:
        there = ", ".join(list(known)[:20]) or "none"
        raise NotFound(f"there is no {kind} {id!r} in this contest; there are: {there}")
    return known[id]


def _digest(body: bytes) -> dict[str, str]:
    return {"sha256": hashlib.sha256(body).hexdigest()}
