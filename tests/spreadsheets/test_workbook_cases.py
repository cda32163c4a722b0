"""Workbooks of real tasks: escapes, odd parts and rows, hidden or merged cells, titles and notes."""

from __future__ import annotations

import io
import time
import zipfile

import openpyxl
import pytest

from tests.spreadsheets.tables import (
    CONTEST,
    ENTRIES,
    TABLE,
    clicks,
    line,
    marks,
    refusal,
    roster,
    sheet,
    text,
    workbook,
)
from voting.domain.results.marks import read_marks
from voting.domain.roster.duplicates import read_past_winners
from voting.domain.roster.sheet import Sheet
from voting.spreadsheets import read_sheet

# x000d


def test_escapes_of_a_workbook_are_undone() -> None:
    entry = roster(sheet("x000d/roster.xlsx"))[0]
    assert (entry.title, entry.summary) == ("牦牛过冬有新粮", "甲\n乙")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("a_x005F_x000D_b", "a_x000D_b"),
        ("_xD83D__xDE00_", "😀"),
        ("a_x0041_b", "aAb"),
        ("_x000d__x000a_x", "x"),
        ("a_x00ZZ_b", "a_x00ZZ_b"),
        ("snake_xray_", "snake_xray_"),
    ],
)
def test_each_escape(written: str, read: str) -> None:
    rows = line(1, ("code", "title", "author", "category")) + line(2, ("A001", written, "作者", "文艺"))
    assert roster(read_sheet(workbook(rows), "r"))[0].title == read


@pytest.mark.parametrize("written", ["a_x0000_b", "a_xD83D_b", "a_x0007_", "_xFFFD_"])
def test_an_escape_of_a_noncharacter_is_refused(written: str) -> None:
    rows = line(1, ("code", "title", "author", "category")) + line(2, ("A001", f"x{written}y", "作者", "文艺"))
    assert "line 2, title: holds U+" in refusal(roster, read_sheet(workbook(rows), "r"))


# odd-workbooks


@pytest.mark.parametrize("case", ["strict", "emptyfill", "case", "far"])
def test_odd_workbooks_are_read_at_once(case: str) -> None:
    began = time.process_time()
    assert [(entry.code, entry.title) for entry in roster(sheet(f"odd-workbooks/{case}.xlsx"))] == [("A001", "标题")]
    assert time.process_time() - began < 1


def test_rows_in_pieces_and_out_of_order_lose_nothing() -> None:
    rows = line(3, ("A002", "二", "乙", "科技")) + TABLE[: TABLE.index('<row r="2"')]
    rows += f'<row r="2">{text("A2", "A001")}{text("D2", "文艺")}</row><row r="2">{text("B2", "一")}</row>'
    rows += f'<row r="2">{text("C2", "甲")}{text("A2", "A001")}</row>'
    assert [(each.code, each.title, each.author) for each in roster(read_sheet(workbook(rows), "r"))] == [
        ("A001", "一", "甲"),
        ("A002", "二", "乙"),
    ]


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (TABLE + f'<row r="2">{text("A2", "B9")}</row>', "line 2, code: has the cell A2 twice: 'A001' and 'B9'"),
        (TABLE + '<row r="0"/>', "it names the row 0"),
        (TABLE + '<row r="3"><c r="AAAA3"><v>1</v></c></row>', "it names a cell 'AAAA3'"),
        (TABLE + '<row r="3"><c t="s"><v>7</v></c></row>', "cannot be read as a workbook"),
        (TABLE + '<row r="3"><c><v>x1</v></c></row>', "the cell A3 holds 'x1', which is not a number"),
        (TABLE + f'<row r="3">{text("EZ3", "far")}</row>', "the cell EZ3 lies beyond the first 100 columns"),
    ],
)
def test_repeated_and_missing_parts_of_a_workbook_are_named(rows: str, says: str) -> None:
    def read() -> None:
        roster(read_sheet(workbook(rows), "r"))

    assert says in refusal(read)


def test_cells_and_rows_without_references_follow_each_other() -> None:
    cells = "".join(f'<c t="inlineStr"><is><t>{each}</t></is></c>' for each in ("A001", "标题", "甲", "文艺"))
    head = "".join(f'<c t="inlineStr"><is><t>{each}</t></is></c>' for each in ("code", "title", "author", "category"))
    assert roster(read_sheet(workbook(f"<row>{head}</row><row>{cells}</row>"), "r"))[0].code == "A001"


