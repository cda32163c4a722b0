"""voting settings: the reference of settings."""

from __future__ import annotations

import click

from voting.settings import reference


@click.command(epilog="Example: voting settings > deploy/settings.md")
def settings() -> None:
    """Print every setting as Markdown."""
    click.echo(reference(), nl=False)
