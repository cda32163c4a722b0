"""Numbered migrations, safe to run from many processes at once and while older code is serving.

A migration file begins with `-- expand:` (code one step older still works on it) or `-- contract:` (it does not; apply
it when no older process is left). An index of a table that ballots are written to is a migration of its own, a single
`create index concurrently`: it is built while ballots go on, which PostgreSQL does only outside a transaction.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise

import asyncpg

from voting.errors import SchemaUnfit
from voting.postgres.database import Connection, Database
from voting.postgres.schema.rights import grant

_FOLDER = files("voting.postgres.schema") / "migrations"
_HISTORY = """
create table if not exists schema_migrations (
    version integer primary key, name text not null, kind text not null, applied_at timestamptz not null default now())
"""

# The indexes that races rely on: without them a voter could exceed the quota, or one key have two ballots.
_UNIQUE = {
    "ballots": ("contest", "voter", "ordinal"),
    "batches": ("contest", "id"),
    "gates": ("contest", "number"),
    "tallies": ("contest", "entry", "shard"),
    "spent_challenges": ("contest", "challenge"),
}
_UNIQUE_INDEXES = """
select held.relname as name, array(
    select attname from unnest(indkey) with ordinality as part (number, place)
    join pg_attribute on attrelid = indrelid and attnum = part.number order by place)::text[] as columns
from pg_index join pg_class held on held.oid = indrelid
where relnamespace = current_schema()::regnamespace and indisunique and indisvalid and indisready and indimmediate
    and indpred is null and indexprs is null
"""

TURN_SECONDS = 300
# A lock on the first row serialises the processes; before it exists, its unique version makes the others wait.
_TAKE_TURN = f"""
set local statement_timeout = '{TURN_SECONDS}s'; set local lock_timeout = '{TURN_SECONDS}s';
select from schema_migrations order by version limit 1 for update
"""
_RECORD = """
insert into schema_migrations (version, name, kind) values ($1, $2, $3) on conflict do nothing returning true
"""

BUILD_SECONDS = 3600
_CONCURRENTLY = re.compile(r"(?:--.*\n)+create (?:unique )?index concurrently (\w+) on [^;]+;?\s*")
# Not the first row: who waits for that has a snapshot, and the build waits for everybody who has an older one.
_TAKE_BUILD = """
select true from schema_migrations
where version = (select max(version) from schema_migrations where version < $1) for update skip locked
"""
_BUILT = "select indisvalid from pg_index where indexrelid = to_regclass($1)"


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file. `kind` is expand or contract."""

    version: int
    name: str
    kind: str
    sql: str

    @property
    def index(self) -> str:
        """The name of the index that it builds outside a transaction; empty if it is another kind of migration."""
        built = _CONCURRENTLY.fullmatch(self.sql)
        return built[1] if built else ""


def migrations() -> tuple[Migration, ...]:
    """Returns every migration of this program, in order. Raises SchemaUnfit if two have the same number."""
    found: list[Migration] = []
    for file in sorted(item.name for item in _FOLDER.iterdir() if item.name.endswith(".sql")):
        text = (_FOLDER / file).read_text("utf-8")
        named = re.fullmatch(r"(\d{4})_(\w+)\.sql", file)
        kind = re.match(r"-- (expand|contract): ", text)
        if not named or not kind:
            raise SchemaUnfit(f"migration {file} must be NNNN_name.sql and begin with '-- expand: ' or '-- contract: '")
        found.append(Migration(int(named[1]), named[2], kind[1], text))
    for one, other in pairwise(found):
        if one.version == other.version:
            raise SchemaUnfit(
                f"two migrations have the number {one.version:04d}: {one.name} and {other.name}; only one of them would"
                " ever be applied: give the newer one the next free number"
            )
    return tuple(found)


