"""Reads the first visible sheet of a workbook: every cell at its place, in whatever order the file stores them."""

from __future__ import annotations

import re
import zipfile
import zlib
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from xml.etree.ElementTree import Element, ParseError

from voting.domain.names import alike, shown
from voting.domain.roster.sheet import MOST_ROWS, Cells, Held, Unread, column_letters
from voting.errors import Fault, FileInvalid, say
from voting.spreadsheets.annotations import annotation_notes
from voting.spreadsheets.formats import BUILT_IN, Unshowable, shown_number, shown_text
from voting.spreadsheets.package import TRUE, Broken, Package, attribute, tag_of
from voting.spreadsheets.strings import String, read_string, read_strings, strikes, unescaped

MOST_COLUMNS = 100
_LAST_LINE = 1_048_576
# Allow title lines and the header above a table's rows.
_MOST_LINES = MOST_ROWS + 100
_MOST_NAMED = 20
_MOST_MERGED = 10_000
# The number of lines of another sheet that are searched for a header.
_TOP = 10
# Smaller lines and columns, in points and in characters, show none of their content.
_SEEN_HEIGHT = 2.0
_SEEN_WIDTH = 0.3
_REFERENCE = re.compile(r"\$?([A-Za-z]{1,3})\$?([1-9][0-9]{0,9})")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_DIGITS = re.compile(r"[0-9., ]+")
_UNSAVED = say("mend the formula, or write the value itself; save the file in Excel or WPS")


@dataclass(slots=True)
class _Book:
    """The workbook parts that cells refer to. `uncalculated`: the formulas have no stored values yet.

    `struck_styles` are the cell styles with a struck-through font.
    """

    strings: list[String]
    formats: list[str]
    struck_styles: frozenset[int]
    since_1904: bool
    uncalculated: bool


@dataclass(slots=True)
class _Grid:
    """A sheet while it is read: texts by line (from 1) and column (from 0), and all its oddities.

    `struck` is the struck-through text of a cell, which may be a part of its text.
    """

    book: _Book
    lines: dict[int, dict[int, str]] = field(default_factory=dict)
    held: dict[tuple[int, int], Held] = field(default_factory=dict)
    struck: dict[tuple[int, int], str] = field(default_factory=dict)
    unread: list[Unread] = field(default_factory=list)
    hidden_lines: list[int] = field(default_factory=list)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    merged: list[tuple[str, int, int, int, int]] = field(default_factory=list)
    line: int = 0


def read_workbook(body: bytes, name: str) -> Cells:
    """Returns the records of the first visible sheet. Raises FileInvalid; a broken file gives one fault."""
    try:
        return _read(Package(body, name), name)
    except FileInvalid:
        raise
    except (Broken, ParseError, zipfile.BadZipFile, zlib.error, ArithmeticError, LookupError, ValueError) as error:
        what = say("cannot be read as a workbook: {}", error.args[0] if isinstance(error, Broken) else error)
        mend = say("open it in Excel, WPS or LibreOffice, and save it again as .xlsx")
        raise FileInvalid(name, (Fault(0, "", what, mend),)) from error
    except (OSError, RuntimeError, NotImplementedError, EOFError) as error:
        what = say("cannot be unpacked: {}", error)
        raise FileInvalid(name, (Fault(0, "", what, say("save it as .xlsx without a password")),)) from error


