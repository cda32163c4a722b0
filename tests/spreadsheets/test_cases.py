"""Files of real tasks that gave a wrong result, or a fault that did not name the cause; and others of each kind."""

from __future__ import annotations

import io
import unicodedata
from dataclasses import replace
from fractions import Fraction

import pytest
import xlsxwriter

from tests.spreadsheets.tables import (
    CONTEST,
    ENTRIES,
    HEAD,
    clicks,
    marks,
    refusal,
    roster,
    sheet,
)
from voting.domain.entry import Entry
from voting.domain.results.marks import Mark, read_marks, read_metric, similar_judges, uneven_panels, unlikely_marks
from voting.spreadsheets import read_sheet

# judge-twice


def test_one_judge_with_two_spellings_is_refused() -> None:
    table = sheet("judge-twice/marks.csv")
    assert (
        "line 3, judge: '张 三' is nearly '张三' on line 2: they differ by blanks; write it in the same way"
        in refusal(read_marks, table, CONTEST.rounds[0], ENTRIES)
    )
    honest = read_marks(sheet("judge-twice/marks-honest.csv"), CONTEST.rounds[0], ENTRIES)
    assert {mark.judge for mark in honest} == {"张三", "王五"}


SPELLINGS = [
    ("张三", "张\u3000三", "by blanks"),
    ("张三", "张\u00a0三", "by blanks"),
    ("张三", "张\u200b三", "by an invisible character"),
    ("张三", "\ufeff张三", "by an invisible character"),
    ("张三（北京）", "张三(北京)", "in the width or form of characters"),
    ("José", unicodedata.normalize("NFD", "José"), "in how a character is composed"),
    ("Li Na", "LI NA", "in upper and lower case"),
    ("Ｌi Na", "li na", "in more than one of"),
    ("买买提·吐尔逊", "买买提•吐尔逊", "in more than one of"),
    ("买买提·吐尔逊", "买买提・吐尔逊", "in more than one of"),
    ("文艺", "⽂艺", "in the width or form of characters"),
    ("A-1", "A–1", "in more than one of"),
    ("王\ufe00五", "王五", "in more than one of"),
]


@pytest.mark.parametrize(("first", "second", "words"), SPELLINGS)
def test_names_that_look_the_same_are_distinguished_or_refused(first: str, second: str, words: str) -> None:
    said = refusal(marks, f'judge,entry,创新,表现\n"{first}",A001,1,1\n"{second}",A002,1,1\n')
    assert "line 3, judge: " in said
    assert f"on line 2: they differ {words}" in said
    apart = marks(f'judge,entry,创新,表现\n"{first}（甲台）",A001,1,1\n"{second}（乙台）",A002,1,1\n')
    assert len({mark.judge for mark in apart}) == 2


@pytest.mark.parametrize(("first", "second"), [("A001", "a001"), ("A-1b", "A-1B"), ("x", "X")])
def test_codes_that_differ_only_in_case_are_refused(first: str, second: str) -> None:
    said = refusal(roster, read_sheet(f"{HEAD}{first},标,甲,art,\n{second},题,乙,art,\n".encode(), "r"))
    assert f"line 3, code: '{second}' is nearly '{first}' on line 2: they differ in upper and lower case" in said


@pytest.mark.parametrize("code", ["a001", "Ａ001", "A001\u200b", "A 001"])
def test_a_code_that_is_nearly_an_entrys_is_named(code: str) -> None:
    for read, text_ in ((marks, f"judge,entry,创新,表现\nJ,{code},1,1\n"), (clicks, f"entry,value\n{code},1\n")):
        assert "did you mean 'A001'? They differ" in refusal(read, text_)


@pytest.mark.parametrize("name", ["文 艺", "文艺\u200b", "⽂艺", "ＡＲＴ"])
def test_a_category_that_is_nearly_one_of_the_contests_is_named(name: str) -> None:
    said = refusal(roster, read_sheet(f"{HEAD}A001,标,甲,{name},\n".encode(), "r"))
    assert "is not a category of this contest; did you mean '" in said
    assert "They differ" in said


