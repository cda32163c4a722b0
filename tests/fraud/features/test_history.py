"""The history for rounds: known voters and cells, and nothing about unseen ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from tests.recorded import CLEAN, RINGS
from voting.fraud.features.history import CELLS, NOTHING, Past, known
from voting.fraud.features.preprocess import cells_over_days, prepare
from voting.fraud.sweep import past_of
from voting.services.fraud.policy_files import load_sweep_policy

POLICY = load_sweep_policy()


@pytest.fixture(scope="module")
def ballots() -> pl.DataFrame:
    public = RINGS.ballots().filter(RINGS.labels()["family"] == "background").gather_every(2)
    # Two ballots of one moment may be swapped.
    return public.unique("at").sort("at")


def test_a_cells_history_is_its_mean_distrust_shrunk_to_the_usual(ballots: pl.DataFrame) -> None:
    distrust = (ballots["entry"] == ballots["entry"][0]).to_numpy().astype(np.float32)
    past = Past(NOTHING.takers, known(cells_over_days(ballots), distrust))
    of = prepare(ballots, past)
    here, elsewhere = (of.filter(pl.Series(which)) for which in (distrust > 0, distrust == 0))
    many, usual = int(distrust.sum()), float(distrust.mean())
    expected = (many + 3 * usual) / (many + 3) - usual
    assert here["past_entry"].to_numpy() == pytest.approx(expected, abs=1e-5)
    assert elsewhere["past_entry"].max() < 0  # type: ignore[operator]
    votes = of.group_by("voter").agg(pl.len(), pl.col("past_count").first())
    assert np.expm1(votes["past_count"].to_numpy()) == pytest.approx(votes["len"].to_numpy(), abs=1e-3)


def test_the_rows_match_the_ballots_in_any_order(ballots: pl.DataFrame) -> None:
    distrust = np.random.default_rng(1).random(len(ballots)).astype(np.float32)
    past = Past(NOTHING.takers, known(cells_over_days(ballots), distrust))
    columns = [f"past_{'_'.join(by)}" for by in CELLS]
    mixed = prepare(ballots.sample(fraction=1.0, shuffle=True, seed=2), past)
    assert mixed.select(columns).equals(prepare(ballots, past).select(columns))


def test_of_the_unknown_and_of_strangers_nothing_is_known(ballots: pl.DataFrame) -> None:
    nobody = ballots.with_columns(prefix=pl.lit(None, pl.String))
    past = Past(NOTHING.takers, known(cells_over_days(nobody), np.ones(len(nobody), dtype=np.float32)))
    assert set(prepare(nobody, past)["past_entry_prefix"]) == {0.0}
    strangers = ballots.with_columns(voter="x" + pl.col("voter"))
    of = prepare(strangers, past)
    assert set(of["past_voter"]) == set(of["past_count"]) == {0.0}
    first = prepare(ballots, NOTHING)
    assert all(set(first[name]) == {0.0} for name in first.columns if name.startswith("past_"))
    assert not [name for name in prepare(ballots).columns if name.startswith("past_")]


def with_a_ring(ballots: pl.DataFrame) -> pl.DataFrame:
    """One ballot in fifty is from thirty paid voters, who vote for another entry every six hours, within an hour."""
    chosen = pl.int_range(pl.len()) % 50 == 0
    number = pl.int_range(pl.len()) // 50
    turn = pl.col("at") // (6 * 3_600_000)
    entries = ballots["entry"].unique().sort().to_list()[:12]
    moment = turn * 6 * 3_600_000 + pl.col("at") % 3_600_000
    return ballots.with_columns(
        voter=pl.when(chosen).then("paid" + (number % 30).cast(pl.String)).otherwise("voter"),
        entry=pl.when(chosen).then(pl.lit(pl.Series(entries)).gather(turn % len(entries))).otherwise("entry"),
        at=pl.when(chosen).then(moment).otherwise("at"),
    ).sort("at")


def test_a_round_recognises_an_earlier_ring_by_its_voters_and_task_takers() -> None:
    table = with_a_ring(RINGS.ballots().filter(RINGS.labels()["family"] == "background"))
    begin, end = POLICY.sweep.past(int(table["at"][-1]))
    past = past_of(table.filter(pl.col("at").is_between(begin, end, closed="left")), POLICY.model.first)
    after = table.filter(pl.col("at") >= end)
    now = prepare(after, past).sort("row").select("past_voter", "taker")
    found = after.hstack(now).with_columns(paid=pl.col("voter").str.starts_with("paid"))
    means = found.group_by("paid").agg(pl.col("taker").mean(), pl.col("past_voter").mean())
    takers, distrust = (dict(means.select("paid", name).iter_rows()) for name in ("taker", "past_voter"))
    assert takers[True] > 0.5
    assert takers[False] < 0.001
    assert distrust[True] > 0.1 > 0 > distrust[False]


def test_the_past_is_of_whole_days_that_are_over() -> None:
    day = 24 * 3_600_000
    rules = replace(POLICY.sweep, past_hours=24, past_days=4)
    assert rules.past(9 * day) == rules.past(10 * day - 1) == (5 * day, 9 * day)
    assert past_of(CLEAN.ballots().head(0), POLICY.model.first) is NOTHING