def _read(package: Package, name: str) -> Cells:
    path = package.workbook()
    parts = package.relations(path)
    sheets, since_1904, uncalculated = [], False, False
    for tag, element in package.elements(path, "sheet", "workbookPr", "calcPr"):
        if tag == "workbookPr":
            since_1904 = element.get("date1904", "") in TRUE
        elif tag == "calcPr":
            uncalculated = element.get("fullCalcOnLoad", "") in TRUE
        elif parts.get(attribute(element, "id"), ("", ""))[0] == "worksheet":
            state = element.get("state", "visible")
            sheets.append((element.get("name", ""), state, parts[attribute(element, "id")][1]))
    visible = [(title, part) for title, state, part in sheets if state == "visible"]
    if not visible:
        raise Broken(say("it has no visible sheet"))
    paths = dict(parts.values())
    strings = read_strings(package, paths.get("sharedStrings"))
    formats, struck_styles = _styles(package, paths.get("styles"))
    book = _Book(strings, formats, struck_styles, since_1904, uncalculated)
    grid = _grid(package, visible[0][1], book, _MOST_LINES)
    if len(grid.lines) > _MOST_LINES:
        mend = say("split it into several")
        raise FileInvalid(name, (Fault(grid.line, "", say("has more than {} rows", MOST_ROWS), mend),))
    notes = [*annotation_notes(package, visible[0][1]), *_other_sheets(package, visible, grid)]
    records: list[tuple[int, list[str]]] = []
    for line in sorted(grid.lines):
        texts = grid.lines[line]
        width = min(max(texts) + 1, MOST_COLUMNS)
        records.append((line, [texts.get(index, "") for index in range(width)]))
    return Cells(records, [*grid.unread, *_oddities(grid)], grid.held, notes)


def _styles(package: Package, path: str | None) -> tuple[list[str], frozenset[int]]:
    """Returns each cell style's number format (an unknown format is its own number), and the struck-through styles."""
    custom, formats = dict[int, str](), list[str]()
    striking, struck = list[bool](), frozenset[int]()
    for tag, element in package.elements(path, "numFmt", "fonts", "cellXfs") if path else ():
        if tag == "numFmt":
            custom[int(element.get("numFmtId", 0))] = element.get("formatCode", "General")
        elif tag == "fonts":
            striking = [strikes(font) for font in element if tag_of(font) == "font"]
        else:
            styles = [style for style in element if tag_of(style) == "xf"]
            numbers = [int(style.get("numFmtId", 0)) for style in styles]
            formats = [custom.get(number) or BUILT_IN.get(number) or f"[{number}]" for number in numbers]
            fonts = {number for number, strikes in enumerate(striking) if strikes}
            struck = frozenset(place for place, style in enumerate(styles) if int(style.get("fontId", 0)) in fonts)
    return formats, struck


def _grid(package: Package, path: str, book: _Book, most: int) -> _Grid:
    """Returns the sheet, cut after `most` non-empty lines."""
    grid, cells, has_data = _Grid(book), list[Element](), False
    for tag, element in package.elements(path, "c", "row", "col", "mergeCell", "sheetData"):
        if tag == "c":
            cells.append(element)
        elif tag == "row":
            _take_row(grid, element, cells)
            cells.clear()
            element.clear()
            if len(grid.lines) > most:
                return grid
        elif tag == "col" and (_is_hidden(element) or float(element.get("width", 8)) < _SEEN_WIDTH):
            grid.hidden_columns.append((int(element.get("min", 1)) - 1, int(element.get("max", 1)) - 1))
        elif tag == "mergeCell":
            reference = element.get("ref", "")
            first, _, last = reference.partition(":")
            grid.merged.append((reference, *_coordinates(first), *_coordinates(last or first)))
        has_data = has_data or tag == "sheetData"
    if not has_data:
        raise Broken(say("it lacks the sheet {}", path))
    return grid


def _take_row(grid: _Grid, row: Element, cells: list[Element]) -> None:
    grid.line = int(row.get("r", grid.line + 1))
    if not 1 <= grid.line <= _LAST_LINE:
        raise Broken(say("it names the row {}, but a sheet has {}", grid.line, _LAST_LINE))
    if _is_hidden(row) or float(row.get("ht", 15)) < _SEEN_HEIGHT:
        grid.hidden_lines.append(grid.line)
    index = -1
    for cell in cells:
        # A cell without reference follows the one before it.
        index, line = _coordinates(reference) if (reference := cell.get("r", "")) else (index + 1, grid.line)
        text = _cell_text(grid, cell, line, index)
        if not text:
            continue
        if int(cell.get("s", 0)) in grid.book.struck_styles:
            grid.struck[line, index] = text
        texts = grid.lines.setdefault(line, {})
        if texts.setdefault(index, text) != text:
            what = say(
                "has the cell {}{} twice: {} and {}", column_letters(index), line, repr(texts[index]), repr(text)
            )
            grid.unread.append(Unread(line, index, what, say("open the file in Excel or WPS, and save it again")))


