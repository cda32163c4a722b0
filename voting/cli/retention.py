"""voting retention: the end of the storage of voters' data."""

from __future__ import annotations

from pathlib import Path

import click

from voting.cli.shared.session import env_file, find, read_settings, tell, with_admin
from voting.services.identity.retention import Purged
from voting.wiring.admin import AdminServices


@click.group(epilog="Example: voting retention purge --days 30")
def retention() -> None:
    """Delete voters' data whose time is over."""


@retention.command(epilog="Example: voting retention purge --days 30")
@click.option(
    "--days",
    type=click.IntRange(0, 3650),
    default=30,
    show_default=True,
    help="How long after the publication of a certified result voters' data are kept.",
)
@click.option("--contest", help="The id of the only contest to look at.")
@env_file
def purge(days: int, contest: str | None, env_file: Path | None) -> None:
    """Delete what is due, and report each contest; run it daily.

    Deleted are what was observed of ballots (a hash remains, to verify the result), all identities and consents of
    voters, the texts, contacts and answers of complaints, and the key of the contest's hashes, so that nobody can find
    a known person in them any more. Of voters who wished it, the identities are deleted once the window has closed, and
    the rest once the result is certified.
    Ballots, counts, receipts and the audit log stay. A contest that is not certified is due half a year after its
    window.
    """

    async def work(office: AdminServices) -> list[Purged]:
        if contest:
            await find(office, contest)
        return await office.retention.purge(days, contest)

    for purged in with_admin(read_settings(env_file), work):
        click.echo(
            f"{purged.contest}: due {purged.due_at.date().isoformat()};"
            f" deleted: observations of {purged.ballots} ballots and {purged.identities} identities;"
            f" by wish: observations of {purged.voters} voters and {purged.erased} identities"
            f"{f'; the texts in complaints: {purged.complaints}' if purged.complaints else ''}"
            f"{'; the key of its hashes' if purged.has_destroyed_key else ''}"
        )
    tell("access logs are your web server's: keep them 184 days, then delete them; backups end with their own rotation")