def test_how_a_string_is_pronounced_is_no_part_of_it() -> None:
    rich = '<c r="B2" t="inlineStr"><is><r><t>标</t></r><r><rPr/><t>题</t></r><rPh><t>biaoti</t></rPh></is></c>'
    rows = TABLE.replace(text("B2", "标题"), rich)
    assert roster(read_sheet(workbook(rows), "r"))[0].title == "标题"


def test_parts_with_backslashes_and_absolute_targets_are_found() -> None:
    body = workbook(TABLE)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = old.read(name).replace(b'Target="worksheets', b'Target="/xl/worksheets')
            new.writestr(name.replace("/", "\\"), content)
    assert roster(read_sheet(out.getvalue(), "r"))[0].code == "A001"


def test_a_part_twice_is_refused() -> None:
    body = workbook(TABLE, more={"xl/worksheets/SHEET1.xml": "<worksheet/>"})
    assert "has a part twice" in refusal(read_sheet, body, "r")


def test_many_far_cells_and_wide_ranges_are_read_at_once() -> None:
    rows = TABLE + "".join(f'<row r="{1_048_576 - number}"/>' for number in range(20))
    before = '<cols><col min="6" max="16384" hidden="1"/></cols>'
    after = '<mergeCells><mergeCell ref="F3:XFD1048576"/></mergeCells>'
    began = time.process_time()
    assert len(roster(read_sheet(workbook(rows, before, after), "r"))) == 1
    assert time.process_time() - began < 1


MARKS: list[list[object]] = [["judge", "entry", "创新", "表现"], ["张三", "A001", 1, 1]]


def sheets(pages: dict[str, list[list[object]]], hidden: str = "") -> Sheet:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in pages.items():
        page = book.create_sheet(title)
        page.sheet_state = "hidden" if title == hidden else "visible"
        for row in rows:
            page.append(row)
    out = io.BytesIO()
    book.save(out)
    return read_sheet(out.getvalue(), "r")


def test_other_sheets_are_not_passed_over_without_a_word() -> None:
    assert sheets({"一组": [["code", "title"]], "二组": [["A9", "title"]], "空": []}).notes == (
        "only the first sheet '一组' is read, not '二组'; move the table's sheet to the front",
    )


@pytest.mark.parametrize(
    "other",
    [
        MARKS,
        [["评委打分表"], [], ["填表人", "李四"], ["judge", "entry", "创新", "表现"], ["李四", "A001", 2, 2]],
        [["Entry", "ｊｕｄｇｅ", "创 新"]],
    ],
    ids=["same", "below titles", "other spelling"],
)
def test_a_second_sheet_with_the_same_columns_is_refused(other: list[list[object]]) -> None:
    says = (
        "file: has tables of the same columns on other sheets than the first, '张三': '李四'; copy their rows below "
        "those of the first sheet; delete or hide the sheets that do not count"
    )
    sheet = sheets({"张三": MARKS, "李四": other, "说明": [["judge", "谁打的分"], ["entry", "作品"]]})
    assert says in refusal(read_marks, sheet, CONTEST.rounds[0], ENTRIES)
    assert sheet.notes[0].startswith("only the first sheet '张三' is read, not '说明'")
    assert len(read_marks(sheets({"张三": MARKS, "李四": other}, "李四"), CONTEST.rounds[0], ENTRIES)) == 2


def test_a_list_of_past_winners_on_two_sheets_is_refused() -> None:
    said = refusal(read_past_winners, sheets({"2024": [["unit"], ["甲"]], "2025": [["unit"], ["乙"]]}), "unit", "p")
    assert "on other sheets than the first, '2024': '2025'" in said


# hidden


def test_hidden_rows_and_columns_are_named() -> None:
    assert "line 3: is hidden; show it (clear the filter, unhide), or delete it" in refusal(
        roster, sheet("hidden/hidden-row.xlsx")
    )
    assert "line 1, summary: column E is hidden; show it" in refusal(roster, sheet("hidden/hidden-col.xlsx"))


@pytest.mark.parametrize(
    ("rows", "before", "says"),
    [
        (TABLE + line(3, ("A003", "c", "丙", "文艺"), 'ht="0" customHeight="1"'), "", "line 3: is hidden"),
        (TABLE + line(3, ("A003", "c", "丙", "文艺"), 'ht="0.75" customHeight="1"'), "", "line 3: is hidden"),
        (TABLE + line(3, ("A003", "c", "丙", "文艺"), 'hidden="true"'), "", "line 3: is hidden"),
        (TABLE, '<cols><col min="2" max="2" width="0.08" customWidth="1"/></cols>', "title: column B is hidden"),
        (TABLE, '<cols><col min="2" max="3" width="0" customWidth="1"/></cols>', "title: column B is hidden"),
        (TABLE, '<cols><col min="1" max="16384" hidden="true"/></cols>', "code: column A is hidden"),
    ],
)
def test_lines_and_columns_without_size_are_hidden(rows: str, before: str, says: str) -> None:
    assert says in refusal(roster, read_sheet(workbook(rows, before), "r"))