async def migrate(database: Database, report: Callable[[str], None], application_url: str = "") -> int:
    """Applies the missing migrations; returns how many. Waits for other processes. Takes up to two connections.

    Then grants the roles' rights; the user of `application_url` becomes the application. Raises SchemaUnfit.
    """
    try:
        async with database.connection() as connection:
            # `if not exists` misses a table that another process creates at the same moment; the names collide.
            with suppress(asyncpg.UniqueViolationError, asyncpg.DuplicateTableError, asyncpg.DuplicateObjectError):
                await connection.execute(_HISTORY)
            applied = 0
            for migration in migrations():
                if migration.index:
                    applied += await _build(database, connection, migration)
                else:
                    applied += await _apply(connection, migration)
                report(f"schema at {migration.version:04d} {migration.name}")
            async with connection.transaction():
                await connection.execute(_TAKE_TURN, timeout=TURN_SECONDS)
                await grant(connection, application_url)
    except asyncpg.InsufficientPrivilegeError as error:
        raise SchemaUnfit(
            f"the schema cannot be changed ({error}); set DATABASE_OWNER_URL to the address of the tables' owner"
        ) from None
    return applied


async def check_schema(database: Database) -> None:
    """Raises SchemaUnfit, with how to fix it, if the schema is older than this program or too new for it."""
    async with database.connection() as connection:
        try:
            rows = await connection.fetch("select version, kind from schema_migrations order by version")
        except asyncpg.UndefinedTableError:
            rows = []
    known = migrations()[-1].version
    newest = max((row["version"] for row in rows), default=0)
    if newest < known:
        raise SchemaUnfit(f"the schema is at {newest:04d}, this program needs {known:04d}; run: voting migrate")
    if any(row["version"] > known and row["kind"] == "contract" for row in rows):
        raise SchemaUnfit(
            f"the schema is at {newest:04d}, newer than this program ({known:04d}); run the newer program"
        )
    await _check_unique(database)


async def _check_unique(database: Database) -> None:
    async with database.connection() as connection:
        there = {(row["name"], tuple(row["columns"])) for row in await connection.fetch(_UNIQUE_INDEXES)}
    if missing := [
        f"{name} ({', '.join(columns)})" for name, columns in _UNIQUE.items() if (name, columns) not in there
    ]:
        raise SchemaUnfit(
            f"the unique index of {'; '.join(missing)} is missing or not valid: ballots could be counted twice; "
            "restore the database, or make the index again (create unique index, or reindex) and start again"
        )


async def _apply(connection: Connection, migration: Migration) -> bool:
    async with connection.transaction():
        await connection.execute(_TAKE_TURN, timeout=TURN_SECONDS)
        # Record it first: a process about to apply the same migration waits here, and finds it done.
        row = (migration.version, migration.name, migration.kind)
        if not await connection.fetchval(_RECORD, *row, timeout=TURN_SECONDS):
            return False
        # A statement that waits for a lock blocks every ballot behind it: give up soon, the run can be repeated.
        await connection.execute("set local lock_timeout = '3s'; set local statement_timeout = 0")
        await connection.execute(migration.sql, timeout=3600)
        return True


async def _build(database: Database, connection: Connection, migration: Migration) -> bool:
    """Builds an index, after dropping what a failed build left, while a transaction on `connection` has the turn."""
    while True:
        async with connection.transaction():
            if await connection.fetchval("select true from schema_migrations where version = $1", migration.version):
                return False
            if await connection.fetchval(_TAKE_BUILD, migration.version):
                # After the queries: it also ends their snapshot, for which the build would wait.
                await connection.execute("set local idle_in_transaction_session_timeout = 0")
                async with database.connection() as builder:
                    # It waits for every transaction that has begun, and nobody waits for it.
                    await builder.execute("set lock_timeout = 0; set statement_timeout = 0")
                    is_valid = await builder.fetchval(_BUILT, migration.index)
                    if is_valid is False:
                        await builder.execute(f"drop index concurrently {migration.index}", timeout=BUILD_SECONDS)
                    if not is_valid:
                        await builder.execute(migration.sql, timeout=BUILD_SECONDS)
                return bool(await connection.fetchval(_RECORD, migration.version, migration.name, migration.kind))
        await asyncio.sleep(0.2)
