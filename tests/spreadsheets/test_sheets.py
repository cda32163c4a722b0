"""Tables from organisers' files, and the workbook that reports their faults."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, time, timedelta
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from tests.domain.contest.test_contest import GOOD
from voting.domain.contest.contest_file import read_contest
from voting.domain.roster.duplicates import read_past_winners
from voting.domain.roster.roster import read_roster
from voting.domain.roster.sheet import Row, Sheet
from voting.errors import Fault, FileInvalid
from voting.spreadsheets import LARGEST, read_sheet
from voting.spreadsheets.fault_report import PROBLEM, fault_workbook

TEXT = 'code,title,author,category\nA1,"标题, 一",张三,类别一\nA2,短片二,李四,one\n'
TABLE: list[list[object]] = [
    ["code", "title", "author", "category"],
    ["A1", "标题, 一", "张三", "类别一"],
    ["A2", "短片二", "李四", "one"],
]


def workbook(rows: list[list[object]], formats: dict[int, str] | None = None) -> bytes:
    """Writes a workbook. `formats`: column -> number format."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(row)
        for column, shape in (formats or {}).items():
            sheet.cell(sheet.max_row, column + 1).number_format = shape
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def repacked(body: bytes, name: str, content: bytes = b"") -> bytes:
    """Adds a part to a workbook; without one, returns an archive of that part."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        if body:
            with zipfile.ZipFile(io.BytesIO(body)) as old:
                for part in old.namelist():
                    new.writestr(part, content if part == name else old.read(part))
        else:
            new.writestr(name, content)
    return out.getvalue()


with zipfile.ZipFile(io.BytesIO(workbook(TABLE))) as _archive:
    WORKBOOK = _archive.read("xl/workbook.xml")


def sheet_xml(rows: str, dimension: str = "A1:B2") -> bytes:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    text = f'<worksheet xmlns="{space}"><dimension ref="{dimension}"/><sheetData>{rows}</sheetData></worksheet>'
    # openpyxl marks values of formulas as not yet computed.
    book = repacked(workbook(TABLE), "xl/workbook.xml", WORKBOOK.replace(b'fullCalcOnLoad="1"', b""))
    return repacked(book, "xl/worksheets/sheet1.xml", text.encode())


def inline(reference: str, text: str) -> str:
    return f'<c r="{reference}" t="inlineStr"><is><t>{text}</t></is></c>'


@pytest.mark.parametrize(
    "body",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("gbk"),
        TEXT.encode("utf-16"),
        b"\xfe\xff" + TEXT.encode("utf-16-be"),
        TEXT.replace(",", "\t").replace('"标题\t 一"', "标题, 一").encode("utf-16"),
        TEXT.replace("\n", "\r\n").encode("gb18030"),
        workbook(TABLE),
    ],
    ids=["utf-8", "mark", "gbk", "utf-16", "utf-16-be", "tabs", "gb18030", "xlsx"],
)
def test_every_kind_of_file_gives_the_same_sheet(body: bytes) -> None:
    first, second = ({**dict(zip(map(str, TABLE[0]), map(str, row), strict=True))} for row in TABLE[1:])
    sheet = read_sheet(body, "r")
    assert sheet == Sheet(("code", "title", "author", "category"), (Row(2, first), Row(3, second)))
    assert [entry.category for entry in read_roster(sheet, read_contest(GOOD))] == ["one", "one"]


def test_rare_characters_of_gb18030_are_read() -> None:
    assert read_sheet("code\n㐂𠀀".encode("gb18030"), "r").rows[0].cells["code"] == "㐂𠀀"


@pytest.mark.parametrize(
    ("value", "shape", "text"),
    [
        (12, "General", "12"),
        (12.0, "General", "12"),
        (0.1 + 0.2, "General", "0.3"),
        (7, "000", "007"),
        (0.4, "0%", "40%"),
        (0.125, "0.0%", "12.5%"),
        (True, "General", "TRUE"),
        (date(2026, 8, 1), "yyyy-mm-dd", "2026-08-01"),
        (datetime.combine(date(2026, 8, 1), time()), "yyyy/m/d", "2026-08-01"),
        (datetime.combine(date(2026, 8, 1), time(9, 30)), "yyyy/m/d h:mm", "2026-08-01 09:30:00"),
        (time(5, 30), "h:mm", "5:30"),
        (time(0, 5, 30), "mm:ss", "05:30"),
        (time(1, 5, 30), "h:mm:ss", "1:05:30"),
        (timedelta(hours=27, minutes=5), "[h]:mm:ss", "27:05:00"),
        ("=甲", "@", "=甲"),
        ("007", "@", "007"),
    ],
)
def test_a_cell_is_the_text_that_a_person_sees(value: Any, shape: str, text: str) -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        page, style = book.add_worksheet(), book.add_format({"num_format": shape})
        page.write_string(0, 0, "code")
        if isinstance(value, str):
            page.write_string(1, 0, value, style)
        elif isinstance(value, bool):
            page.write_boolean(1, 0, value, style)
        elif isinstance(value, (int, float)):
            page.write_number(1, 0, value, style)
        else:
            page.write_datetime(1, 0, value, style)
    assert read_sheet(out.getvalue(), "r").rows[0].cells["code"] == text


def test_blank_lines_are_left_out_and_the_others_keep_their_numbers() -> None:
    sheet = read_sheet(workbook([[], ["code", None], [None, " "], ["A1", None, None], [], ["A2", "", "x"]]), "r")
    assert sheet.header_line == 2
    assert sheet.rows == (Row(4, {"code": "A1"}), Row(6, {"code": "A2"}, ("", "x")))


def test_the_first_visible_sheet_is_read() -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].append(["hidden"])
    book.worksheets[0].sheet_state = "hidden"
    book.create_sheet("b").append(["code"])
    out = io.BytesIO()
    book.save(out)
    assert read_sheet(out.getvalue(), "r").header == ("code",)


def test_formulas_are_read_as_values_and_errors_are_faults() -> None:
    formula = '<c r="B2"><f>1+1</f><v>2</v></c>'
    error = '<c r="B3" t="e"><f>1/0</f><v>#DIV/0!</v></c>'
    unsaved = '<c r="B4"><f>1+2</f></c>'
    head = f'<row r="1">{inline("A1", "code")}{inline("B1", "title")}</row>'
    rows = "".join(f'<row r="{line}">{cell}</row>' for line, cell in ((2, formula), (3, error), (4, unsaved)))
    sheet = read_sheet(sheet_xml(head + rows), "r")
    assert [row.cells["title"] for row in sheet.rows] == ["2", "#DIV/0!", "=1+2"]
    assert [(fault.line, fault.place, fault.what) for fault in sheet.faults] == [
        (3, "title", "holds the formula error #DIV/0!"),
        (4, "title", "holds a formula whose value was not saved"),
    ]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
            "is an old Excel or WPS file (.xls, .et); open it in Excel",
        ),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"),
            "is protected by a password; save it without one",
        ),
        (b"PK\x03\x04 and no more", "cannot be read as a workbook: File is not a zip file"),
        (workbook(TABLE)[:-400], "cannot be read as a workbook"),
        (repacked(workbook(TABLE), "xl/workbook.xml", b"<a"), "cannot be read as a workbook"),
        (repacked(workbook(TABLE), "xl/worksheets/sheet1.xml", b"<a"), "cannot be read as a workbook"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "is neither a workbook nor text"),
        (b"\xff\xff\xff", "is neither a workbook nor text"),
        (b"code\0,title", "is neither a workbook nor text"),
        (b"\xff\xfea", "is neither a workbook nor text"),
        (b"x" * (LARGEST + 1), "is larger than 50 MB"),
        (b"code\n" + b"x" * 200_000, "is not CSV: field larger than field limit"),
        (b"code\n" + b"x\n" * 100_001, "has more than 100000 rows"),
        (b"%PDF-1.7\n", "is a PDF; open it in Excel"),
        ("\ufeff <HTML><table>".encode(), "is a web page (HTML), whatever its name ends with; open it in Excel"),
        (b"<?xml version='1.0'?><Workbook/>", "is XML, whatever its name ends with"),
        (repacked(b"", "word/document.xml"), "is a text document (.docx)"),
        (repacked(b"", "content.xml"), "is an OpenDocument file (.ods)"),
        (repacked(b"", "Index/Document.iwa"), "is a Numbers file"),
        (repacked(b"", "xl/workbook.bin"), "is a binary workbook (.xlsb)"),
        (repacked(b"", "roster.csv"), "is a ZIP archive, not a workbook; unpack it"),
    ],
    ids=[
        "xls",
        "password",
        "no zip",
        "cut",
        "workbook",
        "sheet",
        "png",
        "bytes",
        "nul",
        "half",
        "large",
        "cell",
        "rows",
        "pdf",
        "html",
        "xml",
        "docx",
        "ods",
        "numbers",
        "xlsb",
        "zip",
    ],
)
def test_unreadable_files_are_refused_with_a_fix(body: bytes, says: str) -> None:
    with pytest.raises(FileInvalid) as refused:
        read_sheet(body, "r.xlsx")
    assert says in str(refused.value)
    assert len(refused.value.faults) == 1


def test_a_workbook_that_unpacks_to_too_much_is_refused_unopened() -> None:
    out = io.BytesIO(workbook(TABLE))
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/bomb.xml", "w") as file:
        for _ in range(301):
            file.write(b" " * 1_000_000)
    assert len(out.getvalue()) < 1_000_000
    with pytest.raises(FileInvalid, match="unpacks to too much"):
        read_sheet(out.getvalue(), "r.xlsx")


def test_a_sheet_cannot_make_us_walk_cells_that_it_does_not_have() -> None:
    rows = f'<row r="1">{inline("A1", "code")}</row><row r="2">{inline("A2", "x")}{inline("XFD2", "far")}</row>'
    sheet = read_sheet(sheet_xml(rows, "A1:XFD1048576"), "r")
    assert [row.line for row in sheet.rows] == [2]
    assert [str(fault) for fault in sheet.faults] == [
        "line 2, XFD: the cell XFD2 lies beyond the first 100 columns; delete it, or move it into the table"
    ]
    far = f'<row r="1">{inline("A1", "code")}</row><row r="999999999">{inline("A999999999", "x")}</row>'
    with pytest.raises(FileInvalid, match="it names the row 999999999, but a sheet has 1048576"):
        read_sheet(sheet_xml(far), "r")


def winners(body: bytes) -> frozenset[str]:
    return read_past_winners(read_sheet(body, "p"), "unit", "p")


def test_past_winners_are_a_column_or_a_list() -> None:
    assert winners("年份,unit\n2021,甲\n2022,\n2022, 乙 \n2023".encode("gbk")) == {"甲", "乙"}
    assert winners("甲\n乙\n\n".encode()) == {"甲", "乙"}
    assert winners(workbook([["unit"], ["甲"], [2021]])) == {"甲", "2021"}
    assert winners(b"") == frozenset()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("年份,单位\n2021,甲\n", "line 1: the header has none of the columns of this table, but '年份，单位'"),
        (
            "甲,乙\n",
            "line 1: the header has none of the columns of this table, but '甲，乙'; begin the file with: unit",
        ),
        ("Unit\n甲\n", "line 1, Unit: is not a known column; did you mean 'unit'? They differ in upper and lower case"),
        ("年份,unit,unit\n2021,甲,乙\n", "line 1, unit: stands twice"),
        ("年份,unit\n2021,甲,乙\n", "line 2: has more cells than the header"),
        ("往届获奖单位\nunit\n甲\n", "line 2: the header is on line 2, below '往届获奖单位'"),
        ("甲\n乙\ufffd\n", "line 2, 甲: holds U+FFFD"),
        ("年份,unit\n1,甲（集团）\n2,甲(集团)\n", "line 3, unit: '甲(集团)' is nearly '甲（集团）' on line 2"),
    ],
)
def test_past_winners_are_checked_as_every_table(text: str, says: str) -> None:
    with pytest.raises(FileInvalid) as refused:
        winners(text.encode())
    assert says in str(refused.value)


def test_progress_counts_lines_read() -> None:
    heard: list[int] = []
    read_sheet(TEXT.encode(), "r", heard.append)
    assert heard == [1, 2, 3]


def test_the_report_marks_the_cell_and_lists_every_fault() -> None:
    sheet = read_sheet(workbook([*TABLE, [], ["A 3", "", "王五", "nowhere"]]), "r")
    with pytest.raises(FileInvalid) as refused:
        read_roster(sheet, read_contest(GOOD))
    book = openpyxl.load_workbook(io.BytesIO(fault_workbook(sheet, refused.value.faults)))
    table, faults = book.worksheets
    cells = [[cell.value for cell in row] for row in table.iter_rows()]
    assert cells[:3] == [[*TABLE[0], PROBLEM], [*TABLE[1], None], [*TABLE[2], None]]
    assert cells[3][0] == "A 3"
    assert "code: 'A 3' does not fit; use letters" in cells[3][4]
    red = {cell.coordinate for row in table.iter_rows() for cell in row if cell.fill.fgColor.rgb == "FFFFC7CE"}
    assert red == {"A4", "B4", "D4", "E4"}
    assert [[cell.value for cell in row[:3]] for row in faults.iter_rows()] == [
        ["行 / row", "列 / column", "内容 / value"],
        [5, "title", None],
        [5, "code", "A 3"],
        [5, "category", "nowhere"],
    ]
    assert faults["E3"].value == "use letters, digits, - and _ such as A017"


def test_nothing_in_the_report_is_a_formula() -> None:
    sheet = Sheet(("code", "=x"), (Row(2, {"code": "=1+1", "=x": "{=2}"}), Row(3, {"code": "x" * 40_000, "=x": ""})))
    faults = (Fault(2, "code", "=what", "+mend"), Fault(1, "=x", "is not a known column", "x"), Fault(0, "", "a", "b"))
    book = openpyxl.load_workbook(io.BytesIO(fault_workbook(sheet, faults)))
    every = [cell for page in book.worksheets for row in page.iter_rows() for cell in row]
    assert {cell.data_type for cell in every} <= {"s", "n"}
    assert book.worksheets[0]["A2"].value == "=1+1"
    assert "is not a known column" in book.worksheets[0]["C1"].value


def test_a_header_fault_is_marked_in_the_header() -> None:
    sheet = read_sheet(b"code,titel,author,category\nA1,x,y,one\n", "r")
    with pytest.raises(FileInvalid) as refused:
        read_roster(sheet, read_contest(GOOD))
    page = openpyxl.load_workbook(io.BytesIO(fault_workbook(sheet, refused.value.faults))).worksheets[0]
    assert page["B1"].fill.fgColor.rgb == "FFFFC7CE"
    assert page["A1"].fill.fgColor.rgb != "FFFFC7CE"