def test_a_name_that_cannot_be_seen_is_empty() -> None:
    assert "line 2, judge: is empty" in refusal(marks, "judge,entry,创新,表现\n\u200b,A001,1,1\n")


# comma-in-a-number, column-twice, empty cells


@pytest.mark.parametrize(
    "rows",
    ["张三,A001,87,5,90", "张三,A001,87,90,", "张三,A001,87,90,,,x"],
)
def test_cells_beyond_the_header_are_refused_in_marks(rows: str) -> None:
    assert "line 2: has more cells than the header" in refusal(marks, f"judge,entry,创新,表现\n{rows}\n")


def test_a_number_with_a_comma_is_refused() -> None:
    said = refusal(read_marks, sheet("comma-in-a-number/marks.csv"), CONTEST.rounds[0], ENTRIES)
    assert "line 2: has more cells than the header: '90,5'" in said
    said = refusal(read_metric, sheet("comma-in-a-number/clicks.csv"), "entry", ENTRIES)
    assert "line 2: has more cells than the header: '234'" in said
    for value in ('"1,234"', "1_234", "1 234", "1e3", "١٢٣٤", "1234.5", "-3", "一千", "0x10", "²"):
        assert "line 2, value: " in refusal(clicks, f"entry,value\nA001,{value}\n")
        if value not in ("1234.5", "-3"):
            assert "is not a number" in refusal(marks, f"judge,entry,创新,表现\nJ,A001,{value},1\n")
    assert clicks("entry,value\nA001,１２３４\nA002,12.0\n") == {"A001": 1234, "A002": 12}
    assert [mark.value for mark in marks("judge,entry,创新,表现\nJ,A001,８７．５,090\n")] == [Fraction(175, 2), 90]


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("12.000", "'12.000' can be read as 12000 or as 12; write it as a whole number, without a point"),
        ("１２．０００", "'１２．０００' can be read as 12000 or as 12; write it as a whole"),
        ("1.234", "'1.234' can be read as 1234 or as 1.234; write it as a whole"),
        ("1.234.567", "'1.234.567' is not a whole number; write it as 1234567"),
        ("12,500", "'12,500' is not a whole number; write it as 12500"),
        ("１２，５００", "'１２，５００' is not a whole number; write it as 12500"),
        ("12 500", "'12 500' is not a whole number; write it as 12500"),
        ("12\u00a0500", "'12\\xa0500' is not a whole number; write it as 12500"),
        ("12\u202f500", "'12\\u202f500' is not a whole number; write it as 12500"),
        ("12'500", '"12\'500" is not a whole number; write it as 12500'),
        ("12,5", "'12,5' is not a whole number; write it as 1234"),
        ("12,5000", "'12,5000' is not a whole number; write it as 1234"),
    ],
)
def test_a_figure_in_groups_of_three_digits_is_not_guessed(value: str, says: str) -> None:
    assert f"line 2, value: {says}" in refusal(clicks, f'entry,value\nA001,"{value}"\n')


def test_a_point_that_cannot_group_is_a_decimal_point() -> None:
    assert clicks("entry,value\nA001,0.000\nA002,1234.000\n") == {"A001": 0, "A002": 1234}
    assert [mark.value for mark in marks("judge,entry,创新,表现\nJ,A001,87.000,87.125\n")] == [87, Fraction(697, 8)]


def test_a_mark_that_may_be_a_thousand_is_not_guessed() -> None:
    table = read_sheet("judge,entry,创新,表现\nJ,A001,1.000,999.000\n".encode(), "r")
    said = refusal(read_marks, table, replace(CONTEST.rounds[0], full=1000), ENTRIES)
    assert "line 2, 创新: '1.000' can be read as 1000 or as 1; write it as 87" in said
    assert "表现" not in said


