"""The usual values of a contest's ballots must not depend on bots."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from tests.recorded import CLEAN
from voting.fraud.features.column_index import Survey
from voting.fraud.features.features import World
from voting.fraud.features.preprocess import prepare

NORMAL = 0.8


@pytest.fixture(scope="module")
def ballots() -> pl.DataFrame:
    """A thousand ballots, with people's reading times log-normal with this deviation around twelve seconds."""
    table = CLEAN.ballots().head(900)
    times = np.exp(np.random.default_rng(3).normal(math.log(12), NORMAL, len(table))) * 1000
    return table.with_columns(reading=pl.Series(times.astype(np.int64)))


def world_of(ballots: pl.DataFrame) -> World:
    survey = Survey(prepare(ballots))
    return World(survey, np.ones(survey.size))


def test_bots_do_not_change_the_usual_values(ballots: pl.DataFrame) -> None:
    usual = world_of(ballots)
    assert usual.reading == pytest.approx(math.log(12), abs=0.1)
    assert usual.reading_spread == pytest.approx(NORMAL, abs=0.1)


def test_quick_bots_hardly_change_it(ballots: pl.DataFrame) -> None:
    """A quarter of all are bots with half a second."""
    quick = pl.int_range(pl.len()) % 4 == 0
    usual = world_of(ballots.with_columns(reading=pl.when(quick).then(500).otherwise("reading")))
    assert usual.reading == pytest.approx(math.log(12), abs=0.5)
    # The deviation of all is twice the people's.
    assert usual.reading_spread < 1.5 * NORMAL


@pytest.mark.parametrize("known", [0, 1])
def test_one_reading_time_or_none_gives_the_default_spread(ballots: pl.DataFrame, known: int) -> None:
    first = pl.int_range(pl.len()) < known
    usual = world_of(ballots.with_columns(reading=pl.when(first).then(pl.lit(3000)).otherwise(None)))
    assert usual.reading == pytest.approx(math.log(3) if known else 0.0)
    assert usual.reading_spread == 0.7
