"""Rosters: the rows of a CSV file as entries, or every fault with row, column, value and mend."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from voting.domain.contest import Contest
from voting.domain.entry import Entry
from voting.errors import Fault, FileInvalid

_REQUIRED = ("code", "title", "author", "category")
_COLUMNS = (*_REQUIRED, "summary", "cover", "video")
_LONGEST = {"code": 32, "title": 120, "author": 120, "summary": 1000, "cover": 255, "video": 500}
_CODE = re.compile(r"[A-Za-z0-9_-]+")


def read_roster(text: str, contest: Contest, name: str = "roster") -> tuple[Entry, ...]:
    """The entries; `cover` holds the file name as written. Raises FileInvalid with every fault."""
    rows = csv.DictReader(text.removeprefix("\ufeff").splitlines(keepends=True))
    faults = list(_header_faults([*(rows.fieldnames or [])]))
    if faults:
        raise FileInvalid(name, tuple(faults))
    entries: dict[str, Entry] = {}
    for row in rows:
        entry = {column: (row.get(column) or "").strip() for column in _COLUMNS}
        found = [*_row_faults(row, entry, contest, rows.line_num), *_repeat_faults(entry, entries, rows.line_num)]
        faults += found
        if not found:
            entries[entry["code"]] = _entry(entry, contest)
    if not entries and not faults:
        faults.append(Fault(0, "", "holds no entries", "write one row for each entry below the header"))
    if faults:
        raise FileInvalid(name, tuple(faults))
    return tuple(entries.values())


def _header_faults(header: list[str]) -> Iterator[Fault]:
    for column in _REQUIRED:
        if column not in header:
            yield Fault(1, column, "the column is missing", f"begin the file with: {','.join(_COLUMNS)}")
    for column in header:
        if column not in _COLUMNS:
            near = get_close_matches(column or "", _COLUMNS, 1)
            mend = f"did you mean {near[0]!r}?" if near else f"known columns: {', '.join(_COLUMNS)}"
            yield Fault(1, column or "(empty)", "is not a known column", mend)


def _row_faults(
    row: Mapping[str | None, object], entry: dict[str, str], contest: Contest, line: int
) -> Iterator[Fault]:
    if None in row:
        yield Fault(line, "", "has more cells than the header", 'put text with commas in "quotes"')
    for column, longest in _LONGEST.items():
        yield from _cell_faults(column, entry[column], longest, line)
    if entry["code"] and not _CODE.fullmatch(entry["code"]):
        yield Fault(line, "code", f"{entry['code'][:40]!r} does not fit", "use letters, digits, - and _ such as A017")
    if entry["video"] and not entry["video"].startswith("https://"):
        yield Fault(line, "video", f"{entry['video'][:40]!r} is not a secure address", "begin it with https://")
    yield from _category_faults(entry["category"], contest, line)


def _cell_faults(column: str, value: str, longest: int, line: int) -> Iterator[Fault]:
    if not value and column in _REQUIRED:
        yield Fault(line, column, "is empty", "fill it in")
    if len(value) > longest:
        yield Fault(line, column, f"has {len(value)} characters", f"at most {longest}")
    if any(character < " " for character in value):
        yield Fault(line, column, "holds a control character", "write the cell on one line of plain text")


def _category_faults(value: str, contest: Contest, line: int) -> Iterator[Fault]:
    names = [name for category in contest.categories for name in (category.name, category.id)]
    if value and value not in names:
        near = get_close_matches(value, names, 1, 0.4)
        mend = f"did you mean {near[0]!r}?" if near else f"one of: {', '.join(names[::2])}"
        yield Fault(line, "category", f"{value[:40]!r} is not a category of this contest", mend)


def _repeat_faults(entry: dict[str, str], entries: Mapping[str, Entry], line: int) -> Iterator[Fault]:
    if entry["code"] in entries:
        yield Fault(line, "code", f"{entry['code']!r} stands twice", "give each entry its own code")


def _entry(entry: dict[str, str], contest: Contest) -> Entry:
    ids = {name: category.id for category in contest.categories for name in (category.name, category.id)}
    return Entry(**(entry | {"category": ids[entry["category"]]}))
