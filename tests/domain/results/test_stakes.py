"""How many places matter under the contest's own cuts and awards."""

from __future__ import annotations

from importlib.resources import files

import pytest

from tests.domain.results.test_outcome import SMALL_004, entries
from voting.domain.contest.contest_file import read_contest
from voting.domain.entry import Entry
from voting.domain.results.stakes import DEFAULT, Stake, stakes

ALL = frozenset("ABCDEF")


def test_document_004_has_a_hundred_finalists_and_sixty_awards() -> None:
    (name,) = (each.name for each in (files("voting") / "contests").iterdir() if each.name.startswith("004"))
    contest = read_contest((files("voting") / "contests" / name).read_text("utf-8"))
    every = {f"E{number}": Entry(f"E{number}", "t", "a", contest.category_ids[0]) for number in range(300)}
    assert {each.places for each in stakes(contest, every)} == {100, 60}
    assert {each.among for each in stakes(contest, every)} == {frozenset(every)}


@pytest.mark.parametrize(
    ("award", "more"),
    [
        ("count = 2\nper_category = true", [Stake(frozenset("ACE"), 2), Stake(frozenset("BDF"), 2)]),
        ('count = 2\ncategories = ["two"]', [Stake(frozenset("BDF"), 2)]),
        ("percent = 50", [Stake(ALL, 3)]),
        # Behind the winner, who is passed over.
        ('count = 2\nexcludes = ["winner"]', [Stake(ALL, 3)]),
        ("", []),
    ],
)
def test_awards_by_category_share_and_exclusion(award: str, more: list[Stake]) -> None:
    text = f'{SMALL_004.replace("SCOPE", "all")}[[award]]\nid = "next"\nname = "二等奖"\n{award}\n'
    assert stakes(read_contest(text), entries("ABCDEF")) == (Stake(ALL, 2), Stake(ALL, 1), *more)


def test_without_cuts_and_awards_the_first_ten_matter() -> None:
    text = SMALL_004.replace("SCOPE", "all").partition("[[cut]]")[0]
    assert stakes(read_contest(text), entries("ABCDEF")) == (Stake(ALL, DEFAULT),)
