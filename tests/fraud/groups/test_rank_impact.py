"""The effect of a group on the ranking, by hand."""

from __future__ import annotations

from voting.domain.results.stakes import Stake
from voting.fraud.groups.rank_impact import Effect, RankShift, effect, in_words

COUNTED = {"A017": 100, "A002": 90, "A003": 80, "A004": 10}


def ranked(counted: dict[str, int], picks: dict[str, int], ballots: int, *, is_counted: bool) -> Effect:
    """Returns the effect if the first ten places matter."""
    return effect(counted, picks, ballots, [Stake(frozenset(counted), 10)], is_counted=is_counted)


def test_a_held_group_would_bring_its_entry_up() -> None:
    found = ranked(COUNTED, {"A004": 85}, 85, is_counted=False)
    # With the group: A017 100, A004 95, A002 90, A003 80.
    assert found.shifts == (RankShift("A004", 2, 4), RankShift("A002", 3, 2), RankShift("A003", 4, 3))
    assert found.decides


def test_a_counted_group_would_let_it_fall() -> None:
    found = ranked(COUNTED, {"A017": 95}, 95, is_counted=True)
    assert found.shifts[0] == RankShift("A017", 1, 4)
    assert in_words(found.shifts, {"A017": 95}, "en") == "If it is void, A017 falls from 1st to 4th."
    held = [in_words(found.shifts, {"A017": 95}, language, is_counted=False) for language in ("en", "zh")]
    assert held == ["If it is counted, A017 rises from 4th to 1st.", "若计入：A017 由第 4 名变为第 1 名。"]
    assert in_words(found.shifts, {"A017": 95}, "zh") == "若作废：A017 由第 1 名变为第 4 名。"


def test_effects_are_ordered_by_the_best_place_affected() -> None:
    winner = ranked(COUNTED, {"A002": 20}, 20, is_counted=False)
    third = ranked(COUNTED, {"A004": 75}, 75, is_counted=False)
    nobody = ranked(COUNTED, {"A017": 5000}, 5000, is_counted=False)
    assert nobody.shifts == ()
    assert not nobody.decides
    assert sorted([nobody, third, winner], key=lambda each: each.order()) == [winner, third, nobody]
    assert in_words(nobody.shifts, {"A017": 5000}, "en") == "It changes nobody's place."


def test_below_the_tenth_place_it_does_not_reach_the_top() -> None:
    counted = {f"A{number:03d}": 1000 - number for number in range(1, 21)}
    found = ranked(counted, {"A020": 5}, 5, is_counted=False)
    # A015 has 985 picks, too.
    assert found.shifts[0] == RankShift("A020", 15, 20)
    assert not found.decides


def test_effects_on_other_entries_are_named_if_the_own_place_stays() -> None:
    tied = ranked({"A001": 100, "A002": 95}, {"A001": 5}, 5, is_counted=True)
    assert tied.decides
    assert in_words(tied.shifts, {"A001": 5}, "en", 5) == "If 5 of them were void, A002 rises from 2nd to 1st."
    assert in_words(tied.shifts, {"A001": 5}, "zh", 5) == "若其 5 票作废：A002 由第 2 名变为第 1 名。"


def test_places_are_counted_among_competing_entries() -> None:
    counted = {f"A{number:03d}": 1000 - number for number in range(1, 21)}
    some = frozenset({"A015", "A018", "A020"})
    found = effect(counted, {"A020": 5}, 5, [Stake(frozenset(counted), 10), Stake(some, 1)], is_counted=False)
    assert found.decides, "of these three A020 would be the first, with A015"
    assert not effect(counted, {"A020": 3}, 3, [Stake(some, 1)], is_counted=False).decides
    assert effect(counted, {"A020": 3}, 3, [Stake(some, 2)], is_counted=False).decides
