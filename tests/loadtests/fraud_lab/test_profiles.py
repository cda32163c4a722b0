"""Worlds of the composer and the assessor: the same for a seed, in the format of the backtest, of all families."""

from __future__ import annotations

from dataclasses import astuple
from ipaddress import ip_address
from types import ModuleType

import msgspec
import polars as pl
import pytest

from loadtests.fraud_lab.profiles import assessor, composer
from loadtests.fraud_lab.simulator.rendering import COLUMNS
from loadtests.fraud_lab.simulator.world import BACKGROUND, World
from loadtests.fraud_lab.simulator.writing import contest, lines
from voting.domain.contest.contest_file import read_contest
from voting.fraud.facts.attempt import Attempt

BALLOTS, FRAUD = 20_000, 0.22


@pytest.fixture(scope="module", params=(composer, assessor), ids=lambda profile: profile.__name__.rpartition(".")[2])
def profile(request: pytest.FixtureRequest) -> ModuleType:
    found: ModuleType = request.param
    return found


@pytest.fixture(scope="module")
def worlds(profile: ModuleType) -> list[World]:
    return [profile.make_world(2, BALLOTS, FRAUD), profile.make_world(3, BALLOTS, FRAUD, small=True)]


def test_a_seed_gives_the_same_world(profile: ModuleType, worlds: list[World]) -> None:
    again = profile.make_world(2, BALLOTS, FRAUD)
    assert worlds[0].events.equals(again.events)
    assert worlds[0].labels.equals(again.labels)
    assert astuple(worlds[0])[2:] == astuple(again)[2:]
    assert not worlds[0].events["id"].equals(worlds[1].events["id"])


def test_columns_shares_and_labels(profile: ModuleType, worlds: list[World]) -> None:
    scripted = {name for name, family in profile.ATTACKS.items() if family.scripted}
    for world in worlds:
        assert tuple(world.events.columns) == COLUMNS
        assert world.labels["id"].equals(world.events["id"])
        assert world.events["id"].is_unique().all()
        assert abs(len(world.events) - BALLOTS) < 0.01 * BALLOTS
        assert abs(int(world.labels["fraud"].sum()) / BALLOTS - FRAUD) < 0.01
        assert set(world.events["entry"]) <= set(world.entries)
        assert set(world.labels.filter(~pl.col("fraud"))["family"]) == {*profile.CROWDS, BACKGROUND}
        assert set(world.labels.filter("scripted")["family"]) <= scripted
    assert set(worlds[1].labels.filter("fraud")["family"]) == set(profile.ATTACKS)
    assert set(worlds[1].labels.filter("scripted")["family"]) == scripted
    sizes = worlds[1].labels.filter("fraud").group_by("instance").len()["len"]
    assert sizes.max() <= 350  # type: ignore[operator]
    assert (sizes >= 40).mean() > 0.95  # type: ignore[operator]


def test_inside_the_window_and_one_ballot_a_voter_a_day(worlds: list[World]) -> None:
    for world in worlds:
        at = world.events["at"]
        assert at.is_sorted()
        assert world.opens <= at.dt.epoch("ms")[0]
        assert at.dt.epoch("ms")[-1] < world.closes
        days = world.events.select("voter", pl.col("at").dt.convert_time_zone("Asia/Shanghai").dt.date())
        assert days.is_unique().all()
        assert world.events.filter(pl.col("opened_at") > pl.col("at")).is_empty()


def test_a_clean_contest_has_no_fraud(profile: ModuleType) -> None:
    assert not profile.make_world(7, 4000, fraud=0.0).labels["fraud"].any()


def test_in_the_format_of_the_backtest(worlds: list[World]) -> None:
    decoder = msgspec.json.Decoder(Attempt)
    for world in worlds:
        assert read_contest(contest(world)).id == "traffic"
        attempts = [decoder.decode(line) for line in lines(world.events).to_list()]
        assert [each.id for each in attempts] == world.events["id"].to_list()
        assert all(ip_address(each.ip) for each in attempts[::7] if each.ip)
