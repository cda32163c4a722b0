"""The runbooks and the guide: each alert has a section, each command is one that there is, no link leads nowhere."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import click
import pytest
import yaml
from click.testing import CliRunner

from tests.conftest import ROOT, as_owner
from voting import cli
from voting.settings import Settings

DEPLOY = ROOT / "deploy"
RUNBOOKS = sorted((DEPLOY / "runbooks").glob("*.md"))
GUIDE = DEPLOY / "README.md"
PATRONI = ROOT / ".tools" / "patroni"
# In blocks, and in sentences where the command has an argument.
COMMAND = re.compile(r"^\s*((?:voting|kubectl|patronictl) .*)$|`((?:voting|kubectl) [a-z-]+ [^`]*)`", re.M)
STATEMENT = re.compile(r"`(select [^`]*)`|-c \"(select [^\"]*)\"")


def commands(program: str) -> list[str]:
    found = set()
    for file in (*RUNBOOKS, GUIDE):
        # With containers, the same command of the office.
        text = file.read_text("utf-8").replace("dc run --rm office ", "voting ")
        found |= {(one or other).strip() for one, other in COMMAND.findall(text)}
    return sorted(command for command in found if command.startswith(f"{program} "))


def words_of(command: str) -> list[str]:
    """Returns the words without a comment and what follows a pipe; `N` is a number, `...` leaves something out."""
    words = shlex.split(command.partition(" > ")[0], comments=True)
    return ["1" if word == "N" else word for word in words if word != "..."]


LEAST = {"voting": 20, "kubectl": 5, "patronictl": 1}


def parse(words: list[str]) -> None:
    """Raises click's error for a command, an option or an argument that there is not."""
    command: click.Command = cli.voting
    context = click.Context(command, info_name="voting")
    while isinstance(command, click.Group) and words:
        name, *words = words
        child = command.get_command(context, name)
        if child is None:
            raise click.UsageError(f"no command {name}")
        command, context = child, click.Context(child, info_name=name, parent=context)
    if not isinstance(command, click.Group):
        command.make_context(command.name, words, parent=context.parent)


@pytest.mark.parametrize("command", commands("voting"))
def test_a_command_of_the_runbooks_is_one_that_there_is(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = [word for word in words_of(command)[1:] if word != "--help"]
    for name in words:
        # Some options ask for a file that there is.
        if re.fullmatch(r"[\w-]+\.[\w.]+", name):
            Path(name).touch()
    # Named in passing: its options are in its own help.
    is_name = len(words) <= 2 and not any(word.startswith("-") for word in words)
    try:
        # Some ask for password and code at once.
        with CliRunner().isolation(input="a password\n123456\n"):
            parse(words)
    except (click.MissingParameter, click.UsageError) as error:
        if not (is_name and isinstance(error, click.MissingParameter)):
            raise


def test_there_are_commands_and_a_wrong_one_is_found() -> None:
    assert [len(commands(program)) > least for program, least in LEAST.items()] == [True] * len(LEAST)
    for wrong in (["recounts"], ["recount", "--contests", "demo"], ["contest", "pauses"]):
        with pytest.raises(click.UsageError):
            parse(wrong)


@pytest.mark.parametrize("command", commands("kubectl"))
def test_kubectl_knows_the_options(command: str) -> None:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("kubectl is not installed")
    words, _, _ = command.partition(" -- ")
    done = subprocess.run([kubectl, *words_of(words)[1:], "--help"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr


@pytest.mark.parametrize("command", commands("patronictl"))
def test_patronictl_knows_the_options(command: str) -> None:
    if not PATRONI.is_dir():
        pytest.skip("Patroni is not installed, run: sh tests/failover.sh")
    here = command.replace("/etc/patroni/patroni.yml", str(DEPLOY / "patroni" / "patroni.yml"))
    program = ["/usr/bin/python3", str(PATRONI / "bin" / "patronictl"), *words_of(here)[1:], "--help"]
    done = subprocess.run(program, env={"PYTHONPATH": str(PATRONI)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


async def test_the_statements_run(settings: Settings) -> None:
    texts = [file.read_text("utf-8") for file in (*RUNBOOKS, GUIDE)]
    statements = [one or other for text in texts for one, other in STATEMENT.findall(text)]
    assert len(statements) > 5
    async with as_owner(settings) as connection:
        for statement in statements:
            await connection.fetch(statement)


def test_each_alert_has_a_section_and_each_section_an_alert() -> None:
    groups = yaml.safe_load((DEPLOY / "prometheus" / "rules.yml").read_text("utf-8"))["groups"]
    alerts = [rule["alert"] for group in groups for rule in group["rules"]]
    sections = re.findall(r"^## (\w+)$", (DEPLOY / "runbooks" / "alerts.md").read_text("utf-8"), re.M)
    assert sorted(sections) == sorted(alerts)
    named = {name for file in RUNBOOKS for name in re.findall(r"`([A-Z][a-z]+(?:[A-Z][A-Za-z]+)+)`", file.read_text())}
    assert named <= {*alerts, "ScheduledBackup"}


def test_no_link_leads_nowhere() -> None:
    for file in [*RUNBOOKS, DEPLOY / "README.md"]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[\w-]+)?\)", file.read_text("utf-8")):
            assert (file.parent / target).exists(), f"{file.name}: {target}"


@pytest.mark.parametrize("script", sorted((DEPLOY / "backup").glob("*.sh")), ids=lambda script: script.name)
def test_the_scripts_are_posix_shell(script: Path) -> None:
    assert subprocess.run(["sh", "-n", script]).returncode == 0
