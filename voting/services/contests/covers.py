"""Entries' covers: checks the pictures of a roster or an upload, and fetches stored ones."""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from voting.domain.roster.picture import Damaged, Picture, read_picture
from voting.errors import Fault, FileInvalid, NotFound
from voting.postgres import contests
from voting.postgres.database import Database
from voting.services.contests.contest_cache import ContestSnapshot

COVER_BYTES = 300_000
_MOST_FILES = 5000
_ZIP = b"PK\x03\x04"


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
        what = f"has more than {COVER_BYTES} bytes"
        raise FileInvalid(file, (Fault(0, "", what, f"make it smaller than {COVER_BYTES} bytes"),))
    try:
        picture = read_picture(body)
    except Damaged as error:
        mend = "open it in a picture program and save it again"
        raise FileInvalid(file, (Fault(0, "", f"is damaged: {error}", mend),)) from None
    if picture is None:
        raise FileInvalid(file, (Fault(0, "", "is not a picture", "give a PNG, JPEG, WebP or SVG file"),))
    return f"{hashlib.sha256(picture.body).hexdigest()}.{picture.suffix}", picture


@dataclass(frozen=True, slots=True)
class UploadedCovers:
    """The pictures of an upload by the codes of their entries, with the names they get; and what is wrong with others.

    A fault's `place` is the file that it is about.
    """

    pictures: dict[str, tuple[str, Picture]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def read_upload(name: str, body: bytes, codes: Collection[str]) -> UploadedCovers:
    """Returns what is in a picture, or in a zip of pictures, each named by its entry's code such as A001.jpg.

    Takes seconds for a large zip. Raises FileInvalid for a zip that cannot be opened.
    """
    uploaded, by_name = UploadedCovers(), {code.casefold(): code for code in codes}
    files = _unpacked(name, body) if body.startswith(_ZIP) else iter([(name, body)])
    for file, content in files:
        code = by_name.get(PurePosixPath(file).stem.casefold())
        if code is None:
            uploaded.faults.append(Fault(0, file, "names no entry", "name it by the entry's code, such as A001.jpg"))
        elif code in uploaded.pictures:
            uploaded.faults.append(Fault(0, file, f"is a second picture of {code}", "keep one"))
        else:
            try:
                uploaded.pictures[code] = read_cover(file, content)
            except FileInvalid as error:
                uploaded.faults.extend(Fault(0, file, each.what, each.mend) for each in error.faults)
    return uploaded


def _unpacked(name: str, body: bytes) -> Iterator[tuple[str, bytes]]:
    """Yields the files of a zip, each up to a byte more than a cover may have: what a small zip may hold is huge."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            members = [each for each in archive.infolist() if not each.is_dir() and not _is_hidden(each.filename)]
            if len(members) > _MOST_FILES:
                raise FileInvalid(name, (Fault(0, "", f"has more than {_MOST_FILES} files", "send several zips"),))
            for member in members:
                with archive.open(member) as file:
                    yield member.filename, file.read(COVER_BYTES + 1)
    # Encrypted files and unknown ways to compress raise the last two.
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError):
        mend = "make it again, without a password"
        raise FileInvalid(name, (Fault(0, "", "cannot be unpacked", mend),)) from None


def _is_hidden(path: str) -> bool:
    """Whether a system put the file there by itself."""
    return any(part.startswith((".", "__MACOSX", "Thumbs.db")) for part in PurePosixPath(path).parts)
