"""The composition root: from settings to services."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from voting.domain.rate import read_rate
from voting.postgres import database as postgres
from voting.postgres import migrate as postgres_migrate
from voting.postgres.database import Database
from voting.postgres.migrate import check_schema
from voting.redis import connection as redis
from voting.redis.connection import Connected
from voting.services import Services
from voting.services.amending import Amending
from voting.services.authorising import Authorising
from voting.services.casting import Casting
from voting.services.catalogue import Catalogue
from voting.services.challenging import Challenging
from voting.services.committing import Committing
from voting.services.covering import Covering
from voting.services.judging import Judging
from voting.services.keyring import Keyring
from voting.services.limiting import Limiting
from voting.services.mirroring import Mirroring
from voting.services.networks import networks_of
from voting.services.organising import Organising
from voting.services.policies import load_policy, load_shadow
from voting.services.probing import Probing
from voting.services.recording import BATCHES_AT_ONCE, Recording
from voting.services.recounting import Recounting
from voting.services.registering import Registering
from voting.services.reporting import Reporting
from voting.services.reviewing import Reviewing
from voting.services.screening import Screening
from voting.services.showing import Showing
from voting.services.staffing import Staffing
from voting.services.watching import Watching
from voting.settings import Settings


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Services]:
    """The services of one process, on a database and a Redis that `settings` names.

    Raises SchemaUnfit, and FileInvalid for a fraud policy or a list of networks with faults.
    """
    policy = load_policy(Path(settings.policy) if settings.policy else None)
    shadow = load_shadow(settings.shadow_policy)
    networks = networks_of(settings)
    writers = max(1, min(BATCHES_AT_ONCE, settings.pool // 2))
    async with (
        postgres.connected(settings.database_url, max(1, settings.pool - writers)) as database,
        database.committing(writers) as ledger,
        redis.connected(settings.redis_url) as connected,
    ):
        await check_schema(database)
        await Organising(database, "serve").begin_anew(policy, shadow, networks)
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
    """Brings the schema up to date; answers how many migrations were applied."""
    async with postgres.connected(settings.database_url, 1) as database:
        return await postgres_migrate.migrate(database, report)


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
