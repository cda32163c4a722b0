"""Reviewers' rulings as labels: which of them `voting events export --labels` writes."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import msgspec

from tests.acceptance.test_cli import run
from tests.conftest import Contests, Service, environment_of
from tests.web.test_groups import desk, ringed
from voting.fraud.facts.attempt import Attempt
from voting.wiring.admin import AdminServices


def exported(service: Service, contest: str, *options: str) -> list[dict[str, Any]]:
    done = run("events", "export", "--contest", contest, *options, env=environment_of(service.settings))
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def rulings(lines: list[dict[str, Any]]) -> Counter[tuple[str, str]]:
    """Returns the number of ballots by group and ruling."""
    return Counter((line["label"]["group"], line["label"]["ruling"]) for line in lines if line["label"])


async def test_a_ballot_has_the_ruling_in_force_of_its_group(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices, service: Service
) -> None:
    contest = await ringed(contests, office)
    first, second = await desk(http, contests, contest), await desk(http, contests, contest, "Li")
    lines = exported(service, contest, "--labels")
    assert {line["label"] for line in lines} == {None}, "what only a sweep decided is no label"
    assert (await first.decide("ring-a", "void", 1)).status_code == 200
    assert rulings(exported(service, contest, "--labels")) == {("ring-a", "fraud"): 4}
    # One of two reviewers has not decided anything yet.
    assert (await first.decide("ring-big", "release", 1)).status_code == 202, "proposed"
    assert rulings(exported(service, contest, "--labels")) == {("ring-a", "fraud"): 4}
    assert (await second.decide("ring-big", "release", 2)).status_code == 200
    assert rulings(exported(service, contest, "--labels")) == {("ring-a", "fraud"): 4, ("ring-big", "honest"): 60}
    # The last decision counts, unless it was undone.
    assert (await first.decide("ring-a", "release", 2)).status_code == 200
    lines = exported(service, contest, "--labels")
    assert rulings(lines) == {("ring-a", "honest"): 4, ("ring-big", "honest"): 60}
    assert len({line["label"]["review"] for line in lines if line["label"]}) == 2
    assert (await first.decide("ring-a", "undo", 3)).status_code == 200
    assert rulings(exported(service, contest, "--labels")) == {("ring-big", "honest"): 60}


async def test_a_labelled_export_is_replayed_like_any_other(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices, service: Service, tmp_path: Path
) -> None:
    contest = await ringed(contests, office)
    assert (await (await desk(http, contests, contest)).decide("ring-a", "void", 1)).status_code == 200
    plain, labelled = exported(service, contest), exported(service, contest, "--labels")
    assert all("label" not in line for line in plain)
    assert [
        {name: value for name, value in line.items() if name not in ("label", "verification")} for line in labelled
    ] == plain
    assert msgspec.convert(labelled, list[Attempt]) == msgspec.convert(plain, list[Attempt])
