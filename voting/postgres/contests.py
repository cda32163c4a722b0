"""Contests and their entries, as stored."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from functools import cached_property
from secrets import token_bytes
from typing import Any
from uuid import UUID, uuid4

from voting.domain.contest.announcement import Announcement
from voting.domain.contest.contest import Contest
from voting.domain.contest.contest_file import decode_contest
from voting.domain.contest.schema import Display, DisplayPolicy, Window
from voting.domain.entry import Entry
from voting.domain.roster.picture import Picture
from voting.postgres.ballots import GATES
from voting.postgres.database import Connection
from voting.postgres.queries import named

_CONTESTS = named("contests")
HASH_KEY_BYTES = 32
_ENTRIES = named("entries")


@dataclass(frozen=True)
class StoredContest:
    """A contest as stored."""

    id: str
    document: str
    window: Window
    uid: UUID
    paused: bool
    pause_reason: str
    revision: int
    sealed_at: datetime | None
    certified: bool
    """Whether a certified result is in force."""
    has_joined_voters: bool
    """Whether any two voters were found to be one person."""
    hash_key: str
    """The random part of the keys of its voters' hashes, in hex; empty if it has none, or has none left."""
    display: Display | None
    """What voters see of the tally, in place of what the rules say."""
    announcements: tuple[Announcement, ...]
    """Those that have not ended."""
    read_at: datetime
    """The database's clock when the contest was read."""

    @property
    def window_end(self) -> datetime:
        """The first moment after the window."""
        return self.window.closes_at or self.window.opens_at

    @property
    def is_sealed(self) -> bool:
        """Whether the organiser sealed the rules or the window has opened."""
        return self.sealed_at is not None or self.read_at >= self.window.opens_at

    @cached_property
    def contest(self) -> Contest:
        """The contest's rules, decoded from the document on first use, as they were changed since."""
        contest = decode_contest(self.document, self.id).within(self.window)
        return contest.showing(self.display) if self.display else contest


async def insert(connection: Connection, contest: Contest, document: str) -> bool:
    """Stores a new contest; returns False if its id is taken."""
    row = (contest.id, uuid4(), document, contest.opens_at, contest.closes_at, token_bytes(HASH_KEY_BYTES))
    if await connection.fetchval(_CONTESTS["insert"], *row) is None:
        return False
    await connection.execute(_CONTESTS["make_gates"], contest.id, GATES)
    return True


async def clock(connection: Connection) -> datetime:
    """Returns the database's clock, which alone decides windows."""
    now: datetime = await connection.fetchval("select clock_timestamp()")
    return now


async def select(connection: Connection, contest: str) -> StoredContest | None:
    """Returns the contest, or None."""
    row = await connection.fetchrow(_CONTESTS["select"], contest)
    return _stored(row) if row else None


async def select_ids(connection: Connection) -> frozenset[str]:
    """Returns every contest's id."""
    return frozenset(row["id"] for row in await connection.fetch(_CONTESTS["select_ids"]))


async def select_current(connection: Connection) -> tuple[StoredContest, ...]:
    """Returns the contests that are open, open within an hour, or ended within a day."""
    return tuple(_stored(row) for row in await connection.fetch(_CONTESTS["select_current"]))


async def select_all(connection: Connection) -> tuple[StoredContest, ...]:
    """Returns every contest, the latest opening first."""
    return tuple(_stored(row) for row in await connection.fetch(_CONTESTS["select_all"]))


async def lock_gates(connection: Connection, contest: str) -> None:
    """Waits for the contest's batches under way, and blocks new ones until the transaction ends.

    Every transaction that changes the contest calls this before it locks anything that batches lock.
    """
    await connection.execute(_CONTESTS["lock_gates"], contest)


async def replace(connection: Connection, contest: Contest, document: str) -> None:
    """Replaces the rules."""
    await connection.execute(_CONTESTS["replace"], contest.id, document, contest.opens_at, contest.closes_at)


async def seal(connection: Connection, contest: str) -> None:
    """Seals the rules: they can no longer be replaced."""
    await connection.execute(_CONTESTS["seal"], contest)


async def extend(connection: Connection, contest: str, closes_at: datetime) -> None:
    """Moves the window's end."""
    await connection.execute(_CONTESTS["extend"], contest, closes_at)


async def revise(connection: Connection, contest: str) -> None:
    """Gives the contest a new revision: what was judged under the former one is judged again."""
    await connection.execute(_CONTESTS["revise"], contest)


