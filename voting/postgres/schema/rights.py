"""Rights of each database role: the owner of the tables migrates, the application records votes, auditors read.

The application's role cannot change what was recorded nor delete a line of the audit log.
"""

from __future__ import annotations

from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg

from voting.errors import SchemaUnfit
from voting.postgres.database import Connection, Database

APPLICATION, AUDITOR = "voting_app", "voting_auditor"
# Rights besides select and insert, limited to columns if named. A new table needs a line here.
_BESIDE_INSERT: dict[str, tuple[str, ...]] = {
    "announcements": ("update(ended_at)",),
    "audit_log": (),
    "ballot_minutes": (),
    "ballots": ("update(state)", "update(reasons)", "update(group_id)"),
    "batches": (),
    "bundles": (),
    "certificate_signatures": (),
    "certifications": ("update(reopened_at)", "update(reopened_by)", "update(reopened_reason)"),
    "clients": ("delete",),
    "complaints": (
        "update(answer)",
        "update(answered_at)",
        "update(answered_by)",
        "update(ballot)",
        "update(body)",
        "update(closed_at)",
        "update(closed_by)",
        "update(contact)",
    ),
    "confirmations": (
        "update(cell)",
        "update(client)",
        "update(codes_sent)",
        "update(confirmed_at)",
        "update(confirmed_by)",
        "update(denied_at)",
        "update(due_at)",
        "update(network)",
        "update(openid)",
        "update(subject)",
    ),
    "consents": ("delete",),
    "contests": ("update",),
    "covers": (),
    "decision_books": ("update(excesses)", "update(swept_at)"),
    "decision_leaves": (),
    "decisions": (),
    "entries": ("update", "delete"),
    "erased_days": ("update", "delete"),
    "erasures": ("delete",),
    "gates": ("update",),
    "groups": ("update",),
    "growth_decisions": ("update", "delete"),
    "joined_voters": ("update(into_voter)", "update(into_person)", "delete"),
    "leases": ("update", "delete"),
    "log_batches": (),
    "log_files": (),
    "log_queue": ("delete",),
    "log_seals": (),
    "log_tiles": (),
    "log_witnesses": ("update",),
    "logs": ("update",),
    "mark_drafts": ("update", "delete"),
    "marks": ("delete",),
    "metrics": ("delete",),
    "notices": (),
    "objections": ("update(answer)", "update(answered_at)", "update(answered_by)"),
    "persons": ("update(person)", "update(erased_at)", "delete"),
    "proposals": ("update", "delete"),
    "recusals": ("delete",),
    "refusals": ("update", "delete"),
    "refused_minutes": ("update",),
    "revocations": (),
    "rulings": (),
    "shown_tallies": ("delete",),
    "spent_challenges": ("delete",),
    "staff_accounts": ("update(password_hash)", "update(totp_secret)", "update(totp_step)"),
    "staff_attempts": ("update", "delete"),
    "staff_grants": ("delete",),
    "staff_keys": ("update(revoked_at)",),
    "staff_recovery_codes": ("delete",),
    "staff_sessions": ("update(seen_at)", "delete"),
    "submissions": ("delete",),
    "suspect_cells": ("update",),
    "tallies": ("update", "delete"),
    "time_stamps": ("update(answer)", "update(authority)", "update(body)", "update(stamped_at)"),
}
RIGHTS = {"schema_migrations": {"select"}, "audit_head": {"select"}} | {
    table: {"select", "insert", *more} for table, more in _BESIDE_INSERT.items()
}

# What the application may do only in these ways: they run as the owner.
FUNCTIONS = ("erase_facts", "erase_all_facts", "renumber_decisions")

_GRANTED = """
with tables as (
    select oid, relname, relacl from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
), acls as (
    select relname, '' as columns, acl.* from tables, aclexplode(relacl) as acl
    union all
    select relname, format('(%I)', attname), acl.*
    from tables join pg_attribute on attrelid = tables.oid, aclexplode(attacl) as acl
)
select rolname as role, relname as name, lower(privilege_type) || columns as privilege
from acls join pg_roles on pg_roles.oid = grantee
where rolname = any ($1)
"""
_SELF = """
select rolname as name, rolsuper as superuser, exists (
    select from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and pg_has_role(relowner, 'member')
) as owner
from pg_roles where rolname = current_user
"""
_HELD = """
select relname as name, array(
    select privilege from unnest(array['select', 'insert', 'update', 'delete', 'truncate']) as privilege
    where has_table_privilege(pg_class.oid, privilege)
) as privileges
from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
"""


