"""Worlds of the traffic generator: the same for a seed, in the backtest's format, and without a hint of the labels."""

from __future__ import annotations

import gzip
import json
from dataclasses import astuple, fields
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from loadtests.fraud_lab.__main__ import main
from loadtests.fraud_lab.families import ATTACKS, EVERY, LOOKALIKES
from loadtests.fraud_lab.profiles.standard import make_world
from loadtests.fraud_lab.simulator.rendering import CLIENT, HEADERS
from loadtests.fraud_lab.simulator.scene import Scene
from loadtests.fraud_lab.simulator.world import World
from loadtests.fraud_lab.simulator.writing import contest, lines, write
from voting.domain.contest.contest_file import read_contest

BALLOTS = 12_000


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(3, BALLOTS)


def test_a_seed_gives_the_same_world(world: World) -> None:
    again, other = make_world(3, BALLOTS), make_world(4, BALLOTS)
    assert world.events.equals(again.events)
    assert world.labels.equals(again.labels)
    assert not world.events["id"].equals(other.events["id"])
    assert astuple(world)[2:] == astuple(again)[2:]


def test_attempts_are_in_order_inside_the_window_and_the_quota(world: World) -> None:
    events = world.events
    assert events["at"].is_sorted()
    at = events["at"].dt.epoch("ms")
    assert world.opens <= int(at.to_numpy().min())
    assert int(at.to_numpy().max()) < world.closes
    day = events.select("voter", pl.col("at").dt.convert_time_zone("Asia/Shanghai").dt.date())
    assert day.is_unique().all()
    assert events["id"].is_unique().all()
    assert set(events["entry"]) <= set(world.entries)
    assert events.filter(pl.col("opened_at") > pl.col("at")).is_empty()
    assert events.filter(pl.col("device_issued_at") > pl.col("opened_at")).is_empty()


def test_one_pick_in_the_window() -> None:
    made = make_world(5, 3000, rule="window")
    assert made.events["voter"].is_unique().all()
    assert read_contest(contest(made)).id == "traffic"


@pytest.mark.parametrize("days", [1, 3])
def test_short_windows(days: int) -> None:
    made = make_world(5, 3000, days=days)
    assert made.closes - made.opens == days * 24 * 3_600_000
    assert len(made.events) == 3000


def test_labels_belong_to_the_attempts(world: World) -> None:
    labels = world.labels
    assert labels["id"].equals(world.events["id"])
    assert labels["fraud"].mean() == pytest.approx(0.22, abs=0.03)
    assert set(labels["family"]) <= {*EVERY, *LOOKALIKES, "background"}
    each = labels.group_by("instance").agg(pl.col("family", "fraud", "scripted").n_unique())
    assert each.select(pl.exclude("instance") == 1).to_numpy().all()
    assert labels.filter("scripted")["fraud"].all()


def test_worlds_have_the_families_that_are_wanted() -> None:
    made = make_world(6, 6000, families=("A1", "A8"))
    assert set(made.labels.filter("fraud")["family"]) == {"A1", "A8"}
    assert not make_world(6, 2000, 0.0).labels["fraud"].any()
    small = make_world(6, 6000, 0.1, small=True).labels.filter("fraud").group_by("instance").len()
    assert small["len"].to_numpy().max() <= 350


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene(np.random.default_rng(9), 60, 10)


@pytest.mark.parametrize("family", sorted(ATTACKS | LOOKALIKES))
def test_every_family_makes_ballots_of_any_size(scene: Scene, family: str) -> None:
    for wanted in (40, 700):
        made = (ATTACKS | LOOKALIKES)[family].make(scene, wanted)
        assert wanted / 3 <= len(made) <= wanted * 2
        assert {len(getattr(made, field.name)) for field in fields(made)} == {len(made)}
        assert (made.opened <= made.at).all()
        assert (made.issued <= made.opened).all()
        assert scene.clock.inside(made.at).mean() > 0.3


def test_the_files_are_what_the_backtest_reads(world: World, tmp_path: Path) -> None:
    write(world, tmp_path)
    assert read_contest((tmp_path / "contest.toml").read_text("utf-8")).id == "traffic"
    with gzip.open(tmp_path / "events.jsonl.gz", "rt", encoding="utf-8") as file:
        events = [json.loads(line) for line in file]
    assert [event["id"] for event in events] == pl.read_parquet(tmp_path / "labels.parquet")["id"].to_list()
    for event, at in zip(events, world.events["at"], strict=True):
        check(event)
        assert datetime.fromisoformat(event["at"]) == at


FIELDS = {
    *("id", "at", "voter", "entry", "channel", "device", "device_issued_at", "opened_at", "ip", "asn", "hosting"),
    *("user_agent", "headers", "client", "challenge"),
}


def check(event: dict[str, object]) -> None:
    """The event has the contract's fields, each of its type."""
    assert set(event) == FIELDS
    assert all(isinstance(event[name], str) for name in ("id", "at", "voter", "entry"))
    assert event["channel"] in ("web", "wechat", "mini_program", None)
    for name in ("device_issued_at", "opened_at"):
        moment = event[name]
        assert moment is None or datetime.fromisoformat(str(moment)).tzinfo
    ip_address(str(event["ip"]))
    assert event["asn"] is None or isinstance(event["asn"], int)
    assert event["hosting"] in (True, False, None)
    headers = event["headers"]
    assert headers is None or isinstance(headers, dict)
    assert set(headers or {}) <= set(HEADERS.values())
    assert all(isinstance(value, str) for value in (headers or {}).values())
    client = event["client"]
    if client is not None:
        assert isinstance(client, dict)
        assert set(client) == {"screen", "dpr", "languages", "timezone", "platform"}
        assert isinstance(client["dpr"], float)
        assert isinstance(client["languages"], list)
    challenge = event["challenge"]
    assert challenge is None or (isinstance(challenge, dict) and set(challenge) == {"passed", "ms"})


def test_of_what_a_page_reports_a_part_may_be_unknown(world: World) -> None:
    events = world.events.filter(pl.col("screen").is_not_null()).head(20)
    for name in CLIENT:
        unknown = events.with_columns(pl.lit(None, dtype=events.schema[name]).alias(name))
        reported = [json.loads(line)["client"] for line in lines(unknown).to_list()]
        assert [each[name] for each in reported] == [None] * 20


@pytest.mark.parametrize("name", ["id", "voter", "device"])
def test_keys_say_nothing_of_the_label(world: World, name: str) -> None:
    known = world.events.with_columns(world.labels["fraud"]).filter(pl.col(name).is_not_null()).unique(name)
    value = np.array([int(key, 16) for key in known[name]], dtype=np.float64)
    assert known[name].str.len_chars().unique().to_list() == [16]
    assert abs(float(np.corrcoef(value, known["fraud"].to_numpy())[0, 1])) < 0.04


def test_what_is_lost_is_lost_of_all_alike(world: World) -> None:
    known = world.events.with_columns(world.labels["fraud"])
    lost = known.group_by("fraud").agg(pl.col("opened_at", "device_issued_at", "asn").is_null().mean()).sort("fraud")
    for name in ("opened_at", "device_issued_at", "asn"):
        honest, other = lost[name].to_list()
        assert honest == pytest.approx(other, abs=0.02)


def test_the_command_writes_a_world(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        main, ["write", "--seed", "2", "--ballots", "2000", "--family", "A1", "--out", str(tmp_path)]
    )
    assert done.exit_code == 0, done.output
    assert "2000 attempts" in done.output
    assert {path.name for path in tmp_path.iterdir()} == {"contest.toml", "events.jsonl.gz", "labels.parquet"}
