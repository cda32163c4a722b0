"""Reads the container, length and size of videos. The files are untrusted and read with limits."""

from __future__ import annotations

import json
import resource
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from decimal import ROUND_HALF_UP, Decimal
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any

from pymediainfo import MediaInfo

from voting.domain.names import shown
from voting.domain.roster.media import MediaFacts, Unread
from voting.domain.roster.sheet import Tick, silent
from voting.errors import Fault, FileInvalid
from voting.media.matroska import is_whole_stream

LONGEST_READING = 20
"""Seconds. A video of 6 GB takes 0.02; some broken files would never end."""
MOST_MEMORY = 2**31
"""Bytes of address space; the interpreter and the libraries use 300 MB."""
_CONTAINERS = {
    "AVI": "avi",
    "BDAV": "m2ts",
    "Flash Video": "flv",
    "MPEG Video": "mpg",
    "MPEG-PS": "mpg",
    "MPEG-TS": "ts",
    "Matroska": "mkv",
    "Ogg": "ogv",
    "RealMedia": "rm",
    "WebM": "webm",
    "Windows Media": "wmv",
}
# All of one family; the profile tells them apart.
_MPEG_4 = {"QuickTime": "mov", "3GPP": "3gp"}


def read_media(folder: Path, names: Sequence[str], tick: Tick = silent) -> dict[str, MediaFacts | Unread]:
    """Returns the facts of the files in `folder`, by name. `tick` is called with the number of files read.

    Raises FileInvalid if no file could be read at all.
    """
    if not MediaInfo.can_parse():
        mend = "install libmediainfo with the system's packages, or leave --media out"
        raise FileInvalid(str(folder), (Fault(0, "", "cannot be read without the library MediaInfo", mend),))
    try:
        # The files' names by their normalised form, to suggest one for a missing file.
        there = {path.name.casefold(): path.name for path in folder.iterdir()}
    except OSError as error:
        why = (error.strerror or "cannot be read").lower()
        raise FileInvalid(str(folder), (Fault(0, "", why, "give the folder of the media files"),)) from None
    found: dict[str, MediaFacts | Unread] = {}
    with _Reader() as reader:
        for number, name in enumerate(names, 1):
            found[name] = _missing(folder, name, there) or reader.read(folder / name)
            tick(number)
    return found


def _missing(folder: Path, name: str, there: Mapping[str, str]) -> Unread | None:
    if Path(name).name != name or name == ".." or "\\" in name or "\0" in name:
        return Unread(f"{shown(name)} is no plain name of a file", "write the name alone, such as A017.mp4")
    try:
        if (folder / name).is_file():
            return None
    except OSError as error:
        return Unread(f"{shown(name)} cannot be opened: {error.strerror}", "give a file that can be read")
    near = there.get(name.casefold())
    hint = f"did you mean {near!r}? " if near and near != name else ""
    return Unread(f"there is no file {shown(name)}", f"{hint}put it into {folder}")


class _Reader:
    """Reads files in a separate process: a file that crashes the library or keeps it busy affects only itself."""

    def __enter__(self) -> _Reader:
        # Not forked: a command may have open connections.
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_answer, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pipe.close()
        self._process.kill()
        self._process.join()

    def read(self, path: Path) -> MediaFacts | Unread:
        """Tries twice, as the process may have ended for a reason other than the file."""
        for _ in range(2):
            try:
                self._pipe.send(path)
                if self._pipe.poll(LONGEST_READING):
                    answer: MediaFacts | Unread = self._pipe.recv()
                    return answer
                busy = True
            except (EOFError, OSError):
                busy = False
            self.__exit__(None, None, None)
            self.__enter__()
            if busy:
                break
        return Unread(f"{shown(path.name)} cannot be read to its end", _MEND)


_MEND = "open it in a player; if it plays there, save it again"


def _answer(pipe: Connection) -> None:
    """Runs in the reading process: receives paths, sends facts."""
    # The command handles an interrupt, and closes the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The library reads untrusted files: it may not exhaust memory, nor write a file.
    _limit(resource.RLIMIT_AS, MOST_MEMORY)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    while True:
        try:
            path = pipe.recv()
        except EOFError:
            return
        # The limit counts from the seconds used so far.
        _limit(resource.RLIMIT_CPU, int(time.process_time()) + LONGEST_READING)
        pipe.send(_read(path))


def _limit(kind: int, most: int) -> None:
    """Sets a limit on this process if the system supports it."""
    with suppress(ValueError, OSError):
        resource.setrlimit(kind, (most, resource.getrlimit(kind)[1]))


def _read(path: Path) -> MediaFacts | Unread:
    try:
        with path.open("rb") as file:
            # Pass the open file, not its name: the library then follows no references to other files or addresses.
            tracks = json.loads(MediaInfo.parse(file, output="JSON"))["media"]["track"]
        return _facts(path, tracks[0], tracks[1:])
    except OSError as error:
        return Unread(f"{shown(path.name)} cannot be opened: {error.strerror}", "give a file that can be read")
    except Exception as error:
        return Unread(f"{shown(path.name)} cannot be read ({type(error).__name__})", _MEND)


def _facts(path: Path, general: Mapping[str, Any], streams: Sequence[Mapping[str, Any]]) -> MediaFacts | Unread:
    videos = [each for each in streams if each["@type"] == "Video"]
    size = path.stat().st_size
    # Of the longest stream: in some containers the overall length is only an estimate.
    lengths = [
        Decimal(each["Duration"]) for each in streams if each["@type"] in ("Video", "Audio") and "Duration" in each
    ]
    length = _rounded(max(lengths, default=Decimal(general.get("Duration", "0"))) * 1000)
    if not size:
        return Unread(f"{shown(path.name)} is empty", "copy it again")
    # A truncated MP4 has lost the directory at its end, so it shows no streams.
    if _is_cut(path, general) and (length or videos or general.get("Format") == "MPEG-4"):
        return Unread(f"{shown(path.name)} is cut off", "copy it again completely")
    if not videos:
        return Unread(f"{shown(path.name)} is no video", "give a video, or take the name out")
    video = videos[0]
    square = Decimal(video.get("PixelAspectRatio", "1")) or Decimal(1)
    width, height = _rounded(int(video["Width"]) * square), int(video["Height"])
    if _rounded(Decimal(video.get("Rotation", "0"))) % 180 == 90:
        width, height = height, width
    return MediaFacts(_container(general), size, width, height, length or None)


def _is_cut(path: Path, general: Mapping[str, Any]) -> bool:
    if "IsTruncated" not in general.get("extra", {}):
        return False
    if general.get("Format") not in ("Matroska", "WebM"):
        return True
    with path.open("rb") as file:
        return not is_whole_stream(file)


def _container(general: Mapping[str, Any]) -> str:
    name = str(general["Format"])
    if name == "MPEG-4":
        profile = general.get("Format_Profile", "")
        return next((each for start, each in _MPEG_4.items() if profile.startswith(start)), "mp4")
    # Fragmented files are known by their brand among the many brands of MP4.
    return "mp4" if name == general.get("CodecID") else _CONTAINERS.get(name, name.casefold())


def _rounded(value: Decimal) -> int:
    return int(value.to_integral_value(ROUND_HALF_UP))