async def withdraw(connection: Connection, contest: str, code: str) -> bool:
    """Withdraws an entry; returns False if there is none. Ballots that picked it stay unchanged."""
    withdrawn = await connection.fetchval(_ENTRIES["withdraw"], contest, code) is not None
    await revise(connection, contest)
    return withdrawn


async def set_paused(connection: Connection, contest: str, paused: bool, reason: str = "") -> None:
    """Pauses or resumes the vote; voters are shown the reason of a pause."""
    await connection.execute(_CONTESTS["set_paused"], contest, paused, reason if paused else "")


async def set_display(connection: Connection, contest: str, display: Display) -> None:
    """Changes what voters see of the tally."""
    text = json.dumps([display.policy, display.minutes, display.at.isoformat()])
    await connection.execute(_CONTESTS["set_display"], contest, text)


async def select_entries(connection: Connection, contest: str, withdrawn: bool = False) -> tuple[Entry, ...]:
    """Returns the entries in roster order; with `withdrawn`, including withdrawn ones."""
    rows = await connection.fetch(_ENTRIES["select"], contest, withdrawn)
    return tuple(Entry(**{**row, "tags": tuple(row["tags"])}) for row in rows)


async def select_withdrawn(connection: Connection, contest: str) -> frozenset[str]:
    """Returns the codes of withdrawn entries."""
    return frozenset(row["code"] for row in await connection.fetch(_ENTRIES["withdrawn"], contest))


async def remove_entries(connection: Connection, contest: str, codes: Sequence[str]) -> None:
    """Deletes entries; allowed only before anybody could vote for them."""
    await connection.execute(_ENTRIES["remove"], contest, codes)


async def select_initials(connection: Connection, contest: str) -> dict[str, str]:
    """Returns the pinyin initials of entries, by code."""
    return {row["code"]: row["initials"] for row in await connection.fetch(_ENTRIES["initials"], contest)}


async def upsert_entries(
    connection: Connection, contest: str, entries: Sequence[Entry], initials: Mapping[str, str]
) -> None:
    """Inserts the entries, or updates those with the same code; the new revision makes every process read them.

    `initials`: of each entry's title and author, by code.
    """
    columns = [
        [getattr(entry, name) for entry in entries]
        for name in ("title", "author", "category", "summary", "cover", "video", "recommender", "nomination")
    ]
    # PostgreSQL needs arrays of equal lengths in an array of arrays.
    columns.append([json.dumps(entry.tags) for entry in entries])
    columns.append([initials[entry.code] for entry in entries])
    codes = [entry.code for entry in entries]
    await connection.execute(_ENTRIES["upsert"], contest, codes, list(range(len(codes))), *columns)
    await revise(connection, contest)


async def set_covers(connection: Connection, contest: str, names: Mapping[str, str]) -> None:
    """Gives entries other covers, by code; the new revision makes every process read them."""
    await connection.execute(_ENTRIES["set_covers"], contest, list(names), list(names.values()))
    await revise(connection, contest)


async def insert_covers(connection: Connection, contest: str, pictures: Mapping[str, Picture]) -> None:
    """Stores pictures under the hashes of their content; storing one again has no effect.

    Call it before `lock_gates`: the pictures of a whole roster take seconds, and ballots wait for the gates.
    """
    # In one order, so that two that store the same pictures do not wait for each other.
    rows = [(contest, name, pictures[name].media_type, pictures[name].body) for name in sorted(pictures)]
    await connection.executemany(_ENTRIES["insert_cover"], rows)


async def select_cover(connection: Connection, contest: str, name: str) -> tuple[str, bytes] | None:
    """Returns the picture's media type and bytes, or None."""
    row = await connection.fetchrow(_ENTRIES["cover"], contest, name)
    return (row["media_type"], row["body"]) if row else None


def _stored(row: Any) -> StoredContest:
    window = Window(row["opens_at"], row["closes_at"])
    head = (
        row["id"],
        row["document"],
        window,
        row["uid"],
        row["paused"],
        row["pause_reason"],
        row["revision"],
        row["sealed_at"],
        row["certified"],
        row["has_joined_voters"],
        (row["hash_key"] or b"").hex(),
        _display(*json.loads(row["display"])) if row["display"] else None,
        tuple(_announcement(*each) for each in json.loads(row["announcements"] or "[]")),
    )
    return StoredContest(*head, row["now"])


def _announcement(number: int, text: str, text_en: str, starts_at: str, ends_at: str) -> Announcement:
    return Announcement(number, text, text_en, datetime.fromisoformat(starts_at), datetime.fromisoformat(ends_at))


def _display(policy: DisplayPolicy, minutes: int, at: str) -> Display:
    return Display(policy, minutes, time.fromisoformat(at))
