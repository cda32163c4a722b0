"""Reads the fitted model of a policy from its JSON file and checks it before any sweep.

The file contains an object with a member for each pass: `{"bias": log-odds, "trees": [tree, ...]}`. A tree is a number
that is added to the log-odds, or `[feature, above, tree if not, tree if so]`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

import msgspec
import numpy as np

from voting import spelling
from voting.errors import Fault, FileInvalid
from voting.fraud.features.column_index import Part, Survey
from voting.fraud.features.features import QUICK, THOROUGH, features
from voting.fraud.features.frame import frame
from voting.fraud.features.history import NOTHING
from voting.fraud.features.preprocess import prepare
from voting.fraud.model.clusters import clusters
from voting.fraud.model.model import Model
from voting.fraud.model.tree_ensemble import Question, Tree, Trees
from voting.fraud.sweep import second_pass

# Log-odds: sums are clipped there (tree_ensemble).
_MOST_ODDS = 30
_MOST = 1_000_000_000
_FIX = "make the model again: make fit"


def read_model(body: bytes, name: str = "model") -> Model:
    """Returns the model in a JSON file's bytes. Raises FileInvalid with every fault and its place."""
    try:
        model = msgspec.json.decode(body, type=Model)
    except (msgspec.DecodeError, RecursionError) as error:
        what, _, where = str(error).partition(" - at `$.")
        raise FileInvalid(name, (Fault(0, where.rstrip("`"), f"is no model: {what}", _FIX),)) from None
    if faults := tuple(_faults(model)):
        raise FileInvalid(name, faults)
    return model


def _faults(model: Model) -> Iterator[Fault]:
    """Yields faults for log-odds out of range, and for features that a pass does not compute: they would be 0."""
    for member, seen in _seen().items():
        trees: Trees | None = getattr(model, member)
        if trees is None:
            continue
        if not abs(trees.bias) <= _MOST_ODDS:
            yield Fault(0, f"{member}.bias", f"{trees.bias} is out of range", f"at most {_MOST_ODDS} either way")
        if not all(abs(number) <= _MOST for tree in trees.trees for number in _numbers(tree)):
            yield Fault(0, f"{member}.trees", "holds a number that is too large", _FIX)
        for feature in sorted(trees.features() - seen):
            nearest = spelling.nearest(feature, seen, alike=0)
            what = f"{feature!r} is no feature that this pass computes"
            yield Fault(0, f"{member}.trees", what, f"the nearest that it computes is {nearest!r}")


def _numbers(tree: Tree) -> Iterator[float]:
    if isinstance(tree, Question):
        yield tree.above
        yield from _numbers(tree.no)
        yield from _numbers(tree.yes)
    else:
        yield tree if math.isfinite(tree) else math.inf


@cache
def _seen() -> Mapping[str, frozenset[str]]:
    """Returns the names of the features that each pass computes. Only rounds have a history."""
    none = np.zeros(0)
    days, hours = Survey(prepare(frame([]))), Survey(prepare(frame([]), NOTHING))
    return {
        "quick_first": _names(features(hours, none, QUICK)),
        "quick_second": _names(second_pass(hours, none, QUICK)),
        "first": _names(features(days, none, THOROUGH)),
        "second": _names(second_pass(days, none, THOROUGH)),
        "clusters": frozenset(clusters(days, none, none).columns),
    }


def _names(parts: Iterable[Part]) -> frozenset[str]:
    return frozenset(name for part in parts for name in part.columns)
