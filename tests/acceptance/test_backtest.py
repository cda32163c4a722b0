"""voting backtest from the command line."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import pty
import re
import subprocess
from pathlib import Path

import msgspec
import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from tests.acceptance.test_cli import run
from tests.conftest import ROOT, VOTING
from tests.fraud.rings import write_policy
from voting.fraud.facts.attempt import HEADERS, Attempt, Client, Solved

RULES = """
id = "replayed"
title = "回测"
host = "主办方"
[window]
opens_at = 2026-03-01T08:00:00+08:00
days = 2
[[category]]
id = "one"
name = "类别一"
[[quota]]
picks = 1
per = "contest"
period = "day"
"""
FILES = ["decisions.jsonl", "history.jsonl", "report.html", "summary.json"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A contest, and three attempts, the last of which exceeds the quota."""
    (tmp_path / "contest.toml").write_text(RULES, "utf-8")
    events = [
        {"id": f"e{n}", "at": f"2026-03-01T12:00:0{n}.000+08:00", "voter": f"v{n // 2}", "entry": "A"}
        for n in (0, 2, 3)
    ]
    (tmp_path / "events.jsonl").write_text("".join(json.dumps(each) + "\n" for each in events), "utf-8")
    return tmp_path


def arguments(folder: Path, *more: str) -> list[str]:
    files = ("--contest", str(folder / "contest.toml"), "--events", str(folder / "events.jsonl"))
    return ["backtest", *files, "--out", str(folder / "out"), *more]


def test_it_writes_the_folder_and_prints_the_summary(folder: Path) -> None:
    done = run(*arguments(folder))
    assert done.returncode == 0, done.stderr
    assert "3 attempts: 2 counted, 0 held, 1 refused" in done.stderr
    # Not a terminal: no progress is shown.
    assert "\r" not in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""
    assert sorted(path.name for path in (folder / "out").iterdir()) == FILES


def test_attempts_outside_the_window_are_named_as_such(folder: Path) -> None:
    rules = folder / "contest.toml"
    rules.write_text(RULES.replace("2026-", "2025-"), "utf-8")
    done = run(*arguments(folder))
    assert "0 counted, 0 held, 3 refused" in done.stderr
    assert f"no attempt is in the window of {rules}, 2025-" in done.stderr


def test_a_terminal_is_shown_progress(folder: Path) -> None:
    ours, theirs = pty.openpty()
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([*VOTING, *arguments(folder)], stderr=theirs, env=environment, timeout=60, check=False)
    os.close(theirs)
    told = os.read(ours, 10_000).decode()
    os.close(ours)
    assert done.returncode == 0
    assert "\rcertification" in told
    # The last line is separate, not appended to the progress.
    assert "\n3 attempts" in told


def test_a_custom_policy(folder: Path) -> None:
    text = (ROOT / "voting" / "fraud" / "policies" / "2026.2" / "rules.toml").read_text("utf-8")
    (folder / "mine.toml").write_text(text + "\n# mine\n", "utf-8")
    assert run(*arguments(folder, "--policy", str(folder / "mine.toml"))).returncode == 0
    own = json.loads((folder / "out" / "summary.json").read_text("utf-8"))["policy"]["sha256"]
    assert run(*arguments(folder)).returncode == 0
    assert json.loads((folder / "out" / "summary.json").read_text("utf-8"))["policy"]["sha256"] != own


def write_script(folder: Path, **more: object) -> None:
    """Replaces the attempts by a single one from a script."""
    script = {"user_agent": "python-requests/2.32.3", "opened_at": "2026-03-01T12:00:09.000+08:00"}
    attempt = {"id": "e9", "at": "2026-03-01T12:00:09.100+08:00", "voter": "v9", "entry": "A"}
    (folder / "events.jsonl").write_text(json.dumps(attempt | script | more) + "\n", "utf-8")


def test_whether_a_recorded_network_is_known_for_hosting_is_looked_up(folder: Path) -> None:
    write_script(folder, asn=64500)
    (folder / "hosting.txt").write_text("AS64500  # ours\n", "utf-8")
    found = []
    for more in ([], ["--hosting", str(folder / "hosting.txt")]):
        assert run(*arguments(folder, *more)).returncode == 0
        found.append(json.loads((folder / "out" / "decisions.jsonl").read_text("utf-8"))["reasons"])
    assert found == [["C1", "T1"], ["C1", "N1", "T1"]]