async def grant(connection: Connection, application_url: str) -> None:
    """Creates missing roles and grants each its rights; to be run by the owner of the tables.

    The user of `application_url` ("" if unknown) is created with its password and becomes the application. Raises
    SchemaUnfit if the owner may not create a role.
    """
    for role in (APPLICATION, AUDITOR):
        if not await connection.fetchval("select 1 from pg_roles where rolname = $1", role):
            await _as_administrator(connection, f"create role {role}")
    if application_url:
        await _make_login(connection, application_url)
    wanted = {
        (role, row["name"], right)
        for row in await connection.fetch(_HELD)
        for role, rights in ((APPLICATION, RIGHTS.get(row["name"], ())), (AUDITOR, ("select",)))
        for right in rights
    }
    granted = {tuple(row) for row in await connection.fetch(_GRANTED, [APPLICATION, AUDITOR])}
    for role, table in sorted({(role, table) for role, table, _ in wanted ^ granted}):
        rights = ", ".join(sorted(right for *who, right in wanted if who == [role, table])) or "select"
        await connection.execute(f"revoke all on {table} from {role}; grant {rights} on {table} to {role}")
    for name in FUNCTIONS:
        await connection.execute(f"grant execute on function {name} to {APPLICATION}")
    if await connection.fetchval("select has_schema_privilege($1, 'public', 'create')", APPLICATION):
        await connection.execute("revoke create on schema public from public")


async def check_rights(database: Database) -> None:
    """Raises SchemaUnfit, with how to fix it, if this connection's role has more or fewer rights than needed."""
    async with database.connection() as connection:
        (role,) = await connection.fetch(_SELF)
        rows = await connection.fetch(_HELD)
    who = f"DATABASE_URL signs in as {role['name']!r}, "
    if role["superuser"] or role["owner"]:
        what = "a superuser" if role["superuser"] else "the owner of the tables"
        raise SchemaUnfit(
            f"{who}{what}, who could change recorded ballots and the audit log;"
            " put this address into DATABASE_OWNER_URL and another user's into DATABASE_URL, such as"
            f" postgresql://{APPLICATION}:PASSWORD@HOST/DATABASE, and run: voting migrate, which makes that user"
        )
    tables = [(row["name"], set(row["privileges"]), RIGHTS[row["name"]]) for row in rows if row["name"] in RIGHTS]
    if excess := [f"{', '.join(sorted(held - rights))} {table}" for table, held, rights in tables if held - rights]:
        raise SchemaUnfit(
            f"{who}who may also {'; '.join(excess)}; take this right away, or name a user without rights of its own and"
            " run: voting migrate"
        )
    lacking = sorted(table for table, held, rights in tables if {right for right in rights if "(" not in right} - held)
    if lacking:
        raise SchemaUnfit(
            f"{who}who may not write {', '.join(lacking)}; set DATABASE_OWNER_URL to the address of the tables' owner"
            " and run: voting migrate"
        )


async def _make_login(connection: Connection, url: str) -> None:
    """Creates the user of the address, with its password, as a member of the application's role."""
    parts = urlsplit(url)
    user = unquote(parts.username or "") or parse_qs(parts.query).get("user", [APPLICATION])[0]
    login = await connection.fetchrow(
        "select rolcanlogin as login, pg_has_role(rolname, $2, 'member') as member from pg_roles where rolname = $1",
        user,
        APPLICATION,
    )
    name = await connection.fetchval("select quote_ident($1)", user)
    if not login or not login["login"]:
        password = await connection.fetchval("select quote_nullable($1::text)", unquote(parts.password or "") or None)
        verb = "alter" if login else "create"
        await _as_administrator(connection, f"{verb} role {name} login password {password}")
    if user != APPLICATION and not (login and login["member"]):
        await _as_administrator(connection, f"grant {APPLICATION} to {name}")


async def _as_administrator(connection: Connection, statement: str) -> None:
    """Runs a statement on roles.

    They belong to the whole server: another database's migration may create the same ones now.
    """
    try:
        async with connection.transaction():
            await connection.execute(statement)
    except (asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError):
        pass
    except asyncpg.InsufficientPrivilegeError:
        shown = statement.partition(" password ")[0]
        raise SchemaUnfit(
            f"the owner of the tables may not make roles; run this as an administrator of PostgreSQL: {shown}"
        ) from None
