"""Cells and lockstep: hand-made ballots whose expectation can be worked out on paper."""

from __future__ import annotations

import random

import polars as pl
import pytest

from voting.fraud.cells import cells
from voting.fraud.excess import excesses
from voting.fraud.lockstep import lockstep, task_takers


def test_a_cell_is_compared_with_what_the_other_entries_show() -> None:
    # 100 ballots for A, half of them on one phone; 300 for B, of which 30 are.
    ballots = pl.DataFrame(
        {
            "entry": ["A"] * 100 + ["B"] * 300,
            "phone": [1] * 50 + [2] * 50 + [1] * 30 + [2] * 270,
            "trust": [1.0] * 400,
        }
    )
    found = {(row["entry"], row["phone"]): row for row in cells(ballots, ["phone"]).iter_rows(named=True)}
    assert found["A", 1]["n"] == 50
    # Of the other entry's ballots a tenth, half an unseen one and one of all added.
    assert found["A", 1]["expected"] == pytest.approx(100 * 30.5 / 301)
    assert found["A", 1]["z"] == pytest.approx(8.94, abs=0.01)
    # What is rarer than expected is no surprise.
    assert found["A", 2]["z"] == 0


def test_what_is_distrusted_is_not_learnt_from() -> None:
    ballots = pl.DataFrame({"entry": ["A"] * 40 + ["B"] * 60, "phone": [1] * 40 + [1] * 30 + [2] * 30})
    trusting = cells(ballots.with_columns(trust=pl.lit(1.0)), ["phone"])
    doubting = cells(
        ballots.with_columns(
            trust=pl.when((pl.col("entry") == "B") & (pl.col("phone") == 1)).then(0.01).otherwise(1.0)
        ),
        ["phone"],
    )
    of_a = (pl.col("entry") == "A") & (pl.col("phone") == 1)
    assert trusting.filter(of_a)["z"].item() < 5 < doubting.filter(of_a)["z"].item()


def test_unknown_values_are_in_no_cell() -> None:
    ballots = pl.DataFrame({"entry": ["A", "A", "B"], "phone": [None, 1, 1], "trust": [1.0] * 3})
    assert cells(ballots, ["phone"])["n"].sum() == 2


def ring() -> pl.DataFrame:
    """30 voters who work off a list of three entries in three days, among 600 who choose among 20 by themselves."""
    rows = [(f"paid{voter}", 100 + day, day) for voter in range(30) for day in range(3)]
    chance = random.Random(1)
    rows += [(f"free{voter}", chance.randrange(20), day) for voter in range(600) for day in range(3)]
    # And 40 who vote for the same entry every day.
    rows += [(f"loyal{voter}", 3, day) for voter in range(40) for day in range(3)]
    table = pl.DataFrame(rows, schema=["voter", "entry", "day"], orient="row")
    return table.with_columns(hours2=pl.col("day") * 12 + pl.col("entry") % 3, returning=pl.lit(1.0))


def test_who_works_off_a_list_is_found_and_the_loyal_are_not() -> None:
    ballots = ring()
    takers = task_takers(ballots).to_list()
    assert sorted(takers) == sorted(f"paid{voter}" for voter in range(30))
    found = pl.concat([ballots, lockstep(ballots)], how="horizontal")
    of = found.group_by(pl.col("voter").str.extract("([a-z]+)")).agg(pl.col("pair_day_voter").mean())
    means = dict(of.iter_rows())
    assert means["paid"] > 3
    assert means["loyal"] == 0
    assert means["free"] < 0.3


def test_ballots_at_night_beyond_the_contests_rhythm_are_estimated_not_named() -> None:
    # Of the others' ballots 5 % are cast at night; B has 400 honest ones and 300 spread evenly over day and night.
    hours = [3] * 50 + [12] * 950 + [3] * 20 + [12] * 380 + [hour for hour in range(24) for _ in range(12)] + [3] * 12
    names = ["A"] * 1000 + ["B"] * (len(hours) - 1000)
    ballots = pl.DataFrame({"hour_of_day": hours, "fresh": [0.0] * len(hours)})
    found = excesses(ballots, pl.Series("entry", names))
    assert [(each.entry, each.sign) for each in found] == [("B", "night")]
    assert found[0].low < 300 < found[0].high
