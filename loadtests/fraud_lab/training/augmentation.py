"""Data augmentation: campaigns take on a trait of honest voters, and crowds take on traits of campaigns.

Simulated campaigns have the faults that their author thought of. Here some campaigns get one trait of ordinary voters
of the same world, so that trees learn from the rest. Simulated crowds mostly vote for one entry; here some vote for
several, as the audience of a show does, and some of the public votes for entries of one kind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import polars as pl

from loadtests.fraud_lab.simulator.world import BACKGROUND

Ints = npt.NDArray[np.int64]
Change = Callable[[pl.DataFrame, pl.DataFrame, np.random.Generator], pl.DataFrame]
_DAY, _SHIFT = 86_400_000, 28_800_000
_PHONE = ("channel", "agent", "client", "fingerprint", "origin", "oddities", "app")
_PLACE = ("address", "prefix", "asn", "hosting")
# The share of campaigns and crowds that are changed, and of those that are changed again.
SHARE, _AGAIN = 0.3, 0.2
# The share of contests in which some of the public prefers one kind of entries.
_KINDS = 0.25


def augmented(ballots: pl.DataFrame, labels: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """The ballots (the table of the sweeps, in the order of `labels`) with some campaigns and crowds changed."""
    fraud, family, instances = (labels[name].to_numpy() for name in ("fraud", "family", "instance"))
    honest, rows = ballots.filter(pl.Series(~fraud)), ballots.with_row_index("row")
    public = rows.filter(pl.Series(family == BACKGROUND))
    parts = [kept_to_kinds(public, random) if random.random() < _KINDS else public]
    for those, changes in ((fraud, CAMPAIGN_CHANGES), (~fraud & (family != BACKGROUND), CROWD_CHANGES)):
        for instance in sorted(set(instances[those])):
            part = rows.filter(pl.Series(those & (instances == instance)))
            chosen = random.random() < SHARE
            while chosen:
                part = changes[random.choice(sorted(changes))](part, honest, random)
                chosen = random.random() < _AGAIN
            parts.append(part)
    return pl.concat(parts).sort("row").drop("row")


def _like(*columns: str) -> Change:
    """Copies these columns from honest ballots."""

    def take(part: pl.DataFrame, honest: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
        drawn = honest.select(columns)[random.integers(0, honest.height, part.height)]
        return part.with_columns(drawn.get_columns())

    return take


def _at_honest_times(part: pl.DataFrame, honest: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """Keeps the days and takes the times of day of honest ballots."""
    times = (honest["at"].to_numpy()[random.integers(0, honest.height, part.height)] + _SHIFT) % _DAY
    days = (part["at"].to_numpy() + _SHIFT) // _DAY
    moments = np.clip(days * _DAY + times - _SHIFT, *(honest["at"].to_numpy()[[0, -1]].tolist()))
    return part.with_columns(at=pl.Series(moments))


def _returning(part: pl.DataFrame, honest: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """The same accounts every day, with tokens as old as honest ones."""
    day = (pl.col("at") + _SHIFT) // _DAY
    number = pl.int_range(pl.len()).over(day).cast(pl.String)
    names = part.select((pl.col("id").first() + "-" + number).alias("name"))["name"]
    ages = honest.filter(pl.len().over("voter") > 1)["age"]
    drawn = ages.gather(random.integers(0, len(ages), part.height)) if len(ages) else part["age"]
    return part.with_columns(voter=names, device=names, age=drawn)


def _once(part: pl.DataFrame, _honest: pl.DataFrame, _random: np.random.Generator) -> pl.DataFrame:
    """A new account for each ballot."""
    return part.with_columns(voter=pl.col("id"), device=pl.col("id"))


def _of_several_entries(part: pl.DataFrame, honest: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """Two to six entries in place of one, some more popular than others."""
    own = part["entry"].mode().sort()[0]
    others = honest["entry"].unique().sort().sample(int(random.integers(1, 6)), seed=int(random.integers(1 << 32)))
    entries = np.array([own, *others])
    drawn = random.choice(entries, part.height, p=random.dirichlet(np.full(len(entries), random.choice([2.0, 50.0]))))
    return part.with_columns(entry=pl.when(pl.col("entry") == own).then(pl.Series(drawn)).otherwise("entry"))


def _at_one_hour(part: pl.DataFrame, honest: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """Keeps the days; all come within minutes of one or two calls at the same hour."""
    calls = random.uniform(7, 23) * 3_600_000 + np.array([0, random.uniform(0, 2) * 3_600_000])
    later = random.exponential(random.uniform(2, 30) * 60_000, part.height)
    times = np.clip(random.choice(calls, part.height) + later, 0, _DAY - 1).astype(np.int64)
    days = (part["at"].to_numpy() + _SHIFT) // _DAY
    moments = np.clip(days * _DAY + times - _SHIFT, *(honest["at"].to_numpy()[[0, -1]].tolist()))
    return part.with_columns(at=pl.Series(moments))


def _coming_again(part: pl.DataFrame, _honest: pl.DataFrame, _random: np.random.Generator) -> pl.DataFrame:
    """Fewer people, who return on other days with the same phones and networks."""
    day = (pl.col("at") + _SHIFT) // _DAY
    ordered = part.sort("at", "row")
    number = pl.int_range(pl.len()).over(day)
    own = (pl.col("id").first().over(number).alias(name) for name in ("voter", "device"))
    same = ordered.with_columns(*own, pl.first("age", *_PHONE, *_PLACE).over(number))
    grown = pl.col("age") + pl.col("at") - pl.col("at").first().over("voter")
    return same.with_columns(age=pl.when(pl.int_range(pl.len()).over("voter") > 0).then(grown).otherwise("age"))


def _hasty(part: pl.DataFrame, _honest: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """Shorter reading times: they were told what to choose."""
    return part.with_columns(reading=(pl.col("reading") * random.uniform(0.4, 1)).cast(pl.Int64))


def kept_to_kinds(public: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """Some returning voters choose among the entries of one kind, by popularity."""
    entries = public["entry"].value_counts().sort("entry")
    kinds = random.integers(int(random.integers(4, 13)), size=entries.height)
    voters = public["voter"].unique().sort()
    liked = voters.to_frame().with_columns(
        kind=pl.Series(random.choice(kinds, len(voters))), lover=pl.Series(random.random(len(voters)))
    )
    of = public.select("voter").join(liked, on="voter", how="left", maintain_order="left")
    loving = public.select(pl.len().over("voter") > 1).to_series() & (of["lover"] < random.uniform(0.1, 0.6))
    drawn = public["entry"].to_numpy().copy()
    for kind in np.unique(kinds):
        those, weights = (loving & (of["kind"] == kind)).to_numpy(), np.where(kinds == kind, entries["count"], 0)
        drawn[those] = random.choice(entries["entry"].to_numpy(), int(those.sum()), p=weights / weights.sum())
    return public.with_columns(entry=pl.Series(drawn))


CAMPAIGN_CHANGES: Mapping[str, Change] = {
    "age": _like("age"),
    "once": _once,
    "phones": _like(*_PHONE),
    "places": _like(*_PLACE),
    "reading": _like("reading"),
    "returning": _returning,
    "times": _at_honest_times,
}
CROWD_CHANGES: Mapping[str, Change] = {
    "again": _coming_again,
    "entries": _of_several_entries,
    "hasty": _hasty,
    "hour": _at_one_hour,
}
