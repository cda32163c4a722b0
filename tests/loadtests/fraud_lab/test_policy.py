"""The packaged policy on simulated contests that are too large for `make test`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from loadtests.fraud_lab.families.crowds import LISTED_CROWDS
from loadtests.fraud_lab.profiles.standard import make_world
from loadtests.fraud_lab.simulator.table import ballot_table
from voting.fraud.sweep import sweep
from voting.services.fraud.policy_files import load_sweep_policy

PLAIN_BOTS = ("A1", "A2", "A5")


def test_in_a_contest_of_some_size_every_crowd_is_spared() -> None:
    world = make_world(21, 100_000, 0.2, families=PLAIN_BOTS)
    held = world.labels.with_columns(sweep(ballot_table(world), load_sweep_policy(), "certification").verdicts["hold"])
    assert held.filter("fraud")["hold"].mean() > 0.98  # type: ignore[operator]
    crowds = held.filter(~pl.col("fraud")).group_by("family").agg(pl.col("hold").mean())
    assert len(crowds) > len(LISTED_CROWDS)
    assert crowds["hold"].max() < 0.01  # type: ignore[operator]


def working_off_a_list(fraud: float) -> tuple[pl.DataFrame, pl.Series]:
    """A world's ballots of which some voters', hasty ones, are for six entries, each in his own order; and theirs."""
    world = make_world(25, 60_000, fraud)
    ballots = ballot_table(world)
    public = ballots.filter(pl.Series(world.labels["family"] == "background"))
    often = public.group_by("voter").len().filter(pl.col("len") >= 4)["voter"].sort().head(300)
    clients = public["entry"].value_counts().sort("count", "entry")["entry"][20:80:10]
    drawn = pl.Series(np.random.default_rng(1).choice(clients.to_numpy(), ballots.height))
    paid = ballots["voter"].is_in(often.implode())
    entry, reading = pl.when(paid).then(drawn).otherwise("entry"), pl.when(paid).then(pl.col("reading") // 3)
    return ballots.with_columns(entry=entry, reading=reading.otherwise("reading")), paid


def test_who_works_off_an_open_list_is_held_where_something_else_speaks_for_it_too() -> None:
    policy = load_sweep_policy()
    certification = replace(policy.sweep.certification, ally=1.0)
    unlisted = replace(policy, sweep=replace(policy.sweep, certification=certification))
    ballots, paid = working_off_a_list(0.2)
    listed, trees_alone = (sweep(ballots, each, "certification").verdicts["hold"] for each in (policy, unlisted))
    assert listed.filter(paid).mean() > 0.4  # type: ignore[operator]
    assert listed.filter(paid).mean() > trees_alone.filter(paid).mean() + 0.1  # type: ignore[operator]
    assert (listed & ~trees_alone & ~paid).sum() < 0.001 * ballots.height
    # Where hardly anything is bought, haste is no such thing.
    ballots, _ = working_off_a_list(0.0)
    assert sweep(ballots, policy, "certification").verdicts["hold"].mean() < 0.001  # type: ignore[operator]
