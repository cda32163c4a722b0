"""Marks, funnel, blend and awards, by hand and by property."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voting.domain.contest.contest import Contest
from voting.domain.contest.contest_file import read_contest
from voting.domain.entry import Entry
from voting.domain.results.marks import Mark, read_marks, scores
from voting.domain.results.outcome import Figures, Outcome, compute
from voting.domain.results.scoring import rounded
from voting.domain.roster.sheet import read_csv
from voting.errors import FileInvalid, NotScorable

# 004, annex 2, section 2 on a small scale: 初评 by four criteria of 30, 30, 20 and 20 percent; the first two go on (in
# the document: 100), including equals; 终评 = 8 points of the judges + 2 x picks / most picks; one winner (in the
# document: 60).
SMALL_004 = """\
id = "d004"
title = "t"
host = "h"
[window]
opens_at = 2023-08-01T00:00:00
days = 10
[[category]]
id = "one"
name = "一"
[[category]]
id = "two"
name = "二"
[[quota]]
picks = 5
[public_points]
points = 2
scope = "SCOPE"
[[round]]
id = "first"
name = "初评"
[[round.criterion]]
name = "科学性"
weight = 30
[[round.criterion]]
name = "创新性"
weight = 30
[[round.criterion]]
name = "实用性"
weight = 20
[[round.criterion]]
name = "艺术性"
weight = 20
[[round]]
id = "final"
name = "终评"
[[round.criterion]]
name = "现场"
weight = 100
[[cut]]
by = "round:first"
keep = 2
[blend]
[[blend.part]]
source = "round:final"
points = 8
[[blend.part]]
source = "public"
points = 2
[[award]]
id = "winner"
name = "优秀作品"
count = 1
order = ["round:final", "votes"]
"""


def contest(scope: str = "finalists", more: str = "") -> Contest:
    return read_contest(SMALL_004.replace("SCOPE", scope) + more)


def entries(codes: str) -> dict[str, Entry]:
    return {code: Entry(code, code, "x", ("one", "two")[index % 2]) for index, code in enumerate(codes)}


FIRST = """judge,entry,科学性,创新性,实用性,艺术性
J1,A,90,90,90,90
J2,A,80,80,80,80
J1,B,80,80,80,80
J2,B,90,80,70,60
J1,C,50,50,50,50
J2,C,50,50,50,50
"""


def figures(of: Contest, picks: dict[str, int], final: dict[str, int], **more: Any) -> Figures:
    here = entries("ABC")
    first = read_marks(read_csv(FIRST), of.rounds[0], here)
    marks = {"first": first, "final": [Mark("J", entry, "现场", Fraction(value)) for entry, value in final.items()]}
    return Figures(here, picks, marks, {}, more.get("revoked", {}))


def test_the_first_round_by_hand() -> None:
    found = scores(
        contest().rounds[0], read_marks(read_csv(FIRST), contest().rounds[0], entries("ABC")), entries("ABC")
    )
    # J2 on B: 0.3 x 90 + 0.3 x 80 + 0.2 x 70 + 0.2 x 60 = 27 + 24 + 14 + 12 = 77; with J1's 80 the mean is 78.5.
    assert found == {"A": Fraction(85, 100), "B": Fraction(785, 1000), "C": Fraction(1, 2)}


@pytest.mark.parametrize(
    ("scope", "a", "b"),
    [
        # C leads the vote with 1000 but does not reach the final. A: 8 x 0.9 + 2 x 300/most; B: 8 x 0.8 + 2 x 400/most.
        ("finalists", "8.7000", "8.4000"),  # most = 400: 7.2 + 1.5 and 6.4 + 2
        ("all", "7.8000", "7.2000"),  # most = 1000: 7.2 + 0.6 and 6.4 + 0.8
    ],
)
def test_the_final_score_by_hand_with_the_leader_outside_the_finalists(scope: str, a: str, b: str) -> None:
    of = contest(scope)
    outcome = compute(of, figures(of, {"A": 300, "B": 400, "C": 1000}, {"A": 90, "B": 80}))
    assert {entry: str(rounded(value, 4)) for entry, value in outcome.final.items()} == {"A": a, "B": b}
    assert outcome.reached == {"A": 1, "B": 1, "C": 0}
    assert [(given.award, given.holder) for given in outcome.awards] == [("winner", "A")]


def test_equals_at_the_cut_go_on_together() -> None:
    of = contest()
    outcome = compute(
        of,
        Figures(
            entries("ABC"),
            {},
            {
                "first": [
                    Mark("J", entry, name, Fraction(50))
                    for entry in "ABC"
                    for name in ("科学性", "创新性", "实用性", "艺术性")
                ],
                "final": [Mark("J", entry, "现场", Fraction(value)) for entry, value in (("A", 1), ("B", 2), ("C", 3))],
            },
            {},
            {},
        ),
    )
    assert outcome.left == {"A", "B", "C"}


def test_a_tie_left_open_by_the_order_is_reported() -> None:
    of = contest()
    with pytest.raises(NotScorable, match="A, B are equal at place 1"):
        compute(of, figures(of, {"A": 1, "B": 1}, {"A": 50, "B": 50}))
    # Equal in the final score: 8 x 0.5 + 2 and 8 x 0.75: the judges' points decide.
    outcome = compute(of, figures(of, {"A": 1}, {"A": 50, "B": 75}))
    assert outcome.final["A"] == outcome.final["B"] == 6
    assert outcome.awards[0].holder == "B"
    assert outcome.awards[0].reason == "同分，按终评排定（a tie, decided by 终评）"
    apart = compute(of, figures(of, {"A": 1}, {"A": 50, "B": 90}))
    assert apart.awards[0].reason == ""


def test_an_entry_that_moves_up_by_a_tie_break_has_both_reasons() -> None:
    of = contest(
        more='[[award]]\nid = "p"\nname = "p"\nby = "votes"\namong = "all"\ncount = 1\norder = ["round:first"]\n'
    )
    outcome = compute(of, figures(of, {"A": 2, "B": 2}, {"A": 50, "B": 90}, revoked={("p", "A"): "x"}))
    assert [(each.holder, each.reason) for each in outcome.awards if each.award == "p"] == [
        ("A", "收回（taken back）：x"),
        ("B", "递补（came up）"),
    ]
    outcome = compute(of, figures(of, {"C": 3, "A": 2, "B": 2}, {"A": 50, "B": 90}, revoked={("p", "C"): "x"}))
    (_, second) = (each for each in outcome.awards if each.award == "p")
    assert second.reason == "递补（came up）；同分，按初评排定（a tie, decided by 初评）"


def test_an_award_taken_back_goes_to_the_next_with_its_reason() -> None:
    of = contest()
    outcome = compute(of, figures(of, {"A": 3}, {"A": 90, "B": 80}, revoked={("winner", "A"): "plagiarism"}))
    assert [(given.holder, given.place, given.reason) for given in outcome.awards] == [
        ("A", 0, "收回（taken back）：plagiarism"),
        ("B", 1, "递补（came up）"),
    ]


def test_exclusive_open_ratio_and_per_category_awards() -> None:
    of = contest(
        more="""
