"""A table as an organiser's file has it: a header and rows of text. CSV and XLSX become the same sheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from voting.errors import Fault, FileInvalid

MOST_ROWS = 100_000
Record = tuple[int, Sequence[str]]
Tick = Callable[[int], None]
"""Hears how many rows are done."""
"""A line's number, from 1, and its cells."""


def silent(_rows: int) -> None:
    """The tick that nobody hears."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: column -> text, stripped, empty where the row is short. `extra` are the cells beyond the header."""

    line: int
    cells: Mapping[str, str]
    extra: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A header and the rows below it that hold anything. `faults` are the cells that could not be read."""

    header: tuple[str, ...]
    rows: tuple[Row, ...]
    header_line: int = 1
    faults: tuple[Fault, ...] = ()


def read_csv(text: str, name: str = "file") -> Sheet:
    """The sheet of a CSV file's text. Raises FileInvalid."""
    return make_sheet(csv_records(text, name), name)


def csv_records(text: str, name: str) -> Iterator[Record]:
    """The records, each with the line on which it begins. Raises FileInvalid where a quote is left open."""
    text = text.removeprefix("\ufeff")
    head = text.partition("\n")[0]
    # What Excel calls "Unicode text" has tabs.
    delimiter = "\t" if "\t" in head and "," not in head else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            record = next(reader, None)
        except csv.Error as error:
            mend = 'close each quote; a quote inside a quoted cell is written ""'
            raise FileInvalid(name, (Fault(line, "", f"is not CSV: {error}", mend),)) from None
        if record is None:
            return
        yield line, record


def make_sheet(records: Iterable[Record], name: str = "file") -> Sheet:
    """The first record that holds anything is the header. Raises FileInvalid for too many rows."""
    filled = ((line, [*map(str.strip, record)]) for line, record in records if any(map(str.strip, record)))
    header_line, head = next(filled, (1, []))
    header = tuple(head)
    while header and not header[-1]:
        header = header[:-1]
    rows: list[Row] = []
    for line, record in filled:
        if len(rows) == MOST_ROWS:
            mend = "split it into several"
            raise FileInvalid(name, (Fault(line, "", f"has more than {MOST_ROWS} rows", mend),))
        rows.append(_row(line, record, header, len(head)))
    return Sheet(header, tuple(rows), header_line)


def _row(line: int, record: list[str], header: tuple[str, ...], width: int) -> Row:
    cells = dict.fromkeys(header, "") | dict(zip(header, record, strict=False))
    extra = tuple(record[len(header) :])
    # Excel fills every row of a CSV up to the widest: empty cells below an empty heading are nothing.
    return Row(line, cells, extra if any(extra) or len(record) > width else ())
