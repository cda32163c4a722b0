"""voting credentials: bearer tokens for a closed circle of voters."""

from __future__ import annotations

from pathlib import Path

import click

from voting.cli.session import env_file, find, in_office, need_secret, read_settings
from voting.errors import NotFound
from voting.services.identity.keyring import Keyring
from voting.wiring import Office


@click.group(epilog="Example: voting credentials issue --contest demo --count 3")
def credentials() -> None:
    """Issues voters' credentials."""


@credentials.command(epilog="Example: voting credentials issue --contest demo --count 100 > tokens.txt")
@click.option("--contest", required=True, help="The contest's id.")
@click.option("--count", required=True, type=click.IntRange(1, 10_000_000), help="How many.")
@env_file
def issue(contest: str, count: int, env_file: Path | None) -> None:
    """Prints COUNT bearer tokens, one a line. Each is one voter of the contest."""
    settings = need_secret(read_settings(env_file))
    keyring = Keyring(settings.secret)

    async def work(office: Office) -> None:
        listing = await find(office, contest)
        if "issued" not in listing.contest.voters.channels:
            raise NotFound(f"contest {contest!r} takes no issued credentials; its [voters] channels say who may vote")
        for token in await office.organising.issue_credentials(keyring, contest, count, listing.now()):
            click.echo(token)

    in_office(settings, work)
