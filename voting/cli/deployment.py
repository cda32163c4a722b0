"""voting migrate, settings: the schema of the database, and the reference of settings."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from voting.cli.shared.session import env_file, read_settings, tell, with_engines
from voting.settings import reference
from voting.wiring import admin


@click.command(
    epilog="Example: DATABASE_OWNER_URL=postgresql://owner:...@db/voting voting migrate --env-file voting.env"
)
@env_file
def migrate(env_file: Path | None) -> None:
    """Apply migrations as the tables' owner: DATABASE_OWNER_URL, or DATABASE_URL if that is not set.

    With both set, creates DATABASE_URL's user with the rights of the service, and the role voting_auditor, which may
    only read. Safe to run several times at once, and, for expand migrations, while an older version serves.
    """
    with with_engines(read_settings(env_file), own=False, redis=False) as ready:
        applied = asyncio.run(admin.migrate(ready, tell))
    tell(f"{applied} applied" if applied else "nothing to do")


@click.command(epilog="Example: voting settings > deploy/settings.md")
def settings() -> None:
    """Print every setting as Markdown."""
    click.echo(reference(), nl=False)
