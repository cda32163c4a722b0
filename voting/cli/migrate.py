"""voting migrate: the schema."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from voting import wiring
from voting.cli.session import env_file, read_settings, tell, with_engines


@click.command(
    epilog="Example: DATABASE_OWNER_URL=postgresql://owner:...@db/voting voting migrate --env-file voting.env"
)
@env_file
def migrate(env_file: Path | None) -> None:
    """Brings the schema up to date, as the tables' owner: DATABASE_OWNER_URL, or DATABASE_URL where that is not set.

    With both, DATABASE_URL's user is made where it is missing, and may record votes and no more; the role
    voting_auditor may read. Safe to run from many places at once, and while an older version serves.
    """
    with with_engines(read_settings(env_file), own=False, redis=False) as ready:
        applied = asyncio.run(wiring.migrate(ready, tell))
    tell(f"{applied} applied" if applied else "nothing to do")
