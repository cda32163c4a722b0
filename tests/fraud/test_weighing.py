"""Trees of a policy: refused ones, and their effect on a ballot's score."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from voting.fraud.features.column_index import Numbering, Part
from voting.fraud.groups.group_evidence import named
from voting.fraud.model.tree_ensemble import Question, Tree, Trees, score_trees

NAMES = ["own_odd", "own_quick", "prefix_z"]
TREE = Question("own_odd", 0.5, Question("prefix_z", 1.5, -0.25, 0.125), Question("own_quick", 2.5, 1.0, 2.0))


def test_an_unknown_feature_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="'own_mood' is no feature"):
        msgspec.convert({"bias": 0, "trees": [["own_odd", 1, 0, ["own_mood", 1, 0, 1]]]}, Trees)


def test_a_tree_of_more_ends_than_a_byte_has_bits_is_refused() -> None:
    tree: Tree = 0.5
    for _ in range(7):
        tree = Question("own_odd", 0.5, tree, 1.0)
    assert Trees(0.0, (tree,))
    with pytest.raises(ValueError, match="tree 2 has 9 ends; 8 are the most"):
        Trees(0.0, (0.5, Question("own_odd", 0.5, tree, 1.0)))


def test_trees_of_any_shape_match_a_plain_evaluation() -> None:
    random = np.random.default_rng(5)
    table = {name: random.integers(0, 4, 500).astype(np.float32) for name in NAMES}

    def grown(ends: int) -> Tree:
        if ends == 1:
            return float(0.3 * random.normal())
        no = int(random.integers(1, ends))
        # `own_hosting` is missing, so it is 0.
        name = str(random.choice([*NAMES, "own_hosting"]))
        return Question(name, float(random.integers(-1, 4)), grown(no), grown(ends - no))

    def asked(tree: Tree, row: int) -> float:
        while isinstance(tree, Question):
            tree = tree.yes if (table[tree.feature][row] if tree.feature in table else 0) > tree.above else tree.no
        return tree

    trees = tuple(grown(int(random.integers(1, 9))) for _ in range(40))
    probability = score_trees([Part(None, table)], Trees(-0.5, trees), 500).probability
    scores = np.array([-0.5 + sum(asked(tree, row) for tree in trees) for row in range(500)])
    assert probability == pytest.approx(1 / (1 + np.exp(-scores)), abs=1e-5)
    assert probability.std() > 0.1


def test_a_tree_adds_by_its_answers_and_an_unknown_cell_is_nothing() -> None:
    cells = Numbering(np.array([0, 1, 2, 2], dtype=np.int32), 2)
    parts = [
        Part(None, {"own_odd": np.array([0.0, 0.0, 1.0, 1.0]), "own_quick": np.array([9.0, 9.0, 1.0, 9.0])}),
        Part(cells, {"prefix_z": np.array([1.0, 2.0]), "nobody_asks": np.array([1.0, 1.0])}),
    ]
    found = score_trees(parts, Trees(-1.0, (TREE, TREE)), 4)
    score = np.log(found.probability / (1 - found.probability))
    assert score == pytest.approx([-1.5, -0.75, 1.0, 3.0], abs=1e-5)
    assert (found.reasons != 0).tolist() == [False, False, True, True]


def test_the_size_of_a_contest_is_no_evidence() -> None:
    tree = Question("own_contest", 3.5, 1.0, Question("own_odd", 0.5, 0.0, 4.0))
    parts = [Part(None, {"own_contest": np.full(2, 4.0), "own_odd": np.array([0.0, 1.0])})]
    found = score_trees(parts, Trees(0.0, (tree,)), 2)
    assert found.probability == pytest.approx([0.5, 1 / (1 + np.exp(-4))])
    assert [named(int(bits)) for bits in found.reasons] == [(), ("C2",)]
