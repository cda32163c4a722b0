"""voting staff: keys for organisers, judges and auditors."""

from __future__ import annotations

from pathlib import Path

import click

from voting.cli.session import env_file, find, in_office, read_settings, tell
from voting.domain.identity.roles import Role
from voting.wiring import Office

_ROLES: dict[str, Role] = {"organiser": "organiser", "judge": "judge", "auditor": "auditor"}


@click.group(epilog="Example: voting staff key create --role judge --name 'Judge Li' --contest demo")
def staff() -> None:
    """Looks after the staff."""


@staff.group(epilog="Example: voting staff key list")
def key() -> None:
    """Looks after the staff's keys."""


@key.command(epilog="Example: voting staff key create --role organiser --name 'Wang' --contest demo")
@click.option("--role", required=True, type=click.Choice(list(_ROLES)), help="What the key may do.")
@click.option("--name", required=True, help="Whose key it is, for the audit log.")
@click.option("--contest", default=None, help="The one contest that it is for; otherwise it is for all.")
@env_file
def create(role: str, name: str, contest: str | None, env_file: Path | None) -> None:
    """Prints a new key. Only its hash is kept: it cannot be shown again."""

    async def work(office: Office) -> str:
        if contest:
            await find(office, contest)
        return await office.staffing.create(name, _ROLES[role], contest)

    click.echo(in_office(read_settings(env_file), work))


@key.command(name="list", epilog="Example: voting staff key list")
@env_file
def show(env_file: Path | None) -> None:
    """Lists every key: id, role, contest, state, name."""
    for each in in_office(read_settings(env_file), lambda office: office.staffing.all()):
        state = "revoked" if each.revoked_at else "live"
        click.echo(f"{each.id}\t{each.role}\t{each.contest or '*'}\t{state}\t{each.name}")


@key.command(epilog="Example: voting staff key revoke 3f9c1a2b7d4e")
@click.argument("id")
@env_file
def revoke(id: str, env_file: Path | None) -> None:
    """Ends the key ID and every session opened with it, within two seconds."""
    in_office(read_settings(env_file), lambda office: office.staffing.revoke(id))
    tell(f"key {id} is revoked")
