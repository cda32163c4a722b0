"""The commands. Results go to standard output, messages to standard error.

Exit codes: 0 success, or proposed to a second account; 1 refused or a check failed, 2 wrong usage.
"""

from __future__ import annotations

import sys
from importlib import import_module

import click

from voting import __version__
from voting.errors import SecondPersonNeeded, VotingError

# Each module holds the commands on one subject.
_MODULES = {
    "audit": ("audit",),
    "backtest": ("backtest", "events", "retally"),
    "certify": ("certify",),
    "contest": ("contest",),
    "demo": ("demo",),
    "deployment": ("migrate", "settings"),
    "identity": ("credentials", "staff"),
    "transparency.log": ("log",),
    "marks": ("awards", "marks", "metrics"),
    "results": ("results",),
    "retention": ("retention",),
    "review": ("review",),
    "roster": ("roster",),
    "serve": ("serve",),
    "sweep": ("sweep",),
    "transparency.verify": ("recount", "verify"),
    "transparency.witness": ("witness",),
    "voters.complaints": ("complaints",),
    "voters.notice": ("notice",),
}
COMMANDS = {command: module for module, commands in _MODULES.items() for command in commands}


class _Commands(click.Group):
    """Imports a command's module when the command is called: worker processes need none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, or None for an unknown name."""
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = getattr(import_module(f"voting.cli.{COMMANDS[cmd_name]}"), cmd_name)
        return found


@click.group(
    cls=_Commands,
    epilog="Example: voting contest check contest.toml",
    context_settings={"max_content_width": 100},
)
@click.version_option(__version__)
def voting() -> None:
    """Run public votes: contests, rosters, ballots, results."""


def main() -> None:
    """Runs the command; an expected failure prints one message and exits with code 1."""
    try:
        # click returns the code of a command's Exit; commands return nothing.
        sys.exit(voting.main(prog_name="voting", standalone_mode=False))
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except SecondPersonNeeded:
        click.echo("proposed, on record, and not yet done: now another account must run the same command", err=True)
        sys.exit(0)
    except VotingError as error:
        click.echo(f"voting: {error}", err=True)
        sys.exit(1)
