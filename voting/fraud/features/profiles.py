"""Profiles of cells: their ballots' new tokens, reading times, places and phones, and how regularly they came."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from voting.fraud.features.column_index import Floats, Ints, Numbering, Numbers, Survey, order

# A gap is counted in milliseconds; gaps beyond 49 days are cut to that.
_LONGEST_GAP = (1 << 32) - 1


class Profiles(NamedTuple):
    """The profile of each cell.

    Means and the standard deviation (log seconds) are over its ballots' known values, NaN if there are none. Then the
    number of different prefixes and fingerprints, and `regular`: the interquartile range of the gaps between its
    ballots, in medians.
    """

    fresh: Floats
    reading: Floats
    spread: Floats
    hosting: Floats
    odd: Floats
    returning: Floats
    prefixes: Floats
    fingerprints: Floats
    regular: Floats


def profiles(survey: Survey, cells: Numbering) -> Profiles:
    """Returns the profiles of these cells, none of them empty."""
    rows = np.flatnonzero(cells.of < cells.size)
    at, size = cells.of[rows].astype(np.int64), cells.size

    def mean(values: Floats) -> Floats:
        known = ~np.isnan(values)
        where, values = (at, values) if known.all() else (at[known], values[known])
        with np.errstate(invalid="ignore"):
            return np.bincount(where, values, size) / np.bincount(where, minlength=size)

    reading = survey.column("reading")[rows]
    middle = mean(reading)
    known = ~np.isnan(reading)
    squares = np.bincount(at[known], (reading[known] - middle[at[known]]) ** 2, size)
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = np.sqrt(squares / (np.bincount(at[known], minlength=size) - 1))
    hosting, odd, returning = (mean(survey.column(name)[rows]) for name in ("hosting", "odd", "returning"))
    prefixes, fingerprints = (
        distinct(at, survey.numbering((name,)).of[rows], size) for name in ("prefix", "fingerprint")
    )
    return Profiles(
        fresh=mean(survey.column("fresh")[rows]),
        reading=middle,
        spread=spread,
        hosting=hosting,
        odd=odd,
        returning=returning,
        prefixes=prefixes,
        fingerprints=fingerprints,
        regular=_regular(at, survey.column("second")[rows], size),
    )


def distinct(at: Numbers, values: Numbers, size: int) -> Floats:
    """Returns the number of different values by cell; unknown ones count as one."""
    pairs = at.astype(np.int64) << 32
    pairs |= values
    pairs.sort()
    first = np.ones(len(pairs), dtype=bool)
    first[1:] = pairs[1:] != pairs[:-1]
    return np.bincount(pairs[first] >> 32, minlength=size).astype(np.float64)


def _regular(at: Ints, second: Floats, size: int) -> Floats:
    places = order(at, size)
    cell, moment = at[places], second[places]
    inside = cell[1:] == cell[:-1]
    gap = np.minimum(np.diff(moment)[inside] * 1000, _LONGEST_GAP).round().astype(np.int64)
    gaps = np.sort(cell[1:][inside] << 32 | gap)
    many = np.bincount(gaps >> 32, minlength=size)
    begin = np.cumsum(many) - many

    def nearest(place: npt.NDArray[Any]) -> Floats:
        """Returns the gap of each cell at this place, from 0."""
        at = begin + np.floor(place + 0.5).astype(np.int64)
        return np.where(many > 0, (gaps[np.clip(at, 0, len(gaps) - 1)] & _LONGEST_GAP) / 1000, np.nan)

    if not len(gaps):
        return np.full(size, np.nan)
    last = many - 1
    median = (nearest(last // 2) + nearest(many // 2)) / 2
    return np.asarray((nearest(0.75 * last) - nearest(0.25 * last)) / (median + 0.001), dtype=np.float64)
