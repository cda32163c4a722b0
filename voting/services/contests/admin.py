"""Organisers' commands on contests. Each one is recorded in the audit log in its own transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from voting.domain.contest.contest import Contest
from voting.domain.contest.explain import local
from voting.domain.contest.schema import Display
from voting.domain.entry import Entry
from voting.domain.results.inputs import document_sha256
from voting.domain.roster.change import RosterChange, roster_change
from voting.domain.roster.picture import Picture
from voting.errors import (
    AlreadyExists,
    ContestUnknown,
    EntryUnknown,
    PauseUsed,
    RosterSealed,
    RulesSealed,
    SecondPersonNeeded,
    WindowClosed,
)
from voting.pinyin import initials
from voting.postgres import contests
from voting.postgres.contests import StoredContest
from voting.postgres.database import Connection, Database
from voting.postgres.identity import proposals
from voting.postgres.results import certifications
from voting.services import audit
from voting.services.contests.covers import read_cover
from voting.services.contests.rosters import keep_covers
from voting.services.second_person import Person, agree

# A mistyped year would keep the window open for good, since it cannot be made shorter.
MOST_EXTENSION = timedelta(days=366)
# One person pauses a vote at once; it goes on by itself unless a second one confirms the pause in time.
UNCONFIRMED_PAUSE = timedelta(minutes=30)
# How long that person cannot begin another pause: otherwise one could stop a vote for hours, half an hour at a time.
PAUSE_REST = timedelta(hours=6)


class ContestAdmin:
    """Changes contests. `actor` is recorded. Methods raise ContestUnknown, and Certified while a result stands.

    The rules can be replaced until they are sealed by the organiser or the window opens; after that only what they
    declare changeable can change.
    """

    def __init__(self, database: Database, actor: str) -> None:
        self._database = database
        self._actor = actor

    def acting(self, actor: str) -> ContestAdmin:
        """Returns the same with another actor."""
        return ContestAdmin(self._database, actor)

    async def create(self, contest: Contest, document: str, open_now: bool = False) -> None:
        """Stores a contest under its id; with `open_now` its window begins at this moment. Raises AlreadyExists."""

        async def work(tx: Connection) -> None:
            made = contest.opening(await contests.clock(tx)) if open_now else contest
            if not await contests.insert(tx, made, document):
                raise AlreadyExists(f"contest {contest.id!r} exists already; give the new one another id")
            details = {
                "document_sha256": document_sha256(document),
                "opens_at": made.opens_at.isoformat(),
                "closes_at": made.closes_at.isoformat(),
            }
            await audit.record(tx, self._actor, "contest.create", contest.id, details)

        await self._database.transact(work)

    async def replace(self, contest: Contest, document: str) -> None:
        """Replaces the rules. Raises RulesSealed."""

        async def work(tx: Connection) -> None:
            stored = await self._changing(tx, contest.id)
            if stored.is_sealed:
                raise RulesSealed(f"the rules of {contest.id!r} are sealed; nothing was changed")
            await contests.replace(tx, contest, document)
            details = {"was": document_sha256(stored.document), "is": document_sha256(document)}
            await audit.record(tx, self._actor, "contest.replace", contest.id, details)

        await self._database.transact(work)

    async def seal(self, contest: str, document: str) -> str:
        """Seals the rules, which must equal `document`; returns their SHA-256. Raises RulesSealed."""

        async def work(tx: Connection) -> None:
            stored = await self._changing(tx, contest)
            if stored.document != document:
                was, given = document_sha256(stored.document), document_sha256(document)
                raise RulesSealed(f"the stored rules (SHA-256 {was}) are not this file's ({given}); nothing was sealed")
            await contests.seal(tx, contest)
            await audit.record(tx, self._actor, "contest.seal", contest, {"document_sha256": document_sha256(document)})

        await self._database.transact(work)
        return document_sha256(document)

    async def extend(self, contest: str, closes_at: datetime, reason: str, person: Person | None = None) -> None:
        """Moves the window's end to a later moment, by a year at most.

        Raises RulesSealed, SecondPersonNeeded, Forbidden.
        """
        by = person or Person(self._actor)

        async def work(tx: Connection) -> bool:
            stored = await self._changing(tx, contest)
            _check_changeable(stored, "extension")
            if closes_at <= stored.window_end or stored.read_at >= stored.window_end:
                raise RulesSealed("an open window can be made longer; it cannot be made shorter, or opened again")
            if closes_at - stored.window_end > MOST_EXTENSION:
                present = local(stored.window_end, stored.contest, "en", seconds=True)
                raise RulesSealed(
                    f"an extension adds at most {MOST_EXTENSION.days} days to the window, which ends at {present}:"
                    " check the year of the new end"
                )
            # In UTC, so that two ways to write a moment are one proposal.
            change = {"was": stored.window_end.isoformat(), "is": closes_at.astimezone(UTC).isoformat()}
            agreed = await agree(tx, by, "contest.extend", contest, change, reason=reason)
            if agreed is None:
                return False
            await contests.extend(tx, contest, closes_at)
            details = {**change, "reason": reason, **agreed.details}
            await audit.record(tx, by.actor, "contest.extend", contest, details)
            return True

        if not await self._database.transact(work):
            raise SecondPersonNeeded

    async def show(self, contest: str, display: Display, reason: str) -> None:
        """Changes what voters see of the tally. Raises RulesSealed."""

        async def work(tx: Connection) -> None:
            stored = await self._changing(tx, contest)
            _check_changeable(stored, "display")
            await contests.set_display(tx, contest, display)
            was = stored.contest.display
            details = {"was": _described(was), "is": _described(display), "reason": reason}
            await audit.record(tx, self._actor, "contest.display", contest, details)

        await self._database.transact(work)

    async def withdraw(self, contest: str, entry: str, reason: str, person: Person | None = None) -> None:
        """Withdraws an entry; ballots that picked it stay unchanged. Once voting has begun it takes two persons.

        Raises RulesSealed, EntryUnknown, SecondPersonNeeded, Forbidden.
        """
        by = person or Person(self._actor)

        async def work(tx: Connection) -> bool:
            stored = await self._changing(tx, contest)
            _check_changeable(stored, "withdrawal")
            if entry not in (each.code for each in await contests.select_entries(tx, contest)):
                raise EntryUnknown(f"there is no entry {entry!r} in this contest")
            details: dict[str, object] = {"entry": entry}
            if stored.read_at >= stored.window.opens_at:
                agreed = await agree(tx, by, "entry.withdraw", contest, details, reason=reason)
                if agreed is None:
                    return False
                details |= agreed.details
            await contests.withdraw(tx, contest, entry)
            await audit.record(tx, by.actor, "entry.withdraw", contest, {**details, "reason": reason})
            return True

        if not await self._database.transact(work):
            raise SecondPersonNeeded

    async def import_roster(
        self,
        contest: str,
        entries: Sequence[Entry],
        covers: Mapping[str, bytes] | None,
        amend: bool = False,
        replacing: bool = False,
    ) -> RosterChange:
        """Stores all entries, or none. `covers`: file name in the roster -> its bytes; None keeps the stored ones.

        After the window has opened, voters have seen the entries: a change needs `amend`, otherwise it raises
        RosterSealed. Entries that are not in the file are kept; `replacing` removes them, before the window opens. A
        withdrawn entry stays withdrawn. The audit log records old and new values.
        """
        pictures = {name: read_cover(name, body) for name, body in (covers or {}).items()}
        found_by = {entry.code: initials(f"{entry.title}\n{entry.author}").lower() for entry in entries}

        async def work(tx: Connection) -> RosterChange:
            await contests.insert_covers(tx, contest, dict(pictures.values()))
            stored = await self._changing(tx, contest)
            before = {entry.code: entry for entry in await contests.select_entries(tx, contest)}
            if covers is None:
                named = keep_covers(entries, before)
            else:
                named = [replace(entry, cover=pictures[entry.cover][0] if entry.cover else "") for entry in entries]
            has_opened = bool(before) and stored.read_at >= stored.window.opens_at
            if has_opened and replacing:
                raise RosterSealed(
                    "voting has begun with these entries: import without --replace; to take one out: voting contest"
                    f" withdraw --contest {contest} --entry CODE --reason ..."
                )
            if has_opened and not amend:
                raise RosterSealed
            change = roster_change(before, named, await contests.select_withdrawn(tx, contest), replacing)
            await contests.remove_entries(tx, contest, change.removed)
            kept = [entry for entry in named if entry.code not in change.withdrawn]
            await contests.upsert_entries(tx, contest, kept, found_by)
            details = {"entries": len(named), "covers": len(pictures)} | change.logged()
            await audit.record(tx, self._actor, "roster.import", contest, details)
            return change

        return await self._database.transact(work)

    async def import_covers(
        self, contest: str, pictures: Mapping[str, tuple[str, Picture]], amend: bool = False
    ) -> tuple[str, ...]:
        """Gives entries these covers, by code, each with its name; returns the codes of those that had another.

        After the window has opened it needs `amend`, as a roster does. Raises RosterSealed, EntryUnknown.
        """

        async def work(tx: Connection) -> tuple[str, ...]:
            await contests.insert_covers(tx, contest, dict(pictures.values()))
            stored = await self._changing(tx, contest)
            before = {entry.code: entry for entry in await contests.select_entries(tx, contest)}
            if unknown := pictures.keys() - before.keys():
                raise EntryUnknown(f"there is no entry {min(unknown)!r} in this contest")
            if stored.read_at >= stored.window.opens_at and not amend:
                raise RosterSealed
            named = [replace(before[code], cover=name) for code, (name, _) in pictures.items()]
            change = roster_change(before, named, (), replacing=False)
            if change.changed:
                await contests.set_covers(tx, contest, {code: pictures[code][0] for code in change.changed})
                details = {"covers": len(change.changed), "changed": change.changed}
                await audit.record(tx, self._actor, "roster.import", contest, details)
            return tuple(change.changed)

        return await self._database.transact(work)

    async def stored_entries(self, contest: str) -> tuple[Entry, ...]:
        """Returns the contest's entries, including withdrawn ones, whose codes stay taken."""
        async with self._database.connection() as connection:
            return await contests.select_entries(connection, contest, withdrawn=True)

    async def pause(self, contest: str, reason: str = "", person: Person | None = None) -> datetime | None:
        """Pauses the vote after the ballots under way; a second person's call confirms the pause.

        Returns until when that is needed: then the vote goes on by itself. None: the pause stays. Raises WindowClosed,
        Forbidden, or PauseUsed if the same account has begun a pause within PAUSE_REST that nobody confirmed.
        """
        by = person or Person(self._actor)

        async def work(tx: Connection) -> datetime | None:
            stored = await self._running(tx, contest)
            if stored.paused and await proposals.select(tx, contest, "contest.pause") is None:
                return None
            renewing = (contest, "contest.pause", by.account or "", PAUSE_REST)
            if not stored.paused and await proposals.was_unconfirmed(tx, *renewing):
                raise PauseUsed
            agreed = await agree(tx, by, "contest.pause", contest, {}, reason=reason)
            until = None if agreed else stored.read_at + UNCONFIRMED_PAUSE
            if not stored.paused:
                await contests.set_paused(tx, contest, True, reason)
            details = agreed.details if agreed else {"persons": 1, "until": until and until.isoformat()}
            await audit.record(tx, by.actor, "contest.pause", contest, {**details, "reason": reason})
            return until

        return await self._database.transact(work)

    async def resume(self, contest: str, reason: str = "") -> None:
        """Takes ballots again. Raises WindowClosed."""

        async def work(tx: Connection) -> None:
            await self._running(tx, contest)
            await proposals.remove(tx, contest, "contest.pause")
            await contests.set_paused(tx, contest, False)
            await audit.record(tx, self._actor, "contest.resume", contest, {"reason": reason})

        await self._database.transact(work)

    async def _changing(self, tx: Connection, contest: str) -> StoredContest:
        """Returns the contest, locked. Raises Certified."""
        await certifications.lock_uncertified_result(tx, contest)
        return await self._stored(tx, contest)

    async def _running(self, tx: Connection, contest: str) -> StoredContest:
        """Returns the contest, locked. Raises WindowClosed."""
        stored = await self._stored(tx, contest)
        if stored.read_at >= stored.window_end:
            ended = local(stored.window_end, stored.contest, "en", seconds=True)
            certified = ", and its result is certified" if stored.certified else ""
            raise WindowClosed(f"voting in {contest!r} ended at {ended}{certified}; nothing was paused or resumed")
        return stored

    async def _stored(self, tx: Connection, contest: str) -> StoredContest:
        await contests.lock_gates(tx, contest)
        stored = await contests.select(tx, contest)
        if stored is None:
            raise ContestUnknown(f"there is no contest {contest!r}")
        return stored


def _check_changeable(stored: StoredContest, what: str) -> None:
    if stored.is_sealed and what not in stored.contest.changeable:
        raise RulesSealed(f"the rules do not declare {what!r} changeable, and they are sealed; nothing was changed")


def _described(display: Display) -> str:
    match display.policy:
        case "delayed":
            return f"delayed, every {display.minutes} minutes"
        case "daily":
            return f"daily at {display.at:%H:%M}"
        case policy:
            return policy
