"""Facts of entries' media files: they fill empty cells of a row; a cell that contradicts them is a fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from voting.domain.contest.contest import Contest
from voting.domain.contest.schema import MEASURED_KINDS
from voting.domain.names import shown
from voting.domain.roster.entry_checks import concerns, entry_check_faults
from voting.domain.roster.row import Candidate
from voting.domain.roster.sheet import Sheet
from voting.domain.units import MEGABYTE, container, has_ratio, lines, megabytes, pixels, ratio, seconds
from voting.errors import Fault

_APART = 1000
"""Milliseconds by which a duration may differ: players round."""


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """The facts of a video file. Width and height are as shown: turned upright, in square pixels."""

    container: str
    size: int
    width: int
    height: int
    milliseconds: int | None


@dataclass(frozen=True, slots=True)
class Unread:
    """A file without readable facts: what is wrong with it, and how to fix it."""

    what: str
    mend: str


MediaFiles = Mapping[str, MediaFacts | Unread]
"""The facts of files by the name in the roster."""


@dataclass(frozen=True, slots=True)
class _Measure:
    """A fact as text for a cell and for a fault; `agrees` returns None if a cell cannot be compared."""

    text: str
    told: str
    agrees: Callable[[str], bool | None]


def media_names(sheet: Sheet, contest: Contest) -> tuple[str, ...]:
    """Returns the files that the roster names, each once."""
    names = (row.cells.get(contest.media, "") for row in sheet.rows)
    return tuple(dict.fromkeys(name for name in names if name))


def measured_faults(contest: Contest, candidate: Candidate, files: MediaFiles) -> Iterator[Fault]:
    """Yields the faults of one row's file, and those of its checks with the file's facts filled in."""
    facts = files.get(candidate.cells.get(contest.media, ""))
    checks = contest.entry_checks
    if isinstance(facts, Unread):
        yield Fault(candidate.line, contest.media, facts.what, facts.mend)
        # Do not report cells that the file would have filled.
        checks = tuple(
            check for check in checks if check.kind not in MEASURED_KINDS or candidate.cells.get(check.column)
        )
    elif facts is not None:
        cells = dict(candidate.cells)
        for check in (each for each in checks if each.kind in MEASURED_KINDS and concerns(each, candidate)):
            measure, text = _MEASURES[check.kind](facts), candidate.cells.get(check.column, "")
            if measure is None or (text and measure.agrees(text) is not False):
                continue
            if text:
                mend = f"write {measure.text}, or give the right file"
                yield Fault(candidate.line, check.column, f"says {shown(text)}, the file {measure.told}", mend)
            cells[check.column] = measure.text
        candidate = replace(candidate, cells=cells)
    yield from entry_check_faults(checks, candidate)


def _duration(facts: MediaFacts) -> _Measure | None:
    length = facts.milliseconds
    if length is None:
        return None

    def agrees(text: str) -> bool | None:
        said = seconds(text)
        return None if said is None else abs(said * 1000 - length) <= _APART

    # Round to the nearest second: encoders add or drop a few frames.
    minutes, rest = divmod((length + 500) // 1000, 60)
    hours, less = divmod(minutes, 60)
    clock = f"{hours}:{less:02d}:{rest:02d}" if hours else f"{minutes:02d}:{rest:02d}"
    return _Measure(clock, f"lasts {clock}", agrees)


def _resolution(facts: MediaFacts) -> _Measure:
    size = (facts.width, facts.height)

    def agrees(text: str) -> bool | None:
        if said := pixels(text):
            return said == size
        shorter = lines(text)
        return None if shorter is None else shorter == min(size)

    text = f"{facts.width}x{facts.height}"
    return _Measure(text, f"shows {text}", agrees)


def _ratio(facts: MediaFacts) -> _Measure:
    size = (facts.width, facts.height)

    def agrees(text: str) -> bool | None:
        if said := pixels(text):
            return said == size
        wanted = ratio(text)
        return None if wanted is None else has_ratio(size, wanted)

    text = f"{facts.width}x{facts.height}"
    return _Measure(text, f"shows {text}", agrees)


def _container(facts: MediaFacts) -> _Measure:
    return _Measure(
        facts.container, f"is {facts.container}", lambda text: container(text) == container(facts.container)
    )


def _size(facts: MediaFacts) -> _Measure:
    def agrees(text: str) -> bool | None:
        said = megabytes(text)
        # Allow rounding up or down at the last written place.
        return None if said is None else abs(said[0] * MEGABYTE - facts.size) < said[1] * MEGABYTE

    whole, rest = divmod(facts.size, MEGABYTE)
    text = f"{whole}.{rest:06d}".rstrip("0").rstrip(".")
    return _Measure(text, f"has {text} MB", agrees)


_MEASURES: Mapping[str, Callable[[MediaFacts], _Measure | None]] = {
    "duration": _duration,
    "resolution": _resolution,
    "ratio": _ratio,
    "container": _container,
    "size": _size,
}
"""The facts that a file gives, by kind of check. The kinds are MEASURED_KINDS."""
