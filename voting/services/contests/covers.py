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
from voting.errors import Fault, FileInvalid, NotFound, say
from voting.postgres import contests
from voting.postgres.database import Database
from voting.services.contests.contest_cache import ContestSnapshot

COVER_BYTES = 300_000
_MOST_FILES = 5000
# All pictures of a zip are held until they are stored.
_LARGEST_UNPACKED = 100_000_000
# Python bounds what a read unpacks for these alone: bzip2 and LZMA make 88 MB of 165 bytes at once.
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ZIP = b"PK\x03\x04"
_NOT_UNPACKED = Fault(0, "", say("cannot be unpacked"), say("make it again as a plain zip, without a password"))


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
        what = say("has more than {} bytes", COVER_BYTES)
        raise FileInvalid(file, (Fault(0, "", what, say("make it smaller than {} bytes", COVER_BYTES)),))
    try:
        picture = read_picture(body)
    except Damaged as error:
        mend = say("open it in a picture program and save it again")
        raise FileInvalid(file, (Fault(0, "", say("is damaged: {}", error.args[0]), mend),)) from None
    if picture is None:
        raise FileInvalid(file, (Fault(0, "", say("is not a picture"), say("give a PNG, JPEG, WebP or SVG file")),))
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
            mend = say("name it by the entry's code, such as A001.jpg")
            uploaded.faults.append(Fault(0, file, say("names no entry"), mend))
        elif code in uploaded.pictures:
            uploaded.faults.append(Fault(0, file, say("is a second picture of {}", code), say("keep one")))
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
                what = say("has more than {} files", _MOST_FILES)
                raise FileInvalid(name, (Fault(0, "", what, say("send several zips")),))
            if sum(member.file_size for member in members) > _LARGEST_UNPACKED:
                raise FileInvalid(name, (Fault(0, "", say("unpacks to too much"), say("send several zips")),))
            if any(member.compress_type not in _COMPRESSIONS for member in members):
                raise FileInvalid(name, (_NOT_UNPACKED,))
            for member in members:
                with archive.open(member) as file:
                    yield member.filename, file.read(COVER_BYTES + 1)
    # Encrypted files raise RuntimeError; damaged names UnicodeDecodeError, a ValueError; damaged offsets OSError.
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, OSError, ValueError):
        raise FileInvalid(name, (_NOT_UNPACKED,)) from None


def _is_hidden(path: str) -> bool:
    """Whether a system put the file there by itself."""
    return any(part.startswith((".", "__MACOSX", "Thumbs.db")) for part in PurePosixPath(path).parts)
