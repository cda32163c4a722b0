"""The review from the command line: look, decide, certify, and once more after an objection."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.test_cli import run
from tests.conftest import Contests, environment_of
from tests.fraud.rings import POLICY, SCRIPT, Cast, certifier, crowd, dripped, record
from voting.settings import Settings
from voting.wiring.admin import AdminServices


def policy_file(folder: Path, version: str) -> Path:
    """The packaged policy under another version, complete."""
    text = (Path(__file__).parents[2] / "voting/fraud/policies" / POLICY.version / "rules.toml").read_text("utf-8")
    file = folder / f"{version}.toml"
    file.write_text(text.replace(f'version = "{POLICY.version}"', f'version = "{version}"'), "utf-8")
    return file


async def key_file(folder: Path, contests: Contests, contest: str, name: str) -> str:
    """A file with an organiser's key."""
    file = folder / name
    file.write_text(await contests.staff_key("organiser", contest, name), "utf-8")
    return str(file)


class Shell:
    """The commands about one contest."""

    def __init__(self, settings: Settings, contest: str, policy: Path | None = None) -> None:
        self._env = environment_of(settings) | ({"VOTING_POLICY": str(policy)} if policy else {})
        self._contest = contest

    def run(self, *arguments: str, code: int = 0) -> tuple[str, str]:
        done = run(*arguments, "--contest", self._contest, env=self._env)
        assert done.returncode == code, done.stderr
        return done.stdout, done.stderr

    def json(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments, "--json")[0])


@pytest.fixture
async def ringed(contests: Contests, office: AdminServices) -> str:
    """A closed contest of twenty entries; the certification's sweep found two rings."""
    contest = await contests.make(opens=timedelta(hours=-3), closes=timedelta(minutes=-1), entries=20)
    honest = [each for number in range(1, 21) for each in crowd(1000 * number, 25 - number, f"A{number:03d}")]
    rings = [*crowd(50_000, 30, "A017", "ring-a"), *crowd(60_000, 3, "A020", "ring-b")]
    await record(office.database, contest, [*honest, *rings], timedelta(hours=1))
    await certifier(office.database).propose(await office.contest_cache.get(contest), POLICY)
    return contest


async def test_a_ring_is_looked_at_decided_about_and_can_be_brought_back(
    ringed: str, settings: Settings, contests: Contests, tmp_path: Path
) -> None:
    shell = Shell(settings, ringed)
    out, err = shell.run("review", "list", "--language", "en")
    lines = [line.split("\t") for line in out.splitlines()]
    assert [line[:4] for line in lines] == [["ring-a", "open", "30", "A1+C3"], ["ring-b", "open", "3", "A1+C3"]]
    assert lines[0][4] == "If it is counted, A017 rises from 17th to 1st."
    assert "2 groups; 2 are open" in err
    shown = shell.run("review", "show", "ring-a")[0]
    assert "30张选票（作品 A017）共用同一浏览器特征" in shown
    assert "place\tA017\t1 -> 17" in shown
    assert shown.count("\nballot\t") == 20
    # The small group at once; the large one needs a second reviewer with another key.
    assert "decided\treleased" in shell.run("review", "release", "ring-b", "--reason", "a family")[0]
    assert "two persons decide" in shell.run("review", "void", "ring-a", "--reason", "one script", code=1)[1]
    first, same, second = [await key_file(tmp_path, contests, ringed, name) for name in ("li", "Li ", "zhang")]
    void = ("review", "void", "ring-a", "--reason")
    out, err = shell.run(*void, "one script", "--key-file", first)
    assert "proposed\topen" in out
    assert "30 ballots wait for a second person" in err
    assert "who proposed it cannot confirm" in shell.run(*void, "again", "--key-file", first, code=1)[1]
    assert "who proposed it cannot confirm" in shell.run(*void, "again", "--key-file", same, code=1)[1]
    assert "two persons decide" in shell.run(*void, "so it is", code=1)[1], "anybody may be behind an account"
    assert "say why" in shell.run(*void, " ", "--key-file", second, code=2)[1]
    confirmed = shell.run(*void, "so it is", "--key-file", second)[0]
    assert "decided\tvoid" in confirmed
    stale = shell.run("review", "undo", "ring-b", "--reason", "no", "--version", "1", code=1)[1]
    assert "the group is at version" in stale
    assert "decided\topen" in shell.run("review", "undo", "ring-b", "--reason", "not a family")[0]
    assert [each["state"] for each in shell.json("review", "list")["groups"]] == ["void", "open"]
    assert [each["step"] for each in shell.json("review", "show", "ring-a")["rulings"]] == ["propose", "decide"]


