"""The figures of one world under one policy."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from loadtests.fraud_lab.families import SLOW_DRIP, UNJUDGED
from loadtests.fraud_lab.profiles.plan import SMALL
from loadtests.fraud_lab.scoring.ranking import compared, rival_share
from loadtests.fraud_lab.simulator.world import BACKGROUND

HOUR_MS = 3_600_000
# Single crowds with fewer ballots are not scored.
_LEAST = 30


@dataclass(frozen=True, slots=True)
class Figures:
    """`values`: shares and scores by name, without those that do not apply to the world. `removed` by attack family and
    `lost` by crowd family: (ballots, not counted). `places`: the same for the worst single crowds."""

    values: dict[str, float]
    removed: dict[str, tuple[int, int]]
    lost: dict[str, tuple[int, int]]
    places: dict[str, tuple[int, int]]


def evaluate(rows: pl.DataFrame, entries: Sequence[str], withheld: Collection[str] = ()) -> Figures:
    """The figures of `rows`, the table of `judged`. `entries`: all codes of the contest; `withheld`: the families of a
    held-out profile."""
    attacks, honest = rows.filter("fraud"), rows.filter(~pl.col("fraud"))
    removed, lost = _parts(attacks, "family"), _parts(honest, "family")
    places = _parts(honest.filter(pl.col("family") != BACKGROUND), "instance")
    places = {name: part for name, part in places.items() if part[0] >= _LEAST}
    worst = sorted(places, key=lambda name: -places[name][1] / places[name][0])[:10]
    found: dict[str, float | None] = {
        **_removal(attacks.filter(~pl.col("family").is_in(UNJUDGED)), withheld),
        "removed_mimic": _share(part for name, part in removed.items() if name in UNJUDGED),
        "lost": _share(lost.values()),
        "lost_class": max((_share([part]) or 0.0 for name, part in lost.items() if name != BACKGROUND), default=None),
        "lost_place": _share([places[worst[0]]]) if worst else None,
        **compared(rows, list(entries)),
        **_timing(attacks.filter(~pl.col("family").is_in(UNJUDGED)), honest),
        "rival_share": rival_share(rows, list(entries)),
        "explained": _mean(rows.filter(~pl.col("counted")), "settled"),
    }
    values = {name: value for name, value in found.items() if value is not None}
    return Figures(values, removed, lost, {name: places[name] for name in worst})


def _parts(rows: pl.DataFrame, by: str) -> dict[str, tuple[int, int]]:
    """For each group its ballots, and how many of them are not counted."""
    found = rows.group_by(by).agg(pl.len(), (~pl.col("counted")).sum().alias("out")).sort(by)
    return {name: (count, out) for name, count, out in found.iter_rows()}


def _share(parts: Iterable[tuple[int, int]]) -> float | None:
    counted = list(parts)
    total = sum(count for count, _ in counted)
    return sum(out for _, out in counted) / total if total else None


def _removal(attacks: pl.DataFrame, withheld: Collection[str]) -> dict[str, float | None]:
    drip, apart = pl.col("family").is_in(SLOW_DRIP), pl.col("family").is_in(withheld)
    scripted, paid = pl.col("scripted") & ~drip, ~pl.col("scripted") & ~drip
    size = pl.len().over("instance")
    judged = {
        "removed": pl.lit(value=True),
        "removed_scripted": scripted,
        "removed_paid": paid,
        "removed_drip": drip,
        "removed_withheld_bots": scripted & apart,
        "removed_withheld_humans": paid & apart,
        "removed_small": size.is_between(*SMALL),
    }
    return {name: _mean(attacks.filter(which).select(~pl.col("counted")), "counted") for name, which in judged.items()}


def _timing(attacks: pl.DataFrame, honest: pl.DataFrame) -> dict[str, float | None]:
    held = honest.filter("held_early")
    soon = attacks.select((pl.col("delay_ms") <= HOUR_MS).fill_null(value=False).alias("soon"))
    return {
        "held_in_an_hour": _mean(soon, "soon"),
        "ever_held": _mean(honest, "held_early"),
        "released": _mean(held, "counted"),
        "challenged": _mean(honest, "challenged"),
    }


def _mean(rows: pl.DataFrame, column: str) -> float | None:
    return float(rows[column].to_numpy().mean()) if len(rows) else None
