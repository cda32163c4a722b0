"""Worlds of the third generator: the same for a seed, in the format of the backtest, and with all families."""

from __future__ import annotations

from dataclasses import astuple
from ipaddress import ip_address
from itertools import pairwise

import msgspec
import polars as pl
import pytest

from loadtests.hands.literal import make_world
from loadtests.hands.literal.kinds import (
    ATTACKS,
    BACKGROUND,
    BY_MACHINE,
    EVERY,
    LOOKALIKES,
    PAID_CROWDS,
    SCRIPTED,
    SLOW_DRIP,
    UNJUDGED,
    UNLISTED_BOTS,
    UNLISTED_HUMANS,
)
from loadtests.hands.literal.plan import SMALL
from loadtests.hands.literal.world import FOLLOWING, MAKERS
from loadtests.traffic.rendering import COLUMNS
from loadtests.traffic.world import World
from loadtests.traffic.writing import contest, lines
from voting.domain.contest_file import read_contest
from voting.fraud.attempt import Attempt

BALLOTS = 12_000
FRAUD = 0.22


@pytest.fixture(scope="module")
def worlds() -> list[World]:
    return [make_world(2, BALLOTS, FRAUD), make_world(3, BALLOTS, FRAUD, small=True)]


def test_a_seed_gives_the_same_world(worlds: list[World]) -> None:
    again = make_world(2, BALLOTS, FRAUD)
    assert worlds[0].events.equals(again.events)
    assert worlds[0].labels.equals(again.labels)
    assert astuple(worlds[0])[2:] == astuple(again)[2:]
    assert not worlds[0].events["id"].equals(worlds[1].events["id"])


def test_columns_shares_and_labels(worlds: list[World]) -> None:
    for world in worlds:
        assert tuple(world.events.columns) == COLUMNS
        assert world.labels.columns == ["id", "fraud", "family", "instance", "scripted"]
        assert world.labels["id"].equals(world.events["id"])
        assert world.events["id"].is_unique().all()
        assert len(world.events) == BALLOTS
        assert FRAUD - 0.03 < int(world.labels["fraud"].sum()) / BALLOTS < FRAUD + 0.03
        assert set(world.events["entry"]) <= set(world.entries)
        assert set(world.labels.filter("fraud")["family"]) == set(ATTACKS)
        assert set(world.labels.filter("scripted")["family"]) == BY_MACHINE
    sizes = worlds[1].labels.filter("fraud").group_by("instance").len()["len"]
    assert sizes.is_between(SMALL[0] // 2, SMALL[1]).all()


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


def test_every_family_is_of_one_kind_and_occurs(worlds: list[World]) -> None:
    kinds = (*SCRIPTED, *PAID_CROWDS, *SLOW_DRIP, *UNJUDGED, *UNLISTED_BOTS, *UNLISTED_HUMANS)
    assert sorted(kinds) == sorted(ATTACKS) == sorted([*MAKERS, FOLLOWING])
    for world in worlds:
        assert set(world.labels["family"]) == {*EVERY, BACKGROUND}


def test_only_what_is_asked_for() -> None:
    made = make_world(7, 4000, families=["A2", "U3", "L4"])
    assert set(made.labels["family"]) == {"A2", "U3", "L4", BACKGROUND}
    clean = make_world(7, 4000, fraud=0.0)
    assert not clean.labels["fraud"].any()
    assert set(clean.labels["family"]) == {*LOOKALIKES, BACKGROUND}


def test_in_the_format_of_the_backtest(worlds: list[World]) -> None:
    decoder = msgspec.json.Decoder(Attempt)
    for world in worlds:
        assert read_contest(contest(world)).id == "traffic"
        attempts = [decoder.decode(line) for line in lines(world.events).to_list()]
        assert [each.id for each in attempts] == world.events["id"].to_list()
        assert all(ip_address(each.ip).is_global for each in attempts[::7] if each.ip)
        for each, told in zip(attempts, world.events["screen"].to_list(), strict=True):
            assert (each.client is None) == (told is None)
