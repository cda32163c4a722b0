"""Estimates, with an interval, how many ballots of an entry cannot be honest, without identifying them.

A seller who drips votes evenly over day and night gives an entry more ballots at night than the contest's own rhythm.
With q the night's share among the other entries' ballots and u = 7/24 the share of an even drip, a mixture of g honest
and d dripped ballots has g·q + d·u at night, hence d = (night - n·q) / (u - q). The same holds for nearly new tokens,
which a drip uses exclusively (u = 1). Nothing is subtracted: an organiser signs, or asks for new votes.
"""

from __future__ import annotations

import math

import msgspec
import polars as pl

_NIGHT = (0, 7)
_EVEN_NIGHT = (_NIGHT[1] - _NIGHT[0]) / 24
# Two-sided 95 %, widened since entries vary more than chance: a choir that sings at night is no fraud.
_DEVIATES = 1.96
_OVERDISPERSION = 2.0
_LEAST_BALLOTS = 200


class ExcessEstimate(msgspec.Struct, frozen=True):
    """An entry's excess: picks beyond what its honest voters explain. `sign` is night or fresh."""

    entry: str
    sign: str
    low: int
    estimate: int
    high: int


def excesses(counted: pl.DataFrame, names: pl.Series) -> tuple[ExcessEstimate, ...]:
    """Returns the excesses with an interval above zero, largest first, among the counted ballots (prepared).

    `names` has the entries' codes, in the ballots' order.
    """
    night = pl.col("hour_of_day").is_between(*_NIGHT, closed="left").cast(pl.Float64)
    table = counted.select(entry=names, night=night, fresh=pl.col("fresh").cast(pl.Float64))
    estimates = [
        *_mixtures(table.select("entry", share="night"), "night", _EVEN_NIGHT),
        *_mixtures(table.drop_nans("fresh").select("entry", share="fresh"), "fresh", 1.0),
    ]
    return tuple(sorted(estimates, key=lambda each: (-each.estimate, each.entry, each.sign)))


def _mixtures(table: pl.DataFrame, sign: str, of_fraud: float) -> list[ExcessEstimate]:
    entries = table.group_by("entry").agg(n=pl.len(), there=pl.col("share").sum()).sort("entry")
    all_, all_there = entries["n"].sum(), entries["there"].sum()
    estimates = []
    for entry, n, there in entries.iter_rows():
        elsewhere = all_ - n
        if n < _LEAST_BALLOTS or elsewhere < _LEAST_BALLOTS:
            continue
        usual = (all_there - there) / elsewhere
        if of_fraud - usual < 0.02:
            continue
        spread = math.sqrt(_OVERDISPERSION * usual * (1 - usual) * (n + n * n / elsewhere))
        low, middle, high = (
            (there - n * usual + deviates * spread) / (of_fraud - usual) for deviates in (-_DEVIATES, 0, _DEVIATES)
        )
        if low > 0:
            estimates.append(ExcessEstimate(entry, sign, int(low), round(middle), min(n, math.ceil(high))))
    return estimates
