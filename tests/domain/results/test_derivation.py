"""The steps of a score add up to the score that decides; which entries a round marks."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest

from tests.conftest import contest_text
from voting.domain.contest.contest_file import read_contest
from voting.domain.entry import Entry
from voting.domain.results.derivation import derive, shown
from voting.domain.results.marks import Mark
from voting.domain.results.outcome import Figures, compute, entries_of_round

RULES = """
[[quota]]
picks = 5
[[round]]
id = "final"
name = "终评"
drop_highest = 1
drop_lowest = 1
[[round.criterion]]
name = "创新"
weight = 100
[[cut]]
by = "votes"
keep = 2
[blend]
[[blend.part]]
source = "round:final"
points = 70
[[blend.part]]
source = "public"
points = 30
"""
CONTEST = read_contest(contest_text("steps", RULES, timedelta(days=-2), timedelta(days=-1)))
ENTRIES = {code: Entry(code, code, "", "one") for code in ("A", "B", "C")}
MARKS = [
    Mark(judge, entry, "创新", Fraction(value))
    for entry, values in {"A": (60, 70, 80, 100), "B": (90, 90, 91, 20)}.items()
    for judge, value in zip("wxyz", values, strict=True)
]
FIGURES = Figures(ENTRIES, {"A": 7, "B": 3, "C": 1}, {"final": MARKS}, {}, {})


def test_the_steps_add_up_to_the_score_and_say_who_is_left_out() -> None:
    outcome = compute(CONTEST, FIGURES)
    for code in ("A", "B"):
        found = derive(CONTEST, FIGURES, outcome, code)
        assert sum(step.points for step in found.steps) == found.final == outcome.final[code]
        judges = found.steps[0].judges
        kept = [each.share for each in judges if not each.is_dropped]
        assert len(kept) == 2
        assert sum(kept) / 2 == found.steps[0].share
    assert [each.judge for each in derive(CONTEST, FIGURES, outcome, "A").steps[0].judges if each.is_dropped] == [
        "w",
        "z",
    ]
    cut_off = derive(CONTEST, FIGURES, outcome, "C")
    assert (cut_off.final, cut_off.steps, cut_off.picks) == (None, (), 1)


@pytest.mark.parametrize(
    ("value", "text"),
    [(Fraction(2, 3), "0.666666…"), (Fraction(5, 2), "2.5"), (Fraction(70), "70"), (Fraction(1, 10**7), "0…")],
)
def test_a_number_that_is_cut_says_so(value: Fraction, text: str) -> None:
    assert shown(value) == text


def test_a_round_marks_what_the_vote_has_left_once_it_is_over() -> None:
    assert entries_of_round(CONTEST, FIGURES, "final", is_voted=True) == {"A", "B"}
    assert entries_of_round(CONTEST, FIGURES, "final", is_voted=False) == frozenset()
