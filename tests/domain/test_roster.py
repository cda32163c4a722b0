"""Rosters, and every fault with its place."""

from __future__ import annotations

import pytest

from voting.demo import document
from voting.domain.contest_file import read_contest
from voting.domain.entry import Entry, find
from voting.domain.roster import read_roster
from voting.errors import FileInvalid

CONTEST = read_contest(document())
HEAD = "code,title,author,category,summary,cover\n"
GOOD = HEAD + 'A1,标题,作者,推广科技成果,"简介, 有逗号",a.svg\nA2,二,乙,daily,,\n'


def test_names_and_ids_of_categories_are_taken_with_and_without_mark() -> None:
    for text in (GOOD, "\ufeff" + GOOD, GOOD.replace("\n", "\r\n")):
        first, second = read_roster(text, CONTEST)
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
        (GOOD + "A1,三,丙,daily,,", 4, "code", "stands twice"),
        (HEAD + "A1,标题,作者,daily,,,extra", 2, "", "more cells than the header"),
        (HEAD + f"A1,{'长' * 121},作者,daily,,", 2, "title", "has 121 characters"),
        (HEAD + 'A1,"标\n题",作者,daily,,', 3, "title", "one line of plain text"),
        (HEAD.strip() + ",video\nA1,标题,作者,daily,,,http://x", 2, "video", "begin it with https://"),
    ],
)
def test_faults(text: str, line: int, place: str, says: str) -> None:
    with pytest.raises(FileInvalid) as refused:
        read_roster(text, CONTEST, "roster.csv")
    faults = refused.value.faults
    assert any((fault.line, fault.place) == (line, place) and says in str(fault) for fault in faults), str(
        refused.value
    )


def test_every_row_is_checked() -> None:
    with pytest.raises(FileInvalid) as refused:
        read_roster(HEAD + "A 1,,,x,,\nB 1,,,x,,", CONTEST)
    assert len(refused.value.faults) == 8


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
