"""What each ballot's company says of it: the cells that it is in, and how remarkable those are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from voting.fraud.cells import cells, surprise
from voting.fraud.lockstep import lockstep
from voting.fraud.steady import steady

Floats = npt.NDArray[np.float64]

# A cell is looked into when it is so surprising, and not tiny.
_LEAST_Z, _LEAST_N = 3.0, 5

Key = tuple[str, ...]


class Families(NamedTuple):
    """Which cells are looked at, beside the entry: those of which everything is asked, those of which only the
    surprise counts, and those so large that also a small surprise says something."""

    profiled: tuple[Key, ...]
    plain: tuple[Key, ...]
    broad: tuple[Key, ...] = ()
    lasting: tuple[Key, ...] = ()
    """Those of which also the other days tell: a rally is over in a day, a campaign that drips is not."""
    whole: bool = False
    """Whether what shows only over days is looked for: lockstep, and what is steady."""


THOROUGH = Families(
    profiled=(
        ("fingerprint",),
        ("agent",),
        ("client",),
        ("prefix",),
        ("address",),
        ("minutes10",),
        ("hour",),
        ("fingerprint", "hours2"),
        ("prefix", "hours2"),
        ("asn", "hours2"),
    ),
    plain=(
        ("origin",),
        ("device",),
        ("reading_bin", "hour"),
        ("reading_bin", "fingerprint"),
        ("age_bin", "hour"),
        ("oddities",),
    ),
    broad=(
        ("hour_of_day",),
        ("age_bin",),
        ("asn",),
        ("day",),
        ("reading_bin",),
        ("hosting",),
        ("returning", "fresh", "hour_of_day"),
        ("returning", "asn"),
        ("returning", "fresh", "reading_bin"),
    ),
    lasting=(
        ("returning", "fresh"),
        ("returning", "fresh", "night"),
        ("night",),
        ("agent",),
        ("fingerprint",),
        ("asn",),
        ("reading_bin",),
        ("prefix",),
    ),
    whole=True,
)
# For the rounds: what shows within hours, at a fraction of the cost.
QUICK = Families(
    profiled=(
        ("fingerprint",),
        ("agent",),
        ("prefix",),
        ("minutes10",),
        ("hour",),
        ("fingerprint", "hours2"),
        ("asn", "hours2"),
    ),
    plain=(("device",), ("reading_bin", "hour"), ("age_bin", "hour")),
)


class World:
    """What is usual among the trusted ballots of a contest."""

    def __init__(self, ballots: pl.DataFrame) -> None:
        trusted = ballots.filter(pl.col("trust") > 0.5)
        trusted = trusted if trusted.height else ballots
        means = trusted.select("reading", "fresh", "hosting", "odd").mean().row(0)
        self.reading, self.fresh, self.hosting, self.odd = (float(value or 0.0) for value in means)
        spread = trusted["reading"].std()
        self.reading_spread = float(spread) if isinstance(spread, float) and spread > 0.3 else 0.7
        counts = trusted.drop_nulls("fingerprint")["fingerprint"].value_counts()["count"].to_numpy()
        self._shares = counts / max(1, counts.sum())

    def distinct(self, counts: Floats) -> Floats:
        """How many different fingerprints so many ballots have, on average."""
        grid = np.unique(np.round(np.geomspace(1, max(2.0, counts.max(initial=2.0)), 60)))
        shares, times = np.unique(self._shares, return_counts=True)
        if not len(shares):
            return np.ones_like(counts)
        expected = np.array([float(((1 - (1 - shares) ** size) * times).sum()) for size in grid])
        return np.asarray(np.interp(counts, grid, np.maximum(1.0, expected)), dtype=np.float64)


def features(ballots: pl.DataFrame, families: Families = THOROUGH) -> Iterator[pl.DataFrame]:
    """The features of `ballots` (as prepared), some columns at a time, with a row for each in their order."""
    world = World(ballots)
    yield _own(ballots, world)
    for by in families.profiled:
        yield _joined(ballots, _profiled(ballots, by, world), by)
    for by in families.plain:
        found = cells(ballots, by, _LEAST_N).filter(pl.col("z") > _LEAST_Z)
        yield _joined(ballots, found.select("entry", *by, *_excess("_".join(by))), by)
    for by in families.broad:
        ratio = ((pl.col("n") + 3) / (pl.col("expected") + 3)).log().clip(-2, 3).cast(pl.Float32)
        yield _joined(ballots, cells(ballots, by).select("entry", *by, ratio.alias("broad_" + "_".join(by))), by)
    for by in families.lasting:
        yield _joined(ballots, _lasting(ballots, by), (*by, "day"))
    yield _joined(ballots, _undiversified(ballots), ("prefix", "fingerprint"))
    if families.whole:
        yield lockstep(ballots)
        yield steady(ballots)


def _own(ballots: pl.DataFrame, world: World) -> pl.DataFrame:
    """What a ballot says by itself."""
    seconds = pl.col("reading").exp()
    several = pl.col("voter").n_unique().over("device").cast(pl.Float32)
    return ballots.select(
        own_hosting=pl.col("hosting").fill_null(0.0),
        own_odd=pl.col("odd"),
        own_odd2=(pl.col("oddity_count") - 1).clip(0, 3),
        own_cross_site="cross_site",
        own_automation="automation",
        own_instant=(seconds < 0.8).cast(pl.Float32).fill_null(0.0),
        own_quick=((world.reading - pl.col("reading")) / world.reading_spread).clip(0, 4).fill_null(0.0),
        own_fresh=(pl.col("fresh") - world.fresh).fill_null(0.0),
        own_refused=pl.col("refused").fill_null(0.0),
        own_device_voters=pl.when(pl.col("device").is_null()).then(0.0).otherwise(several.log().clip(0, 4)),
        own_returns=pl.len().over("voter").cast(pl.Float32).log().clip(0, 2.5),
    )


def _excess(name: str) -> list[pl.Expr]:
    ratio = (pl.col("n") / pl.col("expected")).log().clip(0, 5)
    return [
        ratio.cast(pl.Float32).alias(f"{name}_ratio"),
        (pl.col("z").log1p() / 2).cast(pl.Float32).alias(f"{name}_z"),
    ]


def _profiled(ballots: pl.DataFrame, by: Sequence[str], world: World) -> pl.DataFrame:
    """The surprising cells of (entry, *by), and what kind of ballots are in each."""
    found = cells(ballots, by, _LEAST_N).filter(pl.col("z") > _LEAST_Z)
    asked = ("second", "fresh", "reading", "hosting", "odd", "prefix", "fingerprint", "returning")
    inside = (
        ballots.lazy()
        .select(*dict.fromkeys(("entry", *by, *asked)))
        .join(found.lazy().select("entry", *by), on=["entry", *by], how="semi", maintain_order="left")
    )
    gap = pl.col("second").diff()
    profile = inside.group_by("entry", *by).agg(
        fresh=pl.col("fresh").mean(),
        reading=pl.col("reading").mean(),
        spread=pl.col("reading").std(),
        hosting=pl.col("hosting").mean(),
        odd=pl.col("odd").mean(),
        prefixes=pl.col("prefix").n_unique(),
        fingerprints=pl.col("fingerprint").n_unique(),
        regular=(gap.quantile(0.75) - gap.quantile(0.25)) / (gap.median() + 0.001),
        returning=pl.col("returning").mean(),
    )
    found = found.lazy().join(profile, on=["entry", *by]).collect()
    diverse = pl.Series("diverse", found["fingerprints"].to_numpy() / world.distinct(found["n"].to_numpy()))
    found = found.with_columns(diverse)
    name = "_".join(by)
    share = ((pl.col("n") - pl.col("expected")) / pl.col("n")).clip(0, 1)

    def told(what: str, value: pl.Expr) -> pl.Expr:
        return (value.fill_null(0.0).fill_nan(0.0) * share).cast(pl.Float32).alias(f"{name}_{what}")

    return found.select(
        "entry",
        *by,
        *_excess(name),
        told("fresh", ((pl.col("fresh") - world.fresh) / (1.02 - world.fresh)).clip(-1, 1)),
        told("quick", ((world.reading - pl.col("reading")) / world.reading_spread).clip(0, 3)),
        told("slow", ((pl.col("reading") - world.reading) / world.reading_spread).clip(0, 3)),
        told("uniform", ((0.6 - pl.col("spread") / world.reading_spread) / 0.5).clip(0, 1)),
        told("hosting", (pl.col("hosting") - world.hosting).clip(0, 1)),
        told("odd", (pl.col("odd") - world.odd).clip(0, 1)),
        told("scattered", (pl.col("prefixes") / pl.col("n")).clip(0, 1)),
        told("alike", (1 - pl.col("diverse")).clip(0, 1)),
        told("regular", ((1.2 - pl.col("regular")) / 1.0).clip(0, 1)),
        told("returning", pl.col("returning") - pl.col("returning").mean()),
    )


def _lasting(ballots: pl.DataFrame, by: Key) -> pl.DataFrame:
    """(entry, *by, day): how the other days' ballots of (entry, *by) compare with what is expected of them."""
    on_day = cells(ballots, (*by, "day")).select("entry", *by, "day", here="n", here_expected="expected")
    found = on_day.join(cells(ballots, by), on=["entry", *by])
    others, expected = pl.col("n") - pl.col("here"), (pl.col("expected") - pl.col("here_expected")).clip(0)
    ratio = ((others + 3) / (expected + 3)).log().clip(-2, 3)
    significance = surprise(others, expected.clip(0.5)).log1p() / 2
    name = "_".join(by)
    return found.select(
        "entry",
        *by,
        "day",
        ratio.cast(pl.Float32).alias(f"lasting_{name}"),
        significance.cast(pl.Float32).alias(f"lasting_{name}_z"),
    )


