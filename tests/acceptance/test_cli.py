"""The commands, run like a user does."""

from __future__ import annotations

import csv
import io
import json
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import httpx
import pytest

from tests.conftest import ROOT, VOTING, Contests, Service, cast, environment_of, without_settings
from voting.cli import voting
from voting.demo.demo_contest import document
from voting.settings import Settings
from voting.settings import reference as settings_reference


def run(
    *arguments: str, env: dict[str, str] | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    environment = without_settings() | {"PYTHONPATH": str(ROOT)} | (env or {})
    return subprocess.run(
        [*VOTING, *arguments], env=environment, cwd=cwd, capture_output=True, text=True, timeout=120, check=False
    )


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, group
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


@pytest.mark.parametrize(
    ("path", "command"), list(commands(voting)), ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)
def test_every_command_has_help_with_an_example_that_names_it(path: tuple[str, ...], command: click.Command) -> None:
    assert command.help
    assert command.epilog
    assert command.epilog.startswith("Example: ")
    assert " ".join(("voting", *path)) in command.epilog
    for parameter in command.params:
        assert not isinstance(parameter, click.Option) or parameter.help, parameter.name


def test_wrong_use_is_2_refused_is_1_and_done_is_0(tmp_path: Path) -> None:
    assert run("contest", "check").returncode == 2
    assert run("nonsense").returncode == 2
    assert run("--help").returncode == 0
    missing = run("contest", "check", str(tmp_path / "none.toml"))
    assert (missing.returncode, missing.stdout) == (1, "")
    assert "none.toml: file: no such file or directory; give an existing file" in missing.stderr


def test_a_contest_file_is_checked_and_explained(tmp_path: Path) -> None:
    file = tmp_path / "demo.toml"
    file.write_text(document(), "utf-8")
    assert "contest 'demo' is right" in run("contest", "check", str(file)).stderr
    explained = run("contest", "explain", str(file), "--language", "en")
    assert "4. A voter has at most 5 picks a day" in explained.stdout
    file.write_text(document().replace("picks = 5", "picks = 0"), "utf-8")
    broken = run("contest", "check", str(file), "--json")
    assert broken.returncode == 1
    (fault,) = json.loads(broken.stdout)["faults"]
    line = file.read_text("utf-8").splitlines()[fault["line"] - 1]
    assert (line, fault["place"], fault["mend"]) == ("picks = 0", "quota[1].picks", "at least 1")
    file.write_bytes(document().encode("gbk", "replace"))
    assert (
        "is not UTF-8 but GBK, as far as can be told; save the file as UTF-8"
        in run("contest", "check", str(file)).stderr
    )


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"VOTING_SECRET": "short"}, "VOTING_SECRET does not fit; write at least 32 bytes"),
        ({"VOTING_SECERT": "x" * 40}, "VOTING_SECERT is not a known setting; did you mean VOTING_SECRET?"),
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL does not fit; write it as postgresql://"),
        ({"VOTING_TRUSTED_PROXIES": "10.0.0.0/99"}, "VOTING_TRUSTED_PROXIES does not fit"),
        ({"VOTING_POOL": "many"}, "VOTING_POOL does not fit; write a whole number"),
        ({}, "VOTING_SECRET is not set"),
    ],
)
def test_wrong_settings_are_reported_with_a_fix(tmp_path: Path, environment: dict[str, str], says: str) -> None:
    needed = {} if not environment else {"VOTING_SECRET": "s" * 32}
    answer = run("serve", env={"VOTING_DATA": str(tmp_path / "data")} | needed | environment)
    assert answer.returncode == 1
    assert says in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize("command", [("demo",), ("demo", "--reset"), ("staff", "key", "list")], ids=" ".join)
def test_a_data_folder_that_cannot_be_used_is_reported(tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "file").touch()
    answer = run(*command, env={"VOTING_DATA": str(tmp_path / "file")})
    assert answer.returncode == 1
    assert f"The data folder {tmp_path / 'file'} cannot be used (" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_command_does_not_wait_for_a_database_that_is_away() -> None:
    answer = run("staff", "key", "list", env={"DATABASE_URL": "postgresql://u@127.0.0.1:1/x"})
    assert answer.returncode == 1
    assert "check DATABASE_URL" in answer.stderr


def test_a_fault_of_an_environment_file_is_reported_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("# settings\nVOTING_SECRET=short\n")
    answer = run("serve", "--env-file", str(file))
    assert f"{file}: line 2, VOTING_SECRET: does not fit; write at least 32 bytes" in answer.stderr
    file.write_text("VOTING_SECRT=x\nnonsense\n")
    answer = run("serve", "--env-file", str(file))
    assert "line 1, VOTING_SECRT: is not a known setting; did you mean VOTING_SECRET?" in answer.stderr
    assert "line 2: is not NAME=value" in answer.stderr


