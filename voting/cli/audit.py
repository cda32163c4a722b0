"""voting audit: the record of what staff did."""

from __future__ import annotations

from pathlib import Path

import click

from voting.cli.shared.session import env_file, read_settings, tell, with_admin
from voting.domain.audit_chain import GENESIS, Head
from voting.services.audit import links
from voting.wiring.admin import AdminServices


@click.group(epilog="Example: voting audit export > audit.jsonl")
def audit() -> None:
    """Read the audit log."""


@audit.command(epilog="Example: voting audit export > audit.jsonl")
@env_file
def export(env_file: Path | None) -> None:
    """Print every record, one a line: its hash, and [number, time, actor, action, contest, details].

    Keep the export, or at least the head that is reported at the end, where nobody who can change the database can
    change it: `voting verify audit` compares both.
    """

    async def work(office: AdminServices) -> Head:
        head = GENESIS
        async with office.database.connection() as connection, connection.transaction(readonly=True):
            async for link in links(connection):
                click.echo(link.line)
                head = Head(link.seq, link.hash)
        return head

    tell(f"head {with_admin(read_settings(env_file), work)}")
