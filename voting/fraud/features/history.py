"""The distrust learnt from the days before a round, which itself covers a few hours only.

Every few hours, the ballots of some earlier days pass the certification's first pass. The following rounds look up the
distrust of the cells that a campaign's ballots share, and the voters who work through task lists.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from voting.fraud.features.column_index import Key, Values

Keys = npt.NDArray[np.uint64]

# Values shared by ballots of different days.
CELLS: tuple[Key, ...] = (
    ("voter",),
    ("entry",),
    ("entry", "agent"),
    ("entry", "prefix"),
    ("entry", "reading_bin", "age_bin"),
)
# This many honest ballots are assumed in addition to the present ones.
_PRIOR = 3.0


class Known(NamedTuple):
    """By cell (`keys`, rising): its ballots' mean distrust above the usual, and log1p of their number."""

    keys: Keys
    distrust: Values
    seen: Values


class Past(NamedTuple):
    """`takers`: the voters who work through task lists, by name; `cells`: the distrust of the cells of CELLS."""

    takers: pl.Series
    cells: Mapping[Key, Known]

    def columns(self, keys: Mapping[Key, Keys]) -> dict[str, npt.NDArray[np.float32]]:
        """Returns past_CELL and, for the voter, past_count, by ballot; 0 if unknown. `keys`: as from keys_of()."""
        columns = {f"past_{'_'.join(by)}": _looked_up(self.cells.get(by), keys[by]) for by in CELLS}
        voters = self.cells.get(("voter",))
        counted = voters and voters._replace(distrust=voters.seen)
        return columns | {"past_count": _looked_up(counted, keys["voter",])}


NOTHING = Past(pl.Series("voter", [], dtype=pl.String), {})


def known(keys: Mapping[Key, Keys], distrust: Values) -> Mapping[Key, Known]:
    """Returns the distrust of the cells of these ballots."""
    usual = float(distrust.mean()) if len(distrust) else 0.0
    by_key = {}
    for by, of in keys.items():
        there, inverse = np.unique(of, return_inverse=True)
        count = np.bincount(inverse, minlength=len(there))
        total = np.bincount(inverse, distrust, len(there))
        mean = (total + _PRIOR * usual) / (count + _PRIOR) - usual
        # Key 0 means unknown.
        first = int(len(there) > 0 and there[0] == 0)
        columns = (values[first:].astype(np.float32) for values in (mean, np.log1p(count)))
        by_key[by] = Known(there[first:], *columns)
    return by_key


def keys_of(ballots: pl.DataFrame) -> Mapping[Key, Keys]:
    """Returns, by ballot, a number for its cell of each of CELLS; 0 means unknown."""

    def key(by: Key) -> pl.Expr:
        there = pl.all_horizontal(pl.col(name).is_not_null() for name in by)
        # polars' hashes are stable between processes of one version, and are kept only while they run.
        return pl.when(there).then(pl.struct(by).hash()).otherwise(0).alias("_".join(by))

    hashed = ballots.select(key(by) for by in CELLS)
    return {by: hashed["_".join(by)].to_numpy() for by in CELLS}


def _looked_up(cells: Known | None, keys: Keys) -> npt.NDArray[np.float32]:
    if cells is None or not len(cells.keys):
        return np.zeros(len(keys), dtype=np.float32)
    # Searching for sorted values takes half the time.
    there, inverse = np.unique(keys, return_inverse=True)
    places = np.minimum(np.searchsorted(cells.keys, there), len(cells.keys) - 1)
    return np.where(cells.keys[places] == there, cells.distrust[places], 0).astype(np.float32)[inverse]
