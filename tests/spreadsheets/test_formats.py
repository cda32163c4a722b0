"""Numbers as their cells show them. Expected texts were compared with LibreOffice's, except for the last few."""

from __future__ import annotations

import pytest

from tests.spreadsheets.tables import TABLE, refusal, roster, workbook
from voting.domain.roster.sheet import Held
from voting.spreadsheets import read_sheet
from voting.spreadsheets.formats import Unshowable, shown_number, shown_text

SHOWN = [
    ("General", 17, "17"),
    ("General", 0.30000000000000004, "0.3"),
    ("General", 1e-7, "0.0000001"),
    ("0", 0.5, "1"),
    ("0", 12.345, "12"),
    ("000", 7, "007"),
    ("000", -3, "-003"),
    ("0.0", 99999.995, "100000.0"),
    ("0.00", 1234567.891, "1234567.89"),
    ("#", 0, ""),
    ("0.0##", 12.345, "12.345"),
    ("0.0##", 7, "7.0"),
    ("#,##0", 1234567.891, "1,234,568"),
    ("#,##0.00", -3, "-3.00"),
    ('"A"000', 17, "A017"),
    ("\\A000", 17, "A017"),
    ('000"号"', 17, "017号"),
    ("General号", 17, "17号"),
    ("0000-00", 202601, "2026-01"),
    ("(000) 0000-0000", 1234567.891, "(000) 0123-4568"),
    ("00.00.00", 12.345, "12.34.50"),
    ("0##", 17, "017"),
    ('"No."0', 7, "No.7"),
    ("0%", 0.5, "50%"),
    ("0.0%", 0.125, "12.5%"),
    ("[Red]0.00", 7, "7.00"),
    ("0_);(0)", -3, "(3)"),
    ("0;-0;零", 0, "零"),
    ("0;-0;零", -3, "-3"),
    ('0"元"0"角"', 12.345, "1元2角"),
    ("[$¥-804]#,##0.00", 1234567.891, "¥1,234,567.89"),
    ('_ * #,##0_ ;_ * -#,##0_ ;_ * "-"_ ;_ @_ ', 0, "-"),
    ('m"月"d"日"', 44990, "3月5日"),
    ("yyyy年m月d日", 44990, "2023年3月5日"),
    ('[$-804]yyyy"年"m"月"', 44990, "2023年3月"),
    ("mmm-yy", 44990, "Mar-23"),
    ("d-mmm", 44990, "5-Mar"),
    ("dddd", 44990, "Sunday"),
    ("aaaa", 44990, "星期日"),
    ("h:mm", 0.229166667, "5:30"),
    ("h:mm AM/PM", 0.5, "12:00 PM"),
    ("h:mm AM/PM", 0, "12:00 AM"),
    ("上午/下午h时mm分", 0.729166667, "下午5时30分"),
    ("[h]:mm:ss", 1.125, "27:00:00"),
    ("[mm]:ss", 0.125, "180:00"),
    ("mm:ss", 0.0038194444, "05:30"),
    ("mm:ss.0", 0.0038194444, "05:30.0"),
    ("@", 17, "17"),
    # A date in digits is written in one way, whatever order the machine shows.
    ("yyyy/m/d", 44990, "2023-03-05"),
    ("dd.mm.yy", 44990, "2023-03-05"),
    ("m/d/yy h:mm", 44990.5, "2023-03-05 12:00:00"),
]


@pytest.mark.parametrize(("shape", "value", "text"), SHOWN)
def test_a_number_is_read_as_it_is_shown(shape: str, value: float, text: str) -> None:
    assert shown_number(repr(value), shape)[0] == text


@pytest.mark.parametrize(
    ("shape", "value", "says"),
    [
        ("# ?/?", 0.5, "is shown by the number format # ?/?"),
        ("0.00E+00", 12, "is shown by the number format 0.00E+00"),
        ("[DBNum1]0", 12, "is shown by the number format"),
        ("[>5]0;0.0", 12, "is shown by the number format"),
        ("0,", 12000, "is shown by the number format"),
        ("ggge年", 44990, "is shown by the number format"),
        ("General", 123456789012345678, "more than 15 digits"),
        ("000", 1e15, "more than 15 digits"),
        ("0", float("inf"), "more than 15 digits"),
        ("General", 1e-300, "nearly 0"),
        ("yyyy-mm-dd", -1, "below zero"),
        ("m月d日", 60, "before 1900-03-01"),
        ("yyyy-mm-dd", 0, "before 1900-03-01"),
        ("yyyy-mm-dd", 1e9, "behind the year 9999"),
    ],
)
def test_numbers_with_unknown_formats_are_refused(shape: str, value: float, says: str) -> None:
    with pytest.raises(Unshowable, match=says.replace("?", r"\?").replace("[", r"\[").replace("+", r"\+")):
        shown_number(repr(value), shape)


def test_a_stored_value_that_differs_from_the_shown_one_is_reported() -> None:
    assert shown_number("87.5", "General") == ("87.5", None)
    assert shown_number("87.5", "0.0") == ("87.5", None)
    assert shown_number("87.4567", "0.0") == ("87.5", Held("87.4567"))
    assert shown_number("0.4", "0%") == ("40%", Held("0.4"))
    assert shown_number("1234", "#,##0") == ("1,234", Held("1234"))
    assert shown_number("44990", "m月d日") == ("3月5日", Held("2023-03-05", is_date=True))
    assert shown_number("43528", "yyyy-mm-dd", since_1904=True) == ("2023-03-05", Held("2023-03-05", is_date=True))


def test_text_added_by_a_format_is_read() -> None:
    assert shown_text("甲", "@") == "甲"
    assert shown_text("甲", "General") == "甲"
    assert shown_text("甲", '"第"@"组"') == "第甲组"
    assert shown_text("甲", '0;-0;0;[Red]_(@"组"') == "甲组"
    assert shown_text("甲", "0;;") == "甲"


def test_text_that_a_format_hides_is_refused() -> None:
    rows = TABLE.replace('<c r="B2"', '<c r="B2" s="1"')
    shapes = '<numFmts><numFmt numFmtId="200" formatCode=";;;"/></numFmts><cellXfs><xf/><xf numFmtId="200"/></cellXfs>'
    says = "line 2, title: is hidden by the number format ;;;; format the cell as text to show it, or clear it"
    assert says in refusal(roster, read_sheet(workbook(rows, styles=shapes), "r"))
