"""Fitting a policy's trees: they are read from the library's dump, and the tables are what a policy reads."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pytest

from loadtests.fraud_lab.__main__ import FIRST_SEED
from loadtests.fraud_lab.profiles import HELD_OUT, PROFILES
from loadtests.fraud_lab.profiles.standard import make_world
from loadtests.fraud_lab.simulator.table import ballot_table
from loadtests.fraud_lab.simulator.world import BACKGROUND
from loadtests.fraud_lab.training.augmentation import CAMPAIGN_CHANGES, CROWD_CHANGES, augmented, kept_to_kinds
from loadtests.fraud_lab.training.fit import Worlds
from loadtests.fraud_lab.training.samples import clustered, whole
from loadtests.fraud_lab.training.training_set import PLANS, Plan, few_kinds
from loadtests.fraud_lab.training.trees import mixed, tree_of, written
from voting.fraud.features.column_index import Part
from voting.fraud.model.tree_ensemble import Question, Trees, score_trees
from voting.services.fraud.policy_files import load_sweep_policy

NAMES = ["own_odd", "own_quick", "prefix_z"]
TREE = Question("own_odd", 0.5, Question("prefix_z", 1.5, -0.25, 0.125), Question("own_quick", 2.5, 1.0, 2.0))


def question(feature: int, threshold: float, low: Any, high: Any) -> dict[str, Any]:
    return {"split_feature": feature, "threshold": threshold, "left_child": low, "right_child": high}


def leaf(value: float) -> dict[str, Any]:
    return {"leaf_value": value}


def test_a_dumped_tree_is_read() -> None:
    whole = question(0, 0.5, question(2, 1.5, leaf(-0.25), leaf(0.125)), question(1, 2.5, leaf(1.0), leaf(2.0)))
    assert tree_of(whole, NAMES) == TREE
    half = tree_of(question(0, 0.5, leaf(-1.0), question(1, 2.5, leaf(1.0), leaf(2.0))), NAMES)
    assert half == Question("own_odd", 0.5, -1.0, Question("own_quick", 2.5, 1.0, 2.0))
    assert tree_of(leaf(0.5), NAMES) == 0.5


def test_the_model_file_is_read_back() -> None:
    passes = {"quick_first": Trees(-2.5, (TREE, 0.125)), "first": Trees(-1.0, ())}
    assert msgspec.json.decode(written(passes), type=dict[str, Trees]) == passes


def test_mixed_trees_add_the_mean_of_what_both_add() -> None:
    looks = mixed(Trees(-2.0, (TREE, 0.5)), Trees(-3.0, (0.25,)))
    parts = [Part(None, {"own_odd": np.array([0.0, 1.0]), "own_quick": np.array([0.0, 9.0])})]
    found = score_trees(parts, looks, 2).probability
    # Of the first fit -2 + 0.5 and -0.25 or 2 by its tree, of the second -2.75.
    assert np.log(found / (1 - found)) == pytest.approx([(-1.75 - 2.75) / 2, (0.5 - 2.75) / 2], abs=1e-3)


def test_a_mutation_takes_one_trait_and_leaves_the_ballots_where_they_are() -> None:
    world = make_world(31, 4000, 0.3, days=3)
    ballots, labels = ballot_table(world), world.labels
    changed = augmented(ballots, labels, np.random.default_rng(1))
    assert changed["id"].equals(ballots["id"])
    assert changed.schema == ballots.schema
    public, honest = (pl.Series(labels[name] == what) for name, what in (("family", BACKGROUND), ("fraud", False)))
    assert changed.filter(public).drop("entry").equals(ballots.filter(public).drop("entry"))
    assert not changed.filter(~honest).equals(ballots.filter(~honest))
    assert not changed.filter(honest & ~public).equals(ballots.filter(honest & ~public))
    for name, mutation in CAMPAIGN_CHANGES.items():
        campaign = ballots.filter(~honest).head(200)
        once = mutation(campaign, ballots.filter(honest), np.random.default_rng(2))
        differ = {column for column in ballots.columns if not once[column].equals(campaign[column])}
        assert differ, name
        assert not differ & {"id", "entry"}


def test_a_crowd_does_together_what_campaigns_are_known_by() -> None:
    world = make_world(32, 8000, 0.0)
    ballots = ballot_table(world).with_row_index("row")
    crowd, day = ballots.filter(pl.Series(world.labels["family"] == "L10")), (pl.col("at") + 28_800_000) // 86_400_000
    changed = {
        name: mutation(crowd, ballots, np.random.default_rng(3)).sort("row").with_columns(day=day)
        for name, mutation in CROWD_CHANGES.items()
    }
    for each in changed.values():
        assert each["id"].equals(crowd["id"])
        assert not each.select("voter", "day").is_duplicated().any()
        assert each["day"].equals(crowd.select(at=day)["at"])
    assert 1 < changed["entries"]["entry"].n_unique() - crowd["entry"].n_unique() + 1 <= 6
    assert changed["again"]["voter"].n_unique() < crowd["voter"].n_unique()
    # Who comes again has the same phone, and his token has grown older.
    again = changed["again"].sort("at").group_by("voter", maintain_order=True)
    same = again.agg(pl.col("fingerprint", "prefix").n_unique())
    assert same.select(pl.max("fingerprint", "prefix")).row(0) == (1, 1)
    assert again.agg(pl.col("age").diff().min())["age"].min() > 0  # type: ignore[operator]
    assert (changed["hasty"]["reading"] <= crowd["reading"]).all()
    hours = changed["hour"].select(pl.col("at") % 86_400_000 // 3_600_000)["at"].value_counts(sort=True)
    assert hours["count"].head(4).sum() > 0.8 * crowd.height


def test_who_likes_a_kind_votes_for_what_is_popular_of_it() -> None:
    world = make_world(33, 8000, 0.0)
    public = ballot_table(world).filter(pl.Series(world.labels["family"] == BACKGROUND))
    changed = kept_to_kinds(public, np.random.default_rng(4))
    assert changed.drop("entry").equals(public.drop("entry"))
    moved = (changed["entry"] != public["entry"]).to_numpy()
    assert 0.02 < moved.mean() < 0.6
    several = (pl.len().over("voter") > 1).alias("several")
    assert public.select(several)["several"].to_numpy()[moved].all()
    before, after = (each["entry"].value_counts(sort=True, name="n") for each in (public, changed))
    assert len(set(before["entry"].head(10)) & set(after["entry"].head(10))) >= 7


def test_a_cluster_to_learn_from_is_fraud_where_most_of_it_is() -> None:
    world = make_world(31, 6000, 0.3, families=("A1",), days=2)
    labels, model = world.labels, load_sweep_policy().model
    sample = clustered(whole(ballot_table(world), labels), model.first, model.second)
    certain = sample.table[:, sample.names.index("cluster_certain")]
    assert sample.table.shape == (len(sample.fraud), len(sample.names))
    assert set(sample.fraud) == {0.0, 1.0}
    # Were labels and ballots in different orders, one would say nothing of the other.
    assert np.corrcoef(certain, sample.fraud)[0, 1] > 0.5


def test_nothing_is_learnt_of_the_profile_that_is_held_out() -> None:
    assert {plan.profile for plan in PLANS} == set(PROFILES) - {"assessor"} == set(PROFILES) - set(HELD_OUT)
    assert len({plan.name for plan in PLANS}) == len(PLANS)
    assert max(plan.seed for plan in PLANS) < FIRST_SEED


def test_what_is_fitted_on_half_of_the_worlds_sees_all_sorts_of_them() -> None:
    halves = PLANS[::2], PLANS[1::2]
    for trait in ("profile", "fraud", "small"):
        counts = [Counter(getattr(plan, trait) for plan in half) for half in halves]
        assert set(counts[0]) == set(counts[1])
    for profile in {plan.profile for plan in PLANS}:
        kinds = [Counter(plan.seed % 4 for plan in half if plan.profile == profile) for half in halves]
        assert all(abs(kinds[0][kind] - kinds[1][kind]) <= 1 for kind in range(4)), profile


def test_of_most_worlds_few_kinds_of_fraud_are_learnt_and_everybody_honest() -> None:
    world = make_world(41, 6000)
    ballots, honest = ballot_table(world), int((~world.labels["fraud"]).sum())
    kinds = {}
    for seed in (1004, 1001, 1002, 1003):
        kept, labels = few_kinds(ballots, world.labels, seed)
        assert kept["id"].to_list() == labels["id"].to_list()
        assert int((~labels["fraud"]).sum()) == honest
        kinds[seed] = set(labels.filter("fraud")["family"])
        assert labels.filter("fraud").height == world.labels["family"].is_in(list(kinds[seed])).sum()
    assert kinds[1004] == set(world.labels.filter("fraud")["family"])
    assert 0 < len(kinds[1001]) < len(kinds[1002]) < len(kinds[1003]) < len(kinds[1004])


def test_what_was_made_on_the_way_to_a_fit_is_not_made_again(tmp_path: Path) -> None:
    plans = [Plan("standard", 31, 4000, 0.3, small=False), Plan("composer", 32, 4000, 0.3, small=True)]
    model = load_sweep_policy().model
    told: list[str] = []
    made: dict[str, tuple[int, bytes]] = {}
    # What the first run lost is made again by the second, and nothing else.
    for lost in ("", "composer_32_4000_0.3_small.clusters.pickle"):
        if lost:
            (tmp_path / lost).unlink()
        with Worlds(plans, tmp_path, told.append) as worlds:
            worlds.make()
            worlds.look((model.first, model.first))
            worlds.look_again(
                (model.first, model.first), (model.second, model.second), (model.quick_first, model.quick_first)
            )
            shapes = {
                kind: max(sample.table.shape[1] for plan in plans for sample in worlds.samples(plan, kind))
                for kind in ("first", "second", "quick_first", "quick_second", "clusters")
            }
        files = {file.name: (file.stat().st_mtime_ns, file.read_bytes()) for file in tmp_path.iterdir()}
        assert not made or {name for name in files if files[name] != made[name]} == {lost}
        assert not made or files[lost][1] == made[lost][1]
        made = files
    assert told[:2] == ["made 1 of 2: standard_31_4000_0.3", "made 2 of 2: composer_32_4000_0.3_small"]
    # A round asks less than the certification, and a second look more than a first.
    assert shapes["quick_first"] < shapes["first"] < shapes["second"]
