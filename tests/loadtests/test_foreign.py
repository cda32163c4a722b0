"""Worlds of the other generator: the same for a seed, in the format of the backtest, and with all families."""

from __future__ import annotations

from dataclasses import astuple
from ipaddress import ip_address
from itertools import pairwise

import msgspec
import polars as pl
import pytest

from loadtests.hands.foreign import make_world
from loadtests.hands.foreign.kinds import (
    ATTACKS,
    BACKGROUND,
    EVERY,
    LISTED,
    LOOKALIKES,
    UNLISTED,
    UNLISTED_BOTS,
    UNLISTED_HUMANS,
)
from loadtests.hands.foreign.world import MAKERS, SMALL
from loadtests.traffic.rendering import COLUMNS
from loadtests.traffic.world import World
from loadtests.traffic.writing import contest, lines
from voting.domain.contest_file import read_contest
from voting.fraud.attempt import Attempt

BALLOTS = 12_000
SEEDS = (2, 3, 5)


@pytest.fixture(scope="module")
def worlds() -> list[World]:
    return [make_world(seed, BALLOTS) for seed in SEEDS]


def test_a_seed_gives_the_same_world(worlds: list[World]) -> None:
    again = make_world(SEEDS[0], BALLOTS)
    assert worlds[0].events.equals(again.events)
    assert worlds[0].labels.equals(again.labels)
    assert astuple(worlds[0])[2:] == astuple(again)[2:]
    assert not worlds[0].events.equals(worlds[1].events)


def test_columns_shares_and_labels(worlds: list[World]) -> None:
    for world in worlds:
        assert tuple(world.events.columns) == COLUMNS
        assert world.labels.columns == ["id", "fraud", "family", "instance", "scripted"]
        assert world.labels["id"].equals(world.events["id"])
        assert world.events["id"].is_unique().all()
        assert len(world.events) == BALLOTS
        assert 0.2 < int(world.labels["fraud"].sum()) / BALLOTS < 0.23
        assert 50 <= len(world.entries) <= 300
        assert set(world.events["entry"]) <= set(world.entries)
        assert not world.labels.filter(~pl.col("fraud"))["scripted"].any()


def test_inside_the_window_and_one_ballot_a_voter_a_day(worlds: list[World]) -> None:
    for world in worlds:
        at = world.events["at"].dt.epoch("ms").to_list()
        assert world.opens <= at[0]
        assert at[-1] < world.closes
        assert all(one <= other for one, other in pairwise(at))
        days = world.events.select("voter", pl.col("at").dt.convert_time_zone("Asia/Shanghai").dt.date())
        assert days.is_unique().all()
        assert world.events.filter(pl.col("opened_at") > pl.col("at")).is_empty()
        assert world.events.filter(pl.col("device_issued_at") > pl.col("opened_at")).is_empty()


def test_every_family_occurs(worlds: list[World]) -> None:
    assert set(MAKERS) == set(ATTACKS) == {*LISTED, *UNLISTED}
    assert len(UNLISTED) >= 8
    assert abs(len(UNLISTED_BOTS) - len(UNLISTED_HUMANS)) <= 1
    seen = {name for world in worlds for name in world.labels["family"].unique()}
    small = make_world(4, 40_000, small=True)
    assert seen | set(small.labels["family"].unique()) == {*EVERY, BACKGROUND}
    sizes = small.labels.filter("fraud").group_by("instance").len()["len"].to_list()
    assert SMALL[0] <= min(sizes)
    assert max(sizes) <= SMALL[1]


def test_only_what_is_asked_for() -> None:
    made = make_world(7, 4000, families=["A2", "L4"])
    assert set(made.labels["family"]) == {"A2", "L4", BACKGROUND}
    clean = make_world(7, 4000, fraud=0.0)
    assert not clean.labels["fraud"].any()
    assert {*clean.labels["family"]} <= {*LOOKALIKES, BACKGROUND}
    with pytest.raises(ValueError, match="unknown families"):
        make_world(7, 4000, families=["A99"])


def test_in_the_format_of_the_backtest(worlds: list[World]) -> None:
    decoder = msgspec.json.Decoder(Attempt)
    for world in worlds:
        assert read_contest(contest(world)).id == "traffic"
        attempts = [decoder.decode(line) for line in lines(world.events).to_list()]
        assert [each.id for each in attempts] == world.events["id"].to_list()
        assert all(ip_address(each.ip).is_global for each in attempts[::7] if each.ip)
        for each, told in zip(attempts, world.events["screen"].to_list(), strict=True):
            assert (each.client is None) == (told is None)
