"""Writes a roster's faults into a workbook: the table with its faulty cells marked, and a list of every fault."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from voting.domain.roster.sheet import Row, Sheet
from voting.errors import Fault

PROBLEM = "问题 / problem"
_HEADINGS = ("行 / row", "列 / column", "内容 / value", PROBLEM, "改法 / mend")
_LONGEST_CELL = 32_000
_MOST_FAULTS = 1_000_000


def fault_workbook(sheet: Sheet, faults: Sequence[Fault], say: Callable[[str], str] = str) -> bytes:
    """Returns the workbook. Every cell is text, never a formula; the list gives the rows of the organiser's file.

    `say` puts the text of a fault into a language.
    """
    faults = [replace(fault, what=say(fault.what), mend=say(fault.mend)) for fault in faults]
    by_line: dict[int, list[Fault]] = defaultdict(list)
    for fault in faults:
        by_line[fault.line or sheet.header_line].append(fault)
    # Imported here so that worker processes start faster.
    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        styles = {
            "head": book.add_format({"bold": True, "bottom": 1}),
            "wrong": book.add_format({"bg_color": "#FFC7CE", "font_color": "#9C0006"}),
            "right": book.add_format(),
        }
        _table(book.add_worksheet("名单 roster"), sheet, by_line, styles)
        _list(book.add_worksheet("问题 faults"), sheet, faults, styles)
    return out.getvalue()


def _table(page: Any, sheet: Sheet, by_line: Mapping[int, list[Fault]], styles: Mapping[str, Any]) -> None:
    head = Row(sheet.header_line, {column: column for column in sheet.header})
    for number, row in enumerate((head, *sheet.rows)):
        faults = by_line.get(row.line, [])
        wrong, usual = {fault.place for fault in faults}, "right" if number else "head"
        for place, column in enumerate(sheet.header):
            style = styles["wrong" if column in wrong or (not column and "(empty)" in wrong) else usual]
            _write(page, number, place, row.cells[column], style)
        comments = [": ".join(filter(None, (fault.place, f"{fault.what}; {fault.mend}"))) for fault in faults]
        comment = "\n".join(comments)
        heading = f"{PROBLEM}\n{comment}".strip()
        _write(page, number, len(sheet.header), comment if number else heading, styles["wrong" if comment else usual])
    page.freeze_panes(1, 0)
    page.set_column(0, max(0, len(sheet.header) - 1), 18)
    page.set_column(len(sheet.header), len(sheet.header), 80)


def _list(page: Any, sheet: Sheet, faults: Sequence[Fault], styles: Mapping[str, Any]) -> None:
    rows = {row.line: row.cells for row in sheet.rows}
    for place, heading in enumerate(_HEADINGS):
        page.write_string(0, place, heading, styles["head"])
    for number, fault in enumerate(faults[:_MOST_FAULTS], 1):
        page.write_number(number, 0, fault.line)
        value = rows.get(fault.line, {}).get(fault.place, "")
        for place, text in enumerate((fault.place, value, fault.what, fault.mend), 1):
            _write(page, number, place, text, styles["right"])
    page.freeze_panes(1, 0)
    page.set_column(1, 4, 32)


def _write(page: Any, row: int, column: int, text: str, style: Any) -> None:
    if text:
        page.write_string(row, column, text[:_LONGEST_CELL], style)
    else:
        page.write_blank(row, column, None, style)
