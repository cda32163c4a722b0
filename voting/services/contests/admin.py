"""Organisers' commands on contests. Each one is recorded in the audit log in its own transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace

from voting.domain.contest.contest import Contest
from voting.domain.entry import Entry
from voting.domain.roster.picture import Damaged, Picture, read_picture
from voting.errors import AlreadyExists, ContestUnknown, Fault, FileInvalid, RosterSealed, WindowClosed
from voting.postgres import certifications, contests
from voting.postgres.database import Connection, Database
from voting.services import audit

COVER_BYTES = 300_000


@dataclass(frozen=True, slots=True)
class RosterChange:
    """The effect of an import on a contest's entries."""

    added: tuple[str, ...]
    changed: Mapping[str, Mapping[str, list[str]]]
    """Old and new values of changed fields, by code."""
    unchanged: int
    absent: tuple[str, ...]
    """Entries of the contest that are not in the file; they are kept."""
    removed: tuple[str, ...]
    withdrawn: tuple[str, ...]
    """Entries of the file that were withdrawn before; they stay withdrawn."""

    @property
    def total(self) -> int:
        """The number of the contest's entries after the import."""
        return len(self.added) + len(self.changed) + self.unchanged + len(self.absent)

    def logged(self) -> dict[str, object]:
        """Returns the part that the audit log records."""
        return {name: getattr(self, name) for name in ("added", "changed", "absent", "removed", "withdrawn")}


class ContestAdmin:
    """Creates contests, imports rosters, pauses votes and issues credentials. `actor` is recorded."""

    def __init__(self, database: Database, actor: str) -> None:
        self._database = database
        self._actor = actor

    async def create(self, contest: Contest, document: str, open_now: bool = False) -> None:
        """Stores a contest under its id; with `open_now` its window begins at this moment. Raises AlreadyExists."""

        async def work(tx: Connection) -> None:
            made = contest.opening(await contests.clock(tx)) if open_now else contest
            if not await contests.insert(tx, made, document):
                raise AlreadyExists(f"contest {contest.id!r} exists already; give the new one another id")
            digest = hashlib.sha256(document.encode()).hexdigest()
            window = {"opens_at": made.opens_at.isoformat(), "closes_at": made.closes_at.isoformat()}
            await audit.record(tx, self._actor, "contest.create", contest.id, {"document_sha256": digest, **window})

        await self._database.transact(work)

    async def import_roster(
        self,
        contest: str,
        entries: Sequence[Entry],
        covers: Mapping[str, bytes],
        amend: bool = False,
        replacing: bool = False,
    ) -> RosterChange:
        """Stores all entries, or none. `covers`: file name in the roster -> its bytes. Raises Certified.

        After the window has opened, voters have seen the entries: a change needs `amend`, otherwise it raises
        RosterSealed. Entries that are not in the file are kept; `replacing` removes them, before the window opens. A
        withdrawn entry stays withdrawn. The audit log records old and new values.
        """
        pictures = {name: _picture(name, body) for name, body in covers.items()}
        named = [replace(entry, cover=pictures[entry.cover][0] if entry.cover else "") for entry in entries]

        async def work(tx: Connection) -> RosterChange:
            await certifications.lock_open_result(tx, contest)
            await contests.take_turn(tx)
            stored = await contests.select(tx, contest)
            before = {entry.code: entry for entry in await contests.select_entries(tx, contest)}
            has_opened = bool(before and stored and stored.read_at >= stored.window.opens_at)
            if has_opened and replacing:
                raise RosterSealed(
                    "voting has begun with these entries: import without --replace; to take one out: voting contest"
                    f" withdraw --contest {contest} --entry CODE --reason ..."
                )
            if has_opened and not amend:
                raise RosterSealed
            change = _change(before, named, await contests.select_withdrawn(tx, contest), replacing)
            for name, picture in pictures.values():
                await contests.insert_cover(tx, contest, name, picture.media_type, picture.body)
            await contests.remove_entries(tx, contest, change.removed)
            await contests.upsert_entries(tx, contest, [each for each in named if each.code not in change.withdrawn])
            details = {"entries": len(named), "covers": len(pictures)} | change.logged()
            await audit.record(tx, self._actor, "roster.import", contest, details)
            return change

        return await self._database.transact(work)

    async def stored_entries(self, contest: str) -> tuple[Entry, ...]:
        """Returns the contest's entries, including withdrawn ones, whose codes stay taken."""
        async with self._database.connection() as connection:
            return await contests.select_entries(connection, contest, withdrawn=True)

    async def pause(self, contest: str, paused: bool) -> None:
        """Pauses or resumes the vote after the ballots under way. Raises ContestUnknown, WindowClosed."""

        async def work(tx: Connection) -> None:
            await contests.take_turn(tx)
            stored = await contests.select(tx, contest)
            if stored is None:
                raise ContestUnknown(f"there is no contest {contest!r}")
            if stored.read_at >= stored.window_end:
                ended = stored.window_end.astimezone(stored.contest.zone).isoformat()
                certified = ", and its result is certified" if stored.certified else ""
                raise WindowClosed(f"voting in {contest!r} ended at {ended}{certified}; nothing was paused or resumed")
            await contests.set_paused(tx, contest, paused)
            await audit.record(tx, self._actor, "contest.pause" if paused else "contest.resume", contest, {})

        await self._database.transact(work)


def _change(
    before: Mapping[str, Entry], given: Sequence[Entry], withdrawn: Collection[str], replacing: bool
) -> RosterChange:
    live = [entry for entry in given if entry.code not in withdrawn]
    codes = {entry.code for entry in live}
    absent = tuple(code for code in before if code not in codes)
    return RosterChange(
        added=tuple(entry.code for entry in live if entry.code not in before),
        changed={
            entry.code: {name: [old, new] for name, old, new in _differences(before[entry.code], entry)}
            for entry in live
            if before.get(entry.code, entry) != entry
        },
        unchanged=sum(before.get(entry.code) == entry for entry in live),
        absent=() if replacing else absent,
        removed=absent if replacing else (),
        withdrawn=tuple(entry.code for entry in given if entry.code in withdrawn),
    )


def _differences(old: Entry, new: Entry) -> Iterator[tuple[str, str, str]]:
    for field in fields(Entry):
        was, becomes = getattr(old, field.name), getattr(new, field.name)
        if was != becomes:
            yield field.name, was, becomes


def _picture(file: str, body: bytes) -> tuple[str, Picture]:
    """Returns the picture without its metadata, and its name, the hash of its content."""
    if len(body) > COVER_BYTES:
        what = f"has {len(body)} bytes"
        raise FileInvalid(file, (Fault(0, "", what, f"make it smaller than {COVER_BYTES} bytes"),))
    try:
        picture = read_picture(body)
    except Damaged as error:
        mend = "open it in a picture program and save it again"
        raise FileInvalid(file, (Fault(0, "", f"is damaged: {error}", mend),)) from None
    if picture is None:
        raise FileInvalid(file, (Fault(0, "", "is not a picture", "give a PNG, JPEG, WebP or SVG file"),))
    return f"{hashlib.sha256(picture.body).hexdigest()}.{picture.suffix}", picture
