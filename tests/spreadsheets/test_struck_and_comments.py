"""Marks that change a cell's meaning without its text: strike-through and comments."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from tests.spreadsheets.tables import ENTRIES, TABLE, refusal, roster, workbook
from voting.domain.results.marks import read_metric
from voting.spreadsheets import read_sheet

ROWS = [("code", "title", "author", "category"), ("A001", "标题", "作者", "文艺"), ("A002", "短片", "李四", "文艺")]


def book(change: Callable[[Worksheet], object]) -> bytes:
    made = openpyxl.Workbook()
    page = made.worksheets[0]
    for row in ROWS:
        page.append(row)
    change(page)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def strike(*references: str, value: bool | None = True) -> Callable[[Worksheet], None]:
    def change(page: Worksheet) -> None:
        for reference in references:
            page[reference].font = Font(strike=value, bold=True)

    return change


@pytest.mark.parametrize(
    ("references", "says"),
    [
        (("B3",), "line 3, title: '短片' is struck through; clear it, or remove the strikethrough"),
        (("A1",), "line 1, code: 'code' is struck through"),
        (("A3", "B3", "C3", "D3"), "line 3: is struck through; delete the line, or remove the strikethrough"),
        (("A3", "B3", "C3", "D3", "E3"), "line 3: is struck through"),
    ],
)
def test_struck_cells_and_lines_are_refused(references: tuple[str, ...], says: str) -> None:
    assert refusal(roster, read_sheet(book(strike(*references)), "r")).removeprefix("roster: ").startswith(says)


def test_a_line_of_a_number_and_texts_is_struck_as_a_whole() -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as made:
        page, struck = made.add_worksheet(), made.add_format({"font_strikeout": True})
        page.write_row(0, 0, ROWS[0])
        page.write_row(1, 0, (17, "标题", "作者", "文艺"), struck)
    assert refusal(roster, read_sheet(out.getvalue(), "r")).startswith("roster: line 2: is struck through; delete")


@pytest.mark.parametrize(
    "change", [strike("B3", value=False), strike("B3", value=None), strike("B9", "E3")], ids=["0", "none", "empty"]
)
def test_other_fonts_and_empty_cells_do_not_matter(change: Callable[[Worksheet], None]) -> None:
    assert len(roster(read_sheet(book(change), "r"))) == 2


def rich(text: str, struck: str) -> Callable[[Worksheet], None]:
    def change(page: Worksheet) -> None:
        blocks = [TextBlock(InlineFont(b=True), text)] if text else []
        page["C3"] = CellRichText(*blocks, TextBlock(InlineFont(strike=True), struck))

    return change


def test_struck_parts_of_a_cell_are_refused() -> None:
    says = "line 3, author: has struck-through text, '李四'; delete that text, or remove the strikethrough"
    assert says in refusal(roster, read_sheet(book(rich("张三", "李四")), "r"))
    assert "line 3, author: '李四' is struck through" in refusal(roster, read_sheet(book(rich("", "李四")), "r"))
    assert len(roster(read_sheet(book(rich("张三", " ")), "r"))) == 2
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as made:
        page, struck = made.add_worksheet(), made.add_format({"font_strikeout": True})
        for number, row in enumerate(ROWS):
            page.write_row(number, 0, row)
        page.write_rich_string(2, 2, "张三", struck, "李四")
    assert says in refusal(roster, read_sheet(out.getvalue(), "r"))


def test_struck_parts_of_a_text_inside_its_cell_are_refused() -> None:
    run = '<r><rPr><strike/></rPr><t>作</t></r><r><rPr><strike val="0"/></rPr><t>者</t></r>'
    rows = TABLE.replace("<t>作者</t>", run)
    assert "line 2, author: has struck-through text, '作'" in refusal(roster, read_sheet(workbook(rows), "r"))


def test_a_raised_digit_is_not_part_of_the_number() -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as made:
        page, raised = made.add_worksheet(), made.add_format({"font_script": 1})
        for number, row in enumerate((("entry", "value"), ("A001", 5), ("A002", 6))):
            page.write_row(number, 0, row)
        page.write_rich_string(1, 1, "1234", raised, "2")
    said = refusal(read_metric, read_sheet(out.getvalue(), "r"), "entry", ENTRIES)
    assert (
        "line 2, value: has raised or lowered characters, with which it would be '12342'; write the number al" in said
    )
    rows = TABLE.replace("<t>标题</t>", '<r><t>10 m</t></r><r><rPr><vertAlign val="superscript"/></rPr><t>2</t></r>')
    assert roster(read_sheet(workbook(rows), "r"))[0].title == "10 m2"


def comment(texts: dict[str, str]) -> Callable[[Worksheet], None]:
    def change(page: Any) -> None:
        for reference, text in texts.items():
            page[reference].comment = Comment(text, "王")

    return change


def test_comments_are_warned_of_with_their_place() -> None:
    sheet = read_sheet(book(comment({"B3": "王:\n此作品已退出", "D9": "缺"})), "r")
    assert sheet.notes == (
        "the cell B3 has the comment '王: 此作品已退出', which is not read; write into the table what counts",
        "the cell D9 has the comment '缺', which is not read; write into the table what counts",
    )
    assert len(roster(sheet)) == 2


def test_pictures_and_text_boxes_are_warned_of() -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as made:
        page = made.add_worksheet()
        for number, row in enumerate(ROWS):
            page.write_row(number, 0, row)
        page.insert_textbox(3, 0, "A002 作废")
        chart = made.add_chart({"type": "pie"})
        chart.add_series({"values": "=Sheet1!$A$1:$A$3"})
        page.insert_chart(9, 0, chart)
    assert read_sheet(out.getvalue(), "r").notes == (
        "the sheet has 1 pictures or text boxes, with the text 'A002 作废', which are not read",
    )


def test_of_very_many_comments_the_rest_are_counted() -> None:
    notes = read_sheet(book(comment({f"B{line}": "x" for line in range(2, 32)})), "r").notes
    assert (len(notes), notes[-1]) == (21, "10 more cells have comments")


def test_a_thread_of_comments_is_reported_once() -> None:
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    microsoft = "http://schemas.microsoft.com/office/2017/10/relationships"
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    threaded = "http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments"
    more = {
        "xl/worksheets/_rels/sheet1.xml.rels": "<Relationships"
        ' xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{office}/comments" Target="../comments1.xml"/>'
        f'<Relationship Id="r2" Type="{microsoft}/threadedComment" Target="../threadedComments/threadedComment1.xml"/>'
        "</Relationships>",
        "xl/comments1.xml": f'<comments xmlns="{main}"><commentList>'
        '<comment ref="A2"><text><t>[Threaded comment] Your version of Excel allows you to read this</t></text>'
        '</comment><comment ref="B2"><text><r><t>旧</t></r></text></comment></commentList></comments>',
        "xl/threadedComments/threadedComment1.xml": f'<ThreadedComments xmlns="{threaded}">'
        '<threadedComment ref="A2" id="1"><text>退出了吗？</text></threadedComment>'
        '<threadedComment ref="A2" id="2" parentId="1"><text>是</text></threadedComment></ThreadedComments>',
    }
    assert [note.partition(",")[0] for note in read_sheet(workbook(TABLE, more=more), "r").notes] == [
        "the cell A2 has the comment '退出了吗？ 是'",
        "the cell B2 has the comment '旧'",
    ]
