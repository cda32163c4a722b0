"""The commands. Results go to standard output, everything else to standard error.

Exit codes: 0 done, 1 refused or found wrong, 2 wrong use.
"""

from __future__ import annotations

import sys

import click

from voting import __version__
from voting.cli import (
    contest,
    credentials,
    demo,
    marks,
    migrate,
    recount,
    results,
    roster,
    serve,
    settings,
    simulate,
    staff,
    verify,
)
from voting.errors import VotingError


@click.group(epilog="Example: voting contest check contest.toml", context_settings={"max_content_width": 100})
@click.version_option(__version__)
def voting() -> None:
    """Runs public votes: contests, rosters, ballots, results."""


for command in (
    serve.serve,
    demo.demo,
    migrate.migrate,
    contest.contest,
    roster.roster,
    marks.marks,
    marks.metrics,
    marks.awards,
    credentials.credentials,
    staff.staff,
    results.results,
    recount.recount,
    verify.verify,
    settings.settings,
):
    voting.add_command(command)
contest.contest.add_command(simulate.simulate)


def main() -> None:
    """Runs the command; an expected failure is one message and exit code 1."""
    try:
        # What a command's Exit says comes back as a value; commands themselves answer nothing.
        sys.exit(voting.main(prog_name="voting", standalone_mode=False))
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except VotingError as error:
        click.echo(f"voting: {error}", err=True)
        sys.exit(1)
