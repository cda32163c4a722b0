"""Composes the services of a command, without those of a server: a command starts in half a second."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from voting.postgres import database as postgres
from voting.postgres import migrate as postgres_migrate
from voting.postgres.database import Database
from voting.postgres.migrate import check_schema
from voting.postgres.rights import check_rights
from voting.services.contests.admin import ContestAdmin
from voting.services.contests.contest_cache import ContestCache
from voting.services.identity.staff_keys import StaffKeys
from voting.services.results.marks import Marks
from voting.services.results.reports import Reports
from voting.services.tallies.recount import Recounts
from voting.settings import Settings


@dataclass(frozen=True)
class AdminServices:
    """The services of commands. They need no Redis, and the secret only if it is used."""

    database: Database
    contest_cache: ContestCache
    marks: Marks
    contest_admin: ContestAdmin
    recounts: Recounts
    reports: Reports
    staff_keys: StaffKeys


@asynccontextmanager
async def services(settings: Settings, actor: str) -> AsyncIterator[AdminServices]:
    """Yields the services of a command on the database that `settings` names. Raises SchemaUnfit."""
    async with postgres.connected(settings.database_url, 2) as database:
        await check_rights(database)
        await check_schema(database)
        contest_cache = ContestCache(database)
        yield AdminServices(
            database,
            contest_cache=contest_cache,
            marks=Marks(database, actor),
            contest_admin=ContestAdmin(database, actor),
            recounts=Recounts(database, actor),
            reports=Reports(database),
            staff_keys=StaffKeys(database, actor),
        )


async def migrate(settings: Settings, report: Callable[[str], None]) -> int:
    """Updates schema and rights; returns how many migrations were applied. Raises SchemaUnfit."""
    owner, application = settings.database_owner_url, settings.database_url
    async with postgres.connected(owner or application, 1) as database:
        return await postgres_migrate.migrate(database, report, application if owner else "")
