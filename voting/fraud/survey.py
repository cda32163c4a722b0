"""A survey of a contest's ballots: what they share is numbered once, and looked up again at every look.

All that the sweeps ask of millions of ballots is a count over a numbering; nothing is joined.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar, cast

import numpy as np
import numpy.typing as npt
import polars as pl

Ints = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Key = tuple[str, ...]
T = TypeVar("T")

# A table of all numbers that are possible costs less than sorting those that occur, up to so many for each ballot.
_SPARSE = 4
_ENTRY = ("entry",)


class Numbering(NamedTuple):
    """Ballots by what they share. `of` has each ballot's number; `size` stands for what is unknown."""

    of: Numbers
    size: int

    def counts(self) -> Floats:
        """By number: how many ballots have it."""
        return np.bincount(self.of, minlength=self.size + 1)[: self.size].astype(np.float64)

    def totals(self, amounts: Floats) -> Floats:
        """By number: the sum of its ballots' amounts."""
        return np.bincount(self.of, amounts, self.size + 1)[: self.size].astype(np.float64, copy=False)

    def samples(self) -> Ints:
        """By number: one of its ballots."""
        found = np.zeros(self.size + 1, dtype=np.int64)
        found[self.of] = np.arange(len(self.of))
        return found[: self.size]


class Part(NamedTuple):
    """Some features: `columns` by cell, with each ballot's cell; None: the columns are by ballot."""

    cells: Numbering | None
    columns: dict[str, Floats]

    def of_ballots(self, name: str) -> Floats:
        """A feature by ballot; 0 where its cell is unknown."""
        if self.cells is None:
            return self.columns[name]
        return np.append(self.columns[name], 0.0)[self.cells.of]


class Cells(NamedTuple):
    """Ballots that share an entry and something else: by cell its entry's and that value's number, one of its ballots,
    and how many (`n`) it has."""

    ballots: Numbering
    entry: Numbers
    value: Numbers
    sample: Ints
    n: Floats


class Survey:
    """The ballots (as prepared), in their order."""

    def __init__(self, ballots: pl.DataFrame) -> None:
        self.ballots = ballots
        self.size = ballots.height
        self._numberings: dict[Key, Numbering] = {}
        self._cells: dict[Key, Cells] = {}
        self._kept: dict[Key, object] = {}

    def column(self, name: str) -> Floats:
        """By ballot a column's number; NaN where it is unknown."""
        return self.ballots[name].to_numpy()

    def numbering(self, by: Sequence[str]) -> Numbering:
        """The ballots by what they have in all of these columns."""
        key = tuple(by)
        if key not in self._numberings:
            self._numberings[key] = self._combined(key) if len(key) > 1 else _of_column(self.ballots[key[0]])
        return self._numberings[key]

    def cells(self, by: Sequence[str]) -> Cells:
        """The cells of (entry, *by)."""
        key = tuple(by)
        if key not in self._cells:
            ballots = self.numbering((*_ENTRY, *key))
            sample = ballots.samples()
            entry = self.numbering(_ENTRY).of[sample]
            # Of the value itself only the cells' numbers are kept: ten millions of them take their place.
            value = (self.numbering(key) if len(key) == 1 else self._combined(key)).of[sample]
            self._cells[key] = Cells(ballots, entry, value, sample, ballots.counts())
        return self._cells[key]

    def once(self, name: Key, make: Callable[[], T]) -> T:
        """What is the same at every look: made at the first, and kept under its name."""
        if name not in self._kept:
            self._kept[name] = make()
        return cast("T", self._kept[name])

    def _combined(self, key: Key) -> Numbering:
        first, last = self.numbering(key[:-1]), self.numbering(key[-1:])
        known = (first.of < first.size) & (last.of < last.size)
        return _dense(first.of.astype(np.int64) * max(1, last.size) + last.of, known, first.size * last.size)


def _of_column(column: pl.Series) -> Numbering:
    column = column.fill_nan(None) if column.dtype.is_float() else column
    known = column.is_not_null().to_numpy()
    values = column.cast(pl.Int64).fill_null(0).to_numpy()
    if not known.any():
        return Numbering(np.zeros(len(values), dtype=np.int32), 0)
    least, most = int(values[known].min()), int(values[known].max())
    # Hashes take the whole width: only small numbers are shifted to begin with 0.
    return _dense(values - least, known, most - least + 1) if most - least < 1 << 40 else _dense(values, known, 0)


def _dense(values: Ints, known: npt.NDArray[np.bool_], width: int) -> Numbering:
    """Numbers from 0 without gaps, in the order of the values; these are below `width`, if it is not 0."""
    of = np.empty(len(values), dtype=np.int32)
    inside = values[known]
    if 0 < width <= _SPARSE * len(values) + 1024:
        numbers = np.zeros(width, dtype=np.int32)
        numbers[inside] = 1
        size = int(numbers.sum())
        of[known] = (np.cumsum(numbers, dtype=np.int32) - 1)[inside]
    else:
        found, inverse = np.unique(inside, return_inverse=True)
        size = len(found)
        of[known] = inverse
    of[~known] = size
    return Numbering(of, size)
