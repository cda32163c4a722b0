"""Task lists: an untrained rule for voters who work through one; trained passes miss unfamiliar behaviour."""

from __future__ import annotations

import numpy as np
import polars as pl

from voting.fraud.features.column_index import Numbering, Survey
from voting.fraud.features.covoting import covoters
from voting.fraud.features.lockstep import Flags, during, lifted, listed, returning

_SURE_LIFT, _SURE_OTHERS, _SURE_PAIRS, _SURE_ENTRIES = 1.6, 3, 2, 3
# The number of entries at which one meets another, and of such others, that exclude chance.
_MET_AT, _MET = 3, 2


def task_takers(survey: Survey) -> pl.Series:
    """Returns the voters (as named in the ballots) whose agreement with others shows that they work through a list.

    These are voters who met two others at three entries, within two hours each time: in simulated contests without
    fraud nobody did. And voters with a pair of days that at least three others have, five times as many as expected,
    after correcting for friends that the two entries share on any day: two such pairs of three entries; or one, and
    some pair of entries that a third goes with, since two may be allies. This includes some friends of two entries, so
    the sweeps require other evidence on a ballot, too.
    """
    voters = returning(survey)
    takers = _in_pairs(survey, voters) | (covoters(survey).others(_MET_AT) >= _MET)
    return survey.ballots["voter"].gather(voters.samples()[takers]).sort()


def _in_pairs(survey: Survey, voters: Numbering) -> Flags:
    days, ever = (lifted(survey, voters, during(survey, time)) for time in ("day", "ever"))
    sure = days.only((days.lift > _SURE_LIFT) & (days.others >= _SURE_OTHERS)).table().lazy()
    sure = sure.group_by("voter").agg(
        pairs=pl.len(), entries=pl.concat([pl.col("entry"), pl.col("entry_other")]).n_unique()
    )
    lists = listed(ever.only(ever.strong())).lazy().filter(pl.col("pair_ever_list") > 0)
    several = (pl.col("pairs") >= _SURE_PAIRS) & (pl.col("entries") >= _SURE_ENTRIES)
    named = sure.join(lists, on="voter", how="left").filter(several | pl.col("pair_ever_list").is_not_null())
    takers = np.zeros(voters.size, dtype=np.bool_)
    takers[named.collect()["voter"]] = True
    return takers
