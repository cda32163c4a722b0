"""Entries' own videos: files in a folder, CONTEST/CODE.mp4 or .webm, with captions in CODE.zh.vtt and CODE.en.vtt."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from voting.errors import NotFound
from voting.services.contests.contest_cache import ContestSnapshot

_TYPES = {"mp4": "video/mp4", "webm": "video/webm", "zh.vtt": "text/vtt", "en.vtt": "text/vtt"}
_NAME = re.compile(r"([A-Za-z0-9_-]+)\.(mp4|webm|(?:zh|en)\.vtt)")
_CHUNK_BYTES = 256 * 1024


class Captions(NamedTuple):
    """A track of captions."""

    address: str
    language: str


class Video(NamedTuple):
    """A video to be shown on a page."""

    address: str
    media_type: str
    megabytes: str
    captions: tuple[Captions, ...]


@dataclass(frozen=True, slots=True)
class VideoFile:
    """A file to be sent."""

    path: Path
    media_type: str
    size: int
    tag: str

    async def read(self, first: int, count: int) -> AsyncIterator[bytes]:
        """Yields `count` bytes from the place `first`. A disk is slow at times, so threads read."""
        with await asyncio.to_thread(self.path.open, "rb") as file:
            file.seek(first)
            while count > 0 and (chunk := await asyncio.to_thread(file.read, min(count, _CHUNK_BYTES))):
                count -= len(chunk)
                yield chunk


class Videos:
    """Finds videos in the folder; without one there are none."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def find(self, snapshot: ContestSnapshot, code: str) -> Video | None:
        """Returns the video of an entry, if the folder has one."""
        base = f"/video/{snapshot.contest.id}/{code}"
        for suffix in ("mp4", "webm"):
            if file := self._file(snapshot.contest.id, code, suffix):
                captions = tuple(
                    Captions(f"{base}.{language}.vtt", language)
                    for language in ("zh", "en")
                    if self._file(snapshot.contest.id, code, f"{language}.vtt")
                )
                return Video(f"{base}.{suffix}", _TYPES[suffix], f"{file.size / 1_000_000:.1f}", captions)
        return None

    def open(self, snapshot: ContestSnapshot, name: str) -> VideoFile:
        """Returns a file of an entry of the contest. Raises NotFound."""
        named = _NAME.fullmatch(name)
        file = named and named[1] in snapshot.entries and self._file(snapshot.contest.id, named[1], named[2])
        if not file:
            raise NotFound
        return file

    def _file(self, contest: str, code: str, suffix: str) -> VideoFile | None:
        if self._folder is None:
            return None
        path = self._folder / contest / f"{code}.{suffix}"
        try:
            about = path.stat()
        except OSError:
            return None
        return VideoFile(path, _TYPES[suffix], about.st_size, f'"{about.st_size:x}-{about.st_mtime_ns:x}"')