def _undiversified(ballots: pl.DataFrame) -> pl.DataFrame:
    """(entry, prefix, fingerprint): one kind of phone more often at one place than its ballots and the mix explain."""
    known = ballots.filter(pl.col("prefix").is_not_null() & pl.col("fingerprint").is_not_null())
    share = known.group_by("fingerprint").agg(share=pl.col("trust").sum() / known["trust"].sum())
    here = known.group_by("entry", "prefix").agg(here=pl.len().cast(pl.Float64))
    found = known.group_by("entry", "prefix", "fingerprint").agg(n=pl.len().cast(pl.Float64))
    found = found.filter(pl.col("n") >= _LEAST_N).join(share, on="fingerprint").join(here, on=["entry", "prefix"])
    found = found.with_columns(expected=(pl.col("share") * pl.col("here")).clip(0.05))
    found = found.with_columns(z=surprise(pl.col("n"), pl.col("expected"))).filter(pl.col("z") > _LEAST_Z)
    return found.select("entry", "prefix", "fingerprint", *_excess("prefix_fingerprint"))


def _joined(ballots: pl.DataFrame, found: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """The cells' features for each ballot; 0 where its cell is not surprising."""
    keys = ["entry", *by]
    joined = ballots.lazy().select(keys).join(found.lazy(), on=keys, how="left", maintain_order="left")
    return joined.drop(keys).fill_null(0.0).collect()
