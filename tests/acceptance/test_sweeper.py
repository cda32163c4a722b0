"""The sweeping process next to the workers: it runs, restarts, and ends with the service."""

from __future__ import annotations

import signal
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from tests.acceptance.test_cli import run
from tests.acceptance.test_review import policy_file
from tests.conftest import Contests, environment_of, eventually, free_port, serving
from tests.fraud.rings import crowd, history, record, tally, write_policy
from tests.processes import command
from voting.settings import Settings
from voting.wiring.admin import AdminServices


def sweepers(parent: int) -> list[psutil.Process]:
    return [each for each in psutil.Process(parent).children() if "sweep" in command(each)]


async def test_it_is_started_and_replaced_and_ends_with_the_service(settings: Settings, tmp_path: Path) -> None:
    policy = str(policy_file(tmp_path, "one"))
    with serving(environment_of(settings) | {"VOTING_SWEEP": "on", "VOTING_POLICY": policy}) as (_, process):
        # Its niceness is ten above its parent's; 19 is the maximum.
        nicest = min(19, psutil.Process().nice() + 10)

        async def is_sweeping() -> bool:
            return any(each.nice() == nicest and "polars" in _libraries(each) for each in sweepers(process.pid))

        await eventually(is_sweeping, 60)
        for each in psutil.Process(process.pid).children():
            assert ("polars" in _libraries(each)) == ("sweep" in command(each)), "workers have no need of its memory"
        (first,) = sweepers(process.pid)
        first.kill()

        async def is_replaced() -> bool:
            return [each.pid for each in sweepers(process.pid)] not in ([], [first.pid])

        await eventually(is_replaced)
        (second,) = sweepers(process.pid)
        process.send_signal(signal.SIGKILL)

        async def is_gone() -> bool:
            return not second.is_running() or second.status() == psutil.STATUS_ZOMBIE

        await eventually(is_gone)


def _libraries(process: psutil.Process) -> str:
    return " ".join(each.path for each in process.memory_maps())


async def test_it_can_be_switched_off(settings: Settings) -> None:
    with serving(environment_of(settings) | {"VOTING_SWEEP": "off"}) as (_, process):
        assert sweepers(process.pid) == []
        assert "polars" not in _libraries(psutil.Process(process.pid)), "the packaged policy need not be checked"


async def test_one_round_by_hand(contests: Contests, settings: Settings, office: AdminServices, tmp_path: Path) -> None:
    contest = await contests.make(opens=timedelta(hours=-1))
    await record(office.database, contest, crowd(0, 20, "A001"), timedelta(minutes=31))
    env = environment_of(settings) | {"VOTING_POLICY": str(policy_file(tmp_path, "one"))}
    done = run("sweep", "--once", env=env)
    assert done.returncode == 0, done.stderr
    assert "ballots held" in done.stderr
    assert (await tally(office.database, contest))["A001"][0] == 20


async def test_a_round_with_a_shadow(
    contests: Contests, settings: Settings, office: AdminServices, tmp_path: Path
) -> None:
    contest = await contests.make(opens=timedelta(hours=-1))
    await record(office.database, contest, crowd(0, 20, "A001"), timedelta(minutes=31))
    force, shadow = tmp_path / "force.toml", tmp_path / "shadow.toml"
    write_policy(force, "force")
    # Every ballot gets reasons of two families, and high probability.
    any_ballot = [["fingerprint_ratio", -1, 0, ["hour_ratio", -1, 0, 60]]]
    write_policy(shadow, "suspicious", trees=any_ballot)
    policies = {"VOTING_POLICY": str(force), "VOTING_SHADOW_POLICY": str(shadow)}
    done = run("sweep", "--once", env=environment_of(settings) | policies)
    assert done.returncode == 0, done.stderr
    told = "0 ballots held by both, 0 by policy force alone, 20 by its shadow suspicious alone"
    assert f"sweep of {contest}: {told}\n" in done.stderr
    assert await tally(office.database, contest) == {"A001": (20, 0, 20)}
    assert await history(office.database, contest) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("hold = 75", "hold = 40", "faulty.toml: line 8, online.hold: 40 is too small; at least challenge = 50"),
        (
            'model = "faulty.json"',
            'model = "no.json"',
            "sweep.model: no model 'no.json' with the SHA-256 that the",
        ),
    ],
)
@pytest.mark.parametrize("faulty", ["VOTING_POLICY", "VOTING_SHADOW_POLICY"])
def test_a_policy_with_a_fault_is_refused_at_the_start(
    old: str, new: str, message: str, faulty: str, settings: Settings, tmp_path: Path
) -> None:
    file, right = tmp_path / "faulty.toml", tmp_path / "right.toml"
    write_policy(right, "right")
    write_policy(file, "faulty", edit={old: new})
    files = {"VOTING_POLICY": str(right), "VOTING_SHADOW_POLICY": str(right)} | {faulty: str(file)}
    env = environment_of(settings) | files
    for words in (["serve", "--port", str(free_port())], ["sweep", "--once"]):
        done = run(*words, env=env)
        assert done.returncode == 1
        assert message in done.stderr
        assert "Traceback" not in done.stderr
