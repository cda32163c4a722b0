"""What a group of held ballots shows by itself: each reason counted, and compared with what is usual.

The scorecard's reasons say why single ballots were looked at; what is told of a group is what can be counted again by
anybody who has its ballots. A reason that the group does not bear out is not told.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import polars as pl

from voting.fraud.cells import cells, surprise
from voting.fraud.codes import CODES
from voting.fraud.findings import Evidence

# What a ballot shows by itself.
_TRAITS: dict[str, pl.Expr] = {
    "N1": pl.col("hosting") > 0,
    "C1": pl.col("automation") > 0,
    "C2": pl.col("odd") > 0,
    "C5": pl.col("cross_site") > 0,
    "T1": pl.col("reading") < math.log(1.5),
    "A1": pl.col("fresh") > 0,
    "A3": (pl.col("returning") == 0) & (pl.col("fresh") > 0),
    "P1": pl.col("refused") > 0,
}
# What only a cell shows: the most surprising one of the group is named.
_CELLS = {"C3": "fingerprint", "N3": "prefix", "T5": "hour", "T2": "reading_bin", "T4": "hour_of_day"}
_LEAST_SURPRISE = 3.0
_MOST_DEVICE_VOTERS = 3
_REGULAR = 0.6
_LEAST_GAPS = 12
LOCKSTEP = np.uint32(1 << CODES.index("G1"))


class Grounds:
    """Looks groups up in a contest's ballots (prepared)."""

    def __init__(self, ballots: pl.DataFrame) -> None:
        # Only those that may be told: each group is looked up in them, and there are many groups and cells.
        told = pl.col("z") >= _LEAST_SURPRISE
        self._tables = {code: cells(ballots, [by]).filter(told) for code, by in _CELLS.items()}
        shares = ballots.select(**{code: trait.fill_null(value=False).mean() for code, trait in _TRAITS.items()})
        self._usual = shares.row(0, named=True)

    def of(self, group: pl.DataFrame) -> tuple[Evidence, ...]:
        """The evidence of a group, the strongest first, with what kind of ballots they are beside the first.

        `group` has, beside what is prepared: code (the entry's), prefix_name, bits (the reasons of each ballot).
        """
        found = [*self._traits(group), *self._cells(group), *_devices(group), *_intervals(group), *_lockstep(group)]
        found.sort(key=lambda each: (-each.surprise, each.code))
        if not found:
            found = [Evidence("G2", {}, group.height, 0.0, 0.0)]
        first = found[0]
        return (
            Evidence(first.code, first.key, first.count, first.expected, first.surprise, _profile(group)),
            *found[1:],
        )

    def _traits(self, group: pl.DataFrame) -> Iterator[Evidence]:
        counts = group.select(**{code: trait.fill_null(value=False).sum() for code, trait in _TRAITS.items()})
        for code, count in counts.row(0, named=True).items():
            expected = max(0.05, float(self._usual[code]) * group.height)
            yield from _told(code, {}, int(count), expected)

    def _cells(self, group: pl.DataFrame) -> Iterator[Evidence]:
        for code, by in _CELLS.items():
            name = pl.col("prefix_name" if by == "prefix" else by).cast(pl.String).alias("name")
            here = group.select("entry", by, "code", name).unique(["entry", by], keep="any")
            found = self._tables[code].join(here, on=["entry", by]).sort("z", "code", "name", descending=True).head(1)
            for row in found.iter_rows(named=True):
                yield from _told(code, {"entry": row["code"], by: row["name"]}, int(row["n"]), row["expected"])


def _told(code: str, key: dict[str, str], count: int, expected: float) -> Iterator[Evidence]:
    z = pl.select(surprise(pl.lit(float(count)), pl.lit(expected))).item() if count else 0.0
    if z >= _LEAST_SURPRISE:
        yield Evidence(code, key, count, round(expected, 3), round(z, 2))


def _devices(group: pl.DataFrame) -> Iterator[Evidence]:
    """C4: how many voters the device with the most of them has."""
    voters = group.drop_nulls("device").group_by("device").agg(pl.col("voter").n_unique())["voter"].max()
    if isinstance(voters, int) and voters >= _MOST_DEVICE_VOTERS:
        yield Evidence("C4", {}, voters, 0.0, 0.0)


def _intervals(group: pl.DataFrame) -> Iterator[Evidence]:
    """T3: the middle half of the gaps lies closer together than chance has it (1.6 medians for a Poisson flow)."""
    gaps = group["second"].sort().diff().drop_nulls()
    if len(gaps) < _LEAST_GAPS:
        return
    low, middle, high = (gaps.quantile(share) or 0.0 for share in (0.25, 0.5, 0.75))
    if middle > 0 and (high - low) / middle < _REGULAR:
        yield Evidence("T3", {}, group.height, 0.0, 0.0)


def _lockstep(group: pl.DataFrame) -> Iterator[Evidence]:
    """G1: how many voters share pairs of entries with others."""
    voters = group.filter((pl.col("bits") & int(LOCKSTEP)) != 0)["voter"].n_unique()
    if voters > 1:
        yield Evidence("G1", {}, voters, 0.0, 0.0)


def _profile(group: pl.DataFrame) -> dict[str, float]:
    seconds = group["reading"].drop_nulls().exp()
    profile = {
        "fresh": group["fresh"].mean(),
        "prefixes": float(group["prefix"].n_unique()),
        "fingerprints": float(group["fingerprint"].n_unique()),
        "voters": float(group["voter"].n_unique()),
        "reading_low": seconds.quantile(0.1),
        "reading_high": seconds.quantile(0.9),
        "first": group["second"].min(),
        "last": group["second"].max(),
    }
    return {name: round(float(value), 3) for name, value in profile.items() if isinstance(value, (int, float))}
