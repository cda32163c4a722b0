"""Ranks and public points. Counts are integers, points exact fractions until the one written rounding at the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from voting.domain.contest import PublicPoints


@dataclass(frozen=True, slots=True)
class Tally:
    """Picks of one entry. raw = held + counted + void."""

    raw: int = 0
    held: int = 0
    counted: int = 0
    version: int = 0
    """Grows with every change; a higher version is newer."""


def ranks(picks: Mapping[str, int]) -> dict[str, int]:
    """Standard competition ranking (1, 2, 2, 4): one more than the number of entries with more picks."""
    first_place: dict[int, int] = {}
    for place, count in enumerate(sorted(picks.values(), reverse=True), 1):
        first_place.setdefault(count, place)
    return {entry: first_place[count] for entry, count in picks.items()}


def public_points(picks: Mapping[str, int], rule: PublicPoints) -> dict[str, Decimal]:
    """points x picks / most picks over all entries (document 004, annex 2, section 2: the leader gets the most).

    Nobody gets points where nobody has picks. Rounded once, half up, to `rule.places`.
    """
    most = max(picks.values(), default=0)
    exact = {entry: Fraction(rule.points * count, most) if most else Fraction(0) for entry, count in picks.items()}
    return {entry: rounded(value, rule.places) for entry, value in exact.items()}


def rounded(value: Fraction, places: int) -> Decimal:
    """`value`, not negative, with exactly `places` decimals, half up."""
    scaled = value * 10**places
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(whole).scaleb(-places).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
