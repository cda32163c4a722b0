"""What the days before tell a round, which itself looks back a few hours only: it knows who was distrusted then.

Once in so many hours the ballots of some days until then are looked at as the certification does at first. What was
distrusted in the cells that a campaign's ballots share, and who works off task lists, the rounds that follow look up.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from voting.fraud.features.column_index import Key, Values

Keys = npt.NDArray[np.uint64]

# What ballots share that were cast on different days.
CELLS: tuple[Key, ...] = (
    ("voter",),
    ("entry",),
    ("entry", "agent"),
    ("entry", "prefix"),
    ("entry", "reading_bin", "age_bin"),
)
# So many honest ballots are assumed beside those that are there.
_PRIOR = 3.0


class Known(NamedTuple):
    """By cell (`keys`, rising) its ballots' mean distrust, above what is usual, and log1p of how many there are."""

    keys: Keys
    distrust: Values
    seen: Values


class Past(NamedTuple):
    """`takers`: the voters who work off task lists, by name; `cells`: what is known of those of CELLS."""

    takers: pl.Series
    cells: Mapping[Key, Known]

    def columns(self, keys: Mapping[Key, Keys]) -> dict[str, npt.NDArray[np.float32]]:
        """By ballot past_CELL, and of its voter also past_count; 0 where nothing is known. `keys`: as keys_of()."""
        found = {f"past_{'_'.join(by)}": _looked_up(self.cells.get(by), keys[by]) for by in CELLS}
        voters = self.cells.get(("voter",))
        counted = voters and voters._replace(distrust=voters.seen)
        return found | {"past_count": _looked_up(counted, keys["voter",])}


NOTHING = Past(pl.Series("voter", [], dtype=pl.String), {})


def known(keys: Mapping[Key, Keys], distrust: Values) -> Mapping[Key, Known]:
    """What is known of the cells of these ballots, which are so much distrusted."""
    usual = float(distrust.mean()) if len(distrust) else 0.0
    found = {}
    for by, of in keys.items():
        there, inverse = np.unique(of, return_inverse=True)
        count = np.bincount(inverse, minlength=len(there))
        total = np.bincount(inverse, distrust, len(there))
        mean = (total + _PRIOR * usual) / (count + _PRIOR) - usual
        # Key 0: unknown.
        first = int(len(there) > 0 and there[0] == 0)
        columns = (values[first:].astype(np.float32) for values in (mean, np.log1p(count)))
        found[by] = Known(there[first:], *columns)
    return found


def keys_of(ballots: pl.DataFrame) -> Mapping[Key, Keys]:
    """By ballot (with the columns that CELLS are made of) a number for its cell of each of CELLS; 0: unknown."""

    def key(by: Key) -> pl.Expr:
        there = pl.all_horizontal(pl.col(name).is_not_null() for name in by)
        # A hash keeps its value between processes of one version of polars, and is kept no longer than they run.
        return pl.when(there).then(pl.struct(by).hash()).otherwise(0).alias("_".join(by))

    hashed = ballots.select(key(by) for by in CELLS)
    return {by: hashed["_".join(by)].to_numpy() for by in CELLS}


def _looked_up(cells: Known | None, keys: Keys) -> npt.NDArray[np.float32]:
    if cells is None or not len(cells.keys):
        return np.zeros(len(keys), dtype=np.float32)
    # To search for what is in order takes half the time.
    there, inverse = np.unique(keys, return_inverse=True)
    places = np.minimum(np.searchsorted(cells.keys, there), len(cells.keys) - 1)
    return np.where(cells.keys[places] == there, cells.distrust[places], 0).astype(np.float32)[inverse]
