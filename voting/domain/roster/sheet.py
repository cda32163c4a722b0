"""Sheets: a header and rows of text, read from an organiser's CSV or XLSX file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from voting.errors import Fault, FileInvalid, say

MOST_ROWS = 100_000
DELIMITERS = ",\t;"
_TOP = 10
# Controls except tab and line feed, the right-to-left override, surrogates, private use, U+FFFD and noncharacters.
_UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202e\ud800-\udfff\ue000-\uf8ff\ufffd-\uffff]")
_SEPARATOR_LINE = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)

Record = tuple[int, Sequence[str]]
"""A line's number, from 1, and its cells."""
Tick = Callable[[int], None]
"""Called with the number of rows done."""
Notice = Callable[[str], None]
"""Called with a remark for the organiser on a table that was accepted."""


def silent(_done: int | str) -> None:
    """A tick or notice that does nothing."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: column -> text, stripped, empty if the row is short. `extra` are the cells beyond the header."""

    line: int
    cells: Mapping[str, str]
    extra: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unread:
    """A place of a file that cannot be read as it looks: a cell (its index in the row), or a whole line (index -1)."""

    line: int
    index: int
    what: str
    mend: str


@dataclass(frozen=True, slots=True)
class Held:
    """The stored value of a workbook's cell that shows another text: a number or a date."""

    text: str
    is_date: bool = False


@dataclass(slots=True)
class Cells:
    """The content of a file before its header is known. Reading `records` may fill the other fields."""

    records: Iterable[Record]
    unread: list[Unread] = field(default_factory=list)
    held: dict[tuple[int, int], Held] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A header and the non-empty rows below it. `faults` are the places that could not be read.

    `top` are the first records; `held` (by line and column) the stored values of cells that show something else;
    `notes` are remarks for the organiser on how the file was read.
    """

    header: tuple[str, ...]
    rows: tuple[Row, ...]
    header_line: int = 1
    faults: tuple[Fault, ...] = ()
    top: tuple[Record, ...] = field(default=(), compare=False)
    held: Mapping[tuple[int, str], Held] = field(default_factory=dict, compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False)


def read_csv(text: str, name: str = "file") -> Sheet:
    """Returns the sheet of a CSV file's text. Raises FileInvalid."""
    return make_sheet(Cells(csv_records(text, name)), name)


def csv_records(text: str, name: str) -> Iterator[Record]:
    """Yields the records, each with the line on which it begins. Raises FileInvalid if a quote is left open."""
    text = text.removeprefix("\ufeff")
    # Excel's first line may name the delimiter: sep=;
    separator_line = _SEPARATOR_LINE.match(text)
    above = 1 if separator_line else 0
    text = text[separator_line.end() :] if separator_line else text
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=separator_line[1] if separator_line else _delimiter(text), strict=True
    )
    while True:
        line = reader.line_num + 1 + above
        try:
            record = next(reader, None)
        except csv.Error as error:
            mend = say('close each quote; a quote inside a quoted cell is written ""')
            raise FileInvalid(name, (Fault(line, "", say("is not CSV: {}", error), mend),)) from None
        if record is None:
            return
        yield line, record


def make_sheet(cells: Cells, name: str = "file", tick: Tick = silent) -> Sheet:
    """Returns the sheet; its header is the first non-empty record. Raises FileInvalid for too many rows."""
    filled = _filled(cells, tick)
    header_line, head = next(filled, (1, []))
    header = tuple(head)
    while header and not header[-1]:
        header = header[:-1]
    rows: list[Row] = []
    top: list[Record] = [(header_line, header)]
    for line, record in filled:
        if len(rows) == MOST_ROWS:
            mend = say("split it into several")
            raise FileInvalid(name, (Fault(line, "", say("has more than {} rows", MOST_ROWS), mend),))
        if len(top) < _TOP:
            top.append((line, record))
        extra = tuple(record[len(header) :])
        if not any(extra) and len(record) <= len(head):
            # Excel pads every row of a CSV to the widest: ignore empty cells below an empty heading.
            extra = ()
        rows.append(Row(line, dict.fromkeys(header, "") | dict(zip(header, record, strict=False)), extra))
    faults: list[Fault] = []
    for each in cells.unread:
        column = header[each.index] if 0 <= each.index < len(header) else ""
        place = "" if each.index < 0 else column or column_letters(each.index)
        faults.append(Fault(each.line, place, each.what, each.mend))
    held = {(line, header[index]): held for (line, index), held in cells.held.items() if index < len(header)}
    return Sheet(header, tuple(rows), header_line, tuple(faults), tuple(top), held, tuple(cells.notes))


def _delimiter(text: str) -> str:
    """Returns the commonest delimiter, outside quotes, of the first line that has any; title lines may have none."""
    for line in text.splitlines()[:_TOP]:
        bare = re.sub('"[^"]*"', "", line)
        counts = {delimiter: bare.count(delimiter) for delimiter in DELIMITERS}
        if any(counts.values()):
            return max(counts, key=lambda delimiter: counts[delimiter])
    return ","


def _filled(cells: Cells, tick: Tick) -> Iterator[tuple[int, list[str]]]:
    for number, (line, record) in enumerate(cells.records, 1):
        texts = [_clean(text, line, index, cells.unread) for index, text in enumerate(record)]
        if any(texts):
            yield line, texts
        tick(number)


def _clean(text: str, line: int, index: int, unread: list[Unread]) -> str:
    """Strips blanks and unifies line breaks. Adds what cannot be stored or shown to `unread`."""
    text = text.strip()
    if text.startswith('="') and text.endswith('"'):
        # Programs write ="007" into CSV files to stop spreadsheets from reading codes as numbers.
        unread.append(
            Unread(
                line, index, say("holds a formula, {}", text[:40]), say("write the value itself: {}", text[2:-1][:40])
            )
        )
    if text.isprintable() and "\ufffd" not in text:
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if unreadable := _UNREADABLE.search(text):
        code = ord(unreadable[0])
        kind = (
            say("which stands for characters that were lost when the file was saved")
            if code == 0xFFFD
            else say("which is a control character")
            if code < 0xA0
            else say("which shows the text after it in reverse")
            if code == 0x202E
            else say("which only one machine's fonts can show")
            if 0xE000 <= code <= 0xF8FF
            else say("which is not a character")
        )
        what = say("holds U+{}, {}", f"{code:04X}", kind)
        unread.append(Unread(line, index, what, say("write the cell again")))
    return text


def column_letters(index: int) -> str:
    """Returns a column's letters as a spreadsheet shows them: A for 0, AA for 26."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
