"""Properties of every table: accepted tables are read to the last cell, and others are refused with the place.

`VOTING_FILES=10000 pytest tests/spreadsheets/test_properties.py` tries that many files for each of the two properties.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
import xlsxwriter
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.domain.contest.test_contest import GOOD
from voting.domain.contest.contest_file import read_contest
from voting.domain.entry import Entry
from voting.domain.results.marks import Mark, read_marks, read_metric
from voting.domain.roster.roster import read_roster
from voting.domain.roster.sheet import Sheet
from voting.errors import FileInvalid
from voting.spreadsheets import read_sheet

FILES = int(os.environ.get("VOTING_FILES", "0"))
many = settings(max_examples=FILES // 3 or 60, derandomize=not FILES)

CONTEST = read_contest(
    "tags = 2\n"
    + GOOD
    + """
[[category]]
id = "two"
name = "类别二"
[[nomination]]
id = "sent"
name = "推荐"
[[entry_check]]
column = "备注"
kind = "text"
most = 5000
needed = false
[[round]]
id = "final"
name = "终评"
full = 100
drop_highest = 0
drop_lowest = 0
[[round.criterion]]
name = "创新"
weight = 60
[[round.criterion]]
name = "表现"
weight = 40
"""
)
ROUND = CONTEST.rounds[0]
ENTRIES = {code: Entry(code, code, "", "one") for code in ("A001", "A002", "B-1", "7", "0012")}

Cell = str | Decimal | date
"""A number or date is stored as such in workbooks, and as its text in CSV."""


@dataclass(frozen=True)
class Kind:
    """One of the tables: its columns, how it is read, and how a result is written."""

    header: tuple[str, ...]
    read: Callable[[Sheet], Any]
    written: Callable[[Any], list[list[str]]]
    cells: Mapping[str, st.SearchStrategy[Cell]]
    count: Callable[[Any], int]
    keys: tuple[str, ...]
    numbers: tuple[str, ...] = ()


def decimal(value: Fraction) -> str:
    return f"{(Decimal(value.numerator) / Decimal(value.denominator)).normalize():f}"


def marks_written(marks: Sequence[Mark]) -> list[list[str]]:
    rows: dict[tuple[str, str], list[str]] = {}
    for mark in marks:
        rows.setdefault((mark.judge, mark.entry), [mark.judge, mark.entry]).append(decimal(mark.value))
    return [*rows.values()]


def roster_written(entries: Sequence[Entry]) -> list[list[str]]:
    return [
        [getattr(each, column) if column != "tags" else "、".join(each.tags) for column in KINDS["roster"].header]
        for each in entries
    ]


# Characters of every kind, and those that files and people mix up.
WILD = st.text(st.characters(codec="utf-8"), max_size=12) | st.text(
    "张三李四（）()AaＡ1１.．,，;；\"'\t\r\n \u3000\u00a0\u200b\ufeff_x000D\u0301é·•-–=+@㐂𠀀😀\u2028", max_size=10
)
_TEXTS = st.text(
    st.characters(codec="utf-8", categories=("L", "M", "N", "P", "S", "Zs", "Cf"), exclude_characters="\ufffd")
)
_TITLES = _TEXTS.map(lambda text: f"题{text}")
TEXTS: st.SearchStrategy[Cell] = _TITLES
PARAGRAPHS = st.lists(_TITLES, max_size=3).map("\r\n".join)
NAMES: st.SearchStrategy[Cell] = st.sampled_from(
    ["张三", "李四", "张三（北京）", "Li Na", "王喆", "A", "0012", " 赵六 ", "=1+1", "+86", "é"]
)
NUMBERS: st.SearchStrategy[Cell] = st.decimals(-5, 10**17, places=3) | st.integers(0, 10**20).map(Decimal)
_MARKS = st.decimals(0, 100, places=2) | st.integers(0, 100).map(Decimal)
MARKS: st.SearchStrategy[Cell] = (
    _MARKS | _MARKS.map(str) | st.sampled_from(["８７．５", "007", "0.000000000000001", "33.333333333333336"])
)
CODES: st.SearchStrategy[Cell] = st.sampled_from([*ENTRIES, Decimal(7)])
DATES: st.SearchStrategy[Cell] = st.dates(date(1900, 3, 1), date(2100, 1, 1))
_COUNTS = st.integers(0, 10**12 - 1)
FIGURES: st.SearchStrategy[Cell] = _COUNTS.map(Decimal) | _COUNTS.map(str)
CATEGORIES = st.sampled_from(["one", "two", "类别一", "类别二"])
LINKS = st.sampled_from(["", "https://v.example.cn/a.mp4?x=1&y=2", "HTTPS://例子.中国/视频"])

KINDS = {
    "marks": Kind(
        ("judge", "entry", "创新", "表现"),
        lambda sheet: read_marks(sheet, ROUND, ENTRIES),
        marks_written,
        {"judge": NAMES, "entry": CODES, "创新": MARKS, "表现": MARKS},
        lambda marks: len(marks) // 2,
        ("judge", "entry"),
        ("创新", "表现"),
    ),
    "metrics": Kind(
        ("entry", "value"),
        lambda sheet: read_metric(sheet, "entry", ENTRIES),
        lambda values: [[entry, str(value)] for entry, value in values.items()],
        {"entry": CODES, "value": FIGURES},
        len,
        ("entry",),
        ("value",),
    ),
    "roster": Kind(
        ("code", "title", "author", "category", "summary", "video", "recommender", "tags"),
        lambda sheet: read_roster(sheet, CONTEST),
        roster_written,
        {
            "code": st.from_regex(r"[a-z0-9_-]{1,6}", fullmatch=True) | st.integers(0, 9999).map(Decimal),
            "title": TEXTS | DATES | NAMES,
            "author": TEXTS | NAMES,
            "category": CATEGORIES,
            "summary": PARAGRAPHS | DATES | MARKS,
            "video": LINKS,
            "recommender": NAMES,
            "tags": st.sampled_from(["", "", "", "one"]),
        },
        len,
        ("code",),
    ),
}


@st.composite
def tables(draw: st.DrawFn, kind: Kind) -> list[list[Cell]]:
    """In half of the tables at least one cell is arbitrary, or there is an extra one."""
    header: list[Cell] = [*draw(st.permutations(kind.header))]
    cells = st.tuples(*(kind.cells[str(column)] for column in header))
    keys = [header.index(column) for column in kind.keys]
    drawn = draw(
        st.lists(cells, min_size=1, max_size=4, unique_by=lambda row: tuple(as_text(row[key]) for key in keys))
    )
    rows = [[*row] for row in drawn]
    for _ in range(draw(st.sampled_from([0, 0, 0, 0, 1, 1, 3]))):
        row = draw(st.sampled_from(rows)) if rows else header
        row[draw(st.integers(0, len(row) - 1))] = draw(WILD | NUMBERS | DATES | MARKS)
    if draw(st.integers(0, 9)) == 0:
        rows.append(draw(st.lists(WILD, max_size=6)))
    return [header, *rows]


def as_text(cell: Cell) -> str:
    return f"{cell:f}" if isinstance(cell, Decimal) else str(cell)


def as_csv(rows: Sequence[Sequence[Cell]], delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows([map(as_text, row) for row in rows])
    return out.getvalue().encode(encoding)


def as_workbook(rows: Sequence[Sequence[Cell]], shape: str = "General") -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        page, style, day = book.add_worksheet(), book.add_format({"num_format": shape}), book.add_format()
        day.set_num_format("m月d日")
        for line, row in enumerate(rows):
            for index, cell in enumerate(row):
                if isinstance(cell, str):
                    page.write_string(line, index, cell)
                elif isinstance(cell, Decimal):
                    page.write_number(line, index, float(cell), style)
                else:
                    page.write_datetime(line, index, cell, day)
    return out.getvalue()


@st.composite
def files(draw: st.DrawFn, kind: Kind) -> tuple[list[list[Cell]], bytes]:
    rows = draw(tables(kind))
    if draw(st.booleans()):
        return rows, as_workbook(
            rows, draw(st.sampled_from(["General"] * 5 + ["0.00", "#,##0.##", "000", '"A"000', "0%", "@"]))
        )
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gb18030"]))
    return rows, as_csv(rows, draw(st.sampled_from(",,,;\t")), encoding)


def accepted(kind: Kind, body: bytes) -> Any:
    """Returns the rows, or None if the file is refused; each fault then has a place, a description and a fix."""
    try:
        return kind.read(read_sheet(body, "file"))
    except FileInvalid as error:
        for fault in error.faults:
            assert fault.what
            assert fault.mend
            whole = ("holds no ", "is in an encoding", "is neither a workbook")
            assert fault.line or fault.what.startswith(whole), fault
        return None


def numbers_as_such(rows: list[list[str]], kind: Kind) -> list[list[Cell]]:
    """Returns the rows with figures as numbers, if a spreadsheet keeps all their digits."""
    places = {kind.header.index(column) for column in kind.numbers}
    return [
        [
            Decimal(cell) if place in places and len(cell.replace(".", "")) < 16 else cell
            for place, cell in enumerate(row)
        ]
        for row in rows
    ]


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@given(data=st.data())
@many
def test_accepted_tables_survive_a_round_trip(kind: Kind, data: st.DataObject) -> None:
    rows, body = data.draw(files(kind))
    result = accepted(kind, body)
    event("refused" if result is None else "accepted")
    if result is None:
        return
    assert kind.count(result) == sum(any(as_text(cell).strip() for cell in row) for row in rows[1:])
    written: list[list[str]] = [[*kind.header], *kind.written(result)]
    assert kind.read(read_sheet(as_csv(written), "csv")) == result
    assert kind.read(read_sheet(as_csv(written, ";", "utf-16"), "csv")) == result
    assert kind.read(read_sheet(as_workbook(written), "xlsx")) == result
    exact: list[list[Cell]] = [[*kind.header], *numbers_as_such(written[1:], kind)]
    assert kind.read(read_sheet(as_workbook(exact), "xlsx")) == result


GOOD_CELLS = {
    "judge": "张三", "entry": "A001", "创新": "87.5", "表现": "90", "value": "1234", "code": "A017", "title": "标题",
    "author": "李四", "category": "one", "summary": "简介", "video": "https://v.example.cn/a", "recommender": "甲省",
    "tags": "two",
}  # fmt: skip
UNREADABLE = ["a\x07b", "a\x85b", "a\ufffdb", "a\ue000b", "a\uffffb", "a\x1bb", "\x7f1", "a\u202eb"]


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@given(data=st.data())
@many
def test_a_cell_that_cannot_be_represented_is_refused_with_its_place(kind: Kind, data: st.DataObject) -> None:
    column = data.draw(st.sampled_from(kind.header))
    above, index = data.draw(st.integers(0, 3)), kind.header.index(column)
    row: list[Cell] = [GOOD_CELLS[each] for each in kind.header]
    table: list[list[Cell]] = [[*kind.header], *([] for _ in range(above)), row]
    line = above + 2
    if data.draw(st.booleans()):
        row[index] = data.draw(st.sampled_from(UNREADABLE))
        # XML can contain U+FFFF only as an escape, which this writer does not produce.
        in_book = data.draw(st.booleans()) and "\uffff" not in str(row[index])
        body = as_workbook(table) if in_book else as_csv(table)
    else:
        body = odd_workbook(table, line, index, data.draw(st.sampled_from([*ODD])))
    with pytest.raises(FileInvalid) as refused:
        kind.read(read_sheet(body, "file"))
    assert any((fault.line, fault.place) == (line, column) for fault in refused.value.faults), str(refused.value)


ODD: dict[str, Callable[[Any, Any, int, int], object]] = {
    "16 digits": lambda page, style, row, index: page.write_number(row, index, 1234567890123456789),
    "nearly 0": lambda page, style, row, index: page.write_number(row, index, 1e-300),
    "a fraction": lambda page, style, row, index: page.write_number(row, index, 0.5, style("# ?/?")),
    "scientific": lambda page, style, row, index: page.write_number(row, index, 5, style("0.00E+00")),
    "Chinese digits": lambda page, style, row, index: page.write_number(row, index, 5, style("[DBNum1]0")),
    "a condition": lambda page, style, row, index: page.write_number(row, index, 5, style("[>3]0;0.0")),
    "thousands": lambda page, style, row, index: page.write_number(row, index, 5000, style("0,")),
    "an error": lambda page, style, row, index: page.write_formula(row, index, "=1/0", None, "#DIV/0!"),
    "no value": lambda page, style, row, index: page.write_formula(row, index, "=1+1", None, ""),
    "before 1900": lambda page, style, row, index: page.write_number(row, index, -1, style("yyyy-mm-dd")),
    "the 29th": lambda page, style, row, index: page.write_number(row, index, 60, style("yyyy-mm-dd")),
}


def odd_workbook(rows: Sequence[Sequence[Cell]], line: int, index: int, odd: str) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        page = book.add_worksheet()
        for number, row in enumerate(rows):
            for place, cell in enumerate(row):
                if (number + 1, place) != (line, index):
                    page.write_string(number, place, as_text(cell))
        ODD[odd](page, lambda shape: book.add_format({"num_format": shape}), line - 1, index)
    return out.getvalue()
