"""voting staff, credentials: keys for organisers, judges and auditors, and tokens for voters."""

from __future__ import annotations

from pathlib import Path

import click

from voting.cli.session import env_file, find, read_settings, tell, with_admin
from voting.domain.identity.roles import Role
from voting.domain.names import alike
from voting.errors import NotFound
from voting.services.identity.credentials import issue_credentials
from voting.wiring.admin import AdminServices

_ROLES: dict[str, Role] = {"organiser": "organiser", "judge": "judge", "auditor": "auditor"}


def _person(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """An option's callback: refuses a name that cannot be told from others in a list."""
    if not alike(value) or not value.isprintable():
        raise click.BadParameter("is blank or has invisible characters; write the person's name")
    return value.strip()


@click.group(epilog="Example: voting staff key create --role judge --name 'Judge Li' --contest demo")
def staff() -> None:
    """Manage staff access."""


@staff.group(epilog="Example: voting staff key list")
def key() -> None:
    """Manage staff keys."""


@key.command(epilog="Example: voting staff key create --role organiser --name 'Wang' --contest demo")
@click.option("--role", required=True, type=click.Choice(list(_ROLES)), help="The role of the key.")
@click.option(
    "--name",
    required=True,
    callback=_person,
    help="The person who holds the key; different names count as different persons.",
)
@click.option("--contest", default=None, help="The contest that the key is for; default: all.")
@env_file
def create(role: str, name: str, contest: str | None, env_file: Path | None) -> None:
    """Create a key and print it. Only its hash is stored: it cannot be shown again."""

    async def work(office: AdminServices) -> str:
        if contest:
            await find(office, contest)
        return await office.staff_keys.create(name, _ROLES[role], contest)

    click.echo(with_admin(read_settings(env_file), work))


@key.command(name="list", epilog="Example: voting staff key list")
@env_file
def show(env_file: Path | None) -> None:
    """List all keys: id, role, contest, state, name."""
    for each in with_admin(read_settings(env_file), lambda office: office.staff_keys.all()):
        state = "revoked" if each.revoked_at else "live"
        click.echo(f"{each.id}\t{each.role}\t{each.contest or '*'}\t{state}\t{each.name}")


@key.command(epilog="Example: voting staff key revoke 3f9c1a2b7d4e")
@click.argument("id")
@env_file
def revoke(id: str, env_file: Path | None) -> None:
    """Revoke the key ID and all its sessions, within two seconds."""
    with_admin(read_settings(env_file), lambda office: office.staff_keys.revoke(id))
    tell(f"key {id} is revoked")


@click.group(epilog="Example: voting credentials issue --contest demo --count 3")
def credentials() -> None:
    """Issue voters' credentials."""


@credentials.command(epilog="Example: voting credentials issue --contest demo --count 100 > tokens.txt")
@click.option("--contest", required=True, help="The contest's id.")
@click.option("--count", required=True, type=click.IntRange(1, 10_000_000), help="The number of tokens.")
@env_file
def issue(contest: str, count: int, env_file: Path | None) -> None:
    """Print COUNT bearer tokens, one a line. Each stands for one voter of the contest."""

    async def work(office: AdminServices) -> None:
        snapshot = await find(office, contest)
        if "issued" not in snapshot.contest.voters.channels:
            raise NotFound(f"contest {contest!r} takes no issued credentials; its [voters] channels say who may vote")
        issuing = office.database, office.keyring, office.actor
        for token in await issue_credentials(*issuing, contest, count, snapshot.now()):
            click.echo(token)

    with_admin(read_settings(env_file), work)
