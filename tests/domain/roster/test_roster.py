"""Rosters, and every fault with its place."""

from __future__ import annotations

import pytest

from voting.demo.demo_contest import document
from voting.domain.contest.contest_file import read_contest
from voting.domain.entry import Entry, find
from voting.domain.roster.duplicates import similar_entries
from voting.domain.roster.roster import read_roster
from voting.domain.roster.sheet import MOST_ROWS, Sheet, read_csv
from voting.errors import Fault, FileInvalid

CONTEST = read_contest(document())
HEAD = "code,title,author,category,summary,cover\n"
GOOD = HEAD + 'A1,标题,作者,推广科技成果,"简介, 有逗号",a.svg\nA2,二,乙,daily,,\n'


def test_names_and_ids_of_categories_are_taken_with_and_without_mark() -> None:
    for text in (GOOD, "\ufeff" + GOOD, GOOD.replace("\n", "\r\n"), GOOD.replace("\n", "\n,,,,,\n\n")):
        first, second = read_roster(read_csv(text), CONTEST)
        assert first == Entry("A1", "标题", "作者", "results", "简介, 有逗号", "a.svg")
        assert second.category == "daily"


@pytest.mark.parametrize(
    ("text", "line", "place", "says"),
    [
        ("", 1, "code", "the column is missing"),
        (HEAD, 0, "", "holds no entries"),
        (HEAD.replace("author", "auther"), 1, "auther", "did you mean 'author'?"),
        (HEAD + "A1,,作者,daily,,", 2, "title", "is empty"),
        (HEAD + "A1,标题,作者,推广科技成就,,", 2, "category", "did you mean '推广科技成果'?"),
        (HEAD + "A 1,标题,作者,daily,,", 2, "code", "does not fit"),
        (
            HEAD + "5-Mar,标题,作者,daily,,",
            2,
            "code",
            "'5-Mar' is a date, which spreadsheets make of codes such as 3-5",
        ),
        (HEAD + "MAR-05,标题,作者,daily,,", 2, "code", "is a date"),
        (GOOD + "A1,三,丙,daily,,", 4, "code", "stands twice"),
        (HEAD + "A1,标题,作者,daily,,,extra", 2, "", "more cells than the header"),
        (HEAD + f"A1,{'长' * 121},作者,daily,,", 2, "title", "has 121 characters"),
        (HEAD + 'A1,"标\n题",作者,daily,,', 2, "title", "one line of plain text"),
        (HEAD.strip() + ",title\nA1,标题,作者,daily,,,x", 1, "title", "stands twice"),
        (HEAD.strip() + ",recommender\nA1,标题,作者,daily,,,x", 1, "recommender", "is not a known column"),
        (HEAD.strip() + ",video\nA1,标题,作者,daily,,,http://x", 2, "video", "begin it with https://"),
    ],
)
def test_faults(text: str, line: int, place: str, says: str) -> None:
    with pytest.raises(FileInvalid) as refused:
        read_roster(read_csv(text), CONTEST, "roster.csv")
    faults = refused.value.faults
    assert any((fault.line, fault.place) == (line, place) and says in str(fault) for fault in faults), str(
        refused.value
    )


def test_entries_and_authors_that_look_the_same_are_warned_of() -> None:
    entries = read_roster(
        read_csv(GOOD + "A3,标 题,作 者,daily,,\nA4,标题,丙,daily,,\n5-Marx,五,丁,daily,,\n"), CONTEST
    )
    assert [*similar_entries(entries)] == [
        "the author '作 者' of A3 is nearly '作者' of A1: they differ by blanks; if they are one person, write both in"
        " the same way",
        "A3 has the title and the author of A1; if they are one entry, delete one",
    ]
    zeros = [Entry(code, code, code, "daily") for code in ("017", "17", "A-05", "A-5", "170", "A-50", "0", "00")]
    assert [note.partition(";")[0] for note in similar_entries(zeros)] == [
        "the codes 017 and 17 differ in zeros only",
        "the codes A-05 and A-5 differ in zeros only",
        "the codes 0 and 00 differ in zeros only",
    ]
    many = [Entry(f"B{number}", "题", "甲", "daily") for number in range(30)]
    assert [*similar_entries(many)][20:] == ["9 more authors or entries are nearly others"]


def test_every_row_is_checked() -> None:
    with pytest.raises(FileInvalid) as refused:
        read_roster(read_csv(HEAD + "A 1,,,x,,\nB 1,,,x,,"), CONTEST)
    assert len(refused.value.faults) == 8


def test_an_open_quote_hides_no_rows() -> None:
    with pytest.raises(FileInvalid, match=r"r\.csv: line 3: is not CSV: .*; close each quote"):
        read_csv(HEAD + 'A1,标题,作者,daily,,\nA2,"二,乙,daily,,\nA3,三,丙,daily,,\n', "r.csv")


def test_tabs_as_excel_writes_unicode_text() -> None:
    assert read_csv("code\ttitle\nA1\t一, 二\n").rows[0].cells == {"code": "A1", "title": "一, 二"}


def test_empty_cells_below_an_empty_heading_are_nothing() -> None:
    text = "".join(f"{line},,\n" for line in (HEAD + "A1,标题,作者,daily,,").splitlines())
    assert len(read_roster(read_csv(text), CONTEST)) == 1


def test_there_is_an_end_to_rows() -> None:
    with pytest.raises(FileInvalid, match="has more than 100000 rows; split it"):
        read_csv("code\n" + "x\n" * (MOST_ROWS + 1))


def test_the_message_has_the_first_faults_and_the_number_of_others() -> None:
    with pytest.raises(FileInvalid) as refused:
        read_roster(read_csv(HEAD + "A 1,一,二,daily,,\n" * 60), CONTEST, "r.csv")
    lines = str(refused.value).splitlines()
    assert (len(refused.value.faults), len(lines)) == (119, 51)
    assert lines[-1] == "r.csv: and 69 more faults"


def test_an_unreadable_cell_has_one_fault() -> None:
    good = read_csv(GOOD)
    unread = Fault(2, "title", "holds the formula error #REF!", "mend the formula")
    with pytest.raises(FileInvalid) as refused:
        read_roster(Sheet(good.header, good.rows, faults=(unread,)), CONTEST)
    assert refused.value.faults == (unread,)


def test_progress_counts_rows_done() -> None:
    heard: list[int] = []
    read_roster(read_csv(GOOD), CONTEST, tick=heard.append)
    assert heard == [1, 2]


def test_finding_entries() -> None:
    entries = [Entry(f"A{n:02d}", f"标题{n % 3}", "Zhang San" if n % 2 else "李四", "one") for n in range(45)]
    assert find(entries, text="zhang").total == 22
    assert find(entries, text="ZHANG 标题1").total == 8
    assert find(entries, category="two").entries == ()
    assert find(entries, page=3).entries[-1].code == "A44"
    assert find(entries, page=99).page == 3
    assert [entry.code for entry in find(entries, sort="picks", picks={"A30": 5, "A31": 9}).entries[:3]] == [
        "A31",
        "A30",
        "A00",
    ]
