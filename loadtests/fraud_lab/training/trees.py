"""Fits trees with LightGBM and writes them as tables of a policy file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from loadtests.fraud_lab.training.samples import Sample
from voting.fraud.model.tree_ensemble import Question, Tree, Trees

_LEARNING: dict[str, Any] = {
    "objective": "binary",
    "max_depth": 5,
    "num_leaves": 8,
    "learning_rate": 0.15,
    "lambda_l2": 10,
    "min_data_in_leaf": 100,
    "feature_fraction": 0.6,
    "max_bin": 127,
    "boost_from_average": False,
    "deterministic": True,
    "force_col_wise": True,
    "seed": 1,
    "verbosity": -1,
}
# Evidence of the ballot itself may only raise its score, whatever a simulated world shows.
AGAINST = (
    "own_hosting",
    "own_odd",
    "own_cross_site",
    "own_automation",
    "own_instant",
    "own_quick",
    "own_refused",
    "own_device_voters",
    "own_restless_asn",
    "own_restless_prefix",
)


class OneSidedError(ValueError):
    """Nothing can be learnt from fraud or from honest ballots alone."""


def learnt(samples: Sequence[Sample], count: int, against: tuple[str, ...] = AGAINST) -> Trees:
    """This many trees; features that begin with one of `against` may only raise the score."""
    # Imported here: it needs a system library, and only fitting needs it.
    import lightgbm

    names = samples[0].names
    fraud, weight = (np.concatenate([getattr(each, name) for each in samples]) for name in ("fraud", "weight"))
    if set(fraud[weight > 0]) != {0.0, 1.0}:
        raise OneSidedError("the samples are all fraud or all honest: give more worlds, or contests with both rulings")
    bias = float(np.log((weight * fraud).sum() / (weight * (1 - fraud)).sum()))
    options = {**_LEARNING, "monotone_constraints": [int(name.startswith(against)) for name in names]}
    # Tables of several gigabytes: not copied.
    tables = [np.ascontiguousarray(each.table) for each in samples]
    data = lightgbm.Dataset(tables, fraud, weight=weight, init_score=np.full(len(fraud), bias), feature_name=names)
    model = lightgbm.train(options, data, count)
    return Trees(bias, tuple(tree_of(info["tree_structure"], names) for info in model.dump_model()["tree_info"]))


def tree_of(node: Mapping[str, Any], names: Sequence[str]) -> Tree:
    """One tree from LightGBM's dump."""
    if "split_feature" not in node:
        return float(node["leaf_value"])
    no, yes = (tree_of(node[child], names) for child in ("left_child", "right_child"))
    return Question(names[node["split_feature"]], float(node["threshold"]), no, yes)


def mixed(one: Trees, other: Trees) -> Trees:
    """Trees whose log-odds are the mean of both: what one fit learnt by chance counts half."""
    return Trees((one.bias + other.bias) / 2, tuple(_halved(tree) for tree in (*one.trees, *other.trees)))


def _halved(tree: Tree) -> Tree:
    if isinstance(tree, Question):
        return Question(tree.feature, tree.above, _halved(tree.no), _halved(tree.yes))
    return tree / 2


def written(passes: Mapping[str, Trees]) -> str:
    """A policy's model file, a tree a line (voting.fraud.model_file)."""
    parts = []
    for name, trees in passes.items():
        lines = ",\n".join(f"   {_line(tree)}" for tree in trees.trees)
        parts.append(f' "{name}": {{\n  "bias": {trees.bias:.4f},\n  "trees": [\n{lines}\n  ]\n }}')
    return "{\n" + ",\n".join(parts) + "\n}"


def _line(tree: Tree) -> str:
    if not isinstance(tree, Question):
        return f"{tree:.3f}"
    return f'["{tree.feature}",{tree.above:.4g},{_line(tree.no)},{_line(tree.yes)}]'
