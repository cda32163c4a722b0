"""The sweep on simulated contests: fraud found, honest voters spared, and repeatable results."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from tests.recorded import CLEAN, RINGS
from voting.fraud.facts.facts import Oddity
from voting.fraud.reasons.findings import Sweep
from voting.fraud.reasons.reasons import family_of
from voting.fraud.sweep import sweep
from voting.services.fraud.policy_files import load_sweep_policy

HIRED = ("A7", "A8")


@pytest.fixture(scope="module")
def attacked() -> tuple[pl.DataFrame, pl.DataFrame, Sweep]:
    """A recorded contest with simple bots: its ballots, their labels, and the findings."""
    kept = ~RINGS.labels()["family"].is_in(HIRED)
    ballots, labels = RINGS.ballots().filter(kept), RINGS.labels().filter(kept)
    return ballots, labels, sweep(ballots, load_sweep_policy(), "certification")


def test_plain_bots_are_found_and_crowds_are_spared(attacked: tuple[pl.DataFrame, pl.DataFrame, Sweep]) -> None:
    _, labels, found = attacked
    told = labels.with_columns(found.verdicts["hold"])
    assert told.filter("fraud")["hold"].mean() > 0.95  # type: ignore[operator]
    # In such a small contest a crowd is a twentieth. An article's readers (L14) are new, quick, and vote for one entry.
    honest = told.filter(~pl.col("fraud"))
    assert honest.filter(pl.col("family") != "L14")["hold"].mean() < 0.002  # type: ignore[operator]
    assert honest["hold"].mean() < 0.01  # type: ignore[operator]


def test_the_reasons_of_a_ballot_are_true_of_it() -> None:
    """Evidence of its neighbours is worded differently."""
    ballots = RINGS.ballots()
    told = ballots.with_columns(sweep(ballots, load_sweep_policy(), "certification").verdicts["reasons"])
    odd = pl.col("oddities")
    ours = int(Oddity.AUTOMATION | Oddity.CROSS_SITE)
    truths = {
        "N1": pl.col("hosting"),
        "C2": odd & ~ours != 0,
        "C5": odd & int(Oddity.CROSS_SITE) != 0,
        "T1": pl.col("reading") < 3000,
        "A1": pl.col("age") < 900,
        "A2": pl.len().over("voter") == 1,
        "A3": (pl.len().over("voter") == 1) & (pl.col("age") < 900),
        "G1": pl.col("entry").n_unique().over("voter") > 1,
    }
    with_statements = 0
    for code, truth in truths.items():
        said = told.with_columns(true=truth.fill_null(value=False)).filter(pl.col("reasons").list.contains(code))
        assert said["true"].all(), code
        with_statements += said.height > 0
    assert with_statements > 5


def test_every_hold_has_its_reasons_and_a_group_with_evidence(
    attacked: tuple[pl.DataFrame, pl.DataFrame, Sweep],
) -> None:
    ballots, _, found = attacked
    held = found.verdicts.filter("hold")
    groups = {group.id: group for group in found.groups}
    assert held["group"].is_in(list(groups)).all()
    for reasons in held["reasons"].to_list():
        assert len({family_of(code) for code in reasons}) >= 2 or "G1" in reasons
    for group, reasons in held.select("group", "reasons").unique().iter_rows():
        assert {each.code for each in groups[group].evidence} >= set(reasons)
    assert sum(group.ballots for group in found.groups) == held.height
    for group in found.groups:
        assert group.evidence
        assert {each.code for each in group.evidence} == set(group.reasons)
        assert set(group.entries) <= set(ballots["entry"])


def test_the_same_ballots_in_another_order_get_the_same_verdicts(
    attacked: tuple[pl.DataFrame, pl.DataFrame, Sweep],
) -> None:
    ballots, _, found = attacked
    again = sweep(ballots.sample(fraction=1.0, shuffle=True, seed=5), load_sweep_policy(), "certification")
    assert again.groups == found.groups
    assert again.verdicts.sort("id").equals(found.verdicts.sort("id"))


def test_ballots_read_from_a_file_get_the_same_verdicts(
    attacked: tuple[pl.DataFrame, pl.DataFrame, Sweep], tmp_path: Path
) -> None:
    ballots, _, found = attacked
    ballots.write_parquet(tmp_path / "ballots.parquet", row_group_size=3000)
    again = sweep(pl.scan_parquet(tmp_path / "ballots.parquet"), load_sweep_policy(), "certification")
    assert again.groups == found.groups
    assert again.verdicts.equals(found.verdicts)


def test_a_clean_contest_loses_hardly_any_ballots() -> None:
    found = sweep(CLEAN.ballots(), load_sweep_policy(), "certification")
    assert found.verdicts["hold"].mean() < 0.001  # type: ignore[operator]


def test_nothing_is_found_among_no_ballots() -> None:
    empty = CLEAN.ballots().head(0)
    found = sweep(empty, load_sweep_policy(), "nearline")
    assert found.verdicts.height == 0
    assert found.groups == ()
