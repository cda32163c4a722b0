"""voting credentials: bearer tokens for voters whom the organiser has checked."""

from __future__ import annotations

from pathlib import Path

import click

from voting.cli.session import env_file, find, read_settings, with_admin
from voting.errors import NotFound
from voting.services.identity.credentials import issue_credentials
from voting.wiring.admin import AdminServices


@click.group(epilog="Example: voting credentials issue --contest demo --count 3")
def credentials() -> None:
    """Issue voters' credentials."""


@credentials.command(epilog="Example: voting credentials issue --contest demo --count 100 > tokens.txt")
@click.option("--contest", required=True, help="The contest's id.")
@click.option("--count", required=True, type=click.IntRange(1, 10_000_000), help="The number of tokens.")
@env_file
def issue(contest: str, count: int, env_file: Path | None) -> None:
    """Print COUNT bearer tokens, one a line. Each stands for one voter of the contest."""

    async def work(office: AdminServices) -> None:
        snapshot = await find(office, contest)
        if "issued" not in snapshot.contest.voters.channels:
            raise NotFound(f"contest {contest!r} takes no issued credentials; its [voters] channels say who may vote")
        issuing = office.database, office.keyring, office.actor
        for token in await issue_credentials(*issuing, contest, count, snapshot.now()):
            click.echo(token)

    with_admin(read_settings(env_file), work)