async def test_an_organiser_from_file_to_results(
    service: Service, settings: Settings, contests: Contests, tmp_path: Path, http: httpx.AsyncClient
) -> None:
    env = environment_of(settings)
    id = f"cli-{secrets.token_hex(4)}"
    file, roster, covers = tmp_path / "c.toml", tmp_path / "r.csv", tmp_path / "covers"
    file.write_text(document().replace('id = "demo"', f'id = "{id}"'), "utf-8")
    covers.mkdir()
    (covers / "a.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    roster.write_text(
        "code,title,author,category,cover\nA1,甲,作者,推广科技成果,a.svg\nA2,乙,作者,daily,\n", "utf-8-sig"
    )
    assert run("roster", "check", str(roster), "--contest-file", str(file)).returncode == 0
    created = run("contest", "create", str(file), "--open-now", env=env)
    assert created.returncode == 0, created.stderr
    assert "exists already" in run("contest", "create", str(file), env=env).stderr
    missing = "line 2, cover: there is no picture 'a.svg'; give the pictures' folder with --covers"
    assert missing in run("roster", "import", str(roster), "--contest", id, env=env).stderr
    imported = run("roster", "import", str(roster), "--contest", id, "--covers", str(covers), env=env)
    assert "2 entries are in contest" in imported.stderr
    tokens = run("credentials", "issue", "--contest", id, "--count", "3", env=env).stdout.split()
    assert len(set(tokens)) == 3
    answer = await cast(http, id, tokens[0], ["A1"])
    assert answer.status_code == 201
    key = (await http.get(f"/api/v1/contests/{id}")).json()["receipt_key"]
    genuine = run("verify", "receipt", "--public-key", key, answer.json()["receipt"])
    assert (genuine.returncode, answer.json()["ballot"] in genuine.stdout) == (0, True)
    assert run("verify", "receipt", "--public-key", key, "x" + answer.json()["receipt"]).returncode == 1
    content = json.loads(run("results", "--contest", id, env=env).stdout)
    assert [(row["entry"], row["counted"], row["public_points"]) for row in content["entries"]] == [
        ("A1", 1, "2.0000"),
        ("A2", 0, "0.0000"),
    ]
    table = run("results", "--contest", id, "--format", "csv", env=env).stdout
    assert [row["counted"] for row in csv.DictReader(io.StringIO(table.removeprefix("\ufeff")))] == ["1", "0"]
    assert "there is no contest 'none'; there are: " in run("results", "--contest", "none", env=env).stderr


async def test_staff_keys_are_made_listed_and_revoked(settings: Settings, contests: Contests) -> None:
    env = environment_of(settings)
    contest = await contests.make()
    key = run(
        "staff", "key", "create", "--role", "judge", "--name", "李评委", "--contest", contest, env=env
    ).stdout.strip()
    id = key.split("_")[1]
    assert f"{id}\tjudge\t{contest}\tlive\t李评委" in run("staff", "key", "list", env=env).stdout
    assert key.split("_", 2)[2] not in run("staff", "key", "list", env=env).stdout
    assert run("staff", "key", "revoke", id, env=env).returncode == 0
    again = run("staff", "key", "revoke", id, env=env)
    assert (again.returncode, "there is no live staff key" in again.stderr) == (1, True)


@pytest.mark.parametrize("name", ["", " ", "\u200b", "Li\tlive", "Li\n", "\u202eiL"])
def test_a_staff_key_needs_a_name_that_can_be_read(name: str) -> None:
    refused = run("staff", "key", "create", "--role", "organiser", "--name", name)
    assert refused.returncode == 2
    assert "is blank or has invisible characters; write the person's name" in refused.stderr


async def test_organisers_acts_are_in_the_audit_log(settings: Settings, contests: Contests) -> None:
    contest = await contests.make()
    env = environment_of(settings)
    run("credentials", "issue", "--contest", contest, "--count", "7", env=env)
    run("contest", "pause", "--contest", contest, env=env)
    async with contests.office() as office, office.database.connection() as connection:
        rows = await connection.fetch(
            "select actor, action, details from audit_log where contest = $1 order by id", contest
        )
    assert [row["action"] for row in rows] == ["contest.create", "roster.import", "credentials.issue", "contest.pause"]
    assert rows[2]["actor"].startswith("shell:")
    assert json.loads(rows[2]["details"]) == {"count": 7}


def test_the_settings_reference_matches_the_program() -> None:
    assert run("settings").stdout == settings_reference()