def _coordinates(reference: str) -> tuple[int, int]:
    match = _REFERENCE.fullmatch(reference)
    if match is None or int(match[2]) > _LAST_LINE:
        raise Broken(say("it names a cell {}", repr(reference)))
    column = 0
    for letter in match[1].upper():
        column = column * 26 + ord(letter) - 64
    return column - 1, int(match[2])


def _cell_text(grid: _Grid, cell: Element, line: int, index: int) -> str:
    """Returns the text that the cell shows. Adds what cannot be known to the grid's unread places."""
    children = {tag_of(child): child for child in cell}
    value, kind = children["v"].text or "" if "v" in children else "", cell.get("t", "n")
    if kind == "e":
        grid.unread.append(Unread(line, index, say("holds the formula error {}", value), _UNSAVED))
        return value
    if "f" in children and (grid.book.uncalculated or (kind == "n" and not value)):
        grid.unread.append(Unread(line, index, say("holds a formula whose value was not saved"), _UNSAVED))
        return f"={children['f'].text or ''}"
    if kind in ("n", "d") and value:
        return _shown(grid, kind, value.strip(), cell.get("s", "0"), (line, index))
    if kind == "b":
        return {"1": "TRUE", "0": "FALSE"}.get(value, value)
    if kind == "s" and value:
        string = grid.book.strings[int(value)]
    elif kind == "inlineStr":
        string = read_string(children["is"]) if "is" in children else String("")
    else:
        string = String(unescaped(value))
    return _string_text(grid, string, cell.get("s", "0"), (line, index)) if string.text else ""


def _string_text(grid: _Grid, string: String, style: str, place: tuple[int, int]) -> str:
    if string.struck:
        grid.struck[place] = string.struck
    if string.raised and _DIGITS.fullmatch(string.text):
        # The 2 of 1234² may refer to a note.
        what = say("has raised or lowered characters, with which it would be {}", shown(string.text))
        grid.unread.append(Unread(*place, what, say("write the number alone")))
    try:
        return shown_text(string.text, _format(grid.book, style))
    except Unshowable as error:
        grid.unread.append(Unread(*place, error.args[0], say("format the cell as text to show it, or clear it")))
        return string.text


def _shown(grid: _Grid, kind: str, value: str, style: str, place: tuple[int, int]) -> str:
    if kind == "d":
        grid.held[place] = Held(value, is_date=True)
        return value.removesuffix("T00:00:00").replace("T", " ")
    if not _NUMBER.fullmatch(value):
        raise Broken(
            say("the cell {}{} holds {}, which is not a number", column_letters(place[1]), place[0], repr(value[:40]))
        )
    try:
        text, held = shown_number(value, _format(grid.book, style), since_1904=grid.book.since_1904)
    except Unshowable as error:
        mend = say("format the cell as text, and write what it should say")
        grid.unread.append(Unread(*place, error.args[0], mend))
        return value
    if held:
        grid.held[place] = held
    return text


def _format(book: _Book, style: str) -> str:
    return book.formats[int(style)] if book.formats else "General"


