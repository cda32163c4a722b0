"""The results as a workbook whose figures are formulas over its own votes and marks."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple
from typing import Any

from voting.domain.contest.explain_outcome import explain_outcome
from voting.services.results.awards import AWARD_COLUMNS
from voting.services.results.reports import Report, cells_of, columns_of, head_of
from voting.spreadsheets.results.book import LiveResults
from voting.spreadsheets.results.table import Book

_HOW = (
    "“results”和“awards”中的数字由公式从“作品 entries”的票数和各轮评分算出，每一步各有一张表；“—”表示没有。",
    "The figures of “results” and “awards” follow by formulas from the votes of “作品 entries” and the marks of each"
    " round, with a sheet for each step; “—” means that there is none.",
    "电子表格只计约 15 位数字，因此相差不超过 1E-10 左右的分数视为相等，舍入前也加上这一数值；写出本文件时已用精确分数"
    "核对结果一致。",
    "A spreadsheet counts about 15 digits only. Scores that differ by less than about 1E-10 therefore count as equal,"
    " and as much is added before rounding; that this gives the exact results was checked when the file was written.",
)
# A thread that has begun goes on when nobody waits for it any more: were there several, requests that are repeated
# would take every processor.
_ONE_THREAD = ThreadPoolExecutor(1, "workbook")


async def as_xlsx_in_turn(report: Report) -> bytes:
    """Returns the workbook, made in a thread when those asked for before are done."""
    return await asyncio.get_running_loop().run_in_executor(_ONE_THREAD, as_xlsx, report)


def as_xlsx(report: Report) -> bytes:
    """Returns the workbook. Takes seconds for thousands of entries."""
    out = io.BytesIO()
    book = Book(out)
    with book.file:
        results = book.file.add_worksheet("results")
        awards = book.file.add_worksheet("awards") if report.blended else None
        _write_lines(book.file.add_worksheet("规则 rules"), _rules(report))
        tallies = {row.entry.code: row.tally for row in report.rows}
        live = LiveResults(book, report.contest, report.figures, tallies, report.outcome)
        _write_results(book, results, report, live)
        head = [f"{name}: {value}" for name, value in head_of(report).items() if name != "notes"]
        notes = [f"note: {note}" for note in (*report.notes, *live.notes)]
        _write_lines(results, (*head, *notes), len(columns_of(report)) + 1)
        if awards:
            _write_awards(book, awards, report, live)
    return out.getvalue()


def _rules(report: Report) -> Iterable[str]:
    contest = report.contest
    return (contest.title, *explain_outcome(contest, "zh"), *explain_outcome(contest, "en"), *_HOW)


def _write_lines(sheet: Any, lines: Iterable[str], column: int = 0) -> None:
    for number, line in enumerate(lines):
        sheet.write_string(number, column, line)


def _write_results(book: Book, sheet: Any, report: Report, live: LiveResults) -> None:
    columns = columns_of(report)
    _write_row(book, sheet, 0, columns)
    for number, row in enumerate(report.rows, 1):
        cells = cells_of(row, report)
        _write_row(book, sheet, number, cells)
        for place, (name, value) in enumerate(zip(columns, cells, strict=True)):
            if name in live.columns:
                form = book.form(_decimals(value))
                _write_link(sheet, (number, place), live.columns[name].at(row.entry.code), value, form)
    _lay_out(sheet)


def _write_awards(book: Book, sheet: Any, report: Report, live: LiveResults) -> None:
    _write_row(book, sheet, 0, AWARD_COLUMNS)
    place, score = AWARD_COLUMNS.index("place"), AWARD_COLUMNS.index("score")
    for number, line in enumerate(report.awards, 1):
        _write_row(book, sheet, number, astuple(line))
        holder = (line.award, line.holder)
        # A revoked award has the place 0, which no formula gives.
        if line.place:
            _write_link(sheet, (number, place), live.places[holder], line.place, book.form(0))
        if holder in live.scores:
            _write_link(sheet, (number, score), live.scores[holder], line.score, book.form(_decimals(line.score)))
    _lay_out(sheet)


def _write_row(book: Book, sheet: Any, number: int, cells: Sequence[str | int]) -> None:
    for column, cell in enumerate(cells):
        if isinstance(cell, int):
            sheet.write_number(number, column, cell)
        else:
            sheet.write_string(number, column, cell, None if number else book.head)


def _write_link(sheet: Any, at: tuple[int, int], cell: str, value: str | int, form: Any) -> None:
    """Writes a figure of another sheet, with its value; a number below 0 there means that there is none."""
    stored = value if value == "" else float(value)
    sheet.write_formula(*at, f'IF({cell}<0,"",{cell})', form, stored)


def _decimals(value: str | int) -> int:
    return len(str(value).partition(".")[2])


def _lay_out(sheet: Any) -> None:
    sheet.freeze_panes(1, 0)
    sheet.set_column(1, 3, 28)
