"""From a reviewed contest to trees: export with labels, then fit."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import httpx
import msgspec
import numpy as np
import pytest
from click.testing import CliRunner

from loadtests.fraud_lab.__main__ import main
from loadtests.fraud_lab.training.labelled import UNLABELLED, Labelled, NotLabelledError
from loadtests.fraud_lab.training.samples import at_first, whole
from tests.acceptance.test_cli import run
from tests.conftest import Contests, Service, environment_of
from tests.fraud.rings import Cast, record
from tests.web.test_groups import again, desk
from voting.fraud.facts.facts import Facts, Oddity
from voting.fraud.features.features import THOROUGH
from voting.fraud.model.tree_ensemble import Trees
from voting.wiring.admin import AdminServices

BOT = Facts(reading=300, hosting=True, oddities=int(Oddity.AUTOMATION))


@pytest.fixture
async def labelled(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices, service: Service, tmp_path: Path
) -> Path:
    """A contest of 1,520 ballots, in which reviewers voided a ring of 400 and released a group of 120."""
    contest = await contests.make(entries=10)
    person = Facts(reading=20_000, hosting=False)
    public = [Cast(number, f"A{1 + number % 10:03d}", seen=person) for number in range(1000)]
    ring = [Cast(10_000 + number, "A003", "ring-bots", seen=BOT) for number in range(400)]
    crowd = [Cast(20_000 + number, "A004", "ring-fans", seen=person) for number in range(120)]
    await record(office.database, contest, [*public, *ring, *crowd])
    await again(office, contest)
    one, other = await desk(http, contests, contest), await desk(http, contests, contest, "Li")
    for group, action in (("ring-bots", "void"), ("ring-fans", "release")):
        for reviewer in (one, other):
            version = (await one.group(group))["version"]
            assert (await reviewer.decide(group, action, version)).status_code in (200, 202)
    out = tmp_path / "events.jsonl.gz"
    options = ["--contest", contest, "--labels", "--out", str(out)]
    assert run("events", "export", *options, env=environment_of(service.settings)).returncode == 0
    return out


def test_trees_learn_from_what_was_ruled_and_from_nothing_else(labelled: Path) -> None:
    ballots, labels = Labelled(labelled).world()
    assert ballots["id"].equals(labels["id"])
    assert dict(labels["family"].value_counts().iter_rows()) == {
        "ruled fraud": 400,
        "ruled honest": 120,
        UNLABELLED: 1000,
    }
    sample = at_first(whole(ballots, labels), THOROUGH)
    assert 0 < len(sample.fraud) <= 520
    assert set(sample.fraud) == {0.0, 1.0}
    hosting = sample.table[:, sample.names.index("own_hosting")]
    assert np.corrcoef(hosting, sample.fraud)[0, 1] == pytest.approx(1)


def test_fit_takes_a_labelled_contest_beside_simulated_ones(labelled: Path, tmp_path: Path) -> None:
    options = ["fit", "--work", str(tmp_path / "work"), "--worlds", "2", "--labelled", str(labelled)]
    done = CliRunner().invoke(main, options)
    assert done.exit_code == 0, done.output
    assert f"made 3 of 3: {Labelled(labelled).name}" in done.stderr
    tables = tomllib.loads(done.stdout)["sweep"]
    assert set(tables) == {"quick_first", "quick_second", "first", "second", "clusters"}
    assert all(msgspec.convert(each, Trees).trees for each in tables.values())


def test_a_voter_who_confirmed_is_honest_and_one_who_did_not_is_unknown(tmp_path: Path) -> None:
    void = {"ruling": "unconfirmed", "group": "unconfirmed-1"}
    lines = []
    for id, label, confirmed in (("a", None, True), ("b", None, False), ("c", void, False)):
        line = {"id": id, "at": "2026-03-01T12:00:00.000+08:00", "voter": id, "entry": "A", "label": label}
        lines.append(json.dumps(line | {"verification": {"asked": True, "confirmed": confirmed, "share": 0.02}}))
    file = tmp_path / "events.jsonl"
    file.write_text("\n".join(lines), "utf-8")
    _, labels = Labelled(file).world()
    assert labels["family"].to_list() == ["confirmed", UNLABELLED, UNLABELLED]
    assert not labels["fraud"].any()


def test_a_file_without_labels_or_rulings_is_refused(tmp_path: Path) -> None:
    line = {"id": "a", "at": "2026-03-01T12:00:00.000+08:00", "voter": "v", "entry": "A"}
    for more, fault in (
        ({}, "line 1: Object missing required field `label`"),
        ({"label": {"ruling": "maybe", "group": "g"}}, "line 1: Invalid enum value 'maybe'"),
        ({"label": None}, "no ballot has a ruling; review the contest's groups"),
    ):
        file = tmp_path / "events.jsonl"
        file.write_text(json.dumps(line | more) + "\n", "utf-8")
        with pytest.raises(NotLabelledError, match=fault):
            Labelled(file).world()