def test_an_address_whose_network_is_not_recorded_is_looked_up(folder: Path) -> None:
    write_script(folder, ip="203.0.113.9")
    writer = MMDBWriter(ip_version=4, database_type="Test-ASN")
    writer.insert_network(IPSet(["203.0.113.0/24"]), {"autonomous_system_number": 64500})
    writer.to_db_file(str(folder / "networks.mmdb"))
    (folder / "hosting.txt").write_text("AS64500  # ours\n", "utf-8")
    lists = ["--networks", str(folder / "networks.mmdb"), "--hosting", str(folder / "hosting.txt")]
    found = []
    for more in ([], lists):
        assert run(*arguments(folder, *more)).returncode == 0
        decision = json.loads((folder / "out" / "decisions.jsonl").read_text("utf-8"))
        found.append((decision["decision"], decision["reasons"]))
    assert found == [("hold", ["C1", "T1"]), ("hold", ["C1", "N1", "T1"])]
    hashes = json.loads((folder / "out" / "summary.json").read_text("utf-8"))["networks"]
    assert hashes["networks"] == hashlib.sha256((folder / "networks.mmdb").read_bytes()).hexdigest()


def test_a_pipe_is_read_as_a_file_is(folder: Path) -> None:
    packed = gzip.compress((folder / "events.jsonl").read_bytes())
    done = subprocess.run(
        [*VOTING, *arguments(folder, "--events", "/dev/stdin")],
        input=packed,
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert b"3 attempts: 2 counted" in done.stderr
    summary = json.loads((folder / "out" / "summary.json").read_text("utf-8"))
    assert summary["events_sha256"] == hashlib.sha256(packed).hexdigest()


def test_a_fault_in_a_file_is_1_and_names_the_line(folder: Path) -> None:
    with (folder / "events.jsonl").open("a") as file:
        file.write('{"id": "e9"}\n')
    done = run(*arguments(folder))
    assert done.returncode == 1
    assert "events.jsonl: line 4: " in done.stderr
    assert "; `voting backtest --help` lists the fields" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (folder / "out").exists()
    for name, text in (("mine.toml", "version = 1"), ("contest.toml", "id =")):
        (folder / name).write_text(text, "utf-8")
        done = run(*arguments(folder, *(["--policy", str(folder / name)] if name == "mine.toml" else [])))
        assert done.returncode == 1
        assert name in done.stderr
        assert "Traceback" not in done.stderr


def test_a_fault_in_the_sweep_part_of_a_policy_is_1_and_names_the_line(folder: Path) -> None:
    faults = {"growth = 0.2": 'growth = "x"', "[sweep.nearline]": "[sweep.nearlin]"}
    file = write_policy(folder / "mine.toml", "mine", edit=faults)
    done = run(*arguments(folder, "--policy", str(file)))
    assert done.returncode == 1
    lines = file.read_text("utf-8").splitlines()
    for place, line in (("growth: 'x' does not fit", 'growth = "x"'), ("nearlin: is not a known", "[sweep.nearlin]")):
        assert f"{file}: line {lines.index(line) + 1}, sweep.{place}" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (folder / "out").exists()


def test_a_folder_that_cannot_be_created_exits_with_1(folder: Path) -> None:
    done = run(*arguments(folder, "--out", "/proc/none"))
    assert done.returncode == 1
    assert done.stderr.startswith("voting: /proc/none cannot be written (")


def test_wrong_use_is_2(folder: Path) -> None:
    assert run("backtest").returncode == 2
    (folder / "events.jsonl").unlink()
    assert run(*arguments(folder)).returncode == 2


def test_help_has_the_example() -> None:
    done = run("backtest", "--help")
    assert done.returncode == 0
    assert "Example: voting backtest --contest contest.toml --events events.jsonl.gz --out backtest" in " ".join(
        done.stdout.split()
    )


def test_help_lists_every_field_and_its_line_is_one(folder: Path) -> None:
    told = run("backtest", "--help").stdout
    fields = msgspec.structs.fields(Attempt)
    assert sorted(re.findall(r"^  ([a-z_]+)  +\S", told, re.MULTILINE)) == sorted(field.name for field in fields)
    assert {field.name for field in fields if field.required} == {"id", "at", "voter", "entry"}
    assert all(name in told for name in (*HEADERS, *Client.__struct_fields__, *Solved.__struct_fields__))
    example = re.search(r"{.*}", told)
    assert example
    (folder / "events.jsonl").write_text(example[0], "utf-8")
    assert "1 attempts" in run(*arguments(folder)).stderr
