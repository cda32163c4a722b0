"""The database's roles: rights of the application, roles it refuses to run as, and moving an installation."""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg
import pytest

from tests.acceptance.test_cli import run
from tests.conftest import Contests, as_owner, environment_of, serving
from tests.postgres.test_migrate import new_database
from tests.postgres.test_queries import statements
from voting.errors import SchemaUnfit
from voting.postgres.database import connected
from voting.postgres.schema.migrate import migrate
from voting.postgres.schema.rights import RIGHTS, check_rights
from voting.settings import Settings
from voting.wiring import admin


@pytest.fixture
async def moved(settings: Settings) -> AsyncIterator[Settings]:
    """A database made by its owner alone, as before there were roles, with the settings to move it.

    These are the settings of the superuser, and of a user who does not exist yet.
    """
    user = f"votes-{secrets.token_hex(4)}"
    async with new_database(settings) as owner:
        async with connected(owner, 2) as database:
            await migrate(database, lambda _: None)
        application = re.sub("//[^@]+@", f"//{user}:p%40ss'word@", owner)
        yield replace(settings, database_url=application, database_owner_url=owner)
        connection = await asyncpg.connect(owner)
        if await connection.fetchval("select 1 from pg_roles where rolname = $1", user):
            await connection.execute(f'drop owned by "{user}"; drop role "{user}"')
        await connection.close()


def test_serve_and_the_offices_commands_refuse_a_superuser_and_the_tables_owner(settings: Settings) -> None:
    superuser = environment_of(settings) | {"DATABASE_URL": settings.database_owner_url}
    for command in (("serve",), ("staff", "key", "list"), ("sweep", "--once")):
        answer = run(*command, env=superuser)
        assert answer.returncode == 1, answer.stderr
        assert "signs in as 'voting', a superuser, who could change recorded ballots" in answer.stderr
        assert "DATABASE_OWNER_URL" in answer.stderr
        assert "Traceback" not in answer.stderr


async def test_an_installation_of_a_superuser_moves_by_one_command(moved: Settings) -> None:
    environment = environment_of(moved)
    refused = run("serve", env=environment | {"DATABASE_URL": moved.database_owner_url})
    assert "a superuser" in refused.stderr
    for _ in range(2):
        done = run("migrate", env=environment)
        assert (done.returncode, "nothing to do" in done.stderr) == (0, True), done.stderr
    with serving(environment):
        pass
    async with admin.services(moved, "test") as office:
        assert await office.contest_cache.all() == ()
        async with office.database.connection() as connection:
            assert await connection.fetchval("show search_path") == "public, pg_temp"
            assert await connection.fetchval("show idle_in_transaction_session_timeout") == "1min"


async def test_an_owner_without_superuser_rights_may_migrate_but_not_serve(settings: Settings, moved: Settings) -> None:
    user = f"owner_{secrets.token_hex(4)}"
    async with as_owner(settings) as connection:
        await connection.execute(f"create role {user} login createrole password 'x'")
        await connection.execute(f"create database {user} owner {user}")
        own = re.sub("//[^@]+@([^/]+)/.*", rf"//{user}:x@\1/{user}", settings.database_url)
        try:
            # The roles already exist on the server, created by somebody else.
            fresh = replace(moved, database_owner_url=own, database_url=re.sub("[^/]+$", user, moved.database_url))
            with pytest.raises(SchemaUnfit, match="as an administrator of PostgreSQL: grant voting_app to"):
                await admin.migrate(fresh, lambda _: None)
            await connection.execute(f"grant voting_app to {user} with admin option")
            await admin.migrate(fresh, lambda _: None)
            async with admin.services(fresh, "test"):
                pass
            with pytest.raises(SchemaUnfit, match="the owner of the tables"):
                async with admin.services(replace(fresh, database_url=own), "test"):
                    pass
        finally:
            await connection.execute(f"drop database {user} with (force)")


@pytest.mark.parametrize(
    "statement",
    [
        "update ballots set picks = array['A001']",
        "update ballots set recorded_at = now()",
        "delete from ballots",
        "truncate ballots",
        "update decisions set reasons = '{}'",
        "delete from decisions",
        "delete from rulings",
        "update rulings set actor = 'somebody else'",
        "update audit_log set actor = 'somebody else'",
        "delete from audit_log",
        "insert into audit_head values (false, 0, '')",
        "alter table audit_log disable trigger chain_audit_record",
        "update certifications set tallies = '[]'",
        "delete from certifications",
        "update batches set facts = '[]'",
        "delete from batches",
        "delete from gates",
        "update staff_keys set role = 'organiser'",
        "insert into schema_migrations values (9999, 'x', 'expand', now())",
        "create table later (n int)",
        "create function pg_temp.f() returns trigger language plpgsql as $$ begin return null; end $$;"
        " create trigger t before insert on ballots for each row execute function pg_temp.f()",
        "alter table ballots disable trigger all",
        "drop table audit_log",
        "set role voting",
        "set session_replication_role = replica",
    ],
)
async def test_the_application_may_not(contests: Contests, statement: str) -> None:
    async with contests.office() as office, office.database.connection() as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)


