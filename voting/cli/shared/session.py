"""Shared by the commands: settings, embedded engines, and services for the duration of a command."""

from __future__ import annotations

import asyncio
import getpass
import logging
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import click

from voting import engines, logs
from voting.demo.secrets import demo_secret
from voting.errors import ContestUnknown, SettingInvalid
from voting.services.contests.contest_cache import ContestSnapshot
from voting.setting_values import EMBEDDED
from voting.settings import Settings, load
from voting.wiring import admin
from voting.wiring.admin import AdminServices

T = TypeVar("T")

env_file = click.option(
    "--env-file", type=click.Path(path_type=Path), help="File of NAME=value settings; the environment takes precedence."
)


def not_blank(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """An option's callback: refuses a blank reason, such as a script's unset variable."""
    if value is not None and not value.strip():
        raise click.BadParameter("is blank; say why, for the record")
    return value


def tell(text: str) -> None:
    """Prints a message on standard error, or logs it where the log is JSON."""
    if logs.is_json():
        logging.getLogger("voting").info(text)
    else:
        click.echo(text, err=True)


def read_settings(file: Path | None) -> Settings:
    """The settings; on a demo's database, with its secret if none is set. Raises as `load` does."""
    settings = load(os.environ, file)
    if settings.secret or settings.database_url != EMBEDDED:
        return settings
    return replace(settings, secret=demo_secret(settings.data))


@contextmanager
def with_engines(settings: Settings, *, own: bool, redis: bool) -> Iterator[Settings]:
    """The settings with the addresses of the embedded engines, which are started or joined if configured.

    Raises SettingInvalid if a file of settings lacks an address, EnginesUnavailable.
    """
    needed = {"DATABASE_URL": settings.database_url} | ({"REDIS_URL": settings.redis_url} if redis else {})
    if missing := [name for name, url in needed.items() if not url]:
        raise SettingInvalid(
            f"{missing[0]} is set neither in the file of settings nor in the environment; set it to a server's address,"
            f" or to {EMBEDDED} for a server of its own in {settings.data}"
        )
    postgres, valkey = (needed.get(name) == EMBEDDED for name in ("DATABASE_URL", "REDIS_URL"))
    if not postgres and not valkey:
        yield settings
        return
    if postgres:
        tell(f"DATABASE_URL names no server: using the embedded PostgreSQL in {settings.data}")
    with engines.running(settings.data, own=own, postgres=postgres, valkey=valkey, notice=tell) as addresses:
        yield replace(
            settings,
            database_url=addresses.database_url or settings.database_url,
            database_owner_url=addresses.owner_url or settings.database_owner_url,
            redis_url=addresses.redis_url or settings.redis_url,
        )


def with_admin(settings: Settings, work: Callable[[AdminServices], Awaitable[T]]) -> T:
    """Runs `work` with the services of commands."""

    async def run(ready: Settings) -> T:
        async with admin.services(ready, actor()) as office:
            return await work(office)

    with with_engines(settings, own=False, redis=False) as ready:
        if settings.database_url == EMBEDDED:
            asyncio.run(admin.migrate(ready, lambda _: None))
        return asyncio.run(run(ready))


async def find(office: AdminServices, contest: str) -> ContestSnapshot:
    """The contest. Raises ContestUnknown, which lists the existing ones."""
    try:
        return await office.contest_cache.get(contest)
    except ContestUnknown:
        known = ", ".join([snapshot.contest.id for snapshot in await office.contest_cache.all()]) or "none yet"
        raise ContestUnknown(f"there is no contest {contest!r}; there are: {known}") from None


def actor() -> str:
    """The actor in the audit log: the account on this machine."""
    try:
        return f"shell:{getpass.getuser()}"
    except (KeyError, OSError):
        return f"shell:{os.getuid()}"
