"""The runbooks: each alert has a section, each command is one that there is, and no link leads nowhere."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import click
import pytest
import yaml

from tests.conftest import ROOT
from voting import cli

DEPLOY = ROOT / "deploy"
RUNBOOKS = sorted((DEPLOY / "runbooks").glob("*.md"))
# In blocks, and in sentences where the command has an argument.
COMMAND = re.compile(r"^\s*(voting .*)$|`(voting [a-z-]+ [^`]*)`", re.M)


def commands() -> list[str]:
    found = {one or other for file in RUNBOOKS for one, other in COMMAND.findall(file.read_text("utf-8"))}
    return sorted(command.strip() for command in found)


def parse(words: list[str]) -> None:
    """Raises click's error for a command, an option or an argument that there is not."""
    command: click.Command = cli.voting
    context = click.Context(command, info_name="voting")
    while isinstance(command, click.Group):
        name, *words = words
        child = command.get_command(context, name)
        if child is None:
            raise click.UsageError(f"no command {name}")
        command, context = child, click.Context(child, info_name=name, parent=context)
    command.make_context(command.name, words, parent=context.parent)


@pytest.mark.parametrize("command", commands())
def test_a_command_of_the_runbooks_is_one_that_there_is(command: str) -> None:
    words = shlex.split(command)[1:]
    # Named in passing: its options are in its own help.
    is_name = len(words) <= 2 and not any(word.startswith("-") for word in words)
    try:
        parse(words)
    except (click.MissingParameter, click.UsageError) as error:
        if not (is_name and isinstance(error, click.MissingParameter)):
            raise


def test_there_are_commands_and_a_wrong_one_is_found() -> None:
    assert len(commands()) > 10
    for wrong in (["recounts"], ["recount", "--contests", "demo"], ["contest", "pauses"]):
        with pytest.raises(click.UsageError):
            parse(wrong)


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
