"""Rosters: the rows of a sheet as entries, or every fault with row, column, value and mend."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from difflib import get_close_matches

from voting.domain.candidate import Candidate, candidate, category_ids, shown
from voting.domain.contest import Contest
from voting.domain.entry import Entry
from voting.domain.media import MEASURED, MediaFiles, measured_faults
from voting.domain.nominations import nomination_faults
from voting.domain.repeats import repeat_faults
from voting.domain.sheet import Row, Sheet, Tick, silent
from voting.errors import Fault, FileInvalid

_REQUIRED = ("code", "title", "author", "category")
OWN_COLUMNS = (*_REQUIRED, "summary", "cover", "video")
_LONGEST = {"code": 32, "title": 120, "author": 120, "summary": 1000, "cover": 255, "video": 500, "recommender": 120}
_LONGEST_OTHER = 10_000
_CODE = re.compile(r"[A-Za-z0-9_-]+")
_CONTROL = re.compile(r"[\x00-\x1f]")
_CONTROL_OTHER = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def read_roster(
    sheet: Sheet,
    contest: Contest,
    name: str = "roster",
    past_winners: Collection[str] = (),
    tick: Tick = silent,
    media: MediaFiles | None = None,
) -> tuple[Entry, ...]:
    """The entries; `cover` holds the file name as written. Raises FileInvalid with every fault of the file.

    `past_winners` are what the contest's column of that name may not hold; `tick` hears how many rows are done.
    `media` is what the entries' files say, where they are there.
    """
    faults = list(_header_faults(sheet, contest, media is not None))
    if not faults and not sheet.rows and not sheet.faults:
        faults.append(Fault(0, "", "holds no entries", "write one row for each entry below the header"))
    if faults:
        raise FileInvalid(name, (*sheet.faults, *faults))
    candidates = []
    for number, row in enumerate(sheet.rows, 1):
        candidates.append(candidate(row, contest))
        faults += _row_faults(row, candidates[-1], contest, media or {})
        tick(number)
    faults += nomination_faults(contest, candidates)
    faults += repeat_faults(contest, candidates, past_winners)
    if faults or sheet.faults:
        raise FileInvalid(name, _in_order(sheet, faults))
    return tuple(_entry(each) for each in candidates)


def columns(contest: Contest, measured: bool = False) -> tuple[list[str], list[str]]:
    """The columns that the contest's rosters must have, and all that they may have.

    Where the files are `measured`, the roster must name them, and need not have what they say.
    """
    ways, checks = contest.nominations, contest.entry_checks
    asked = [check.column for check in checks if check.needed and not (measured and check.kind in MEASURED)]
    asked += [contest.media] if measured else []
    asked += [rule.column for rule in contest.uniques]
    asked += [contest.past_winners] if contest.past_winners else []
    asked += ["recommender"] if ways else []
    asked += ["nomination"] if len(ways) > 1 else []
    asked += ["order"] if any(way.ranked for way in ways) else []
    known = [*OWN_COLUMNS, *asked, *(check.column for check in checks), *(("nomination", "order") if ways else ())]
    known += ["tags"] if contest.tags else []
    known += [contest.media] if contest.media else []
    return [*dict.fromkeys([*_REQUIRED, *asked])], [*dict.fromkeys(known)]


def _in_order(sheet: Sheet, faults: list[Fault]) -> tuple[Fault, ...]:
    """By line, each once; of a cell that could not be read only that is told."""
    unread = {(fault.line, fault.place) for fault in sheet.faults}
    told = [fault for fault in dict.fromkeys(faults) if (fault.line, fault.place) not in unread]
    return tuple(sorted([*sheet.faults, *told], key=lambda fault: fault.line))


def _header_faults(sheet: Sheet, contest: Contest, measured: bool) -> Iterator[Fault]:
    needed, known = columns(contest, measured)
    for column in needed:
        if column not in sheet.header:
            yield Fault(sheet.header_line, column, "the column is missing", f"begin the file with: {','.join(known)}")
    for place, column in enumerate(sheet.header):
        if column not in known:
            near = get_close_matches(column[:60], known, 1)
            mend = f"did you mean {near[0]!r}?" if near else f"known columns: {', '.join(known)}"
            yield Fault(sheet.header_line, column or "(empty)", "is not a known column", mend)
        elif column in sheet.header[:place]:
            yield Fault(sheet.header_line, column, "stands twice", "keep one of the columns")


def _row_faults(row: Row, candidate: Candidate, contest: Contest, media: MediaFiles) -> Iterator[Fault]:
    if row.extra:
        what = f"has more cells than the header: {shown(','.join(row.extra))}"
        yield Fault(row.line, "", what, 'put text with commas in "quotes"')
    for column, value in row.cells.items():
        yield from _cell_faults(column, value, row.line)
    code, video = row.cells["code"], row.cells.get("video", "")
    if code and not _CODE.fullmatch(code):
        yield Fault(row.line, "code", f"{shown(code)} does not fit", "use letters, digits, - and _ such as A017")
    if video and not video.startswith("https://"):
        yield Fault(row.line, "video", f"{shown(video)} is not a secure address", "begin it with https://")
    if row.cells["category"] and not candidate.category:
        yield _category_fault(row.cells["category"], contest, row.line)
    yield from _tag_faults(candidate, contest)
    yield from measured_faults(contest, candidate, media)


def _cell_faults(column: str, value: str, line: int) -> Iterator[Fault]:
    if not value and column in _REQUIRED:
        yield Fault(line, column, "is empty", "fill it in")
    longest = _LONGEST.get(column, _LONGEST_OTHER)
    if len(value) > longest:
        yield Fault(line, column, f"{shown(value)} has {len(value)} characters", f"at most {longest}")
    if (_CONTROL if column in OWN_COLUMNS else _CONTROL_OTHER).search(value):
        yield Fault(line, column, "holds a control character", "write the cell on one line of plain text")


def _category_fault(value: str, contest: Contest, line: int) -> Fault:
    near = get_close_matches(value[:60], category_ids(contest), 1, 0.4)
    names = ", ".join(category.name for category in contest.categories)
    mend = f"did you mean {near[0]!r}?" if near else f"one of: {names}"
    return Fault(line, "category", f"{shown(value)} is not a category of this contest", mend)


def _tag_faults(candidate: Candidate, contest: Contest) -> Iterator[Fault]:
    """Further themes: categories of the contest, each once, without the entry's own, no more than it may name."""
    text, tags = candidate.cells.get("tags", ""), candidate.tags
    names = ", ".join(category.name for category in contest.categories)
    if "" in tags:
        mend = f"write names with 、 between: {names}"
        yield Fault(candidate.line, "tags", f"{shown(text)} holds what is not a category of this contest", mend)
    elif len(set(tags)) < len(tags) or candidate.category in tags:
        yield Fault(candidate.line, "tags", f"{shown(text)} names a category twice", "leave out its own, and repeats")
    elif len(tags) > contest.tags:
        yield Fault(candidate.line, "tags", f"{shown(text)} has {len(tags)} categories", f"at most {contest.tags}")


def _entry(candidate: Candidate) -> Entry:
    own = {column: candidate.cells.get(column, "") for column in (*OWN_COLUMNS, "recommender")}
    return Entry(**(own | {"category": candidate.category, "nomination": candidate.nomination}), tags=candidate.tags)
