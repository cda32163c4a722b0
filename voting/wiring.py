"""The composition root: from settings to services."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from voting.domain.ballots.rate import read_rate
from voting.errors import SchemaUnfit, TryAgain
from voting.networks.lookup import networks_of
from voting.postgres import database as postgres
from voting.postgres import migrate as postgres_migrate
from voting.postgres.database import Database
from voting.postgres.migrate import check_schema
from voting.postgres.rights import check_rights
from voting.redis import connection as redis
from voting.redis.connection import Connected
from voting.services import Services
from voting.services.ballots.cast import Casting
from voting.services.ballots.group_commit import Committing
from voting.services.ballots.rate_limits import Limiting
from voting.services.ballots.record import BATCHES_AT_ONCE, Recording
from voting.services.ballots.screen import Screening
from voting.services.contests.admin import Organising
from voting.services.contests.amendments import Amending
from voting.services.contests.contest_cache import Catalogue
from voting.services.contests.covers import Covering
from voting.services.fraud.policy_files import load_policy, load_shadow
from voting.services.fraud.review import Reviewing
from voting.services.identity.keyring import Keyring
from voting.services.identity.proof_of_work import Challenging
from voting.services.identity.registration import Registering
from voting.services.identity.sessions import Authorising
from voting.services.identity.staff_keys import Staffing
from voting.services.readiness import Probing
from voting.services.results.marks import Judging
from voting.services.results.reports import Reporting
from voting.services.tallies.live_board import Watching
from voting.services.tallies.projection import Mirroring
from voting.services.tallies.reader import Showing
from voting.services.tallies.recount import Recounting
from voting.settings import Settings

START_SECONDS = 120.0
RETRY_SECONDS = 0.5
ANNOUNCE_SECONDS = 10.0
T = TypeVar("T")


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Services]:
    """The services of one process, on a database and a Redis that `settings` names.

    Raises SchemaUnfit, and FileInvalid for a fraud policy or a list of networks with faults; waits for PostgreSQL.
    """
    policy = load_policy(Path(settings.policy) if settings.policy else None)
    shadow = load_shadow(settings.shadow_policy)
    networks = networks_of(settings)
    writers = max(1, min(BATCHES_AT_ONCE, settings.pool // 2))

    async def opened(stack: AsyncExitStack) -> tuple[Database, Database]:
        readers = max(1, settings.pool - writers)
        database = await stack.enter_async_context(postgres.connected(settings.database_url, readers))
        ledger = await stack.enter_async_context(database.committing(writers))
        await check_rights(database)
        await check_schema(database)
        await Organising(database, "serve").begin_anew(policy, shadow, networks)
        return database, ledger

    async with (
        reached(opened) as (database, ledger),
        redis.connected(settings.redis_url) as connected,
    ):
        catalogue = Catalogue(database)
        mirroring = Mirroring(database, connected.view, catalogue)
        await mirroring.reconcile_all()
        keyring = Keyring(settings.secret)
        committing = Committing(Recording(ledger, keyring).record, settings.batch, writers)
        limiting = Limiting(connected.turns, read_rate(settings.limit_voter), read_rate(settings.limit_address))
        screening = Screening(keyring, networks, policy, shadow)
        casting = Casting(catalogue, keyring, Challenging(keyring), screening, limiting, committing, mirroring)
        services = _services(settings, database, connected, catalogue, mirroring, keyring, casting)
        work = asyncio.create_task(mirroring.run())
        try:
            yield services
        finally:
            services.watching.close()
            await committing.drain()
            work.cancel()
            with suppress(asyncio.CancelledError):
                await work


@asynccontextmanager
async def reached(start: Callable[[AsyncExitStack], Awaitable[T]]) -> AsyncIterator[T]:
    """What `start` opens and gives, tried again for two minutes while PostgreSQL is away.

    A process that starts during a failover would otherwise end, and a supervisor back off. Raises SchemaUnfit then, and
    at once for what no waiting mends.
    """
    until, announce = time.monotonic() + START_SECONDS, 0.0
    while True:
        async with AsyncExitStack() as stack:
            try:
                given = await start(stack)
            except TryAgain as error:
                left = until - time.monotonic()
                if left < 0:
                    raise SchemaUnfit(f"PostgreSQL was away for {START_SECONDS:.0f} s; {error}") from error
                if time.monotonic() > announce:
                    announce = time.monotonic() + ANNOUNCE_SECONDS
                    logging.getLogger("voting").warning("waiting for PostgreSQL, %.0f s more: %s", left, error)
            else:
                yield given
                return
        await asyncio.sleep(RETRY_SECONDS)


@dataclass(frozen=True)
class Office:
    """What the commands need: no Redis, and no secret but where one is used."""

    database: Database
    amending: Amending
    catalogue: Catalogue
    judging: Judging
    organising: Organising
    recounting: Recounting
    reporting: Reporting
    staffing: Staffing


@asynccontextmanager
async def office(settings: Settings, actor: str) -> AsyncIterator[Office]:
    """The services of a command, on a database that `settings` names. Raises SchemaUnfit."""
    async with postgres.connected(settings.database_url, 2) as database:
        await check_rights(database)
        await check_schema(database)
        catalogue = Catalogue(database)
        yield Office(
            database,
            amending=Amending(database, actor),
            catalogue=catalogue,
            judging=Judging(database, actor),
            organising=Organising(database, actor),
            recounting=Recounting(database, actor),
            reporting=Reporting(database),
            staffing=Staffing(database, actor),
        )


async def migrate(settings: Settings, report: Callable[[str], None]) -> int:
    """Brings schema and rights up to date; answers how many migrations were applied. Raises SchemaUnfit."""
    owner, application = settings.database_owner_url, settings.database_url
    async with postgres.connected(owner or application, 1) as database:
        return await postgres_migrate.migrate(database, report, application if owner else "")


def _services(
    settings: Settings,
    database: Database,
    connected: Connected,
    catalogue: Catalogue,
    mirroring: Mirroring,
    keyring: Keyring,
    casting: Casting,
) -> Services:
    registrations = Limiting(connected.turns, read_rate(settings.limit_registration))
    showing = Showing(database, connected.view, mirroring, keyring)
    return Services(
        authorising=Authorising(database),
        casting=casting,
        catalogue=catalogue,
        covering=Covering(database),
        keyring=keyring,
        probing=Probing(database, connected.view),
        registering=Registering(database, keyring, Challenging(keyring), registrations),
        reporting=Reporting(database),
        reviewing=Reviewing(database, settings.second_person, mirroring.mark),
        showing=showing,
        watching=Watching(database, catalogue, showing),
    )
