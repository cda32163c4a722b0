"""Cells and lockstep on small hand-made ballots whose expectation can be computed on paper."""

from __future__ import annotations

import random

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.recorded import RINGS
from voting.fraud.features.cells import expectation, surprise
from voting.fraud.features.column_index import Survey
from voting.fraud.features.covoting import covoting
from voting.fraud.features.lockstep import lockstep
from voting.fraud.features.preprocess import prepare
from voting.fraud.groups.excess import excesses
from voting.fraud.rules.task_lists import task_takers


def compared(ballots: pl.DataFrame, trust: list[float]) -> dict[tuple[object, ...], tuple[float, float, float]]:
    """Returns, by (entry, phone), the number of ballots, the expected number, and the surprise."""
    survey = Survey(ballots)
    cells = survey.cells(["phone"])
    expected = expectation(cells, np.array(trust))
    found = zip(cells.n, expected, surprise(cells.n, expected), strict=True)
    return dict(zip(ballots[cells.sample].select("entry", "phone").rows(), found, strict=True))


def test_a_cell_is_compared_with_the_other_entries() -> None:
    # 100 ballots for A, half of them on one phone; 300 for B, 30 of them on it.
    ballots = pl.DataFrame({"entry": [1] * 100 + [2] * 300, "phone": [1] * 50 + [2] * 50 + [1] * 30 + [2] * 270})
    found = compared(ballots, [1.0] * 400)
    n, expected, z = found[1, 1]
    assert n == 50
    # A tenth of the other entry's ballots, with half an unseen one and one of all added.
    assert expected == pytest.approx(100 * 30.5 / 301)
    assert z == pytest.approx(8.94, abs=0.01)
    # Fewer than expected is no surprise.
    assert found[1, 2][2] == 0


def test_distrusted_ballots_are_not_learnt_from() -> None:
    ballots = pl.DataFrame({"entry": [1] * 40 + [2] * 60, "phone": [1] * 40 + [1] * 30 + [2] * 30})
    trusting = compared(ballots, [1.0] * 100)
    doubting = compared(ballots, [1.0] * 40 + [0.01] * 30 + [1.0] * 30)
    assert trusting[1, 1][2] < 5 < doubting[1, 1][2]


def test_unknown_values_are_in_no_cell() -> None:
    ballots = pl.DataFrame({"entry": [1, 1, 2], "phone": [None, 1, 1]})
    found = compared(ballots, [1.0] * 3)
    assert sum(n for n, _, _ in found.values()) == 2


@given(st.lists(st.tuples(st.integers(0, 3), st.none() | st.integers(-(2**62), 2**62)), max_size=60))
def test_equal_values_have_one_number(rows: list[tuple[int, int | None]]) -> None:
    ballots = pl.DataFrame(rows, schema={"entry": pl.Int64, "phone": pl.Int64}, orient="row")
    numbering = Survey(ballots).numbering(["entry", "phone"])
    by_number: dict[int, set[tuple[int, int | None]]] = {}
    for number, row in zip(numbering.of.tolist(), rows, strict=True):
        by_number.setdefault(number, set()).add(row)
    unknown = by_number.pop(numbering.size, set())
    assert all(phone is None for _, phone in unknown)
    assert sorted(by_number) == list(range(numbering.size))
    assert all(len(alike) == 1 for alike in by_number.values())
    assert len(by_number) == len({row for row in rows if row[1] is not None})


def test_absent_traits_are_in_no_cell() -> None:
    ballots = RINGS.ballots()
    prepared = prepare(ballots).sort("row")
    assert ballots["hosting"].sum() > 100
    assert prepared["hosted"].is_not_null().equals(ballots["hosting"].fill_null(value=False))
    assert prepared["oddities"].is_not_null().equals(ballots["oddities"] != 0)
    # Measures of a cell include all its ballots.
    assert prepared["hosting"].fill_nan(None).sum() == ballots["hosting"].sum()


