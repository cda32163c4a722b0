"""Migrations: many at once, while older code serves, and refusals."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from tests.conftest import VOTING, environment_of, eventually
from voting.errors import SchemaUnfit, TryAgain
from voting.postgres.database import connected
from voting.postgres.schema import migrate
from voting.postgres.schema.migrate import Migration, check_schema, migrations
from voting.settings import Settings


@asynccontextmanager
async def new_database(settings: Settings) -> AsyncIterator[str]:
    """Yields the address of an empty database, as its owner."""
    name = f"empty_{secrets.token_hex(4)}"
    connection = await asyncpg.connect(settings.database_owner_url)
    await connection.execute(f"create database {name}")
    yield settings.database_owner_url.rpartition("/")[0] + "/" + name
    await connection.execute(f"drop database {name} with (force)")
    await connection.close()


@pytest.fixture
async def empty(settings: Settings) -> AsyncIterator[str]:
    """The address of an empty database, as its owner."""
    async with new_database(settings) as address:
        yield address


async def test_eight_processes_at_once_apply_each_migration_once(empty: str, settings: Settings) -> None:
    environment = environment_of(settings) | {"DATABASE_URL": empty, "DATABASE_OWNER_URL": ""}
    processes = [
        await asyncio.create_subprocess_exec(*VOTING, "migrate", env=environment, stderr=asyncio.subprocess.PIPE)
        for _ in range(8)
    ]
    said = [(await process.communicate())[1].decode() for process in processes]
    assert [process.returncode for process in processes] == [0] * 8, said
    # Each migration is applied by any one of the processes, so several may apply some.
    applied = [int(found[1]) for text in said if (found := re.search(r"(\d+) applied", text))]
    assert sum(applied) == len(migrations()), said
    connection = await asyncpg.connect(empty)
    assert await connection.fetchval("select count(*) from schema_migrations") == len(migrations())
    await connection.close()


async def test_the_history_table_may_be_made_by_many_in_the_same_moment(settings: Settings) -> None:
    # Within one process most of them collide each time; eight processes, which start at different moments, seldom do.
    for _ in range(3):
        async with new_database(settings) as address:
            async with AsyncExitStack() as stack:
                databases = [await stack.enter_async_context(connected(address, 2)) for _ in range(8)]
                applied = await asyncio.gather(*(migrate.migrate(database, lambda _: None) for database in databases))
            assert sum(applied) == len(migrations())


async def test_an_older_schema_is_refused_with_the_command_to_run(empty: str) -> None:
    async with connected(empty, 1) as database:
        with pytest.raises(SchemaUnfit, match="voting migrate"):
            await check_schema(database)


async def test_a_newer_schema_is_served_when_it_only_grew(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    newest = migrations()[-1].version
    grown = Migration(newest + 1, "grown", "expand", "-- expand: x\nalter table contests add column later text")
    shrunk = Migration(newest + 2, "shrunk", "contract", "-- contract: x\nalter table contests drop column later")
    known = migrations()
    async with connected(empty, 2) as database:
        for extra, fits in (((grown,), True), ((grown, shrunk), False)):
            monkeypatch.setattr(migrate, "migrations", lambda extra=extra: (*known, *extra))
            await migrate.migrate(database, print)
            monkeypatch.setattr(migrate, "migrations", lambda: known)
            if fits:
                await check_schema(database)
            else:
                with pytest.raises(SchemaUnfit, match="run the newer program"):
                    await check_schema(database)


async def test_a_migration_that_fails_leaves_nothing_behind(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    known = migrations()
    broken = Migration(known[-1].version + 1, "broken", "expand", "create table half (id int); select 1 / 0")
    async with connected(empty, 2) as database:
        monkeypatch.setattr(migrate, "migrations", lambda: (*known, broken))
        with pytest.raises(asyncpg.DivisionByZeroError):
            await migrate.migrate(database, print)
        async with database.connection() as connection:
            assert await connection.fetchval("select to_regclass('half')") is None
            assert await connection.fetchval("select max(version) from schema_migrations") == known[-1].version


def test_two_migrations_of_one_number_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("0001_first", "0002_mine", "0002_theirs"):
        (tmp_path / f"{name}.sql").write_text("-- expand: x\nselect 1", "utf-8")
    monkeypatch.setattr(migrate, "_FOLDER", tmp_path)
    with pytest.raises(SchemaUnfit, match="two migrations have the number 0002: mine and theirs"):
        migrations()


async def test_ballots_are_cast_while_a_migration_waits(settings: Settings) -> None:
    """While a migration waits for another process, it holds no lock that ballots need."""
    holder = await asyncpg.connect(settings.database_owner_url)
    transaction = holder.transaction()
    await transaction.start()
    await holder.execute("select from schema_migrations order by version limit 1 for update")
    process = await asyncio.create_subprocess_exec(*VOTING, "migrate", env=environment_of(settings))
    await asyncio.sleep(4.5)  # longer than any statement of the service may take
    async with connected(settings.database_url, 1) as database, database.connection() as connection:
        await connection.execute("select count(*) from ballots")
        await connection.execute("insert into spent_challenges values ('migration-test', $1, now())", b"v")
    assert process.returncode is None
    await transaction.rollback()
    assert await process.wait() == 0
    await holder.close()


async def test_ballots_are_cast_while_an_index_is_built(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sql = "-- expand: x\ncreate index concurrently tried on ballots (contest);\n"
    known = migrations()
    indexed = Migration(known[-1].version + 1, "indexed", "expand", sql)
    async with connected(empty, 4) as database:
        await migrate.migrate(database, print)
        monkeypatch.setattr(migrate, "migrations", lambda: (*known, indexed))
        async with database.connection() as voter:
            # As an earlier build left it that ended half way.
            await voter.execute("create index tried on ballots (voter)")
            await voter.execute("update pg_index set indisvalid = false where indexrelid = 'tried'::regclass")
            transaction = voter.transaction()
            await transaction.start()
            await voter.execute("lock table ballots in row exclusive mode")
            building = asyncio.create_task(migrate.migrate(database, print))
            async with database.connection() as other:
                waits = (
                    "select true from pg_stat_activity where query ~ '(create|drop) index concurrently' and wait_event"
                )
                await eventually(lambda: other.fetchval(f"{waits} = 'virtualxid' and pid <> pg_backend_pid()"))
                await other.execute("set lock_timeout = '100ms'")
                async with other.transaction():
                    await other.execute("lock table ballots in row exclusive mode")
            await transaction.commit()
            assert await building == 1
            built = (
                "select pg_get_indexdef(indexrelid) from pg_index where indexrelid = 'tried'::regclass and indisvalid"
            )
            assert "(contest)" in await voter.fetchval(built)
        assert await migrate.migrate(database, print) == 0


async def test_a_database_that_could_lose_ballots_is_refused(empty: str) -> None:
    connection = await asyncpg.connect(empty)
    await connection.execute(f"alter database {empty.rpartition('/')[2]} set synchronous_commit = off")
    await connection.close()
    with pytest.raises(SchemaUnfit, match="could lose ballots"):
        async with connected(empty, 1):
            pass


async def test_an_unreachable_database_is_reported() -> None:
    with pytest.raises(TryAgain, match="check DATABASE_URL"):
        async with connected("postgresql://nobody:x@127.0.0.1:1/none", 1):
            pass


@pytest.mark.parametrize(
    ("harm", "named"),
    [
        ("alter table batches drop constraint batches_pkey", "batches (contest, id)"),
        (
            "alter table ballots drop constraint ballots_pkey; "
            "create unique index other on ballots (contest, voter, ordinal) where state = 'count'",
            "ballots (contest, voter, ordinal)",
        ),
        (
            "update pg_index set indisvalid = false where indexrelid = 'tallies_pkey'::regclass",
            "tallies (contest, entry, shard)",
        ),
    ],
)
async def test_a_missing_or_invalid_unique_index_is_refused(empty: str, harm: str, named: str) -> None:
    async with connected(empty, 2) as database:
        await migrate.migrate(database, print)
        await check_schema(database)
        async with database.connection() as connection:
            await connection.execute(harm)
        with pytest.raises(SchemaUnfit) as refused:
            await check_schema(database)
    assert named in str(refused.value)
    assert "missing or not valid" in str(refused.value)