@pytest.mark.parametrize(("figure", "shape"), [(12, "0.000"), (12000, "#,##0"), (12, "0.00")])
def test_a_figure_in_a_number_cell_is_the_stored_value(figure: int, shape: str) -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["entry", "value"])
        page.write_string(1, 0, "A001")
        page.write_number(1, 1, figure, book.add_format({"num_format": shape}))
    assert read_metric(read_sheet(out.getvalue(), "r"), "entry", ENTRIES) == {"A001": figure}


@pytest.mark.parametrize(
    ("head", "column"), [("judge,entry,创新,创新,表现", "创新"), ("judge,judge,entry,创新,表现", "judge")]
)
def test_a_column_twice_is_refused(head: str, column: str) -> None:
    row = ",".join("1" for _ in head.split(","))
    assert f"line 1, {column}: stands twice" in refusal(marks, f"{head}\n{row}\n")


def test_a_column_twice_is_refused_in_every_table() -> None:
    said = refusal(read_marks, sheet("column-twice/marks.csv"), CONTEST.rounds[0], ENTRIES)
    assert "line 1, 创新: stands twice; keep one of the columns" in said
    assert "line 1, value: stands twice" in refusal(clicks, "entry,value,value\nA001,1,2\n")
    assert "did you mean '创新'? They differ by blanks" in refusal(marks, "judge,entry,创新,创 新,表现\nJ,A001,1,2,3\n")
    assert "line 1, Value: is not a known column" in refusal(clicks, "entry,value,Value\nA001,1,2\n")


def test_an_empty_cell_is_missing_and_never_0() -> None:
    assert "line 2, value: is empty" in refusal(clicks, "entry,value\nA001,\n")
    assert "line 2, value: is empty" in refusal(clicks, "entry,value\nA001\n")
    assert "line 2, 表现: is missing" in refusal(marks, "judge,entry,创新,表现\nJ,A001,1\n")
    assert "line 2, entry: is empty" in refusal(clicks, "entry,value\n,5\n")


def test_panels_of_unequal_size_are_named() -> None:
    given = marks("judge,entry,创新,表现\n张三,A001,1,1\n李四,A001,1,1\n张三,A002,1,1\n")
    assert [*uneven_panels(given, ENTRIES)] == [
        "not all entries of category 'art' have marks of the same judges; means of fewer count as much. Lacking: "
        "A002: 李四"
    ]
    apart = ENTRIES | {"A002": Entry("A002", "A002", "", "tech")}
    assert [*uneven_panels(given, apart)] == [
        "the categories have panels of different sizes, and means of fewer judges count as much: 'art' 2, 'tech' 1"
    ]
    assert [*uneven_panels(given[:2], ENTRIES)] == []


@pytest.mark.parametrize(
    ("judges", "pairs"),
    [
        (("王教授", "王教授1", "王教受", "李四"), ["'王教授' and '王教授1'", "'王教授' and '王教受'"]),
        (("张三", "张三丰", "李三"), ["'张三' and '张三丰'"]),
        (("王老师", "李老师", "欧阳老师"), []),
        (("Smith", "Smyth"), ["'Smith' and 'Smyth'"]),
        (("评委1", "评委2", "评委10", "评委12"), []),
        (("专家A", "专家B", "专家甲", "专家乙", "第一组长", "第二组长"), []),
        (("张三", "李四", "王五"), []),
        (tuple(f"王教授{number}x" for number in range(600)), []),
    ],
)
def test_judges_one_character_apart_are_warned_of(judges: tuple[str, ...], pairs: list[str]) -> None:
    given = [Mark(judge, code, "创新", Fraction(1)) for judge in judges for code in ENTRIES]
    said = [*similar_judges(given)]
    assert [note.partition(" differ in one character; if they are one person")[0] for note in said] == [
        f"the judges {pair}" for pair in pairs
    ]


# placeholders