[[award]]
id = "popular"
name = "最具人气奖"
by = "votes"
among = "all"
count = 1
excludes = ["winner"]
[[award]]
id = "theme"
name = "主题奖"
by = "votes"
among = "all"
count = 1
per_category = true
[[award]]
id = "open"
name = "优秀奖若干"
[[award]]
id = "third"
name = "三分之一"
by = "votes"
among = "all"
percent = 34
"""
    )
    outcome = compute(of, figures(of, {"A": 9, "B": 5, "C": 7}, {"A": 90, "B": 80}))
    given: dict[str, list[str]] = {}
    for each in outcome.awards:
        given.setdefault(each.award, []).append(each.holder)
    # winner A; popular: A has most but holds winner, so C; theme: A and C are in one, B in two; 34 % of 3 is 1.
    assert given == {"winner": ["A"], "popular": ["C"], "theme": ["A", "B"], "third": ["A"]}


def test_trimmed_means() -> None:
    round_ = contest().rounds[1]
    trimmed = type(round_)(round_.id, round_.name, round_.criteria, 100, 1, 1)
    marks = [Mark(f"J{number}", "A", "现场", Fraction(value)) for number, value in enumerate((10, 80, 90, 100))]
    assert scores(trimmed, marks, entries("A")) == {"A": Fraction(85, 100)}
    with pytest.raises(NotScorable, match="too few"):
        scores(trimmed, marks[:2], entries("A"))


def test_weights_that_the_document_does_not_give_block_scoring_with_a_message() -> None:
    open_weights = read_contest(SMALL_004.replace("SCOPE", "all").replace("weight = 100\n", ""))
    with pytest.raises(NotScorable, match="the organiser must set them"):
        scores(open_weights.rounds[1], [Mark("J", "A", "现场", Fraction(1))], entries("A"))


def test_missing_marks_are_named() -> None:
    of = contest()
    with pytest.raises(NotScorable, match="round 'final' has no marks for 1 entries: B; import"):
        compute(of, figures(of, {}, {"A": 90}))


CLICKS = '[[metric]]\nid = "clicks"\nname = "点击"\n'
SOURCES = {
    "blend": ('source = "public"', 'source = "metric:clicks"'),
    "cut": ('by = "round:first"', 'by = "metric:clicks"'),
    "order of a cut": ("keep = 2\n", 'keep = 2\nties = "order"\norder = ["metric:clicks"]\n'),
    "award": ("count = 1\n", 'count = 1\nby = "metric:clicks"\n'),
    "order of an award": ('order = ["round:final", "votes"]', 'order = ["metric:clicks"]'),
}


@pytest.mark.parametrize("place", SOURCES)
@pytest.mark.parametrize(
    ("clicks", "missing"),
    [({}, "[23] entries: A, B(, C)?"), ({"A": 5}, "[12] entries: B(, C)?"), ({"A": 5, "B": 1, "C": 0}, "")],
)
def test_a_missing_figure_is_not_0(place: str, clicks: dict[str, int], missing: str) -> None:
    of = read_contest(SMALL_004.replace("SCOPE", "all").replace(*SOURCES[place]) + CLICKS)
    equal = [Mark("J", code, name, Fraction(50)) for code in "ABC" for name in ("科学性", "创新性", "实用性", "艺术性")]
    finals = [Mark("J", code, "现场", Fraction(50)) for code in "ABC"]
    picks = {} if place == "order of an award" else {"A": 1}
    given = Figures(entries("ABC"), picks, {"first": equal, "final": finals}, {"clicks": clicks}, {})
    if missing:
        with pytest.raises(NotScorable, match=f"metric 'clicks' has no figures for {missing}; import them first"):
            compute(of, given)
    else:
        assert [each.holder for each in compute(of, given).awards] == ["A"]


def test_a_figure_that_decides_nothing_may_be_missing() -> None:
    of = read_contest(SMALL_004.replace("SCOPE", "all").replace(*SOURCES["order of an award"]) + CLICKS)
    outcome = compute(of, figures(of, {}, {"A": 90, "B": 80}))
    assert [each.holder for each in outcome.awards] == ["A"]


def test_an_award_without_winners_needs_no_figures() -> None:
    of = contest(more=CLICKS + '[[award]]\nid = "open"\nname = "若干"\nby = "metric:clicks"\n')
    assert [each.award for each in compute(of, figures(of, {}, {"A": 90, "B": 80})).awards] == ["winner"]


@pytest.mark.parametrize(
    ("text", "line", "place", "says"),
    [
        ("judge,entry,现场\nJ,A,\n", 2, "现场", "is missing"),
        ("judge,entry,现场\nJ,A,101\n", 2, "现场", "out of range"),
        ("judge,entry,现场\nJ,A,-1\n", 2, "现场", "out of range"),
        ("judge,entry,现场\nJ,A,abc\n", 2, "现场", "is not a number"),
        ("judge,entry,现场\nJ,A,1/3\n", 2, "现场", "is not a number"),
        ("judge,entry,现场\nJ,X,5\n", 2, "entry", "is not an entry"),
        ("judge,entry,现场\n,A,5\n", 2, "judge", "is empty"),
        ("judge,entry,现场\nJ,A,5\nJ,A,6\n", 3, "entry", "has marked A already"),
        ("judge,entry,现厂\nJ,A,5\n", 1, "现厂", "did you mean '现场'?"),
        ("judge,entry,现场\n", 0, "", "holds no marks"),
    ],
)
def test_marks_that_do_not_fit_are_named(text: str, line: int, place: str, says: str) -> None:
    with pytest.raises(FileInvalid) as refused:
        read_marks(read_csv(text), contest().rounds[1], entries("A"), "marks.csv")
    assert any((fault.line, fault.place) == (line, place) and says in str(fault) for fault in refused.value.faults), (
        refused.value
    )


@pytest.mark.parametrize(
    ("old", "new", "place", "says"),
    [
        ('by = "round:first"', 'by = "round:second"', "cut[1].by", "there is no round 'second'"),
        ('by = "round:first"', 'by = "final"', "cut[1].by", "cannot decide here"),
        ('source = "public"', 'source = "metric:clicks"', "blend.part[2].source", "there is no metric"),
        ('source = "public"', 'source = "pubilc"', "blend.part[2].source", "must match"),
        ("weight = 30", "weight = 31", "round[1].id", "make 101 percent"),
        ("weight = 30\n", "", "round[1].id", "some have none"),
        ('id = "final"', 'id = "first"', "round[2].id", "stands twice"),
        ("count = 1", "count = 1\npercent = 5", "award[1]", "give one of them"),
        ("count = 1", 'count = 1\nexcludes = ["other"]', "award[1].excludes", "not given before"),
        ("points = 2\n", 'points = 2\nnormaliser = "rank_step"\n', "public_points.steps", "such as [5, 4, 3, 2, 1]"),
        ('name = "科学性"', "name = 5", "round[1].criterion[1].name", "text in quotes"),
    ],
)
def test_tables_that_name_each_other_wrongly(old: str, new: str, place: str, says: str) -> None:
    text = SMALL_004.replace("SCOPE", "finalists").replace(old, new, 1)
    with pytest.raises(FileInvalid) as refused:
        read_contest(text)
    assert any(fault.place == place and says in str(fault) and fault.line for fault in refused.value.faults), (
        refused.value
    )


@given(st.permutations("ABCDEFGH"), st.lists(st.integers(0, 50), min_size=8, max_size=8), st.data())
def test_the_order_of_the_input_never_matters_and_awards_never_exceed_their_count(
    order: list[str], counts: list[int], data: st.DataObject
) -> None:
    of = contest(more='[[award]]\nid = "p"\nname = "p"\nby = "votes"\namong = "all"\ncount = 3\nties = "include"\n')
    picks = dict(zip("ABCDEFGH", counts, strict=True))
    marks = {entry: data.draw(st.integers(0, 100)) for entry in "ABCDEFGH"}

    def outcome(codes: list[str] | str) -> Outcome | str:
        here = {code: entries("ABCDEFGH")[code] for code in codes}
        given = {
            round_.id: [Mark("J", code, each.name, Fraction(marks[code])) for code in codes for each in round_.criteria]
            for round_ in of.rounds
        }
        try:
            return compute(of, Figures(here, picks, given, {}, {}))
        except NotScorable as error:
            return str(error)

    first, second = outcome("ABCDEFGH"), outcome(order)
    assert first == second
    if isinstance(first, Outcome):
        assert sum(given.award == "winner" for given in first.awards) == 1
        popular = sorted((given.value for given in first.awards if given.award == "p"), reverse=True)
        assert len(popular) >= 3
        assert all(value == popular[2] for value in popular[2:])
        for entry in first.left:
            exact = 8 * Fraction(marks[entry], 100) + first.public[entry]
            assert first.final[entry] == exact
            assert 0 <= exact <= 10


RUBRICS = SMALL_004.replace("SCOPE", "all").replace(
    'name = "科学性"\nweight = 30\n', 'name = "科学性"\nweight = 100\ncategories = ["two"]\n'
)
RUBRICS = RUBRICS.replace('name = "创新性"\nweight = 30\n', 'name = "创新性"\nweight = 60\ncategories = ["one"]\n')
for name in ("实用性", "艺术性"):
    RUBRICS = RUBRICS.replace(
        f'name = "{name}"\nweight = 20\n', f'name = "{name}"\nweight = 20\ncategories = ["one"]\n'
    )


def test_each_category_is_marked_by_its_own_criteria() -> None:
    """A is in one: 0.6 x 90 + 0.2 x 80 + 0.2 x 70 = 84; B is in two: its only criterion, 50."""
    first = read_contest(RUBRICS).rounds[0]
    here = entries("AB")
    marks = read_marks(read_csv("judge,entry,科学性,创新性,实用性,艺术性\nJ,A,,90,80,70\nJ,B,50,,,\n"), first, here)
    assert scores(first, marks, here) == {"A": Fraction(84, 100), "B": Fraction(1, 2)}
    moved = here | {"B": Entry("B", "B", "x", "one")}
    with pytest.raises(NotScorable, match="entry B was marked by other criteria"):
        scores(first, marks, moved)
    assert scores(first, marks, {"A": here["A"]}) == {"A": Fraction(84, 100)}, "a withdrawn entry's marks count nothing"
    with pytest.raises(FileInvalid) as refused:
        read_marks(read_csv("judge,entry,科学性,创新性,实用性,艺术性\nJ,A,1,90,,70\n"), first, here)
    assert [(fault.place, fault.what) for fault in refused.value.faults] == [
        ("科学性", "is not marked for entries of category 'one'"),
        ("实用性", "is missing"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('categories = ["two"]', 'categories = ["three"]', "there is no category 'three'; there are: one, two"),
        ('weight = 60\ncategories = ["one"]', "weight = 60", "the weights make 160 percent for category 'two'"),
        ('name = "实用性"', 'name = "创新性"', "has criterion '创新性' twice for category 'one'"),
        ("weight = 60\n", "", "some criteria have a weight and some have none for category 'one'"),
    ],
)
def test_rubrics_that_do_not_fit_are_named(old: str, new: str, says: str) -> None:
    assert old in RUBRICS
    with pytest.raises(FileInvalid) as refused:
        read_contest(RUBRICS.replace(old, new))
    assert says in str(refused.value)