def _oddities(grid: _Grid) -> list[Unread]:
    """Returns what a person looking at the sheet does not see, or sees elsewhere than the file stores it."""
    oddities = []
    show = say("show it (clear the filter, unhide), or delete it")
    for line in [line for line in dict.fromkeys(grid.hidden_lines) if line in grid.lines][:_MOST_NAMED]:
        oddities.append(Unread(line, -1, say("is hidden"), show))
    used = {index: line for line in sorted(grid.lines, reverse=True) for index in grid.lines[line]}
    for index, line in sorted(used.items()):
        if any(first <= index <= last for first, last in grid.hidden_columns):
            oddities.append(Unread(line, index, say("column {} is hidden", column_letters(index)), show))
        elif index >= MOST_COLUMNS:
            what = say("the cell {}{} lies beyond the first {} columns", column_letters(index), line, MOST_COLUMNS)
            oddities.append(Unread(line, index, what, say("delete it, or move it into the table")))
    oddities += _struck_places(grid)
    return [*oddities, *islice(_merged_places(grid), _MOST_MERGED)]


def _merged_places(grid: _Grid) -> Iterator[Unread]:
    """Yields every cell of merged ranges with content: all but the first are empty, but look filled."""
    mend = say("unmerge them, and write the value into each cell")
    filled = sorted(grid.lines)
    for reference, left, top, right, bottom in grid.merged:
        if (left, top) == (right, bottom) or not any(left <= index <= right for index in grid.lines.get(top, ())):
            continue
        yield Unread(top, left, say("the cells {} are merged", reference), mend)
        for line in filled[bisect_left(filled, top) : bisect_right(filled, bottom)]:
            for index in range(left, min(right + 1, MOST_COLUMNS)):
                if (line, index) != (top, left):
                    yield Unread(line, index, say("is part of the merged cells {}", reference), mend)


def _struck_places(grid: _Grid) -> Iterator[Unread]:
    """Yields struck-through cells, which people no longer count; a whole line is reported once."""
    by_line: dict[int, dict[int, str]] = defaultdict(dict)
    for (line, index), part in grid.struck.items():
        by_line[line][index] = part
    for line, struck in by_line.items():
        if struck == grid.lines[line]:
            yield Unread(line, -1, say("is struck through"), say("delete the line, or remove the strikethrough"))
            continue
        for index, part in struck.items():
            if part == grid.lines[line][index]:
                yield Unread(
                    line, index, say("{} is struck through", shown(part)), say("clear it, or remove the strikethrough")
                )
            else:
                what = say("has struck-through text, {}", shown(part))
                yield Unread(line, index, what, say("delete that text, or remove the strikethrough"))


def _other_sheets(package: Package, visible: Sequence[tuple[str, str]], grid: _Grid) -> Iterator[str]:
    """Refuses other sheets with a table of the same columns, such as one for each judge; yields notes on the rest."""
    first = visible[0][0]
    tops = {title: _grid(package, part, grid.book, _TOP).lines for title, part in visible[1:]}
    tables = [title for title, lines in tops.items() if _share_header(grid.lines, lines)]
    if tables:
        what = say(
            "has tables of the same columns on other sheets than the first, {}: {}", repr(first), _listed(tables)
        )
        mend = say("copy their rows below those of the first sheet; delete or hide the sheets that do not count")
        grid.unread.append(Unread(0, -1, what, mend))
    if others := [title for title, lines in tops.items() if lines and title not in tables]:
        yield say(
            "only the first sheet {} is read, not {}; move the table's sheet to the front", repr(first), _listed(others)
        )


def _share_header(first: Mapping[int, Mapping[int, str]], other: Mapping[int, Mapping[int, str]]) -> bool:
    """Whether one of the other sheet's first lines has headings of the first sheet: two, or its only one."""
    if not first:
        return False
    header = {alike(text) for text in first[min(first)].values()}
    return any(len(header & {alike(text) for text in line.values()}) >= min(2, len(header)) for line in other.values())


def _listed(titles: Sequence[str]) -> str:
    named = ", ".join(map(repr, titles[:_MOST_NAMED]))
    return say("{} and {} more", named, len(titles) - _MOST_NAMED) if len(titles) > _MOST_NAMED else named


def _is_hidden(element: Element) -> bool:
    return element.get("hidden", "") in TRUE
