"""Awards for organisations that recommend entries."""

from __future__ import annotations

from fractions import Fraction

import pytest

from voting.domain.contest.contest import Contest
from voting.domain.contest.contest_file import read_contest
from voting.domain.entry import Entry
from voting.domain.results.organisations import organisation_awards, organisations
from voting.domain.results.ranking import Given
from voting.errors import FileInvalid, NotScorable

RULES = """\
id = "o"
title = "t"
host = "h"
[window]
opens_at = 2024-08-01T00:00:00
days = 10
[[category]]
id = "one"
name = "一"
[[quota]]
picks = 1
[[nomination]]
id = "own"
name = "自荐"
[[nomination]]
id = "sent"
name = "推荐"
[[metric]]
id = "reports"
name = "宣传报道数"
of = "organisation"
[[award]]
id = "gold"
name = "金奖"
by = "votes"
count = 1
[[organisation_award]]
id = "best"
name = "优秀组织奖"
count = 1
nominations = ["sent"]
TIES
[[organisation_award.merit]]
source = "entries"
each = 1
[[organisation_award.merit]]
source = "finalists"
each = 2
[[organisation_award.merit]]
source = "awards"
each = 5
"""


def contest(ties: str = 'ties = "include"') -> Contest:
    return read_contest(RULES.replace("TIES", ties))


def sent(code: str, recommender: str, way: str = "sent") -> Entry:
    return Entry(code, code, "x", "one", recommender=recommender, nomination=way)


ENTRIES = [sent("A", "甲（集团）"), sent("B", "甲(集团) "), sent("C", "乙"), sent("D", "乙", "own"), sent("E", "丙")]


def given(rules: Contest, reports: dict[str, int], *awards: Given, left: str = "ABCDE") -> list[tuple[str, int, int]]:
    entries = {entry.code: entry for entry in ENTRIES}
    found = organisation_awards(rules, entries, {"reports": reports}, {}, left, awards)
    return [(each.holder, int(each.value), each.place) for each in found]


def test_one_organisation_however_its_name_is_spelt_and_only_by_the_ways_that_count() -> None:
    found = {name: [entry.code for entry in its] for name, its in organisations(ENTRIES, ["sent"]).items()}
    assert found == {"甲（集团）": ["A", "B"], "乙": ["C"], "丙": ["E"]}


def test_points_by_hand() -> None:
    """甲: 2 entries + 2 x 1 finalist = 4; 乙: 1 + 2 x 1 + 5 x 1 award = 8 (not D, its own); 丙: 1 + 2 = 3."""
    held = Given("gold", "C", Fraction(1), 1, "")
    taken = Given("gold", "E", Fraction(1), 0, "收回")
    assert given(contest(), {}, held, taken, left="ACE") == [("乙", 8, 1)]


def test_equals_share_the_award_or_the_order_decides_or_it_is_reported() -> None:
    """乙 and 丙 have 1 entry and 1 finalist each; 甲 has none in the final: 2."""
    assert given(contest(), {}, left="CE") == [("丙", 3, 1), ("乙", 3, 2)]
    ordered = contest('ties = "order"\norder = ["metric:reports"]')
    assert given(ordered, {"乙": 9, "丙": 2}, left="CE") == [("乙", 3, 1)]
    with pytest.raises(NotScorable, match="丙, 乙 are equal at place 1"):
        given(ordered, {"乙": 0, "丙": 0}, left="CE")


def test_a_figure_that_decides_is_never_made_up() -> None:
    ordered = contest('ties = "order"\norder = ["metric:reports"]')
    with pytest.raises(NotScorable, match="metric 'reports' has no figures for 2 organisations: 丙, 乙; import them"):
        given(ordered, {}, left="CE")
    with pytest.raises(NotScorable, match="has no figures for 1 organisations: 乙"):
        given(ordered, {"丙": 0}, left="CE")
    assert given(ordered, {}, left="AE") == [("甲（集团）", 4, 1)], "nobody is equal: no figure is needed"
    merit = read_contest(RULES.replace("TIES\n", "").replace('source = "entries"', 'source = "metric:reports"'))
    with pytest.raises(NotScorable, match="has no figures for 1 organisations: 丙"):
        given(merit, {"甲（集团）": 0, "乙": 3})
    assert given(merit, {"甲（集团）": 0, "乙": 3, "丙": 1}) == [("乙", 5, 1)]


def test_an_organisation_has_one_name_whichever_ways_of_nomination_count() -> None:
    spelt = [sent("A", "甲（集团）", "own"), sent("B", "甲(集团)")]
    assert [*organisations(spelt, ["sent"])] == [*organisations(spelt)] == ["甲（集团）"]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('source = "entries"', 'source = "metric:clicks"', "'metric:clicks' does not count for organisations"),
        ('source = "finalists"', 'source = "entries"', "'entries' counts twice"),
        ('nominations = ["sent"]', 'nominations = ["send"]', "there is no nomination 'send'; there are: own, sent"),
        ('id = "best"', 'id = "gold"', "'gold' stands twice; give each award its own"),
        ('by = "votes"', 'by = "metric:reports"', "there is no metric 'reports'"),
    ],
)
def test_rules_that_do_not_fit_are_named(old: str, new: str, says: str) -> None:
    text = RULES.replace("TIES\n", "")
    assert old in text
    with pytest.raises(FileInvalid) as refused:
        read_contest(text.replace(old, new))
    assert says in str(refused.value)
