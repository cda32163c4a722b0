"""voting migrate: the schema."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from voting import wiring
from voting.cli.session import env_file, read_settings, tell, with_engines


@click.command(epilog="Example: DATABASE_URL=postgresql://voting:...@db/voting voting migrate")
@env_file
def migrate(env_file: Path | None) -> None:
    """Brings the schema up to date. Safe to run from many places at once, and while an older version serves."""
    with with_engines(read_settings(env_file), own=False, redis=False) as ready:
        applied = asyncio.run(wiring.migrate(ready, tell))
    tell(f"{applied} applied" if applied else "nothing to do")
