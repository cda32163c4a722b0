"""voting verify: checks without a server."""

from __future__ import annotations

import sys

import click

from voting.services.keyring import check_receipt


@click.group(epilog="Example: voting verify receipt --public-key KEY RECEIPT")
def verify() -> None:
    """Checks what the service has given out, offline."""


@verify.command(epilog="Example: voting verify receipt --public-key KEY RECEIPT")
@click.option("--public-key", required=True, help="`receipt_key` of GET /api/v1/contests/{contest}.")
@click.argument("receipt")
def receipt(public_key: str, receipt: str) -> None:
    """Says whether RECEIPT is genuine, and what it states; exit code 1 when it is not."""
    statement = check_receipt(public_key, receipt)
    if statement is None:
        click.echo("voting: this receipt was not signed with this key; check both texts", err=True)
        sys.exit(1)
    click.echo(statement)
