"""voting staff, credentials: accounts and keys for owners, organisers, reviewers, judges, auditors; voters' tokens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from voting.cli.shared.session import env_file, find, read_settings, tell, with_admin
from voting.domain.identity.roles import KEY_ROLES, ROLES, SCOPES, Grant, Role
from voting.domain.names import alike
from voting.errors import NotFound
from voting.postgres.identity.staff import ListedSession
from voting.services.identity.credentials import issue_credentials
from voting.wiring.admin import AdminServices

if TYPE_CHECKING:
    from voting.services.staff.accounts import SecondFactor


def _person(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """An option's callback: refuses a name that cannot be told from others in a list."""
    if not alike(value) or not value.isprintable():
        raise click.BadParameter("is blank or has invisible characters; write the person's name")
    return value.strip()


@click.group(epilog="Example: voting staff add wang --role organiser --contest demo")
def staff() -> None:
    """Manage staff accounts and keys."""


_role = click.option("--role", type=click.Choice(ROLES), required=True, help="The role.")
_contest = click.option("--contest", default=None, help="The contest that it is for; default: all.")
_name = click.argument("name")


@staff.command(epilog="Example: voting staff add wang --role organiser --contest demo")
@_name
@_role
@_contest
@click.option("--without-code", is_flag=True, help="No second factor; only for judges and auditors.")
@env_file
def add(name: str, role: Role, contest: str | None, without_code: bool, env_file: Path | None) -> None:
    """Create the account NAME with a role; print its first password, authenticator and recovery codes, once.

    The first owner is made with this command: there is no other way. Once an account may decide about a contest (owner,
    organiser, reviewer), whatever changes its result takes two accounts.
    """

    async def work(office: AdminServices) -> tuple[str, SecondFactor | None]:
        if contest:
            await find(office, contest)
        await office.check_secret()
        return await office.staff_accounts.add(name, [Grant(role, contest)], with_code=not without_code)

    password, factor = with_admin(read_settings(env_file), work)
    click.echo(f"password\t{password}")
    if factor:
        _show_factor(factor)
    tell("hand this over in a safe way; its owner changes the password at /staff")


@staff.command(name="list", epilog="Example: voting staff list")
@env_file
def show_accounts(env_file: Path | None) -> None:
    """List all accounts: name, second factor or none, roles."""
    for account in with_admin(read_settings(env_file), lambda office: office.staff_accounts.all()):
        code = "code" if account.totp_secret else "no code"
        click.echo(f"{account.name}\t{code}\t{' '.join(map(str, account.grants)) or 'none'}")


@staff.command(epilog="Example: voting staff grant wang --role judge --contest demo")
@_name
@_role
@_contest
@env_file
def grant(name: str, role: Role, contest: str | None, env_file: Path | None) -> None:
    """Grant the account NAME one more role."""

    async def work(office: AdminServices) -> None:
        if contest:
            await find(office, contest)
        await office.staff_accounts.grant(name, Grant(role, contest))

    with_admin(read_settings(env_file), work)
    tell(f"{name} is {Grant(role, contest)}")


@staff.command(name="revoke", epilog="Example: voting staff revoke wang --role judge --contest demo")
@_name
@click.option("--role", type=click.Choice(ROLES), default=None, help="The role; default: all of them.")
@_contest
@env_file
def revoke_role(name: str, role: Role | None, contest: str | None, env_file: Path | None) -> None:
    """Take a role from the account NAME, or all roles and its sessions, within two seconds."""
    one = Grant(role, contest) if role else None
    with_admin(read_settings(env_file), lambda office: office.staff_accounts.revoke(name, one))
    tell(f"{name} is no longer {one}" if one else f"{name} has no role any more, and no session")


@staff.command(epilog="Example: voting staff reset-password wang")
@_name
@env_file
def reset_password(name: str, env_file: Path | None) -> None:
    """Give the account NAME a new password and print it; its sessions end."""
    click.echo(with_admin(read_settings(env_file), lambda office: office.staff_accounts.reset_password(name)))


@staff.command(epilog="Example: voting staff reset-totp wang")
@_name
@env_file
def reset_totp(name: str, env_file: Path | None) -> None:
    """Give the account NAME a new authenticator and recovery codes and print them; its sessions end."""

    async def work(office: AdminServices) -> SecondFactor:
        await office.check_secret()
        return await office.staff_accounts.reset_totp(name)

    _show_factor(with_admin(read_settings(env_file), work))


@staff.command(epilog="Example: voting staff sessions wang --end 7a6b0c1e-8d2f-4e3a-9b1c-5d4e3f2a1b0c")
@_name
@click.option("--end", type=click.UUID, help="The id of a session to end.")
@env_file
def sessions(name: str, end: UUID | None, env_file: Path | None) -> None:
    """List the sessions of the account NAME: id, opened, last used, end. Or end one."""

    async def work(office: AdminServices) -> tuple[ListedSession, ...]:
        if end:
            await office.staff_accounts.end_session(name, end)
        return await office.staff_accounts.sessions(name)

    for each in with_admin(read_settings(env_file), work):
        moments = (each.opened_at, each.seen_at, each.expires_at)
        click.echo("\t".join([str(each.id), *(moment.isoformat(timespec="seconds") for moment in moments)]))


def _show_factor(factor: SecondFactor) -> None:
    click.echo(f"authenticator\t{factor.secret}\t{factor.uri}")
    for code in factor.recovery_codes:
        click.echo(f"recovery code\t{code}")


@staff.group(epilog="Example: voting staff key list")
def key() -> None:
    """Manage staff keys, which programs send as bearer tokens."""


@key.command(epilog="Example: voting staff key create --role organiser --name 'Wang' --contest demo")
@click.option("--role", required=True, type=click.Choice(KEY_ROLES), help="The role of the key.")
@click.option(
    "--name",
    required=True,
    callback=_person,
    help="The person who holds the key; different names count as different persons.",
)
@_contest
@click.option("--account", default=None, help="The account that the key acts for, and with which it loses its role.")
@click.option(
    "--scope", "scopes", type=click.Choice(SCOPES), multiple=True, help="What the key may do; default: read and write."
)
@click.option("--days", type=click.IntRange(1, 3650), default=None, help="When the key ends; default: never.")
@env_file
def create(role: Role, name: str, contest: str | None, env_file: Path | None, **given: Any) -> None:
    """Create a key and print it. Only its hash is stored: it cannot be shown again."""

    async def work(office: AdminServices) -> str:
        if contest:
            await find(office, contest)
        scopes = given["scopes"] or SCOPES
        return await office.staff_keys.create(
            name, role, contest, account=given["account"], scopes=scopes, days=given["days"]
        )

    click.echo(with_admin(read_settings(env_file), work))


@key.command(name="list", epilog="Example: voting staff key list")
@env_file
def show(env_file: Path | None) -> None:
    """List all keys: id, role, contest, state, name, account, scopes, end."""
    for each in with_admin(read_settings(env_file), lambda office: office.staff_keys.all()):
        state = "revoked" if each.revoked_at else "live"
        end = each.expires_at.isoformat(timespec="seconds") if each.expires_at else "-"
        account, scopes = each.account or "-", "+".join(each.scopes)
        click.echo("\t".join([each.id, each.role, each.contest or "*", state, each.name, account, scopes, end]))


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
        await office.check_secret()
        issuing = office.database, office.keyring, office.actor
        for token in await issue_credentials(*issuing, contest, count, snapshot.now()):
            click.echo(token)

    with_admin(read_settings(env_file), work)
