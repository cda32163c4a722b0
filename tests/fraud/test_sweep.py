"""The sweep on made worlds: what it must find, whom it must spare, and that it says the same twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from loadtests.fraud.worlds import table_of
from loadtests.traffic import make_world
from loadtests.traffic.crowds import LISTED_CROWDS
from voting.fraud.facts import Oddity
from voting.fraud.findings import Sweep
from voting.fraud.reasons import family_of
from voting.fraud.sweep import sweep
from voting.services.policies import load_policy

PLAIN_BOTS = ("A1", "A2", "A5")


@pytest.fixture(scope="module")
def attacked() -> tuple[pl.DataFrame, pl.DataFrame, Sweep]:
    """A world of 20,000 ballots with plain bots: its ballots, its labels, and what is found."""
    world = make_world(21, 20_000, 0.2, families=PLAIN_BOTS, days=3)
    ballots = table_of(world)
    return ballots, world.labels, sweep(ballots, load_policy(), "certification")


def test_plain_bots_are_found_and_crowds_are_spared(attacked: tuple[pl.DataFrame, pl.DataFrame, Sweep]) -> None:
    _, labels, found = attacked
    told = labels.with_columns(found.verdicts["hold"])
    assert told.filter("fraud")["hold"].mean() > 0.95  # type: ignore[operator]
    # Of so small a contest a crowd is a twentieth. An article's readers (L14) are new, quick, and there for one entry.
    honest = told.filter(~pl.col("fraud"))
    assert honest.filter(pl.col("family") != "L14")["hold"].mean() < 0.002  # type: ignore[operator]
    assert honest["hold"].mean() < 0.01  # type: ignore[operator]


def test_what_is_said_of_a_ballot_is_true_of_it() -> None:
    """Its company may have spoken against it, too: that has other words."""
    ballots = table_of(make_world(24, 40_000, 0.25))
    told = ballots.with_columns(sweep(ballots, load_policy(), "certification").verdicts["reasons"])
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
    told_of = 0
    for code, truth in truths.items():
        said = told.with_columns(true=truth.fill_null(value=False)).filter(pl.col("reasons").list.contains(code))
        assert said["true"].all(), code
        told_of += said.height > 0
    assert told_of > 5


def test_in_a_contest_of_some_size_every_crowd_is_spared() -> None:
    world = make_world(21, 100_000, 0.2, families=PLAIN_BOTS)
    told = world.labels.with_columns(sweep(table_of(world), load_policy(), "certification").verdicts["hold"])
    assert told.filter("fraud")["hold"].mean() > 0.98  # type: ignore[operator]
    crowds = told.filter(~pl.col("fraud")).group_by("family").agg(pl.col("hold").mean())
    assert len(crowds) > len(LISTED_CROWDS)
    assert crowds["hold"].max() < 0.01  # type: ignore[operator]


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
    again = sweep(ballots.sample(fraction=1.0, shuffle=True, seed=5), load_policy(), "certification")
    assert again.groups == found.groups
    assert again.verdicts.sort("id").equals(found.verdicts.sort("id"))


def test_ballots_read_from_a_file_get_the_same_verdicts(
    attacked: tuple[pl.DataFrame, pl.DataFrame, Sweep], tmp_path: Path
) -> None:
    ballots, _, found = attacked
    ballots.write_parquet(tmp_path / "ballots.parquet", row_group_size=3000)
    again = sweep(pl.scan_parquet(tmp_path / "ballots.parquet"), load_policy(), "certification")
    assert again.groups == found.groups
    assert again.verdicts.equals(found.verdicts)


def test_a_clean_contest_loses_next_to_nobody() -> None:
    world = make_world(22, 20_000, 0.0, days=3)
    found = sweep(table_of(world), load_policy(), "certification")
    assert found.verdicts["hold"].mean() < 0.001  # type: ignore[operator]


def working_off_a_list(fraud: float) -> tuple[pl.DataFrame, pl.Series]:
    """A world's ballots of which some voters', hasty ones, are for six entries, each in his own order; and theirs."""
    world = make_world(25, 60_000, fraud)
    ballots = table_of(world)
    public = ballots.filter(pl.Series(world.labels["family"] == "background"))
    often = public.group_by("voter").len().filter(pl.col("len") >= 4)["voter"].sort().head(300)
    clients = public["entry"].value_counts().sort("count", "entry")["entry"][20:80:10]
    drawn = pl.Series(np.random.default_rng(1).choice(clients.to_numpy(), ballots.height))
    paid = ballots["voter"].is_in(often.implode())
    entry, reading = pl.when(paid).then(drawn).otherwise("entry"), pl.when(paid).then(pl.col("reading") // 3)
    return ballots.with_columns(entry=entry, reading=reading.otherwise("reading")), paid


def test_who_works_off_an_open_list_is_held_where_something_else_speaks_for_it_too() -> None:
    policy = load_policy()
    certification = policy.sweep["certification"]
    unlisted = replace(policy, sweep=policy.sweep | {"certification": certification | {"ally": 1.0}})
    ballots, paid = working_off_a_list(0.2)
    listed, trees_alone = (sweep(ballots, each, "certification").verdicts["hold"] for each in (policy, unlisted))
    assert listed.filter(paid).mean() > 0.4  # type: ignore[operator]
    assert listed.filter(paid).mean() > trees_alone.filter(paid).mean() + 0.1  # type: ignore[operator]
    assert (listed & ~trees_alone & ~paid).sum() < 0.001 * ballots.height
    # Where hardly anything is bought, haste is no such thing.
    ballots, _ = working_off_a_list(0.0)
    assert sweep(ballots, policy, "certification").verdicts["hold"].mean() < 0.001  # type: ignore[operator]


def test_nothing_is_found_among_no_ballots() -> None:
    empty = table_of(make_world(23, 1000, 0.0, days=1)).head(0)
    found = sweep(empty, load_policy(), "nearline")
    assert found.verdicts.height == 0
    assert found.groups == ()
