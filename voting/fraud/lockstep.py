"""Lockstep: voters who backed the same two entries on the same two days, far more often than chance would have it.

A paid task list is what makes strangers do that. The idea is CopyCatch's (Beutel et al., WWW 2013) and SynchroTrap's
(Cao et al., CCS 2014), made linear: each voter contributes the pairs of *different* entries that he backed. Nothing is
trained, and a loyal voter of one entry makes no pair.

A voter's evidence is the sum over his pairs of log((others + 1/2) / (expected + 1/2)): many pairs that are each a
little too frequent say more than one that is much so.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from voting.fraud.cells import surprise
from voting.fraud.survey import Part, Survey

# A voter with more cells than this gives only the first: pairs grow with the square.
_MOST_CELLS = 12
# When two ballots were cast together: on two days, for task lists; in two hours, for those that are worked off at once;
# ever, for lists whose order is each voter's own.
_TIMES = ("day", "hours2", "ever")
# Tastes that go together make two entries share so many times more voters than chance; more than that is an agreement.
_FRIENDS = 3.0
# A pair that surprises: so many standard deviations, and other voters who have it.
_STRONG_Z, _STRONG_OTHERS = 3.0, 2
_SURE_LIFT, _SURE_OTHERS, _SURE_PAIRS, _SURE_ENTRIES = 1.6, 3, 2, 3


def lockstep(survey: Survey) -> Iterator[Part]:
    """By ballot how much its voter's pairs, and its own, exceed chance.

    Columns, for each of the three lengths of time: pair_TIME_mean (the mean lift of the voter's pairs), pair_TIME_voter
    (log1p of the sum of the standard deviations of those that are surprising), pair_TIME_share (how many of the voter's
    ballots are in one), pair_TIME_cell (log1p of the largest that this ballot is in); pair_ever_breadth and
    pair_ever_list: see _listed.
    """
    for time in _TIMES:
        found = _of(survey.ballots, time)
        yield Part(None, {name: found[name].to_numpy() for name in found.columns})


def task_takers(ballots: pl.DataFrame) -> pl.Series:
    """The voters (as named in `ballots`) who share with others what chance does not explain: they work off a list.

    A rule of its own, untrained. Sure is a pair of days that at least three others have, five times as many as
    expected, friends that the two entries share on any day allowed for. A list is worked off by who has two sure pairs
    of three entries; or one, and some pair of entries that a third goes with, for two may be allies. In made contests
    without fraud it names nobody.
    """
    days = _lifted(ballots, "day").filter((pl.col("lift") > _SURE_LIFT) & (pl.col("others") >= _SURE_OTHERS))
    sure = days.group_by("voter").agg(
        pairs=pl.len(), entries=pl.concat([pl.col("entry"), pl.col("entry_other")]).n_unique()
    )
    listed = _listed(_strong(_lifted(ballots, "ever"))).filter(pl.col("pair_ever_list") > 0)
    several = (pl.col("pairs") >= _SURE_PAIRS) & (pl.col("entries") >= _SURE_ENTRIES)
    found = sure.join(listed, on="voter", how="left").filter(several | pl.col("pair_ever_list").is_not_null())
    return found.select("voter").collect()["voter"].sort()


def _strong(pairs: pl.LazyFrame) -> pl.LazyFrame:
    return pairs.filter((pl.col("z") > _STRONG_Z) & (pl.col("others") >= _STRONG_OTHERS))


def _listed(pairs: pl.LazyFrame) -> pl.LazyFrame:
    """By voter: of how many entries his surprising pairs are, and how many third entries go with both of one.

    Two allies are a pair, and no more; the entries of one list go with each other.
    """
    kinds = pairs.select("entry", "entry_other").unique()
    third = (
        kinds.join(kinds, left_on="entry_other", right_on="entry", suffix="_third")
        .join(kinds, left_on=["entry", "entry_other_third"], right_on=["entry", "entry_other"], how="semi")
        .group_by("entry", "entry_other")
        .agg(thirds=pl.len())
    )
    return (
        pairs.join(third, on=["entry", "entry_other"], how="left")
        .group_by("voter")
        .agg(
            pair_ever_breadth=(pl.col("entry").n_unique() - 1).log().cast(pl.Float32),
            pair_ever_list=pl.col("thirds").fill_null(0).max().log1p().cast(pl.Float32),
        )
    )


def _of(ballots: pl.DataFrame, time: str) -> pl.DataFrame:
    pairs = _lifted(ballots, time).collect().lazy()
    strong = _strong(pairs)
    sides = pl.concat(
        [
            strong.select("voter", "entry", time, "z"),
            strong.select("voter", pl.col("entry_other").alias("entry"), pl.col(f"{time}_other").alias(time), "z"),
        ]
    )
    keys = ["voter", "entry", time]
    mean, total, share, cell = (f"pair_{time}_{what}" for what in ("mean", "voter", "share", "cell"))
    joined = (
        ballots.lazy()
        .with_columns(ever=0)
        .select(keys)
        .join(
            sides.group_by(keys).agg(pl.col("z").max().log1p().cast(pl.Float32).alias(cell)),
            on=keys,
            how="left",
            maintain_order="left",
        )
        .join(
            strong.group_by("voter").agg(pl.col("z").sum().log1p().cast(pl.Float32).alias(total)),
            on="voter",
            how="left",
            maintain_order="left",
        )
        .join(
            pairs.group_by("voter").agg(pl.col("lift").mean().cast(pl.Float32).alias(mean)),
            on="voter",
            how="left",
            maintain_order="left",
        )
        .with_columns(pl.col(cell).is_not_null().mean().over("voter").cast(pl.Float32).alias(share))
    )
    names = [mean, total, share, cell]
    if time == "ever":
        joined = joined.join(_listed(strong), on="voter", how="left", maintain_order="left")
        names += ["pair_ever_breadth", "pair_ever_list"]
    return joined.select(pl.col(names).fill_null(0.0)).collect()


def _lifted(ballots: pl.DataFrame, time: str) -> pl.LazyFrame:
    """One row for each voter and two cells of his for different entries: others (who have them too), lift, z.

    Expected is what independence gives among the voters of both times, times what the same two entries share at other
    times: some have the same friends.
    """
    other = f"{time}_other"
    pair = ["entry", time, "entry_other", other]
    cells = (
        ballots.lazy()
        .filter(pl.col("returning") > 0)
        .with_columns(ever=0)
        .select("voter", "entry", time)
        .unique(maintain_order=True)
        .filter(pl.int_range(pl.len()).over("voter") < _MOST_CELLS)
    )
    # Of a pair that was ever there both orders are counted: it has no first.
    follows = pl.col("entry") != pl.col("entry_other") if time == "ever" else pl.col(time) < pl.col(other)
    both = cells.join(cells, on="voter", suffix="_other").filter(follows)
    # Where nothing is known of other times nothing can be allowed for.
    most_friends = 1.0 if time == "ever" else _FRIENDS
    counts = both.group_by(pair).agg(n=pl.len().cast(pl.Float64)).collect().lazy()
    times = counts.group_by(time, other).agg(all=pl.col("n").sum())
    first = counts.group_by(time, other, "entry").agg(first=pl.col("n").sum())
    second = counts.group_by(time, other, "entry_other").agg(second=pl.col("n").sum())
    lifts = (
        counts.filter(pl.col("entry") != pl.col("entry_other"))
        .join(times, on=[time, other])
        .join(first, on=[time, other, "entry"])
        .join(second, on=[time, other, "entry_other"])
        .with_columns(
            low=pl.min_horizontal("entry", "entry_other"),
            high=pl.max_horizontal("entry", "entry_other"),
            others=pl.col("n") - 1,
            # Of himself a voter has no expectation.
            expected=(pl.col("first") - 1) * (pl.col("second") - 1) / (pl.col("all") - 1).clip(1),
        )
        .with_columns(
            friends=(pl.col("others").sum().over("low", "high") - pl.col("others") + 2)
            / (pl.col("expected").sum().over("low", "high") - pl.col("expected") + 2)
        )
        .with_columns(expected=(pl.col("expected") * pl.col("friends").clip(1, most_friends)).clip(0.05))
        .with_columns(
            lift=((pl.col("others") + 0.5) / (pl.col("expected") + 0.5)).log().clip(-0.5, 4),
        )
        .collect()
    )
    found = lifts.with_columns(z=surprise(lifts["others"].to_numpy(), lifts["expected"].to_numpy()))
    return both.join(found.lazy().select(*pair, "others", "lift", "z"), on=pair)