@pytest.mark.parametrize(
    ("judge", "says"),
    [
        *((ditto, "stands for the cell above; write out") for ditto in ("同上", "〃", "″", "同 上")),
        *((error, "is the error of a formula; write the value") for error in ("#N/A", "#REF!", "#NAME?", "#####")),
        *(
            (none, "stands for a name that is not there")
            for none in ("-", "——", "/", "无", "N/A", "null", "待定", "？")
        ),
    ],
)
def test_a_sign_in_place_of_a_name_is_refused(judge: str, says: str) -> None:
    said = refusal(marks, f"judge,entry,创新,表现\n张三,A001,1,1\n{judge},A002,1,1\n")
    assert f"line 3, judge: {judge!r} {says}" in said


def test_a_sign_in_place_of_another_cell_is_refused_in_rosters() -> None:
    said = refusal(roster, read_sheet(f"{HEAD}A001,标,甲,art,简介\nA002,题,同上,art,#VALUE!\n".encode(), "r"))
    assert "line 3, author: '同上' stands for the cell above" in said
    assert "line 3, summary: '#VALUE!' is the error of a formula" in said
    lost = refusal(roster, read_sheet(f"{HEAD}A001,????,?? ?,art,真的吗??\n".encode(), "r"))
    assert "line 2, title: '????' stands for characters that were lost when the file was saved; write" in lost
    assert "line 2, author: '?? ?' stands for characters that were lost" in lost
    assert "summary" not in lost
    assert len(roster(read_sheet(f"{HEAD}X,无,-,art,/\nna-1,同上三人,甲,art,\n".encode(), "r"))) == 2


def test_a_header_that_stands_again_is_refused() -> None:
    said = refusal(marks, "judge,entry,创新,表现\nJ,A001,1,1\n\nJudge,entry,创 新,表现\nK,A001,1,1\n")
    assert said == "marks: line 4: is the header of line 1 again; delete the line"


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("张三,A001,90,80\n张三,A002,0,70\n", []),
        (
            "张三,A001,90,80\n李四,A001,0,0\n",
            ["1 rows are 0 in every criterion (李四 A001); leave out the row of a judge who gave no mark"],
        ),
        ("张三,A001,90,80\n王五,A001,9,10\n", ["no mark of '王五' is above 10, but marks are from 0 to 100"]),
        (
            "张三,A001,55,35\n李四,A001,60,40\n",
            ["no mark is above its criterion's weight, but every criterion is marked from 0 to 100"],
        ),
        ("张三,A001,55,35\n李四,A001,60,41\n", []),
    ],
)
def test_marks_on_another_scale_are_warned_of(rows: str, says: list[str]) -> None:
    given = marks(f"judge,entry,创新,表现\n{rows}")
    assert [*unlikely_marks(CONTEST.rounds[0], given, ENTRIES)] == says


# other-code-pages


@pytest.mark.parametrize(
    ("encoding", "author"),
    [
        ("cp1252", "Jürgen Müller"),
        ("cp1252", "Zoë Brontë and Chloé Gruyère"),
        ("big5", "張大千、齊白石、徐悲鴻與傅抱石"),
        ("shift_jis", "ひらがなとカタカナの名前"),
        ("euc_jp", "ひらがなとカタカナの名前"),
        ("euc_kr", "대한민국방송공사서울특별시강남구전국대회"),
        ("cp1251", "Александра Петровна"),
        ("koi8_r", "Борис Степанович"),
        ("mac_roman", "Jürgen Müller"),
    ],
)
def test_text_in_another_code_page_is_refused(encoding: str, author: str) -> None:
    said = refusal(read_sheet, f"{HEAD}A001,Cafe,{author},art,\n".encode(encoding), "r")
    assert "is in an encoding that is neither UTF-8 nor GB18030" in said or "is neither a workbook nor text" in said


def test_the_case_of_a_western_code_page() -> None:
    said = refusal(sheet, "other-code-pages/cp1252-b.csv")
    assert "neither UTF-8 nor GB18030: read as GB18030 it has '黵黮'; save it as .xlsx or CSV UTF-8" in said


