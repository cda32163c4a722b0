"""Entries' covers: checks the pictures of a roster, and fetches stored ones."""

from __future__ import annotations

import hashlib

from voting.domain.roster.picture import Damaged, Picture, read_picture
from voting.errors import Fault, FileInvalid, NotFound
from voting.postgres import contests
from voting.postgres.database import Database
from voting.services.contests.contest_cache import ContestSnapshot

COVER_BYTES = 300_000


class Covers:
    """Reads pictures. Names are hashes of the content, so pictures may be cached for ever."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def fetch(self, snapshot: ContestSnapshot, name: str) -> tuple[str, bytes]:
        """Returns media type and bytes. Raises NotFound, without a query if no entry has a picture of that name."""
        if not name or name not in snapshot.covers:
            raise NotFound
        async with self._database.connection() as connection:
            picture = await contests.select_cover(connection, snapshot.contest.id, name)
        if picture is None:
            raise NotFound
        return picture


def read_cover(file: str, body: bytes) -> tuple[str, Picture]:
    """Returns the picture's name, the hash of its content, and the picture without its metadata. Raises FileInvalid."""
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
