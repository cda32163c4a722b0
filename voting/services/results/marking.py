"""Judges mark online: drafts are kept, a submission is checked for gaps, taken as the round's marks, and locked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from voting.domain.contest.schema import Criterion, Round
from voting.domain.entry import Entry
from voting.domain.results.marks import Mark
from voting.domain.results.outcome import Figures, entries_of_round
from voting.domain.units import number
from voting.errors import AlreadyExists, Forbidden, Malformed, NotFound, Stale
from voting.postgres.database import Connection, Database
from voting.postgres.results import certifications, marking, marks
from voting.postgres.results.marking import DraftCount, ImportedCount, Submission
from voting.services import audit
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.results.binding import read_inputs
from voting.services.second_person import Person

__all__ = ["DraftCount", "Item", "Marking", "MarkingSheet", "Progress", "Submission"]
_MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class Item:
    """One entry that a judge is to mark. `recusal`: why the judge does not; empty otherwise."""

    entry: Entry
    criteria: tuple[Criterion, ...]
    marks: Mapping[str, Decimal]
    recusal: str

    @property
    def is_done(self) -> bool:
        """Whether nothing is missing."""
        return bool(self.recusal) or all(criterion.name in self.marks for criterion in self.criteria)


@dataclass(frozen=True, slots=True)
class MarkingSheet:
    """What one judge has marked in one round. No items: which entries it has is known when the vote is over."""

    judge: str
    round: Round
    items: tuple[Item, ...]
    submitted_at: datetime | None

    @property
    def missing(self) -> tuple[str, ...]:
        """The codes of the entries without all marks."""
        return tuple(item.entry.code for item in self.items if not item.is_done)


@dataclass(frozen=True, slots=True)
class Progress:
    """Who has marked how much, for those who run the contest; marks themselves are not shown."""

    drafts: tuple[DraftCount, ...]
    imported: tuple[ImportedCount, ...]
    submissions: tuple[Submission, ...]


class Marking:
    """Marks that judges give online. A judge is an account: its name is on the marks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def sheet(self, snapshot: ContestSnapshot, round_: str, person: Person) -> MarkingSheet:
        """Returns the judge's own sheet. Raises NotFound, Forbidden."""

        async def work(tx: Connection) -> MarkingSheet:
            await tx.execute("set transaction isolation level repeatable read, read only")
            return await self._sheet(tx, snapshot, round_, person)

        return await self._database.transact(work)

    async def save(
        self, snapshot: ContestSnapshot, round_: str, person: Person, code: str, given: Mapping[str, str], recusal: str
    ) -> None:
        """Keeps an entry's marks as they are written now, or why the judge does not mark it.

        Raises NotFound, Malformed, Forbidden, Stale (submitted), Certified.
        """
        contest = snapshot.contest.id

        async def work(tx: Connection) -> None:
            await certifications.lock_uncertified_result(tx, contest)
            sheet = await self._sheet(tx, snapshot, round_, person)
            judge = sheet.judge
            _check_open(sheet)
            item = next((item for item in sheet.items if item.entry.code == code), None)
            if item is None:
                raise NotFound(f"entry {code[:64]!r} is not marked in this round")
            await marking.put(tx, contest, round_, judge, code, _read(item, sheet.round, given))
            await marking.recuse(tx, contest, round_, judge, code, recusal)

        await self._database.transact(work)

    async def submit(self, snapshot: ContestSnapshot, round_: str, person: Person) -> int:
        """Takes the judge's drafts as marks and locks them; returns their number.

        Raises NotFound, Forbidden, Stale (marks are missing, or submitted before), AlreadyExists, Certified.
        """
        contest = snapshot.contest.id

        async def work(tx: Connection) -> int:
            await certifications.lock_uncertified_result(tx, contest)
            sheet = await self._sheet(tx, snapshot, round_, person)
            judge = sheet.judge
            _check_open(sheet)
            if sheet.missing or not sheet.items:
                raise Stale(f"marks are missing for {', '.join(sheet.missing[:_MOST_NAMED]) or 'every entry'}")
            if any(mark.judge == judge for mark in (await marks.select(tx, contest)).get(round_, ())):
                raise AlreadyExists(f"round {round_!r} has imported marks of {judge} already")
            found = [
                Mark(judge, item.entry.code, criterion.name, Fraction(item.marks[criterion.name]))
                for item in sheet.items
                if not item.recusal
                for criterion in item.criteria
            ]
            await marks.add(tx, contest, round_, found)
            await marking.submit(tx, contest, round_, judge)
            recused = {item.entry.code: item.recusal for item in sheet.items if item.recusal}
            details = {"round": round_, "judge": judge, "marks": len(found), "recused": recused}
            await audit.record(tx, person.actor, "marks.submit", contest, details)
            return len(found)

        return await self._database.transact(work)

    async def reopen(self, snapshot: ContestSnapshot, round_: str, judge: str, reason: str, person: Person) -> None:
        """Sends a submission back to its judge, as drafts. Raises NotFound, Certified."""
        contest = snapshot.contest.id

        async def work(tx: Connection) -> None:
            await certifications.lock_uncertified_result(tx, contest)
            if not await marking.reopen(tx, contest, round_, judge):
                raise NotFound(f"{judge[:64]} has submitted no marks in round {round_[:64]!r}")
            details = {"round": round_, "judge": judge, "reason": reason}
            await audit.record(tx, person.actor, "marks.reopen", contest, details)

        await self._database.transact(work)

    async def progress(self, snapshot: ContestSnapshot) -> Progress:
        """Returns who has marked how much."""
        contest = snapshot.contest.id
        async with self._database.connection() as connection:
            drafts = await marking.count_drafts(connection, contest)
            imported = await marking.count_imported(connection, contest)
            return Progress(drafts, imported, await marking.select_submissions(connection, contest))

    async def _sheet(self, tx: Connection, snapshot: ContestSnapshot, round_: str, person: Person) -> MarkingSheet:
        contest = snapshot.contest
        rule = next((each for each in contest.rounds if each.id == round_), None)
        if rule is None:
            raise NotFound(f"there is no round {round_[:64]!r} in this contest")
        judge = person.account
        if judge is None:
            raise Forbidden("marks carry their judge's name: sign in with an account")
        inputs = await read_inputs(tx, contest.id)
        figures: Figures = inputs.figures
        is_voted = not contest.public_vote or snapshot.now() >= contest.closes_at
        left = entries_of_round(contest, figures, round_, is_voted=is_voted)
        drafts = await marking.select(tx, contest.id, round_, judge)
        recusals = await marking.select_recusals(tx, contest.id, round_, judge)
        items = tuple(
            Item(entry, rule.rubric(entry.category), drafts.get(code, {}), recusals.get(code, ""))
            for code, entry in figures.entries.items()
            if code in left
        )
        return MarkingSheet(judge, rule, items, await marking.submitted_at(tx, contest.id, round_, judge))


def _check_open(sheet: MarkingSheet) -> None:
    if sheet.submitted_at:
        raise Stale("these marks are submitted; the organiser can send them back")


def _read(item: Item, round_: Round, given: Mapping[str, str]) -> dict[str, Decimal]:
    """Returns the marks that are written; what is left empty is missing. Raises Malformed."""
    names = {criterion.name for criterion in item.criteria}
    found: dict[str, Decimal] = {}
    for name, text in given.items():
        value = number(text)
        if name not in names:
            raise Malformed(f"{name[:64]!r} is not marked for this entry")
        if text.strip() and (value is None or not 0 <= value <= round_.full):
            raise Malformed(f"{name}: give a mark from 0 to {round_.full}")
        if value is not None:
            found[name] = Decimal(value.numerator) / Decimal(value.denominator)
    return found
