"""Reads an organiser's table from the bytes of a CSV or XLSX file, each cell as the text that a person sees."""

from __future__ import annotations

import codecs
import io
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from voting.domain.sheet import Record, Sheet, Tick, csv_records, make_sheet, silent
from voting.errors import Fault, FileInvalid
from voting.services.spreadsheet_text import cell_text

LARGEST = 50_000_000
# A workbook of 100,000 rows with 20 short cells each unpacks to about 100 MB.
LARGEST_UNPACKED = 300_000_000
MOST_LINES = 1_048_576
MOST_COLUMNS = 100
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


def read_sheet(body: bytes, name: str, tick: Tick = silent) -> Sheet:
    """The table of a CSV file (UTF-8, GB18030, UTF-16) or a workbook's first visible sheet. Raises FileInvalid.

    `tick` hears how many lines are read. Formulas without a value and those in error are the sheet's faults.
    """
    unread: list[tuple[int, int, str]] = []
    sheet = make_sheet(_ticking(_records(body, name, unread), tick), name)
    faults = []
    for line, place, what in unread:
        column = sheet.header[place] if place < len(sheet.header) else ""
        mend = "mend the formula, or write the value itself; save the file in Excel or WPS"
        faults.append(Fault(line, column, what, mend))
    return replace(sheet, faults=tuple(faults))


def read_past_winners(body: bytes, column: str, name: str) -> frozenset[str]:
    """The texts below the heading `column`, or of a table without it every first cell. Raises FileInvalid."""
    unread: list[tuple[int, int, str]] = []
    rows = [[cell.strip() for cell in cells] for _, cells in _records(body, name, unread)]
    if unread:
        line, _, what = unread[0]
        raise FileInvalid(name, (Fault(line, "", what, "write the value itself"),))
    if rows and column in rows[0]:
        place = rows[0].index(column)
        return frozenset(row[place] for row in rows[1:] if len(row) > place and row[place])
    return frozenset(row[0] for row in rows if row and row[0])


def _records(body: bytes, name: str, unread: list[tuple[int, int, str]]) -> Iterator[Record]:
    if len(body) > LARGEST:
        raise _refusal(name, f"is larger than {LARGEST // 1_000_000} MB", "split it, and take pictures out of it")
    if body.startswith(_OLE):
        if _ENCRYPTED in body:
            raise _refusal(name, "is protected by a password", "save it without one")
        raise _refusal(name, "is an old Excel file (.xls)", "save it as .xlsx or as CSV UTF-8")
    return _workbook(body, name, unread) if body.startswith(b"PK") else csv_records(_decoded(body, name), name)


def _decoded(body: bytes, name: str) -> str:
    """UTF-16 has a mark; UTF-8 is told from GB18030 by being right, which by chance Chinese text in GB18030 is not."""
    marked = body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "gb18030"):
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise _refusal(name, "is neither a workbook nor text in UTF-8, GB18030 or UTF-16", "save it as .xlsx or CSV UTF-8")


def _workbook(body: bytes, name: str, unread: list[tuple[int, int, str]]) -> Iterator[Record]:
    """The records of the first visible sheet. Whatever a broken file makes the reader raise is one refusal."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield from _sheet_records(body, name, unread)
    except FileInvalid:
        raise
    except Exception as error:
        what = f"cannot be read as a workbook ({type(error).__name__})"
        raise _refusal(name, what, "open it in Excel or WPS and save it as .xlsx, without a password") from error


def _sheet_records(body: bytes, name: str, unread: list[tuple[int, int, str]]) -> Iterator[Record]:
    formulas = _inspect(body, name)
    values = _rows(body, data_only=True)
    pairs = zip(values, _rows(body, data_only=False), strict=True) if formulas else ((row, row) for row in values)
    for line, (cells, written) in enumerate(pairs, 1):
        yield line, _texts(line, cells, written, unread)


def _inspect(body: bytes, name: str) -> bool:
    """Whether the workbook has formulas. Refuses one that would unpack to too much; unpacking stops at what it says."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        parts = archive.infolist()
        if sum(part.file_size for part in parts) > LARGEST_UNPACKED or len(parts) > 10_000:
            raise _refusal(name, "unpacks to too much", "copy its table into a new workbook")
        sheets = [part for part in parts if part.filename.startswith("xl/worksheets/")]
        return any(_has_formula(archive, part) for part in sheets)


def _has_formula(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    tail = b""
    with archive.open(part) as file:
        while chunk := file.read(1 << 20):
            if any(mark in tail + chunk for mark in (b"<f>", b"<f ", b":f>", b":f ")):
                return True
            tail = chunk[-3:]
    return False


def _rows(body: bytes, *, data_only: bool) -> Iterator[tuple[Any, ...]]:
    """Each line's cells. The size that the file gives for its sheet is not believed: it could be anything."""
    # Takes a tenth of a second to load: not in every worker process.
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(body), read_only=True, data_only=data_only, keep_links=False)
    sheet = next(each for each in book.worksheets if each.sheet_state == "visible")
    sheet.reset_dimensions()
    for number, row in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS), 1):
        if number > MOST_LINES:
            return
        yield row


def _texts(
    line: int, cells: tuple[Any, ...], written: tuple[Any, ...], unread: list[tuple[int, int, str]]
) -> list[str]:
    texts = []
    for place, cell in enumerate(cells):
        text = cell_text(cell) if cell.value is not None else ""
        if cell.data_type == "e":
            unread.append((line, place, f"holds the formula error {text}"))
        elif not text and written[place].data_type == "f":
            text = str(written[place].value)
            unread.append((line, place, "holds a formula whose value was not saved"))
        texts.append(text)
    while texts and not texts[-1]:
        texts.pop()
    return texts


def _ticking(records: Iterable[Record], tick: Tick) -> Iterator[Record]:
    for number, record in enumerate(records, 1):
        yield record
        tick(number)


def _refusal(name: str, what: str, mend: str) -> FileInvalid:
    return FileInvalid(name, (Fault(0, "", what, mend),))
