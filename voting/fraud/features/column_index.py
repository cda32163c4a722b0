"""An index of a contest's ballots: shared values are numbered once and reused by every pass.

Everything the sweeps compute over millions of ballots is a count over a numbering, so nothing is joined.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
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

# A table of all possible numbers costs less than sorting the occurring ones, up to this size for each ballot.
_SPARSE = 2
_ENTRY = ("entry",)


class Numbering(NamedTuple):
    """Ballots by a shared value. `of` is each ballot's number, in the smallest integer type; `size` means unknown."""

    of: Numbers
    size: int

    def counts(self) -> Floats:
        """Returns the number of ballots, by number."""
        return np.bincount(self.of, minlength=self.size + 1)[: self.size].astype(np.float64)

    def totals(self, amounts: Floats) -> Floats:
        """Returns the sum of the ballots' amounts, by number."""
        return np.bincount(self.of, amounts, self.size + 1)[: self.size].astype(np.float64, copy=False)

    def samples(self) -> Numbers:
        """Returns the first ballot, by number."""
        first = np.zeros(self.size + 1, dtype=np.int32)
        # The last write wins.
        first[self.of[::-1]] = np.arange(len(self.of), dtype=np.int32)[::-1]
        return first[: self.size]

    def only(self, chosen: Numbers) -> Numbering:
        """Returns a numbering of these numbers alone, from 0; other numbers become unknown."""
        size = len(chosen)
        numbers = np.full(self.size + 1, size, dtype=np.min_scalar_type(size))
        numbers[chosen] = np.arange(size)
        return Numbering(numbers[self.of], size)


class Part(NamedTuple):
    """Some features: `columns` by cell, with each ballot's cell; None: the columns are by ballot."""

    cells: Numbering | None
    columns: Mapping[str, Values]

    def of_ballots(self, name: str, rows: Ints | slice = slice(None)) -> Values:
        """Returns a feature by ballot, for all or these rows; 0 if its cell is unknown."""
        if self.cells is None:
            return self.columns[name][rows]
        return np.append(self.columns[name], 0.0)[self.cells.of[rows]]


class Cells(NamedTuple):
    """Ballots that share an entry and another value.

    By cell: the numbers of both, the first ballot, and the size `n`.
    """

    ballots: Numbering
    entry: Numbers
    value: Numbers
    sample: Numbers
    n: Floats


class Survey:
    """The prepared ballots, in order."""

    def __init__(self, ballots: pl.DataFrame) -> None:
        self.ballots = ballots
        self.size = ballots.height
        self._numberings: dict[Key, Numbering] = {}
        self._kept: dict[Key, object] = {}

    def column(self, name: str) -> Floats:
        """Returns a column by ballot; NaN if unknown."""
        values = self.ballots[name].to_numpy()
        return values if np.issubdtype(values.dtype, np.floating) else values.astype(np.float32)

    def numbering(self, by: Sequence[str]) -> Numbering:
        """Returns the numbering of ballots by all of these columns."""
        key = tuple(by)
        if key not in self._numberings:
            self._numberings[key] = (
                self._combined(key, slice(None)) if len(key) > 1 else _of_column(self.ballots[key[0]])
            )
        return self._numberings[key]

    def cells(self, by: Sequence[str]) -> Cells:
        """Returns the cells of (entry, *by).

        They are not cached: for ten million ballots they would take the most memory.
        """
        key = tuple(by)
        ballots = self.numbering((*_ENTRY, *key))
        sample = ballots.samples()
        value = self.numbering(key).of[sample] if len(key) == 1 else self._combined(key, sample).of
        return Cells(ballots, self.numbering(_ENTRY).of[sample], value, sample, ballots.counts())

    def once(self, name: Key, make: Callable[[], T]) -> T:
        """Returns a value that is the same in every pass: computed on first use, then cached by name."""
        if name not in self._kept:
            self._kept[name] = make()
        return cast("T", self._kept[name])

    def _combined(self, key: Key, rows: slice | Numbers) -> Numbering:
        """Numbers some of the ballots by two or more columns."""
        first, last = self.numbering(key[:-1]), self.numbering(key[-1:])
        return both(Numbering(first.of[rows], first.size), Numbering(last.of[rows], last.size))


def once(compute: Callable[[Survey], T]) -> Callable[[Survey], T]:
    """Makes a function of a survey compute its value on the first call only."""

    @wraps(compute)
    def cached(survey: Survey) -> T:
        return survey.once((compute.__name__,), lambda: compute(survey))

    return cached


def both(first: Numbering, last: Numbering) -> Numbering:
    """Returns the numbering of ballots by both values."""
    known = (first.of < first.size) & (last.of < last.size)
    return _dense(first.of.astype(np.int64) * max(1, last.size) + last.of, known, first.size * last.size)


def order(values: Ints, width: int) -> Numbers:
    """Returns the order that sorts the values, which are from 0 to below `width`; stable if `width` is not 0."""
    bits = len(values).bit_length()
    if not 0 < width < 1 << (63 - bits):
        return np.argsort(values, kind="stable" if width else "quicksort")
    # Sorting value and place packed into one number takes a tenth of the time.
    placed = values << bits
    placed |= np.arange(len(values))
    placed.sort()
    placed &= (1 << bits) - 1
    return placed


def ranks(values: Ints, width: int) -> tuple[Numbers, int]:
    """Returns the values' ranks from 0 without gaps, and how many there are. `width` as in `order`."""
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
    # Hashes use the whole width: only small numbers are shifted to begin with 0.
    return _dense(values - least, known, most - least + 1) if most - least < 1 << 40 else _dense(values, known, 0)


def _dense(values: Ints, known: npt.NDArray[np.bool_], width: int) -> Numbering:
    numbers, size = ranks(values if known.all() else values[known], width)
    of = np.full(len(values), size, dtype=np.min_scalar_type(size))
    of[known] = numbers
    return Numbering(of, size)
