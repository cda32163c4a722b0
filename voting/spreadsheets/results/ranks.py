"""Comparing, ranking and rounding in a spreadsheet, which counts in binary fractions of about 15 digits.

Equal scores may differ in the last digit there. Two numbers therefore count as equal if they differ by no more than a
tolerance, which is far above that error, and a score is rounded half up after the tolerance is added. Whether this
gives what exact fractions give is checked in exact fractions for every book; where it does not, the result stands as a
number instead of a formula, and a note says so.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from voting.domain.results.scoring import rounded
from voting.spreadsheets.results.table import NONE, Column, Table

_DIGITS = 14


@dataclass(frozen=True, slots=True)
class Compared:
    """A column of numbers that are compared, with their exact values; `NONE` where there is none."""

    column: Column
    exact: Mapping[Any, Fraction]
    decimals: int = 0
    """The tolerance is 1 in the last of these decimals, and a half for whole numbers."""

    @property
    def tolerance(self) -> Fraction:
        """The largest difference of numbers that count as equal."""
        return Fraction(1, 10**self.decimals) if self.decimals else Fraction(1, 2)

    @property
    def literal(self) -> str:
        """The tolerance in a formula."""
        return f"1E-{self.decimals}" if self.decimals else "0.5"

    def tells_apart(self) -> bool:
        """Whether all different numbers differ by more than the tolerance."""
        return all(more - less >= 2 * self.tolerance for less, more in pairwise(sorted({*self.exact.values()})))

    def rounds_as_exact(self, places: int) -> bool:
        """Whether no number is so close below a half that the tolerance lifts it over."""
        below = [(Fraction(1, 2) - number * 10**places) % 1 for number in self.exact.values()]
        return not any(0 < distance <= 2 * self.tolerance * 10**places for distance in below)


def decimals_for(most: int) -> int:
    """Returns the tolerance's decimals for numbers up to `most`: it is 100 times the error of their sums, or more."""
    return _DIGITS - len(str(most))


def add_rounded(table: Table, heading: str, compared: Compared, places: int, notes: list[str]) -> Column:
    """Adds the numbers rounded half up to `places` decimals."""
    exact = {
        key: Fraction(number if number == NONE else rounded(number, places)) for key, number in compared.exact.items()
    }
    if not compared.rounds_as_exact(places):
        notes.append(f"{table.name}, {heading}: numbers, not formulas; some are too close to a half for a spreadsheet")
        return table.add(heading, exact, places=places)
    return table.add(
        heading,
        exact,
        lambda key: (
            f"IF({compared.column.at(key)}<0,{NONE},ROUND({compared.column.at(key)}+{compared.literal},{places}))"
        ),
        places=places,
    )


def add_ranks(
    table: Table, by: Sequence[Compared], competing: Column, among: Collection[str], notes: list[str]
) -> Column:
    """Adds the ranks of those competing: by the first column, equals by the next, and so on; equals share a rank."""
    order = sorted(tuple(-each.exact[key] for each in by) for key in among)
    exact = {key: 1 + bisect_left(order, tuple(-each.exact[key] for each in by)) for key in among}
    values = dict.fromkeys(table.rows, NONE) | exact

    def formula(key: str) -> str:
        better = ""
        for each in reversed(by):
            cells, own = each.column.every, each.column.at(key)
            above = f"({cells}>{own}+{each.literal})"
            better = f"({above}+(ABS({cells}-{own})<={each.literal})*{better})" if better else above
        return f"IF({competing.at(key)}=0,{NONE},1+SUMPRODUCT({competing.every}*{better}))"

    if all(each.tells_apart() for each in by):
        return table.add("rank", values, formula)
    notes.append(f"{table.name}, rank: numbers, not formulas; some scores are too close for a spreadsheet")
    return table.add("rank", values)


def add_places(
    table: Table, ranks: Column, places: Mapping[str, int], number: int | None, number_formula: str = ""
) -> Column:
    """Adds the places of the first `number`, equals in the order of the rows; `places` has the winners' places."""
    most = number_formula or table.next.parameter

    def formula(key: str) -> str:
        own = ranks.at(key)
        equals = f"SUMPRODUCT(({ranks.every}={own})*(ROW({ranks.every})<ROW({own})))"
        return f"IF(AND({own}>0,{own}<={most}),{own}+{equals},{NONE})"

    return table.add("place", dict.fromkeys(table.rows, NONE) | dict(places), formula, parameter=number)
