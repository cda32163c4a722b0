"""Contests in which voters are asked to confirm: the worlds, the attackers, the course, and the command."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from loadtests.fraud_lab.__main__ import main
from loadtests.fraud_lab.answers import bench
from loadtests.fraud_lab.answers.attackers import ATTACKERS, FRAMING, SLOW_DRIP, Attacker, attack
from loadtests.fraud_lab.answers.course import SHARES, members, play
from loadtests.fraud_lab.answers.figures import must_show, seen
from loadtests.fraud_lab.answers.worlds import DAYS, WEB, World, make_world
from voting.fraud.sample import Cell

BALLOTS = 12_000
EVERY = {each.name: each for each in (*ATTACKERS, SLOW_DRIP, FRAMING)}


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(3, BALLOTS)


def test_crowds_answer_as_they_are_said_to(world: World) -> None:
    assert len(world.ballots.voter) == pytest.approx(BALLOTS, rel=0.03)
    assert world.ballots.at.min() >= 0
    assert world.ballots.at.max() < 24 * DAYS
    for group in world.groups:
        who = slice(*group.voters)
        low, high = group.crowd.answers
        spread = 4 * 0.5 / np.sqrt(group.voters[1] - group.voters[0])
        assert low - spread <= world.voters.answers[who].mean() <= high + spread, group
    older = [world.voters.answers[slice(*group.voters)].mean() for group in world.groups if group.crowd.kind == "older"]
    young = [world.voters.answers[slice(*group.voters)].mean() for group in world.groups if group.crowd.kind == "young"]
    assert max(older) < min(young)
    voters, days = world.ballots.voter, world.ballots.at // 24
    assert len(np.unique(np.column_stack((voters, days)), axis=0)) == len(voters)


@pytest.mark.parametrize("attacker", EVERY.values(), ids=lambda each: each.name)
def test_attackers_do_what_they_are_said_to(world: World, attacker: Attacker) -> None:
    found = attack(world, attacker, 600, 5)
    wanted = 200 if attacker.daily else 600
    assert (found.ballots.entry == found.target).sum() == wanted
    assert len(found.ballots.entry) == round(wanted / (1 - attacker.camouflage))
    visits = np.bincount(found.ballots.voter - len(world.voters.channel))
    assert visits.min() >= 1
    assert visits.max() <= max(attacker.days)
    assert (visits > 1).mean() == pytest.approx(attacker.returning, abs=0.15)
    assert found.voters.answers.mean() <= attacker.answers[1] + 0.05
    strange = attacker.like == "nobody"
    assert np.isin(found.ballots.network, world.ballots.network).all() != strange
    assert np.isin(found.voters.client, world.voters.client).all() != strange
    assert attacker.like == "people" or (found.voters.channel == WEB).all()


def test_the_asked_are_chosen_by_chance_and_void_ballots_are_in_a_named_cell(world: World) -> None:
    campaign = attack(world, EVERY["as people"], 1500, 5)
    course = play(world, campaign, 5)
    assert course.asked.mean() > SHARES.min()
    inside = np.any([members(cell, course.voters, course.ballots) for cell in course.named], axis=0)
    assert not (course.void & ~inside).any()
    invented = course.voters.invented[course.ballots.voter]
    assert course.void[inside & invented].mean() > 0.75
    of_the_entry = course.ballots.entry == campaign.target
    assert (of_the_entry & ~course.void).sum() > (of_the_entry & ~invented).sum(), "it keeps what people gave it"
    of_target = members(Cell("channel", str(campaign.target), "web"), course.voters, course.ballots)
    on_the_web = course.voters.channel[course.ballots.voter] == WEB
    assert (of_target == ((course.ballots.entry == campaign.target) & on_the_web)).all()


def test_numbers_that_were_bought_confirm_until_they_are_used_up(world: World) -> None:
    campaign = attack(world, EVERY["200 numbers"], 1500, 5)._replace(numbers=3)
    assert play(world, campaign, 5).numbers == 3


def test_the_figures_of_an_attack_that_nobody_sees(world: World) -> None:
    campaign = attack(world, SLOW_DRIP, 200, 5)
    course = play(world, campaign, 5)._replace(named={})
    run = seen(EVERY["as people"].name, 4000, 5, course._replace(void=course.void & False), campaign)
    reached = {line[0]: line[3:] for line in must_show([run])}
    assert reached["4,000 ballots: named before the close"] == ["0.00 %", "as people", "MISSED"]
    assert reached["– still counting after the organiser's step"] == ["100.00 %", "as people", "MISSED"]
    assert reached["price of a counted ballot, 4,000 wanted: times today's"] == ["1.0", "as people", "MISSED"]


def test_the_command_writes_its_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "RESULTS", tmp_path)
    options = ["--seeds", "1", "--ballots", "4000", "--attacker", "as people", "--attacker", "framing"]
    done = CliRunner().invoke(main, ["answers", *options])
    assert "| honest voters asked before the close |" in done.output, done.output
    (figures,) = tmp_path.glob("answers-*.json")
    runs = json.loads(figures.read_text())
    names = ["honest contest", *["as people"] * 3, "framing"]
    assert [run["attacker"] for run in runs] == names
    assert figures.with_suffix(".md").read_text().strip() in done.output
    assert done.exit_code == ("MISSED" in done.output)
