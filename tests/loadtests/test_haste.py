"""Bots that hide in crowds of a simulated contest, by their haste."""

from __future__ import annotations

import polars as pl
import pytest

from loadtests.fraud_lab.profiles.standard import make_world
from loadtests.fraud_lab.simulator.table import ballot_table
from tests.fraud.rules.test_haste import check_that_bots_are_held_and_the_crowd_is_not


@pytest.mark.parametrize("family", ["L5", "L7", "L10"])
def test_bots_that_hide_in_a_crowd_are_held_and_the_crowd_is_not(family: str) -> None:
    """Each crowd has 200 to 850 ballots for an entry, from 36 to 283 networks; of these bots 0 to 9 were held."""
    world = make_world(4001, 40_000, 0.0)
    is_crowd = pl.Series(world.labels["family"] == family)
    check_that_bots_are_held_and_the_crowd_is_not(ballot_table(world), is_crowd)
