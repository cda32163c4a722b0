"""Ranks and points, exact."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voting.domain.contest.schema import PublicPoints
from voting.domain.results.scoring import public_points, ranks, rounded

PICKS = st.dictionaries(st.text(min_size=1, max_size=4), st.integers(0, 10**9), max_size=30)


NORMALISERS = ("linear_to_leader", "rank_linear", "rank_step", "share", "min_max", "percentile")


def rule(normaliser: Any, points: int = 5, ties: Any = "shared") -> PublicPoints:
    steps = tuple(range(points, 0, -1)) if normaliser == "rank_step" else ()
    return PublicPoints(normaliser=normaliser, points=points, steps=steps, ties=ties)


@pytest.mark.parametrize(
    ("normaliser", "ties", "expected"),
    [
        # A 8, B and C 4, D 0; N = 4; by hand:
        ("linear_to_leader", "shared", ("5", "5/2", "5/2", "0")),
        ("rank_linear", "shared", ("5", "15/4", "15/4", "5/4")),  # 5/4 x (4 - place + 1), places 1 2 2 4
        ("rank_linear", "mean", ("5", "25/8", "25/8", "5/4")),  # places 1, 2.5, 2.5, 4
        ("rank_step", "shared", ("5", "4", "4", "2")),
        ("rank_step", "mean", ("5", "7/2", "7/2", "2")),  # (4 + 3) / 2
        ("share", "shared", ("5/2", "5/4", "5/4", "0")),  # 5 x 8/16
        ("min_max", "shared", ("5", "5/2", "5/2", "0")),
        ("percentile", "shared", ("5", "5/3", "5/3", "0")),  # of 3 others: 3, 1, 1, 0 have fewer
        ("percentile", "mean", ("5", "5/2", "5/2", "0")),  # and half an equal
    ],
)
def test_normalisers_by_hand(normaliser: str, ties: str, expected: tuple[str, ...]) -> None:
    found = public_points({"A": 8, "B": 4, "C": 4, "D": 0}, rule(normaliser, ties=ties))
    assert tuple(found.values()) == tuple(map(Fraction, expected))


def test_ranks_by_hand() -> None:
    assert ranks({"A": 7, "B": 3, "C": 3, "D": 0}) == {"A": 1, "B": 2, "C": 2, "D": 4}
    assert ranks({}) == {}


@pytest.mark.parametrize("normaliser", NORMALISERS)
def test_a_contest_without_picks(normaliser: str) -> None:
    assert public_points({"A": 0, "B": 0}, rule(normaliser)) == {"A": 0, "B": 0}
    assert public_points({}, rule(normaliser)) == {}
    assert public_points({"A": 3}, rule(normaliser)) == {"A": 5}


def test_half_rounds_up_exactly() -> None:
    assert str(rounded(Fraction(1, 8), 2)) == "0.13"
    assert str(rounded(Fraction(124999, 1000000), 2)) == "0.12"
    assert str(rounded(Fraction(5, 2), 0)) == "3"
    assert str(rounded(Fraction(2, 3), 12)) == "0.666666666667"


@given(PICKS, st.sampled_from(NORMALISERS), st.sampled_from(["shared", "mean"]))
def test_points_stay_in_bounds_equals_are_equal_and_order_does_not_matter(
    picks: dict[str, int], normaliser: str, ties: str
) -> None:
    found = public_points(picks, rule(normaliser, ties=ties))
    assert public_points(dict(reversed(picks.items())), rule(normaliser, ties=ties)) == found
    for entry, value in found.items():
        assert 0 <= value <= 5
        for other, count in picks.items():
            if count == picks[entry]:
                assert found[other] == value
            if count < picks[entry]:
                assert found[other] <= value


@given(st.fractions(0, 1000), st.integers(0, 8))
def test_rounding_is_to_the_nearest_and_half_up(value: Fraction, places: int) -> None:
    written = rounded(value, places)
    assert -int(written.as_tuple().exponent) == places
    assert -Fraction(1, 2 * 10**places) < Fraction(written) - value <= Fraction(1, 2 * 10**places)


@given(PICKS, st.data())
def test_more_picks_never_lower_a_rank_or_points(picks: dict[str, int], data: st.DataObject) -> None:
    if not picks:
        return
    entry = data.draw(st.sampled_from(sorted(picks)))
    more = picks | {entry: picks[entry] + data.draw(st.integers(0, 1000))}
    assert ranks(more)[entry] <= ranks(picks)[entry]
    for normaliser in NORMALISERS:
        assert public_points(more, rule(normaliser))[entry] >= public_points(picks, rule(normaliser))[entry]
