"""Campaigns that take on one trait of honest voters: what is learnt must not hang on a single weakness of a seller.

A generator's campaigns have the faults that its author thought of. Here each trait is replaced, in some campaigns, by
that of ordinary voters of the same world, drawn by chance: what is left must give the campaign away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import polars as pl

Ints = npt.NDArray[np.int64]
Mutation = Callable[[pl.DataFrame, pl.DataFrame, np.random.Generator], pl.DataFrame]
_DAY, _SHIFT = 86_400_000, 28_800_000
# The share of campaigns that take on a trait, and of those that take on a second one.
SHARE, _AGAIN = 0.3, 0.2


def mutated(ballots: pl.DataFrame, labels: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """The ballots (a table as the sweeps read it, in the order of `labels`), some campaigns with honest traits."""
    fraud, instances = labels["fraud"].to_numpy(), labels["instance"].to_numpy()
    honest = ballots.filter(pl.Series(~fraud))
    parts = [ballots.with_row_index("row").filter(pl.Series(~fraud))]
    for instance in sorted(set(instances[fraud])):
        part = ballots.with_row_index("row").filter(pl.Series(fraud & (instances == instance)))
        chosen = random.random() < SHARE
        while chosen:
            name = random.choice(sorted(MUTATIONS))
            part = MUTATIONS[name](part, honest, random)
            chosen = random.random() < _AGAIN
        parts.append(part)
    return pl.concat(parts).sort("row").drop("row")


def _like(*columns: str) -> Mutation:
    """Takes these columns over from an honest ballot, together."""

    def take(part: pl.DataFrame, honest: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
        drawn = honest.select(columns)[random.integers(0, honest.height, part.height)]
        return part.with_columns(drawn.get_columns())

    return take


def _at_honest_times(part: pl.DataFrame, honest: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """The same days, at the times of day of honest ballots."""
    times = (honest["at"].to_numpy()[random.integers(0, honest.height, part.height)] + _SHIFT) % _DAY
    days = (part["at"].to_numpy() + _SHIFT) // _DAY
    moments = np.clip(days * _DAY + times - _SHIFT, *(honest["at"].to_numpy()[[0, -1]].tolist()))
    return part.with_columns(at=pl.Series(moments))


def _returning(part: pl.DataFrame, honest: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """The same accounts every day, with tokens that are as old as honest ones."""
    day = (pl.col("at") + _SHIFT) // _DAY
    number = pl.int_range(pl.len()).over(day).cast(pl.String)
    names = part.select((pl.col("id").first() + "-" + number).alias("name"))["name"]
    ages = honest.filter(pl.len().over("voter") > 1)["age"]
    drawn = ages.gather(random.integers(0, len(ages), part.height)) if len(ages) else part["age"]
    return part.with_columns(voter=names, device=names, age=drawn)


def _once(part: pl.DataFrame, _honest: pl.DataFrame, _random: np.random.Generator) -> pl.DataFrame:
    """An account for each ballot."""
    return part.with_columns(voter=pl.col("id"), device=pl.col("id"))


MUTATIONS: Mapping[str, Mutation] = {
    "age": _like("age"),
    "once": _once,
    "phones": _like("channel", "agent", "client", "fingerprint", "origin", "oddities", "app"),
    "places": _like("address", "prefix", "asn", "hosting"),
    "reading": _like("reading"),
    "returning": _returning,
    "times": _at_honest_times,
}
