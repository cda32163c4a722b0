"""A survey of a contest's ballots: what they share is numbered once, and looked up again at every look.

All that the sweeps ask of millions of ballots is a count over a numbering; nothing is joined.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
import numpy.typing as npt
import polars as pl

Ints = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.integer[Any]]
Floats = npt.NDArray[np.float64]
Values = npt.NDArray[np.floating[Any]]
Key = tuple[str, ...]
T = TypeVar("T")

# A table of all numbers that are possible costs less than sorting those that occur, up to so many for each ballot.
_SPARSE = 2
_ENTRY = ("entry",)


class Numbering(NamedTuple):
    """Ballots by what they share. `of` has each ballot's number, in as few bytes as it takes; `size` stands for what is
    unknown."""

    of: Numbers
    size: int

    def counts(self) -> Floats:
        """By number: how many ballots have it."""
        return np.bincount(self.of, minlength=self.size + 1)[: self.size].astype(np.float64)

    def totals(self, amounts: Floats) -> Floats:
        """By number: the sum of its ballots' amounts."""
        return np.bincount(self.of, amounts, self.size + 1)[: self.size].astype(np.float64, copy=False)

    def samples(self) -> Numbers:
        """By number: the first of its ballots."""
        found = np.zeros(self.size + 1, dtype=np.int32)
        # What is written last stays.
        found[self.of[::-1]] = np.arange(len(self.of), dtype=np.int32)[::-1]
        return found[: self.size]

    def only(self, chosen: Numbers) -> Numbering:
        """These numbers alone, counted from 0; what has another is unknown."""
        size = len(chosen)
        numbers = np.full(self.size + 1, size, dtype=np.min_scalar_type(size))
        numbers[chosen] = np.arange(size)
        return Numbering(numbers[self.of], size)


class Part(NamedTuple):
    """Some features: `columns` by cell, with each ballot's cell; None: the columns are by ballot."""

    cells: Numbering | None
    columns: Mapping[str, Values]

    def of_ballots(self, name: str, rows: Ints | slice = slice(None)) -> Values:
        """A feature by ballot, of all or of these rows; 0 where its cell is unknown."""
        if self.cells is None:
            return self.columns[name][rows]
        return np.append(self.columns[name], 0.0)[self.cells.of[rows]]


class Cells(NamedTuple):
    """Ballots that share an entry and something else: by cell its entry's and that value's number, its first ballot,
    and how many (`n`) it has."""

    ballots: Numbering
    entry: Numbers
    value: Numbers
    sample: Numbers
    n: Floats


class Survey:
    """The ballots (as prepared), in their order."""

    def __init__(self, ballots: pl.DataFrame) -> None:
        self.ballots = ballots
        self.size = ballots.height
        self._numberings: dict[Key, Numbering] = {}
        self._kept: dict[Key, object] = {}

    def column(self, name: str) -> Floats:
        """By ballot a column's number; NaN where it is unknown."""
        values = self.ballots[name].to_numpy()
        return values if np.issubdtype(values.dtype, np.floating) else values.astype(np.float32)

    def numbering(self, by: Sequence[str]) -> Numbering:
        """The ballots by what they have in all of these columns."""
        key = tuple(by)
        if key not in self._numberings:
            self._numberings[key] = (
                self._combined(key, slice(None)) if len(key) > 1 else _of_column(self.ballots[key[0]])
            )
        return self._numberings[key]

    def cells(self, by: Sequence[str]) -> Cells:
        """The cells of (entry, *by). They are not kept: of ten millions of ballots they would be the largest part."""
        key = tuple(by)
        ballots = self.numbering((*_ENTRY, *key))
        sample = ballots.samples()
        value = self.numbering(key).of[sample] if len(key) == 1 else self._combined(key, sample).of
        return Cells(ballots, self.numbering(_ENTRY).of[sample], value, sample, ballots.counts())

    def once(self, name: Key, make: Callable[[], T]) -> T:
        """What is the same at every look: made at the first, and kept under its name."""
        if name not in self._kept:
            self._kept[name] = make()
        return cast("T", self._kept[name])

    def _combined(self, key: Key, rows: slice | Numbers) -> Numbering:
        """Some of the ballots by what they have in these columns, two at least."""
        first, last = self.numbering(key[:-1]), self.numbering(key[-1:])
        return both(Numbering(first.of[rows], first.size), Numbering(last.of[rows], last.size))


def both(first: Numbering, last: Numbering) -> Numbering:
    """Ballots by what they share of both."""
    known = (first.of < first.size) & (last.of < last.size)
    return _dense(first.of.astype(np.int64) * max(1, last.size) + last.of, known, first.size * last.size)


def order(values: Ints, width: int) -> Numbers:
    """The places of the values from the smallest to the largest. These are from 0 to below `width`, and equal ones stay
    in their order, if it is not 0."""
    bits = len(values).bit_length()
    if not 0 < width < 1 << (63 - bits):
        return np.argsort(values, kind="stable" if width else "quicksort")
    # A value and its place in one number: to sort these takes a tenth of the time.
    placed = values << bits
    placed |= np.arange(len(values))
    placed.sort()
    placed &= (1 << bits) - 1
    return placed


def ranks(values: Ints, width: int) -> tuple[Numbers, int]:
    """The values by numbers from 0 without gaps, in their order, and how many there are. `width` as above."""
    if 0 < width <= _SPARSE * len(values) + 1024:
        there = np.zeros(width, dtype=bool)
        there[values] = True
        numbers = np.cumsum(there, dtype=np.int32)
        numbers -= 1
        return numbers[values], int(numbers[-1]) + 1
    places = order(values, width)
    ordered = values[places]
    steps = np.zeros(len(values), dtype=np.int32)
    steps[1:] = ordered[1:] != ordered[:-1]
    np.cumsum(steps, out=steps)
    numbers = np.empty_like(steps)
    numbers[places] = steps
    return numbers, int(steps[-1]) + 1 if len(values) else 0


def _of_column(column: pl.Series) -> Numbering:
    if column.dtype.is_float():
        measured = column.to_numpy()
        known = ~np.isnan(measured)
        values = np.where(known, measured, 0).astype(np.int64)
    elif column.has_nulls():
        known = column.is_not_null().to_numpy()
        values = column.fill_null(0).to_numpy().astype(np.int64)
    else:
        known = np.ones(len(column), dtype=bool)
        values = column.to_numpy().astype(np.int64)
    if not known.any():
        return Numbering(np.zeros(len(values), dtype=np.uint8), 0)
    least, most = int(values[known].min()), int(values[known].max())
    # Hashes take the whole width: only small numbers are shifted to begin with 0.
    return _dense(values - least, known, most - least + 1) if most - least < 1 << 40 else _dense(values, known, 0)


def _dense(values: Ints, known: npt.NDArray[np.bool_], width: int) -> Numbering:
    numbers, size = ranks(values if known.all() else values[known], width)
    of = np.full(len(values), size, dtype=np.min_scalar_type(size))
    of[known] = numbers
    return Numbering(of, size)
