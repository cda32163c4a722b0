"""Imports experts' marks and outside figures and revokes awards, until certification. The audit log records it all."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TypeVar

from voting.domain.results.marks import Mark, read_marks, read_metric, similar_judges, uneven_panels, unlikely_marks
from voting.domain.results.organisations import organisations
from voting.domain.roster.sheet import Notice, Tick, silent
from voting.errors import AlreadyExists, NotFound, SecondPersonNeeded
from voting.postgres.database import Connection, Database
from voting.postgres.results import certifications, marking, marks
from voting.services import audit
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.second_person import Person, agree
from voting.spreadsheets import read_sheet

T = TypeVar("T")


class Marks:
    """Marks, metrics and awards. `actor` is recorded."""

    def __init__(self, database: Database, actor: str) -> None:
        self._database = database
        self._actor = actor

    def acting(self, actor: str) -> Marks:
        """Returns the same with another actor."""
        return Marks(self._database, actor)

    async def import_marks(
        self,
        snapshot: ContestSnapshot,
        round_: str,
        body: bytes,
        name: str,
        tick: Tick = silent,
        notice: Notice = silent,
    ) -> int:
        """Replaces the round's marks by those of a table; returns their number.

        Raises FileInvalid, NotFound, Certified, and AlreadyExists if judges have submitted marks of it online.
        """
        given = await asyncio.to_thread(check_marks, snapshot, round_, body, name, tick, notice)
        details = {"round": round_, "marks": len(given), **_digest(body)}

        async def replace(tx: Connection) -> int:
            online = [
                each.judge for each in await marking.select_submissions(tx, snapshot.contest.id) if each.round == round_
            ]
            if online:
                raise AlreadyExists(
                    f"{', '.join(online)} submitted marks of round {round_!r} online, which an import would replace;"
                    " send them back first"
                )
            return await marks.replace_round(tx, snapshot.contest.id, round_, given)

        before = await self._change(snapshot, replace, "marks.import", details)
        if len(given) < before:
            notice(f"{len(given)} marks in place of the {before} that round {round_!r} had")
        return len(given)

    async def import_metric(
        self, snapshot: ContestSnapshot, metric: str, body: bytes, name: str, notice: Notice = silent
    ) -> int:
        """Replaces the metric's figures by a table's; returns their number. Raises FileInvalid, NotFound, Certified."""
        table = _find({rule.id: rule for rule in snapshot.contest.metrics}, metric, "metric")
        holders = snapshot.entries if table.of == "entry" else organisations(snapshot.entries.values())
        sheet = read_sheet(body, name)
        for note in sheet.notes:
            notice(note)
        given = read_metric(sheet, table.of, holders, name)
        details = {"metric": metric, "figures": len(given), **_digest(body)}
        replace = partial(marks.replace_metric, contest=snapshot.contest.id, metric=metric, values=given)
        before = await self._change(snapshot, replace, "metric.import", details)
        if len(given) < before:
            notice(f"{len(given)} figures in place of the {before} that metric {metric!r} had")
        return len(given)

    async def revoke(
        self, snapshot: ContestSnapshot, award: str, holder: str, reason: str, person: Person | None = None
    ) -> None:
        """Revokes an award of an entry or organisation; the next in line moves up.

        Raises NotFound, AlreadyExists, Certified, SecondPersonNeeded, Forbidden.
        """
        by, act = person or Person(self._actor), {"award": award, "holder": holder}
        contest, entries = snapshot.contest, snapshot.entries
        for_organisations = [rule.id for rule in contest.organisation_awards]
        _find(dict.fromkeys([*(rule.id for rule in contest.awards), *for_organisations]), award, "award")
        if award in for_organisations:
            _find(organisations(entries.values()), holder, "organisation")
        else:
            _find(entries, holder, "entry")

        async def work(tx: Connection) -> bool:
            await certifications.lock_uncertified_result(tx, contest.id)
            agreed = await agree(tx, by, "award.revoke", contest.id, act, reason=reason)
            if agreed is None:
                return False
            if not await marks.revoke(tx, contest.id, award, holder, reason):
                raise AlreadyExists(f"award {award!r} of {holder} was taken back before")
            details = {**act, "reason": reason, **agreed.details}
            await audit.record(tx, by.actor, "award.revoke", contest.id, details)
            return True

        if not await self._database.transact(work):
            raise SecondPersonNeeded

    async def _change(
        self,
        snapshot: ContestSnapshot,
        work: Callable[[Connection], Awaitable[T]],
        action: audit.Action,
        details: Mapping[str, object],
    ) -> T:
        """Makes the change and records it in the audit log. Raises Certified."""

        async def change(tx: Connection) -> T:
            await certifications.lock_uncertified_result(tx, snapshot.contest.id)
            done = await work(tx)
            await audit.record(tx, self._actor, action, snapshot.contest.id, details)
            return done

        return await self._database.transact(change)


def check_marks(
    snapshot: ContestSnapshot, round_: str, body: bytes, name: str, tick: Tick = silent, notice: Notice = silent
) -> tuple[Mark, ...]:
    """Returns the marks of a table; `notice` is given what is odd about them. Raises FileInvalid, NotFound."""
    table = _find({rule.id: rule for rule in snapshot.contest.rounds}, round_, "round")
    sheet = read_sheet(body, name, tick)
    for note in sheet.notes:
        notice(note)
    entries = snapshot.entries
    given = read_marks(sheet, table, entries, name)
    for doubt in (*similar_judges(given), *unlikely_marks(table, given, entries), *uneven_panels(given, entries)):
        notice(doubt)
    return given


def _find(known: Mapping[str, T], id: str, kind: str) -> T:
    if id not in known:
        there = ", ".join(list(known)[:20]) or "none"
        raise NotFound(f"there is no {kind} {id!r} in this contest; there are: {there}")
    return known[id]


def _digest(body: bytes) -> dict[str, str]:
    return {"sha256": hashlib.sha256(body).hexdigest()}
