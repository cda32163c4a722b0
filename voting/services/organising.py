"""What an organiser does from the command line. Each act is written to the audit log in its own transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from voting.domain.contest import Contest
from voting.domain.entry import Entry
from voting.errors import AlreadyExists, ContestUnknown, Fault, FileInvalid
from voting.postgres import contests, staff
from voting.postgres.database import Connection, Database
from voting.services.keyring import Keyring

COVER_BYTES = 300_000
# What a picture begins with -> its media type and suffix. The name given by the organiser decides nothing.
_PICTURES = {
    b"\x89PNG\r\n\x1a\n": ("image/png", "png"),
    b"\xff\xd8\xff": ("image/jpeg", "jpg"),
    b"RIFF": ("image/webp", "webp"),
    b"<svg ": ("image/svg+xml", "svg"),
}


class Organising:
    """Creates contests, imports rosters, pauses votes and issues credentials. `actor` names who acts."""

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
            await self._log(tx, "contest.create", contest.id, {"document_sha256": digest, **window})

        await self._database.transact(work)

    async def import_roster(self, contest: str, entries: Sequence[Entry], covers: Mapping[str, bytes]) -> None:
        """Stores all entries, or none. `covers`: file name as in the roster -> its bytes. Raises FileInvalid."""
        pictures = {name: _picture(name, body) for name, body in covers.items()}
        named = [replace(entry, cover=pictures[entry.cover][0] if entry.cover else "") for entry in entries]

        async def work(tx: Connection) -> None:
            for file, (name, media_type) in pictures.items():
                await contests.insert_cover(tx, contest, name, media_type, covers[file])
            await contests.upsert_entries(tx, contest, named)
            await self._log(tx, "roster.import", contest, {"entries": len(named), "covers": len(pictures)})

        await self._database.transact(work)

    async def pause(self, contest: str, paused: bool) -> None:
        """Pauses or resumes the vote; ballots under way are finished first. Raises ContestUnknown."""

        async def work(tx: Connection) -> None:
            if not await contests.set_paused(tx, contest, paused):
                raise ContestUnknown(f"there is no contest {contest!r}")
            await self._log(tx, "contest.pause" if paused else "contest.resume", contest, {})

        await self._database.transact(work)

    async def issue_credentials(self, keyring: Keyring, contest: str, count: int, now: datetime) -> Iterator[str]:
        """`count` bearer tokens for a closed circle of voters."""
        await self._database.transact(lambda tx: self._log(tx, "credentials.issue", contest, {"count": count}))
        return (keyring.issue_credential(contest, None, now) for _ in range(count))

    async def _log(self, tx: Connection, action: str, contest: str, details: Mapping[str, object]) -> None:
        await staff.log(tx, self._actor, action, contest, details)


def _picture(file: str, body: bytes) -> tuple[str, str]:
    """A picture's name (its content's hash) and media type."""
    if len(body) > COVER_BYTES:
        what = f"has {len(body)} bytes"
        raise FileInvalid(file, (Fault(0, "", what, f"make it smaller than {COVER_BYTES} bytes"),))
    for head, (media_type, suffix) in _PICTURES.items():
        if body.lstrip().startswith(head):
            return f"{hashlib.sha256(body).hexdigest()}.{suffix}", media_type
    raise FileInvalid(file, (Fault(0, "", "is not a picture", "give a PNG, JPEG, WebP or SVG file"),))