async def test_auditors_read_everything_and_write_nothing(settings: Settings) -> None:
    async with as_owner(settings) as connection:
        tables = [
            row["relname"]
            for row in await connection.fetch(
                "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')"
            )
        ]
        await connection.execute("set role voting_auditor")
        for table in tables:
            await connection.fetch(f"select * from {table} limit 1")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"delete from {table}")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"insert into {table} default values")


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        ("grant update on audit_log to", "who may also update audit_log"),
        ("grant delete, truncate on ballots to", "who may also delete, truncate ballots"),
        ("grant update on decisions to public; select", "who may also update decisions"),
        ("revoke insert on ballots from voting_app; select", "who may not write ballots"),
    ],
)
async def test_rights_too_many_or_too_few_are_refused_and_put_right(moved: Settings, harm: str, says: str) -> None:
    await admin.migrate(moved, lambda _: None)
    role = "voting_app" if harm.startswith("grant") and "public" not in harm else "1"
    async with as_owner(moved) as connection:
        await connection.execute(f"{harm} {role}")
        async with connected(moved.database_url, 1) as database:
            with pytest.raises(SchemaUnfit) as refused:
                await check_rights(database)
        assert says in str(refused.value)
        assert "voting migrate" in str(refused.value)
        await connection.execute("revoke all on decisions from public")
    await admin.migrate(moved, lambda _: None)
    async with connected(moved.database_url, 1) as database:
        await check_rights(database)


async def test_missing_rights_and_a_migration_by_the_application_are_reported(moved: Settings) -> None:
    await admin.migrate(moved, lambda _: None)
    with pytest.raises(SchemaUnfit, match="set DATABASE_OWNER_URL to the address of the tables' owner"):
        await admin.migrate(replace(moved, database_owner_url=""), lambda _: None)
    async with as_owner(moved) as connection:
        (user,) = re.findall("//([^:]+):", moved.database_url)
        await connection.execute(f'revoke voting_app from "{user}"')
    with pytest.raises(SchemaUnfit, match=r"who may not write .*audit_head, audit_log, .*; set DATABASE_OWNER_URL"):
        async with admin.services(moved, "test"):
            pass


async def test_every_table_has_its_rights(settings: Settings) -> None:
    """A new table needs a line in voting/postgres/schema/rights.py."""
    async with as_owner(settings) as connection:
        without = await connection.fetch(
            "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')"
            " and not has_table_privilege('voting_app', oid, 'select')"
        )
    assert [row["relname"] for row in without] == []


def test_the_statements_need_only_granted_rights() -> None:
    """A new statement may need a right in voting/postgres/schema/rights.py."""
    for name, text in statements().items():
        code = re.sub(r"--[^\n]*", "", text)
        writes = re.findall(r"(?:^|;|\()\s*(delete from|insert into|update) (\w+)", code)
        for verb, table in writes:
            assert verb.split()[0] in {right.partition("(")[0] for right in RIGHTS[table]}, (name, verb, table)
        for table in re.findall(r"\binsert into (\w+)(?:(?!\binsert into\b)[^;])*\bdo update set\b", code):
            assert any(right.startswith("update") for right in RIGHTS[table]), (name, table)


async def test_facts_are_erased_by_the_application_alone_and_only_into_their_hash(
    settings: Settings, contests: Contests
) -> None:
    contest = await contests.make()
    async with as_owner(settings) as connection:
        allowed = await connection.fetch(
            "select rolname as role, has_function_privilege(pg_roles.oid, pg_proc.oid, 'execute') as may"
            " from pg_roles, pg_proc where rolname in ('voting_app', 'voting_auditor') and proname like 'erase\\_%'"
        )
    assert {(row["role"], row["may"]) for row in allowed} == {("voting_app", True), ("voting_auditor", False)}
    async with contests.office() as office, office.database.connection() as connection:
        await connection.execute("select erase_facts($1, $2)", contest, [b"voter"])
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(
                "create or replace function erased(fact json) returns json language sql return fact"
            )
