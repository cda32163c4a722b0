"""Checks the header and the cells of every table that an organiser hands in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from voting.domain.names import Known, alike, near_equal_faults, shown
from voting.domain.roster.sheet import Row, Sheet, Tick, silent
from voting.domain.units import number
from voting.errors import Fault, FileInvalid, say

LONGEST = 10_000
# Delimiters that people use instead of a comma.
_OTHER_DELIMITERS = "，;；|、\t,"
_FEWEST_FOR_NOTES = 3
# Labels of total lines, compared after `alike` has unified blanks, width and case.
_TOTAL = re.compile(
    r"(?P<of>.{0,20}?)(?:合计|总计|小计|累计|共计|汇总|total|average|平均|均分|均值|平均值|平均数|平均分|总分|最高分|最低分|最后得分|最终得分)"
    r"(?:\(.*\)|[:0-9].*)?|(?:sub|grand)total:?|sum:"
)
# Ways to write that a cell repeats the one above it.
_DITTO = frozenset(("同上", "同左", "〃", '"', "''", "″", "ditto"))
_ERROR = re.compile(r"#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!|SPILL!|CALC!|#+)")
# Placeholders that people and programs write for a missing name.
_NO_NAME = re.compile(r"[-/\\.?*_]+|无|暂无|未知|待定|不详|空|n/a|null|none|nil|undefined|nan|tbd")


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns that a table must have (`needed`), and all that it may have (`known`).

    Cells of `filled` may not be empty; `names` identify persons and things; `numbers` are read to the last digit;
    `paragraphs` may have line breaks; `longest` is in characters. `rows` is what messages call the rows.
    """

    needed: tuple[str, ...]
    known: tuple[str, ...]
    rows: str
    filled: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    paragraphs: tuple[str, ...] = ()
    longest: Mapping[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Table:
    """The rows of a sheet with a valid header. `unread` are the faults of cells whose text cannot be read."""

    name: str
    unread: list[Fault]
    rows: list[Row] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def settle(self) -> None:
        """Raises FileInvalid with every fault by line, each once; for an unread cell only that fault."""
        places = {(fault.line, fault.place) for fault in self.unread}
        others = (fault for fault in self.faults if (fault.line, fault.place) not in places)
        if faults := [*dict.fromkeys([*self.unread, *others])]:
            raise FileInvalid(self.name, tuple(sorted(faults, key=lambda fault: fault.line)))


def check(sheet: Sheet, columns: Columns, name: str, tick: Tick = silent) -> Table:
    """Returns the table with its faults of form. Raises FileInvalid if the header is wrong."""
    if misplaced := _misplaced_header(sheet, columns):
        raise FileInvalid(name, (misplaced,))
    faults = [*_header_faults(sheet, columns)]
    if not faults and not sheet.rows and not sheet.faults:
        faults.append(Fault(0, "", say("holds no {}", columns.rows), say("write one row for each below the header")))
    if faults:
        raise FileInvalid(name, (*sheet.faults, *faults))
    table = Table(name, [*sheet.faults])
    for done, row in enumerate(sheet.rows, 1):
        if fault := _stray_line(row, sheet, columns):
            table.faults.append(fault)
        else:
            exact = _exact(row, sheet, columns, table.unread) if sheet.held else row
            table.rows.append(exact)
            if exact.extra:
                what = say("has more cells than the header: {}", shown(",".join(exact.extra)))
                mend = say('put text with commas in "quotes", and write 1234.5 for 1,234.5')
                table.faults.append(Fault(exact.line, "", what, mend))
            for column, text in exact.cells.items():
                table.faults += _cell_faults(exact.line, column, text, columns)
        tick(done)
    for column in columns.names:
        named = ((row.line, row.cells[column]) for row in table.rows if row.cells.get(column))
        table.faults += near_equal_faults(column, named)
    return table


def _misplaced_header(sheet: Sheet, columns: Columns) -> Fault | None:
    """Returns the one fault of a file whose header is on another line or in another format."""
    if set(columns.needed) <= set(sheet.header):
        return None
    for line, cells in sheet.top:
        if line != sheet.header_line and set(columns.needed) <= set(cells):
            what = say("the header is on line {}, below {}", line, shown(sheet.header[0]))
            return Fault(line, "", what, say("delete the lines above line {}", line))
        for mark in _OTHER_DELIMITERS if len(columns.needed) > 1 else "":
            if any(set(columns.needed) <= {part.strip() for part in cell.split(mark)} for cell in cells):
                what = say("the cells are separated by {}", repr(mark))
                return Fault(line, "", what, say("separate them by commas (CSV UTF-8), or save the file as .xlsx"))
    near = {alike(column) for column in columns.known}
    if sheet.header and not any(alike(column) in near for column in sheet.header):
        what = say("the header has none of the columns of this table, but {}", shown("，".join(sheet.header)))
        return Fault(sheet.header_line, "", what, say("begin the file with: {}", ",".join(columns.known)))
    return None


def _header_faults(sheet: Sheet, columns: Columns) -> Iterator[Fault]:
    line, known = sheet.header_line, Known(columns.known, say("delete it; known columns: {}", ", ".join(columns.known)))
    for column in columns.needed:
        if column not in sheet.header:
            yield Fault(
                line, column, say("the column is missing"), say("begin the file with: {}", ",".join(columns.known))
            )
    for place, column in enumerate(sheet.header):
        if column not in columns.known:
            yield Fault(line, column or "(empty)", say("is not a known column"), known.mend(column))
        elif column in sheet.header[:place]:
            yield Fault(line, column, say("stands twice"), say("keep one of the columns"))


def _stray_line(row: Row, sheet: Sheet, columns: Columns) -> Fault | None:
    """Returns a fault for a line that is no row of the table: a header again, totals, or a note."""
    # Programs repeat the header on each printed page, and people over a second table.
    if all(alike(text) == alike(column) for column, text in row.cells.items()):
        return Fault(row.line, "", say("is the header of line {} again", sheet.header_line), say("delete the line"))
    # A line of totals would be read as one more judge or entry. A title in the first cell may end with such a word; a
    # name may not.
    first = next((column for column, text in row.cells.items() if text), "")
    for column in (first, *columns.names):
        total = _TOTAL.fullmatch(alike(row.cells.get(column, "")))
        if total and (column in columns.names or not total["of"]):
            return Fault(
                row.line, "", say("is a line of totals or means, {}", shown(row.cells[column])), say("delete the line")
            )
    # In a table of several columns, one cell alone is a note, a heading or a sum.
    filled = [text for text in (*row.cells.values(), *row.extra) if text]
    if len(columns.needed) >= _FEWEST_FOR_NOTES and len(filled) == 1:
        what = say("holds one cell only, {}, as a note", shown(filled[0]))
        return Fault(row.line, "", what, say("delete the line, or fill in {}", ", ".join(columns.needed)))
    return None


def _exact(row: Row, sheet: Sheet, columns: Columns, unread: list[Fault]) -> Row:
    """Returns the row with each number as stored in its cell, if it is the number that the cell shows."""
    cells = dict(row.cells)
    for column in (*columns.numbers, *columns.names):
        held, text = sheet.held.get((row.line, column)), row.cells.get(column, "")
        if held is None:
            continue
        if column in columns.numbers and not held.is_date and number(text.replace(",", "")) == Fraction(held.text):
            cells[column] = held.text
        elif column in columns.numbers:
            mend = say("let both be the same number: format the cell as General, and round a computed one with ROUND")
            unread.append(Fault(row.line, column, say("shows {} but holds {}", shown(text), held.text), mend))
        elif held.is_date:
            mend = say("format the column as text, and write the cell again")
            unread.append(Fault(row.line, column, say("holds a date, {}, and shows {}", held.text, shown(text)), mend))
    return replace(row, cells=cells)


def _cell_faults(line: int, column: str, text: str, columns: Columns) -> Iterator[Fault]:
    if column in columns.filled and not alike(text):
        yield Fault(line, column, say("is empty"), say("fill it in"))
    if "".join(text.split()) in _DITTO:
        yield Fault(
            line, column, say("{} stands for the cell above", shown(text)), say("write out what that cell says")
        )
    elif text.count("?") > 1 and not text.strip("? "):
        # Programs write it for Chinese characters in an encoding without them.
        what = say("{} stands for characters that were lost when the file was saved", shown(text))
        yield Fault(line, column, what, say("write the cell again, and save the file as .xlsx or CSV UTF-8"))
    elif _ERROR.fullmatch(text):
        yield Fault(line, column, say("{} is the error of a formula", shown(text)), say("write the value itself"))
    elif column in columns.names and _NO_NAME.fullmatch(alike(text)):
        mend = say("write the name; leave the cell empty where the table may lack it")
        yield Fault(line, column, say("{} stands for a name that is not there", shown(text)), mend)
    longest = columns.longest.get(column, LONGEST)
    if len(text) > longest:
        yield Fault(line, column, say("{} has {} characters", shown(text), len(text)), say("at most {}", longest))
    if column not in columns.paragraphs and ("\n" in text or "\t" in text):
        yield Fault(line, column, say("has a line break or a tab"), say("write the cell on one line of plain text"))
