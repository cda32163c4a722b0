"""Fitting a policy's weights: the regression finds what made the data, and the tables are what a policy reads."""

from __future__ import annotations

import tomllib

import numpy as np
import pytest

from loadtests.fraud.fit import newton, written
from voting.fraud.weighing import Weights


def test_the_weights_that_made_the_data_are_found() -> None:
    random = np.random.default_rng(1)
    table = random.normal(size=(40_000, 3)).astype(np.float32)
    chance = 1 / (1 + np.exp(-(table @ np.array([2.0, -1.0, 0.0]) - 1.5)))
    fraud = (random.random(40_000) < chance).astype(np.float32)
    bias, weights = newton(table, fraud, np.ones(40_000, np.float32))
    assert bias == pytest.approx(-1.5, abs=0.08)
    assert weights == pytest.approx([2.0, -1.0, 0.0], abs=0.08)


def test_a_column_of_nothing_weighs_nothing_and_separable_data_end() -> None:
    table = np.array([[1.0, 0.0]] * 50 + [[0.0, 0.0]] * 50, np.float32)
    fraud = np.array([1.0] * 50 + [0.0] * 50, np.float32)
    _, weights = newton(table, fraud, np.ones(100, np.float32))
    assert weights[0] > 0
    assert weights[1] == pytest.approx(0)


def test_the_tables_are_read_back() -> None:
    text = written({"first": Weights(-2.5, {"own_odd": 1.25, "own_fresh": 0.0001})})
    assert tomllib.loads(text) == {"sweep": {"first": {"bias": -2.5, "of": {"own_odd": 1.25}}}}
