"""voting settings: the reference."""

from __future__ import annotations

import click

from voting.settings import reference


@click.command(epilog="Example: voting settings > deploy/settings.md")
def settings() -> None:
    """Prints every setting as Markdown."""
    click.echo(reference(), nl=False)
