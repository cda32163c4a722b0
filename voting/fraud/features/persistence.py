"""Finds entries that exceed others every day alike: a rally is over in a day, a drip of bought votes is not.

For each entry and day it takes the share of ballots with a trait, then the median over the entry's days, which no rally
moves, and the median over all entries, which no campaign moves.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import polars as pl

from voting.fraud.features.column_index import Floats, Numbering, Part, Survey

# Days with fewer ballots have no usable share; entries with fewer such days no usable median.
_LEAST_BALLOTS, _LEAST_DAYS = 6, 3


def steady(survey: Survey) -> Iterator[Part]:
    """Yields, by (entry, day), how much more ballots with a trait its entry has than others.

    Columns: steady_TRAIT (log of the ratio of the medians), steady_TRAIT_excess (the part of the entry's ballots with
    the trait that the others' share does not explain) and steady_TRAIT_odds (log of the ratio of the odds: a drip adds
    only ballots with the trait).
    """
    once, fresh = survey.column("returning") == 0, survey.column("fresh") == 1
    for name, has in (("single_fresh", once & fresh), ("single", once), ("fresh", fresh)):
        yield _of(survey, name, has)


def _of(survey: Survey, name: str, has: npt.NDArray[np.bool_]) -> Part:
    cells = survey.cells(("day",))
    days = pl.DataFrame({"entry": cells.entry, "n": cells.n, "count": cells.ballots.totals(has.astype(np.float64))})
    enough = (pl.col("n") >= _LEAST_BALLOTS).sum().over("entry") >= _LEAST_DAYS
    share = (pl.col("count") / pl.col("n")).filter(pl.col("n") >= _LEAST_BALLOTS).median()
    typical = pl.col("count").filter(pl.col("n") >= _LEAST_BALLOTS).median()
    entries = days.filter(enough).group_by("entry").agg(share=share, typical=typical)
    usual, mine = pl.col("share").median() + 0.02, pl.col("share") + 0.02
    odds = mine / (1.02 - pl.col("share"))
    lasting = entries.select(
        "entry",
        "typical",
        ratio=(mine / usual).log().clip(0, 3),
        excess=((mine - usual) / mine).clip(0, 1),
        odds=(odds / odds.median()).log().clip(0, 4),
    )
    # On the day of a rally, most ballots with the trait come from it.
    part = (pl.col("typical") / pl.col("count")).clip(0, 1)
    joined = days.join(lasting, on="entry", how="left", maintain_order="left").select(
        pl.col("ratio", "odds").fill_null(0.0), excess=(pl.col("excess") * part).fill_null(0.0).fill_nan(0.0)
    )
    having = np.where(has, cells.ballots.of, cells.ballots.of.dtype.type(cells.ballots.size))
    columns: dict[str, Floats] = {
        f"steady_{name}": joined["ratio"].to_numpy(),
        f"steady_{name}_excess": joined["excess"].to_numpy(),
        f"steady_{name}_odds": joined["odds"].to_numpy(),
    }
    return Part(Numbering(having, cells.ballots.size), columns)
