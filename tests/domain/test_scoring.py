"""Ranks and points, exact."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from voting.domain.contest import PublicPoints
from voting.domain.scoring import public_points, ranks, rounded

PICKS = st.dictionaries(st.text(min_size=1, max_size=4), st.integers(0, 10**9), max_size=30)


def test_by_hand() -> None:
    picks = {"A": 7, "B": 3, "C": 3, "D": 0}
    assert ranks(picks) == {"A": 1, "B": 2, "C": 2, "D": 4}
    # 2 x 3/7 = 0.857142..., half up at four places: 0.8571.
    assert public_points(picks, PublicPoints(points=2, places=4)) == {
        "A": Decimal("2.0000"),
        "B": Decimal("0.8571"),
        "C": Decimal("0.8571"),
        "D": Decimal("0.0000"),
    }


def test_nobody_voted() -> None:
    assert public_points({"A": 0, "B": 0}, PublicPoints(points=2)) == {"A": Decimal("0.0000"), "B": Decimal("0.0000")}
    assert public_points({}, PublicPoints()) == {}
    assert ranks({}) == {}


def test_half_rounds_up_exactly() -> None:
    assert str(rounded(Fraction(1, 8), 2)) == "0.13"
    assert str(rounded(Fraction(124999, 1000000), 2)) == "0.12"
    assert str(rounded(Fraction(5, 2), 0)) == "3"
    assert str(rounded(Fraction(2, 3), 12)) == "0.666666666667"


@given(PICKS, st.integers(1, 100), st.integers(0, 8))
def test_points_are_the_fraction_rounded_within_bounds(picks: dict[str, int], points: int, places: int) -> None:
    found = public_points(picks, PublicPoints(points=points, places=places))
    most = max(picks.values(), default=0)
    for entry, value in found.items():
        exact = Fraction(points * picks[entry], most) if most else Fraction(0)
        assert abs(Fraction(value) - exact) <= Fraction(1, 2 * 10**places)
        assert 0 <= value <= points
        assert -int(value.as_tuple().exponent) == places


@given(PICKS, st.data())
def test_more_picks_never_lower_a_rank_and_order_does_not_matter(picks: dict[str, int], data: st.DataObject) -> None:
    assert ranks(dict(reversed(picks.items()))) == ranks(picks)
    if picks:
        entry = data.draw(st.sampled_from(sorted(picks)))
        more = picks | {entry: picks[entry] + data.draw(st.integers(0, 1000))}
        assert ranks(more)[entry] <= ranks(picks)[entry]
