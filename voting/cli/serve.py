"""voting serve: the service."""

from __future__ import annotations

import asyncio
import errno
import os
import resource
import socket
import tempfile
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import click
import uvicorn
from uvicorn.config import LOGGING_CONFIG

from voting import logs
from voting.cli.shared.session import env_file, tell, with_engines
from voting.errors import SettingInvalid
from voting.networks.lookup import networks_of
from voting.postgres.standby import Standby
from voting.redis.connection import check_server
from voting.server.companion import Companion
from voting.server.options import OPTIONS
from voting.server.workers import Workers
from voting.services.audit import record_policies
from voting.services.fraud.policy_files import load_policy, load_sweep_policy
from voting.services.transparency.log_key import make_key
from voting.setting_values import EMBEDDED
from voting.settings import Settings, load, values
from voting.web.options import site_of
from voting.wiring import admin
from voting.wiring.starting import reached

STOP_SECONDS = 10
# Connections are bounded in protocol.py; this is for them, the engines and what the system needs.
MOST_FILES = 65_536


@click.command(epilog="Example: voting serve --env-file voting.env --port 8000 --workers 2")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 256), help="Worker processes.")
@click.option("--migrate", is_flag=True, help="Apply migrations first.")
@env_file
def serve(host: str, port: int, workers: int, migrate: bool, env_file: Path | None) -> None:
    """Serve, on DATABASE_URL and REDIS_URL or, if they are not set, on embedded engines."""
    settings = load(os.environ, env_file)
    settings.need_secret()
    if settings.log == "json":
        logs.use_json()
    # The workers are new processes, which read the environment only. They need not know the tables' owner.
    for name, text in values(env_file).items() if env_file else ():
        os.environ.setdefault(name, text)
    os.environ.pop("DATABASE_OWNER_URL", None)
    settings = with_log_key(settings)
    with with_engines(settings, own=True, redis=True) as ready, listening(host, port) as listener:
        asyncio.run(begin(ready, migrate=migrate or settings.database_url == EMBEDDED))
        if not settings.public_url.startswith("https://"):
            tell(
                f"VOTING_PUBLIC_URL is {settings.public_url or 'not set'}: credentials and staff keys travel in clear,"
                " and cookies are not bound to TLS; for a vote set it to the https:// address of the page"
            )
        elif missing := site_of(settings).missing:
            tell(f"the pages lack what a public site in China must show: set {', '.join(missing)}")
        if settings.log_key is None:
            tell(
                "VOTING_LOG_KEY is not set: this host appends to no public log, and ballots wait for one that does;"
                " make a key with: voting log key FILE"
            )
        tell(f"listening on http://{host}:{port}")
        run_workers(ready, listener, workers)


def with_log_key(settings: Settings) -> Settings:
    """Returns the settings with the file of the log's key, made for embedded engines; companions read it, too."""
    log_key = settings.log_key_file
    if log_key is None:
        return settings
    if settings.log_key is None and not log_key.exists():
        make_key(log_key)
    os.environ["VOTING_LOG_KEY"] = str(log_key)
    return replace(settings, log_key=log_key)


async def begin(settings: Settings, *, migrate: bool) -> None:
    """Records the policies in force in the audit log: online holds store no policy version. Waits for PostgreSQL.

    Raises SchemaUnfit, here and not in every worker, when the database may not hold a vote; SettingInvalid for
    a Redis in a cluster, or a secret that is not that of an open contest; FileInvalid for a fraud policy or a list of
    networks that is none.
    """
    networks = networks_of(settings)
    policy = load_policy(settings.policy)
    shadow = load_policy(settings.shadow_policy) if settings.shadow_policy else None
    for given in filter(None, (settings.policy, settings.shadow_policy)):
        # A fault in a model would end every sweep, again at each start of the sweeper.
        load_sweep_policy(given)
    await check_server(settings.redis_url)

    async def opened(stack: AsyncExitStack) -> None:
        if migrate:
            await admin.migrate(settings, lambda _: None)
        office = await stack.enter_async_context(admin.services(settings, "serve"))
        await Standby(office.database, settings.sync_required).check()
        await record_policies(office.database, policy, shadow, networks)
        await office.check_secret()

    async with reached(opened):
        pass


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A bound socket. Raises SettingInvalid when the port is busy or the address is not this machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            why = "is busy" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
            raise SettingInvalid(f"{host}:{port} {why}; give another with --port or --host") from None
        yield listener


def run_workers(settings: Settings, listener: socket.socket, workers: int) -> None:
    """Runs until SIGTERM or SIGINT; a worker that dies is replaced."""
    raise_file_limit()
    with tempfile.TemporaryDirectory(prefix="voting-metrics-") as metrics:
        # The workers are new processes, which read the environment only.
        os.environ["DATABASE_URL"] = settings.database_url
        os.environ["REDIS_URL"] = settings.redis_url
        os.environ["VOTING_SECRET"] = settings.secret.decode()
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = metrics
        config = uvicorn.Config(
            "voting.asgi:application",
            factory=True,
            workers=workers,
            log_config=logs.JSON if logs.is_json() else LOGGING_CONFIG,
            timeout_graceful_shutdown=STOP_SECONDS,
            **OPTIONS,
        )
        Workers(config, [listener], _companions(settings)).run()


def _companions(settings: Settings) -> list[Companion]:
    """Returns the processes beside the workers."""
    companions = [Companion("sweep")] if settings.sweep else []
    return [*companions, Companion("log", "run")] if settings.log_key else companions


def raise_file_limit() -> None:
    """Lets this process and its workers open as many files as the system allows them.

    Each voter's connection is one, and the usual soft limit of 1024 is made for programs that use select().
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # macOS tells no hard limit and takes no more than this.
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
