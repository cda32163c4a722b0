"""Clusters: their ballots, their averages, and a crowd spared as one."""

from __future__ import annotations

import msgspec
import numpy as np
import polars as pl
import pytest

from tests.recorded import RINGS
from voting.fraud.features.column_index import Numbering, Survey
from voting.fraud.features.preprocess import prepare
from voting.fraud.model.clusters import Clusters, clusters, together
from voting.fraud.model.model import Model
from voting.fraud.model.tree_ensemble import Question, Trees
from voting.fraud.rules.haste import hasty
from voting.fraud.sweep import judge
from voting.services.fraud.policy_files import load_sweep_policy

POLICY = load_sweep_policy()
NEVER, ALWAYS = Trees(-9.0, ()), Trees(9.0, ())


@pytest.fixture(scope="module")
def survey() -> Survey:
    # Voters of a list are held regardless of clusters.
    bots = RINGS.labels()["family"].is_in(["A1", "A2", "A5", "background"])
    return Survey(prepare(RINGS.ballots().filter(bots)))


def test_a_cluster_has_the_doubtful_ballots_of_an_entry_and_day(survey: Survey) -> None:
    random = np.random.default_rng(1)
    distrust, probability = random.random((2, survey.size)).astype(np.float32)
    found = clusters(survey, distrust, probability)
    told = pl.DataFrame(
        {
            "entry": survey.ballots["entry"],
            "day": survey.ballots["day"],
            "cluster": found.ballots.of,
            "distrust": distrust,
            "probability": probability,
            "hosting": np.nan_to_num(survey.column("hosting")),
        }
    )
    inside = told.filter(pl.col("cluster") < found.ballots.size)
    assert inside["probability"].min() > 0.2  # type: ignore[operator]
    days = told.filter(pl.col("probability") > 0.2).group_by("entry", "day").len().filter(pl.col("len") >= 5)
    assert found.ballots.size == len(days)
    assert inside.height == days["len"].sum()
    each = (
        inside.group_by("cluster")
        .agg(
            pl.len(),
            pl.col("distrust", "hosting").mean(),
            entries=pl.col("entry").n_unique(),
            unlikely=(pl.col("distrust") < 0.3).mean(),
            certain=(pl.col("probability") > 0.9).mean(),
        )
        .sort("cluster")
    )
    assert each["entries"].max() == 1
    assert found.columns["cluster_size"] == pytest.approx(np.log(each["len"].to_numpy()))
    assert found.columns["cluster_glance"] == pytest.approx(each["distrust"].to_numpy(), abs=1e-5)
    assert found.columns["cluster_share"].max() <= 1
    assert found.columns["cluster_glance_unlikely"] == pytest.approx(each["unlikely"].to_numpy())
    assert found.columns["cluster_certain"] == pytest.approx(each["certain"].to_numpy())
    assert found.columns["own_hosting"] == pytest.approx(each["hosting"].to_numpy(), abs=1e-6)


def test_a_ballot_without_cluster_is_not_judged() -> None:
    # Two clusters, and a ballot in neither.
    found = Clusters(Numbering(np.array([0, 1, 2, 1]), 2), {"cluster_share": np.array([0.1, 0.9])})
    share = Question("cluster_share", 0.5, -4.0, 4.0)
    crowd, campaign, none, other = together(found, Trees(0.0, (share,)))
    assert crowd < 0.02
    assert campaign == other > 0.98
    assert none == 1


def with_clusters(trees: Trees | None) -> Model:
    return msgspec.structs.replace(POLICY.model, clusters=trees)


def test_without_a_campaign_only_ballots_outside_clusters_are_held(survey: Survey) -> None:
    spared, asked_nothing = (
        judge(survey, POLICY.sweep, with_clusters(trees), "certification").hold for trees in (NEVER, None)
    )
    assert asked_nothing.sum() > 1000
    # A separate rule holds ballots cast without time to read.
    assert (spared & ~hasty(survey)).sum() < 0.02 * asked_nothing.sum()
    # A round sees too little of a day to judge clusters.
    one, other = (judge(survey, POLICY.sweep, with_clusters(trees), "nearline").hold for trees in (NEVER, ALWAYS))
    assert np.array_equal(one, other)
