"""What an entry has more of than others on every day alike: a rally is over in a day, a drip of bought votes is not.

Of each entry and day the share of ballots with a trait is taken; then the median over its days, which no rally moves,
and the median over all entries, which no campaign moves.
"""

from __future__ import annotations

import polars as pl

# A day with fewer ballots says nothing of shares, an entry with fewer such days nothing of what is steady.
_LEAST_BALLOTS, _LEAST_DAYS = 6, 3
_SINGLE, _FRESH = pl.col("returning") == 0, pl.col("fresh") == 1
TRAITS = {"single_fresh": _SINGLE & _FRESH, "single": _SINGLE, "fresh": _FRESH}


def steady(ballots: pl.DataFrame) -> pl.DataFrame:
    """For each of `ballots`, in their order, and each trait that it has: how much more of it its entry has than others.

    Columns: steady_TRAIT (log of the ratio of the medians) and steady_TRAIT_excess (the part of the entry's ballots
    with the trait that the others' share does not explain). 0 for ballots without the trait.
    """
    return pl.concat([_of(ballots, name, has) for name, has in TRAITS.items()], how="horizontal")


def _of(ballots: pl.DataFrame, name: str, has: pl.Expr) -> pl.DataFrame:
    days = (
        ballots.lazy()
        .group_by("entry", "day")
        .agg(n=pl.len(), count=has.fill_null(value=False).sum())
        .with_columns(share=pl.col("count") / pl.col("n"))
    )
    entries = (
        days.filter(pl.col("n") >= _LEAST_BALLOTS)
        .group_by("entry")
        .agg(pl.col("share").median(), typical=pl.col("count").median(), days=pl.len())
        .filter(pl.col("days") >= _LEAST_DAYS)
    )
    usual = pl.col("share").median() + 0.02
    mine = pl.col("share") + 0.02
    lasting = entries.select(
        "entry",
        "typical",
        (mine / usual).log().clip(0, 3).cast(pl.Float32).alias(f"steady_{name}"),
        excess=((mine - usual) / mine).clip(0, 1),
    )
    # On the day of a rally most who have the trait came for that.
    part = (pl.col("typical") / pl.col("count")).clip(0, 1)
    found = days.join(lasting, on="entry").select(
        "entry", "day", f"steady_{name}", (pl.col("excess") * part).cast(pl.Float32).alias(f"steady_{name}_excess")
    )
    keys = ["entry", "day"]
    joined = ballots.lazy().select(*keys, has=has).join(found, on=keys, how="left", maintain_order="left")
    columns = pl.col(f"steady_{name}", f"steady_{name}_excess")
    return joined.select(pl.when("has").then(columns).otherwise(0.0).fill_null(0.0).cast(pl.Float32)).collect()