def test_hidden_rows_and_columns_without_anything_do_not_matter() -> None:
    rows = TABLE + '<row r="3" hidden="1"><c r="A3" s="0"/></row>'
    assert len(roster(read_sheet(workbook(rows, '<cols><col min="9" max="9" hidden="1"/></cols>'), "r"))) == 1


# merged-title-foot


def test_merged_cells_titles_and_notes_are_named() -> None:
    said = refusal(roster, sheet("merged-title-foot/merged.xlsx"))
    assert "line 2, category: the cells D2:D4 are merged; unmerge them, and write the value into each cell" in said
    assert refusal(roster, sheet("merged-title-foot/title-row.xlsx")) == (
        "roster: line 2: the header is on line 2, below '2026年度案例征集作品汇总表'; delete the lines above line 2"
    )
    assert refusal(roster, sheet("merged-title-foot/foot-row.xlsx")) == (
        "roster: line 5: holds one cell only, '注：以上作品按报送顺序排列，不分先后。', as a note; delete the line, "
        "or fill in code, title, author, category"
    )


@pytest.mark.parametrize(
    ("text_", "says"),
    [
        (
            "评委打分表\n\n填表日期：2026年,,,\njudge,entry,创新,表现\nJ,A001,1,1\n",
            "the header is on line 4, below '评委打分表'",
        ),
        ("judge,entry,创新,表现\n一、文艺类\nJ,A001,1,1\n", "line 2: holds one cell only, '一、文艺类'"),
        (
            "judge,entry,创新,表现\nJ,A001,1,1\n,,,合计\n",
            "line 3: is a line of totals or means, '合计'; delete the line",
        ),
        ("judge,entry,创新,表现\nJ,A001,1,1\n平均,,1,1\n", "line 3: is a line of totals or means, '平均'"),
        ("judge,entry,创新,表现\nJ,A001,1,1\n平 均 分：,A001,1,1\n", "line 3: is a line of totals or means"),
        ("judge,entry,创新,表现\nJ,A001,1,1\n去掉最高分,A001,1,1\n", "line 3: is a line of totals or means"),
        ("entry,judge,创新,表现\nA001,J,1,1\nA001,小计（2人）,1,1\n", "line 3: is a line of totals or means"),
        ("judge,entry,创新,表现\nJ,A001,1,1\nGrand Total,A001,1,1\n", "line 3: is a line of totals or means"),
    ],
)
def test_titles_notes_and_sums_in_marks(text_: str, says: str) -> None:
    assert says in refusal(marks, text_)


def test_titles_and_notes_in_figures() -> None:
    assert "the header is on line 2" in refusal(clicks, "点击量\nentry,value\nA001,1\n")
    assert "line 3: is a line of totals or means, '合计'" in refusal(clicks, "entry,value\nA001,1\n合计,1\n")


def test_totals_in_rosters() -> None:
    head = "title,code,author,category\n人生的总分,A001,张三,art\n"
    assert roster(read_sheet(head.encode(), "r"))[0].title == "人生的总分"
    for total in ("合计,,25 部,", "合计：25部,,,", ",文艺小计,,"):
        assert "line 3: is a line of totals or means, '" in refusal(
            roster, read_sheet(f"{head}{total}\n".encode(), "r")
        )


def test_each_cell_of_a_merged_range_names_the_range() -> None:
    said = refusal(roster, sheet("merged-title-foot/merged.xlsx"))
    assert "line 3, category: is part of the merged cells D2:D4; unmerge them, and write" in said
    assert "line 4, category: is part of the merged cells D2:D4" in said
    assert "is empty" not in said


def test_very_large_and_very_many_merged_ranges_are_read_at_once() -> None:
    after = "<mergeCells>" + '<mergeCell ref="A1:XFD1048576"/>' * 5000 + "</mergeCells>"
    rows = TABLE + "".join(line(number, (f"B{number}", "题", "张三", "文艺")) for number in range(3, 1000))
    began = time.process_time()
    assert "are merged" in refusal(roster, read_sheet(workbook(rows, after=after), "r"))
    assert time.process_time() - began < 2


def test_a_merged_range_that_holds_nothing_does_not_matter() -> None:
    after = '<mergeCells><mergeCell ref="A9:D9"/><mergeCell ref="B2:B2"/></mergeCells>'
    assert len(roster(read_sheet(workbook(TABLE, after=after), "r"))) == 1