async def test_the_result_is_certified_explained_and_compared(
    ringed: str, settings: Settings, contests: Contests, tmp_path: Path
) -> None:
    one, other = policy_file(tmp_path, "one"), policy_file(tmp_path, "other")
    shell = Shell(settings, ringed, one)
    assert json.loads(shell.run("results")[0])["policy_version"] == "uncertified"
    first, second = [await key_file(tmp_path, contests, ringed, name) for name in ("li", "zhang")]
    shell.run("review", "void", "ring-a", "--reason", "one script", "--key-file", first)
    assert "ring-a" in shell.run("certify", code=1)[1], "what is proposed is waited for"
    shell.run("review", "void", "ring-a", "--reason", "so it is", "--key-file", second)
    made = shell.json("certify")
    assert (made["number"], made["policy_version"]) == (1, "one")
    assert made["policy_sha256"] == hashlib.sha256(one.read_bytes()).hexdigest()
    found = {each["entry"]: each for each in made["entries"]}
    assert (found["A017"]["raw"], found["A017"]["held"]) == (38, 0)
    assert found["A017"]["void"] >= 30
    assert all(each["raw"] == each["void"] + each["counted"] for each in made["entries"])
    assert shell.json("certify") == made
    results = json.loads(shell.run("results")[0])
    assert (results["final"], results["policy_version"]) == (True, "one")
    assert results["ballots_sha256"] == made["ballots_sha256"]
    assert "the result is certified" in shell.run("review", "release", "ring-a", "--reason", "late", code=1)[1]
    lines = shell.json("retally", "--policy", str(other))
    assert lines["policy_version"] == "other"
    assert len(lines["entries"]) == 20
    assert all(line["other"] == line["now"] for line in lines["entries"]), "the same weights under another name"
    assert "certified (number 1" in shell.run("certify", "--policy", str(other), code=1)[1]
    assert "say why" in shell.run("certify", "--reopen", "", code=2)[1]
    assert shell.json("certify") == made, "it is still certified"
    assert "no longer stands" in shell.run("certify", "--reopen", "an objection")[1]
    again = shell.json("certify", "--policy", str(other))
    assert (again["number"], again["entries"]) == (2, made["entries"])
    assert shell.run("recount")[0] == ""


async def test_an_open_contest_is_not_certified(contests: Contests, settings: Settings, tmp_path: Path) -> None:
    contest = await contests.make()
    assert (
        "the window is open until" in Shell(settings, contest, policy_file(tmp_path, "one")).run("certify", code=1)[1]
    )
    assert (
        run("certify", "--contest", contest, "--propose", "--reopen", "x", env=environment_of(settings)).returncode == 2
    )


async def test_a_retally_prints_raw_held_void_and_counted_picks(
    contests: Contests, settings: Settings, office: AdminServices, tmp_path: Path
) -> None:
    contest = await contests.make(entries=3)
    casts = [*crowd(0, 3, "A001"), *crowd(5, 2, "A002"), Cast(9, "A003", seen=SCRIPT, state="hold")]
    await record(office.database, contest, casts)
    lenient = policy_file(tmp_path, "lenient")
    lenient.write_text(re.sub(r"^hold = \d+$", "hold = 1000", lenient.read_text("utf-8"), count=1, flags=re.M), "utf-8")
    told = Shell(settings, contest).run("retally", "--policy", str(lenient))
    assert told[0] == "A003\traw=1\theld=1 -> 0\tvoid=0\tcounted=0 -> 1\trank=3\n"
    assert "1 of 3 entries differ under policy lenient" in told[1]


def test_a_fault_of_a_policy_is_reported_with_its_line(tmp_path: Path, settings: Settings) -> None:
    file = tmp_path / "policy.toml"
    file.write_text("version = 3\n", "utf-8")
    wrong = run("retally", "--contest", "none", "--policy", str(file), env=environment_of(settings))
    assert wrong.returncode == 1
    assert "line 1, version" in wrong.stderr


@pytest.mark.campaign
async def test_certify_prints_places_that_depend_on_estimates(
    contests: Contests, office: AdminServices, settings: Settings
) -> None:
    shell = Shell(settings, await dripped(contests, office.database))
    assert "review explain A002-night" in shell.run("certify", "--propose")[1]
    assert "review explain A002-night" in shell.run("certify", code=1)[1]
    shell.run("review", "explain", "A002-night", "--reason", "shift workers")
    for told in (shell.run("certify")[1], shell.run("certify")[1]):
        assert "A002: too many votes at night; " in told
        assert re.search(r"If \d+ of them were void, A002 falls from 1st to 2nd\. Explained: shift workers", told)
    (excess,) = shell.json("review", "list")["excesses"]
    assert (excess["entry"], excess["effect"]["words"]["zh"]) == (
        "A002",
        f"若其 {excess['high']} 票作废：A002 由第 1 名变为第 2 名。",
    )
    listed = shell.run("review", "list", "--language", "en")[0]
    assert listed.startswith("growth\tA002-night\taccepted\t")
    assert listed.endswith("of them were void, A002 falls from 1st to 2nd.\tshift workers\n")