def ring() -> pl.DataFrame:
    """30 voters who work through a list of three entries in three days, among 600 who choose among 20 independently."""
    rows = [(f"paid{voter}", 100 + day, day) for voter in range(30) for day in range(3)]
    chance = random.Random(1)
    rows += [(f"free{voter}", chance.randrange(20), day) for voter in range(600) for day in range(3)]
    # And 40 who vote for the same entry every day.
    rows += [(f"loyal{voter}", 3, day) for voter in range(40) for day in range(3)]
    table = pl.DataFrame(rows, schema=["voter", "entry", "day"], orient="row")
    hours = pl.col("day") * 24 + pl.col("entry") % 3 * 2
    # Each lives elsewhere.
    table = table.with_columns(prefix=pl.col("voter").rank("dense").cast(pl.Int64))
    return table.with_columns(hour=hours, hours2=hours // 2, second=hours * 3600.0, returning=pl.lit(1.0))


def test_list_workers_are_found_and_loyal_voters_are_not() -> None:
    ballots = ring()
    numbered = ballots.with_columns(pl.col("voter").rank("dense").cast(pl.Int64))
    takers = numbered["voter"].is_in(task_takers(Survey(numbered)).implode())
    assert sorted(ballots["voter"].filter(takers).unique()) == sorted(f"paid{voter}" for voter in range(30))
    pairs = {name: part.of_ballots(name) for part in lockstep(Survey(numbered)) for name in part.columns}
    found = ballots.with_columns(pair_day_voter=pairs["pair_day_voter"])
    of = found.group_by(pl.col("voter").str.extract("([a-z]+)")).agg(pl.col("pair_day_voter").mean())
    means = dict(of.iter_rows())
    assert means["paid"] > 3
    assert means["loyal"] == 0
    assert means["free"] < 0.3


def test_neighbours_with_the_same_entries_are_no_ring() -> None:
    ballots = ring().with_columns(pl.col("voter").rank("dense").cast(pl.Int64))
    paid = ballots["entry"] >= 100
    # The thirty live in fifteen networks, the others in six hundred.
    near = ballots.with_columns(prefix=pl.when(paid).then(10_000 + pl.col("voter") % 15).otherwise("prefix"))
    for table, found in ((ballots, 30), (near, 0)):
        assert len(set(task_takers(Survey(table))) & set(table.filter(paid)["voter"])) == found


@pytest.mark.parametrize(("later", "met"), [(3000, {29}), (9000, {21, 7})])
def test_meetings_at_every_entry_differ_from_meetings_at_one(later: int, met: set[int]) -> None:
    # At one of the three entries, 22 of the list's thirty come later than the others, after the two hours.
    at_one = pl.col("voter").str.starts_with("paid") & (pl.col("entry") == 101)
    late = at_one & pl.col("voter").str.contains("paid[12]")
    ballots = ring().with_columns(second=pl.col("second") + at_one * 7000 + late * later)
    survey = Survey(ballots.with_columns(pl.col("voter").rank("dense").cast(pl.Int64)))
    (part,) = covoting(survey)
    found = ballots.with_columns(
        pl.Series(name, np.expm1(part.of_ballots(name)).round().astype(int))
        for name in ("covote_twice", "covote_thrice", "covote_often")
    )
    paid = found.filter(pl.col("voter").str.starts_with("paid"))
    assert set(paid["covote_twice"]) == {29}
    assert set(paid["covote_thrice"]) == met
    assert set(paid["covote_often"]) == {0}
    assert set(found.filter(pl.col("voter").str.starts_with("loyal"))["covote_twice"]) == {0}
    assert found.filter(pl.col("voter").str.starts_with("free"))["covote_thrice"].max() <= 1  # type: ignore[operator]


def test_ballots_at_night_beyond_the_contests_rhythm_are_estimated_not_named() -> None:
    # 5 % of the others' ballots are cast at night; B has 400 honest ones and 300 spread evenly over day and night.
    hours = [3] * 50 + [12] * 950 + [3] * 20 + [12] * 380 + [hour for hour in range(24) for _ in range(12)] + [3] * 12
    names = ["A"] * 1000 + ["B"] * (len(hours) - 1000)
    ballots = pl.DataFrame({"hour_of_day": hours, "fresh": [0.0] * len(hours)})
    found = excesses(ballots, pl.Series("entry", names))
    assert [(each.entry, each.sign) for each in found] == [("B", "night")]
    assert found[0].low < 300 < found[0].high