@pytest.mark.parametrize("words", ["王喆与李珺的短片《牦牛过冬有新粮》", "标题", "张三、李四", "镕淼鑫在这里", "㐂𠀀"])
def test_chinese_in_gb18030_is_read_with_a_remark(words: str) -> None:
    table = read_sheet(f"{HEAD}A001,{words},张三,文艺,\n".encode("gb18030"), "r")
    assert roster(table)[0].title == words
    assert len(table.notes) == 1
    assert table.notes[0].startswith("is read as GB18030 (GBK): '")


def test_a_lost_character_is_refused_with_its_place() -> None:
    for character in ("\ufffd", "\x07", "\x85x", "\ue863", "\ufffe"):
        said = refusal(roster, read_sheet(f"{HEAD}A001,标{character}题,甲,art,\n".encode(), "r"))
        assert f"line 2, title: holds U+{ord(character[0]):04X}" in said


@pytest.mark.parametrize("cell", ['="0017"', '"=""0017"""'])
def test_a_code_that_is_written_as_a_formula_is_named(cell: str) -> None:
    said = refusal(roster, read_sheet(f"{HEAD}{cell},标,甲,art,\n".encode(), "r"))
    assert 'line 2, code: holds a formula, ="0017"; write the value itself: 0017' in said


def test_values_that_a_program_did_not_compute_are_refused() -> None:
    """XlsxWriter writes 0 for every formula: a missing figure would be 0."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["entry", "value"])
        page.write_string(1, 0, "A001")
        page.write_formula(1, 1, "=SUM(D1:D9)")
    said = refusal(read_metric, read_sheet(out.getvalue(), "r"), "entry", ENTRIES)
    assert "line 2, value: holds a formula whose value was not saved" in said


# codes-as-shown: formats have their own file


def test_codes_are_read_as_shown() -> None:
    assert roster(sheet("codes-as-shown/fmt-A000.xlsx"))[0].code == "A017"
    said = refusal(roster, sheet("codes-as-shown/date-md.xlsx"))
    assert "line 2, code: holds a date, 2023-03-05, and shows '3月5日'; format the column as text" in said


# delimiters


@pytest.mark.parametrize("case", ["semicolon", "sep"])
def test_other_delimiters_are_read(case: str) -> None:
    assert roster(sheet(f"delimiters/{case}.csv"))[0].code == "A001"


def test_the_delimiter_is_named() -> None:
    assert refusal(roster, sheet("delimiters/fullcomma.csv")) == (
        "roster: line 1: the cells are separated by '，'; separate them by commas (CSV UTF-8), "
        "or save the file as .xlsx"
    )


@pytest.mark.parametrize("mark", ["；", "|", "、"])
def test_each_other_delimiter_is_named(mark: str) -> None:
    text_ = "judge,entry,创新,表现\nJ,A001,1,1\n".replace(",", mark)
    assert f"line 1: the cells are separated by {mark!r}" in refusal(marks, text_)
    assert "line 2: the cells are separated by" in refusal(marks, f"打分表\n{text_}")


@pytest.mark.parametrize(
    "text_",
    [
        "sep=;\r\njudge;entry;创新;表现\r\nJ;A001;1.5;1\r\n",
        "\ufeffSEP=\t\njudge\tentry\t创新\t表现\nJ\tA001\t1.5\t1\n",
        "sep=|\njudge|entry|创新|表现\nJ|A001|1.5|1\n",
        "judge;entry;创新;表现\nJ;A001;1.5;1\n",
        "judge\tentry\t创新\t表现\nJ\tA001\t1.5\t1\n",
    ],
)
def test_every_delimiter_gives_the_same_marks(text_: str) -> None:
    assert [mark.value for mark in marks(text_)] == [Fraction(3, 2), 1]


def test_lines_keep_their_numbers_below_a_named_delimiter() -> None:
    assert "line 3, 创新" in refusal(marks, "sep=;\njudge;entry;创新;表现\nJ;A001;87,5;1\n")
