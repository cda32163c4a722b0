"""Nomination quotas and order, unique columns, and past winners."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from tests.domain.contest.test_contest import GOOD
from voting.domain.contest.contest_file import read_contest
from voting.domain.roster.roster import read_roster
from voting.domain.roster.sheet import read_csv
from voting.errors import Fault, FileInvalid

HEAD = "code,title,author,category,recommender"
ENVOYS = """
[[nomination]]
id = "province"
name = "省级推荐"
most = 10

[[nomination]]
id = "county-team"
name = "重点帮扶县科技特派团"
most = 1

[[nomination]]
id = "self"
name = "自荐"
most = 1

[[unique]]
column = "first_author"
"""
CASES = """
past_winners = "unit"

[[category]]
id = "two"
name = "类别二"

[[nomination]]
id = "unit"
name = "推荐单位"
per = "recommender_category"
least = 2
most = 3
ranked = true
"""
RATIO = '[[nomination]]\nid = "zone"\nname = "赛区"\nmost_percent = 40\n'


def check(rules: str, head: str, rows: Iterable[str], winners: Iterable[str] = ()) -> list[Fault]:
    first, _, rest = rules.partition("\n\n") if "past_winners" in rules else ("", "", rules)
    contest = read_contest(f"{first}\n{GOOD}\n{rest}")
    lines = [f"A{number},题,甲,{row}" for number, row in enumerate(rows, 2)]
    try:
        read_roster(read_csv("\n".join([head, *lines])), contest, past_winners=frozenset(winners))
    except FileInvalid as error:
        return list(error.faults)
    return []


def envoys(rows: Iterable[tuple[str, str]]) -> list[Fault]:
    """Returns rows of recommender and nomination, each with a different author."""
    lines = (f"one,{who},{way},作者{number}" for number, (who, way) in enumerate(rows))
    return check(ENVOYS, f"{HEAD},nomination,first_author", lines)


def test_004_a_province_sends_ten_and_its_county_teams_one_each_besides() -> None:
    ten = [("甲省", "province")] * 10
    assert envoys([*ten, ("甲省", "county-team"), ("乙县", "county-team"), ("丙", "self")]) == []
    assert envoys([*ten, ("乙省", "省级推荐")]) == []
    eleven = envoys([*ten, (" 甲省", "省级推荐"), ("甲省", "province")])
    what = "'甲省' sends in 12 by province"
    assert eleven == [Fault(line, "recommender", what, "at most 10; take 2 out") for line in (12, 13)]


def test_004_a_county_team_and_a_maker_send_one() -> None:
    found = envoys([("乙县", "county-team"), ("乙县", "county-team"), ("丙（北京）", "self"), ("丙(北京)", "self")])
    assert [(fault.line, fault.what) for fault in found] == [
        (3, "'乙县' sends in 2 by county-team"),
        (
            5,
            "'丙(北京)' is nearly '丙（北京）' on line 4: they differ in the width or form of characters, "
            "such as （ and (",
        ),
        (5, "'丙（北京）' sends in 2 by self"),
    ]


def test_the_way_of_nomination_must_be_one_that_there_is() -> None:
    found = envoys([("甲省", "provinz"), ("甲省", ""), ("", "self")])
    assert [str(fault) for fault in found] == [
        "line 2, nomination: 'provinz' is not a way of nomination of this contest; did you mean 'province'?",
        "line 3, nomination: is empty; one of: province, county-team, self",
        "line 4, recommender: is empty; name who recommends the entry; where that is its maker, the maker",
    ]
    missing = check(ENVOYS, f"{HEAD},first_author", ["one,甲省,作者"])
    assert [(fault.line, fault.place, fault.what) for fault in missing] == [(1, "nomination", "the column is missing")]


def test_004_the_first_author_stands_once() -> None:
    found = check(
        ENVOYS, f"{HEAD},nomination,first_author", ["one,甲,province,李四", "one,乙,self,李四 ", "one,丙,self,"]
    )
    what = "'李四' stands 2 times, first on line 2"
    assert found == [Fault(3, "first_author", what, "at most 1; keep the others out")]


def test_a_limit_may_be_among_some_ways_only() -> None:
    rules = ENVOYS.replace('column = "first_author"', 'column = "first_author"\nmost = 2\nnominations = ["self"]')
    rows = ["one,甲,province,李四", *(f"one,人{number},self,李四" for number in range(3))]
    assert [fault.line for fault in check(rules, f"{HEAD},nomination,first_author", rows)] == [5]


def cases(rows: Iterable[str], winners: Iterable[str] = ()) -> list[str]:
    found = check(CASES, f"{HEAD},order,unit", rows, winners)
    return [f"{fault.line} {fault.place} {fault.what}; {fault.mend}" for fault in found]


def test_003_two_or_three_in_each_category_in_order() -> None:
    three = ["one,北京市,1,a", "one,北京市,3,b", "one,北京市,2,c"]
    assert cases([*three, "类别二,北京市,2,d", "two,北京市,1,e"]) == []
    assert cases([*three, "one,北京市,4,d"]) == [
        "5 recommender '北京市' sends in 4 by unit in category one; at most 3; take 1 out"
    ]
    assert cases([*three, "two,北京市,1,d"]) == [
        "5 recommender '北京市' sends in 1 by unit in category two; at least 2; add 1, or send none"
    ]


@pytest.mark.parametrize(
    ("orders", "says"),
    [
        (("1", "3"), "3 order '3' leaves a gap"),
        (("1", "1"), "3 order 1 stands twice, first on line 2"),
        (("0", "1"), "2 order '0' is not a place"),
        (("2", "first"), "3 order 'first' is not a place"),
        (("", "2"), "2 order is empty"),
        (("1", "²"), "3 order '²' is not a place"),
    ],
)
def test_003_the_order_has_no_gap_and_no_repeat(orders: tuple[str, ...], says: str) -> None:
    found = cases(f"one,北京市,{order},{number}" for number, order in enumerate(orders))
    assert found == [f"{says}; number this recommender's entries from 1 to 2"]


def test_003_past_winners_are_kept_out() -> None:
    rows = ["one,北京市,1,绿色工厂 A", "one,北京市,2,b", "two,北京市,1,", "two,北京市,2,d"]
    assert cases(rows, ["另一个"]) == []
    assert cases(rows, ["绿色工厂 A", ""]) == ["2 unit '绿色工厂 A' has won before; take the entry out"]
    assert cases(rows, ["绿色工厂Ａ", ""]) == [
        "2 unit '绿色工厂 A' is nearly '绿色工厂Ａ', who has won before: they differ in more than one of width, case "
        "and blanks; take the entry out; where they are two, add a word that tells them apart"
    ]


def zones(*counts: int) -> list[Fault]:
    return check(RATIO, HEAD, (f"one,赛区{zone}" for zone, count in enumerate(counts) for _ in range(count)))


def test_a_zone_has_at_most_forty_percent() -> None:
    assert zones(4, 4, 2) == []
    assert [fault.line for fault in zones(5, 3, 2)] == [6]
    assert "at most 40 percent of the roster's 10 entries, which is 4; take 1 out" in str(zones(5, 3, 2)[0])
    assert zones(2, 2, 2) == []
    assert len(zones(3, 2)) == 1


def test_faults_of_every_kind_are_reported_at_once() -> None:
    rows = ["one,甲省,province,李四", "three,甲省,x,李四", "one,乙,self,王五", "one,乙,self,"]
    found = check(ENVOYS, f"{HEAD},nomination,first_author", rows)
    assert [(fault.line, fault.place) for fault in found] == [
        (3, "category"),
        (3, "nomination"),
        (3, "first_author"),
        (5, "recommender"),
    ]
