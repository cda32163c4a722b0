"""The audit log's chain: every tampering is found at the first record that it concerns."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import asyncpg
import pytest

from tests.acceptance.test_cli import run
from tests.conftest import Contests, environment_of
from tests.postgres.test_migrate import new_database
from voting.domain.audit_chain import GENESIS, Head, read_line
from voting.errors import AuditBroken
from voting.postgres.database import Connection, connected
from voting.postgres.schema import migrate
from voting.services import audit
from voting.settings import Settings
from voting.wiring.admin import AdminServices

RECORDS = 60
# What a careless comparison of the SQL and the Python form would miss.
AWKWARD = "引号\" 反斜\\ 行\n表\t\x01\x7f\u2028é𝄞</script>'"


async def pause(tx: Connection, number: int) -> None:
    details = {"number": number, "reason": AWKWARD, "share": 1 / (number + 3)}
    await audit.record(tx, "shell:test", "contest.pause", None, details)


@pytest.fixture(scope="module")
async def log(settings: Settings) -> AsyncIterator[Connection]:
    """A connection of a forger, who may do anything, to a database with a log of sixty records."""
    async with new_database(settings) as address, connected(address, 2) as database:
        await migrate.migrate(database, lambda _: None)
        for number in range(RECORDS):
            await database.transact(partial(pause, number=number))
        async with database.connection() as connection:
            # The forger takes away what stops two records from having one number.
            await connection.execute("alter table audit_log drop constraint audit_log_seq_key")
            await connection.execute("alter table audit_log disable trigger chain_audit_record")
            yield connection


async def found(log: Connection, harm: list[str], known: dict[int, bytes] | None = None) -> int:
    """Returns the record that the check names after the statements, which are taken back."""
    # The check has a transaction of its own: what it reads must be committed, so it is undone from a copy.
    await log.execute(
        "create temporary table kept as select * from audit_log;"
        " create temporary table kept_head as select * from audit_head"
    )
    try:
        for statement in harm:
            await log.execute(statement)
        async with log.transaction():
            with pytest.raises(AuditBroken) as broken:
                await audit.verify(log, known or {})
        return int(broken.value.facts["seq"])
    finally:
        await log.execute(
            "delete from audit_log; insert into audit_log overriding system value select * from kept;"
            " delete from audit_head; insert into audit_head select * from kept_head; drop table kept, kept_head"
        )


def edit(dice: random.Random) -> tuple[int, list[str]]:
    seq = dice.randint(1, RECORDS)
    change = dice.choice(
        [
            "actor = 'shell:somebody'",
            "action = 'contest.resume'",
            "contest = 'demo'",
            "at = at - interval '1 microsecond'",
            "details = '{\"number\": -1}'",
            "details = replace(details::text, ': ', ':')::json",
            "hash = sha256(hash)",
        ]
    )
    return seq, [f"update audit_log set {change} where seq = {seq}"]


def delete(dice: random.Random) -> tuple[int, list[str]]:
    seq = dice.randint(1, RECORDS - 1)
    closed = f"update audit_log set seq = seq - 1 where seq > {seq}"
    return seq, [f"delete from audit_log where seq = {seq}", *dice.choice([[], [closed]])]


def insert(dice: random.Random) -> tuple[int, list[str]]:
    seq = dice.randint(1, RECORDS)
    columns = "actor, action, contest, details, seq, hash"
    row = f"select actor, 'contest.resume', contest, details, {seq}, hash from audit_log where seq = {seq}"
    gap = f"update audit_log set seq = seq + 1 where seq >= {seq}"
    if dice.random() < 0.5:
        return seq, [
            gap,
            f"insert into audit_log ({columns}) {row.replace(f'where seq = {seq}', f'where seq = {seq + 1}')}",
        ]
    # A second record of one number comes after the first.
    return seq, [f"insert into audit_log ({columns}) {row}"]


def move(dice: random.Random) -> tuple[int, list[str]]:
    one, other = sorted(dice.sample(range(1, RECORDS + 1), 2))
    return one, [f"update audit_log set seq = {one} + {other} - seq where seq in ({one}, {other})"]


def truncate(dice: random.Random) -> tuple[int, list[str]]:
    last = dice.randint(0, RECORDS - 1)
    return last + 1, [f"delete from audit_log where seq > {last}"]


def append(_: random.Random) -> tuple[int, list[str]]:
    row = f"select actor, action, contest, details, seq + 1, hash from audit_log where seq = {RECORDS}"
    return RECORDS + 1, [f"insert into audit_log (actor, action, contest, details, seq, hash) {row}"]


async def test_two_hundred_tamperings_are_found_at_the_right_record(log: Connection) -> None:
    dice = random.Random(17)
    for _ in range(200):
        harm = dice.choice([edit, delete, insert, move, truncate, append])
        seq, statements = harm(dice)
        assert await found(log, statements) == seq, (harm.__name__, statements)
    async with log.transaction():
        assert (await audit.verify(log, {})).seq == RECORDS, "taken back, it is intact"


REHASH = """
do $$
declare
    record audit_log;
    head bytea := sha256('voting audit log v1');
    last bigint := 0;
begin
    for record in select * from audit_log order by seq loop
        head := audit_hash(head, record);
        last := record.seq;
        update audit_log set hash = head where id = record.id;
    end loop;
    update audit_head set seq = last, hash = head;
end $$
"""


async def test_a_chain_made_again_is_found_by_what_was_kept_elsewhere(log: Connection) -> None:
    """Whoever owns the tables can make every hash again; the chain by itself then looks intact."""
    async with log.transaction():
        export = [each async for each in audit.links(log)]
    known = {each.seq: each.hash for each in export}
    noted = dict([Head(RECORDS, export[-1].hash)])
    dice = random.Random(18)
    for _ in range(30):
        seq = dice.randint(1, RECORDS)
        edited = [f"update audit_log set actor = 'shell:x' where seq = {seq}", REHASH]
        assert await found(log, edited, known) == seq, "an export names the first record"
        assert await found(log, edited, noted) == RECORDS, "a head only shows that there is one"
        cut = [f"delete from audit_log where seq >= {seq}", REHASH]
        assert await found(log, cut, known) == await found(log, cut, noted) == seq


async def test_both_forms_of_the_hash_are_the_same(log: Connection) -> None:
    head = GENESIS.hash
    async with log.transaction():
        for each in [each async for each in audit.links(log)]:
            head = hashlib.sha256(head + each.text.encode()).digest()
            assert head == each.hash
            seq, at, actor, action, contest, details = json.loads(each.text)
            assert (seq, actor, action, contest) == (each.seq, "shell:test", "contest.pause", None)
            assert details["reason"] == AWKWARD
            assert at.endswith("Z")
            assert read_line(each.line) == each


async def test_records_from_before_the_chain_are_chained_in_their_order(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = migrate.migrations()
    async with new_database(settings) as address, connected(address, 2) as database:
        monkeypatch.setattr(migrate, "migrations", lambda: tuple(each for each in every if each.version != 17))
        await migrate.migrate(database, lambda _: None)
        async with database.connection() as connection:
            for number in (3, 1, 2):
                await connection.execute(
                    "insert into audit_log (actor, action, details) values ('a', 'b', $1)",
                    json.dumps({"z": number, "aa": AWKWARD}),
                )
        monkeypatch.setattr(migrate, "migrations", lambda: every)
        await migrate.migrate(database, lambda _: None)
        # A process of the former release goes on: its records are chained as well.
        await database.transact(lambda tx: audit.record(tx, "a", "contest.pause", None, {"z": 4}))
        head = await database.transact(lambda tx: audit.verify(tx, {}))
        assert head.seq == 4
        async with database.connection() as connection:
            rows = await connection.fetch("select details->>'z' as z from audit_log order by seq")
    assert [row["z"] for row in rows] == ["3", "1", "2", "4"]


async def test_acts_at_the_same_moment_are_chained_and_a_failed_one_leaves_no_gap(
    contests: Contests, office: AdminServices
) -> None:
    contest = await contests.make()

    async def act(number: int) -> None:
        async def work(tx: Connection) -> None:
            await audit.record(tx, "test", "contest.pause", contest, {"number": number})
            if number % 5 == 0:
                raise NotImplementedError

        await office.database.transact(work)

    answers = await asyncio.gather(*(act(number) for number in range(40)), return_exceptions=True)
    assert [type(answer) for answer in answers].count(NotImplementedError) == 8
    head, records = await audit.AuditLog(office.database).page(0, contest, 100)
    assert sum(each.action == "contest.pause" for each in records) == 32
    assert head.seq >= records[-1].seq
    await office.database.transact(lambda tx: audit.verify(tx, {}))


async def test_the_application_chooses_neither_place_time_nor_hash(office: AdminServices) -> None:
    async with office.database.connection() as connection, connection.transaction():
        await connection.execute(
            "insert into audit_log (at, actor, action, details, seq, hash)"
            " values (now() - interval '1 day', 'x', 'contest.pause', '{}', 1, '\\x00')"
        )
        row = await connection.fetchrow("select at = now() as now, seq, hash from audit_log order by seq desc limit 1")
        assert row
        head = await connection.fetchrow("select seq, hash from audit_head")
        assert (row["now"], row["seq"], row["hash"]) == (True, *(head or ()))
    for statement in ("update audit_head set seq = 0", "delete from audit_head", "select chain_audit_record()"):
        async with office.database.connection() as connection:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)


def test_the_commands_export_and_verify(settings: Settings, tmp_path: Path) -> None:
    environment = environment_of(settings)
    exported = run("audit", "export", env=environment)
    assert exported.returncode == 0, exported.stderr
    head = exported.stderr.strip().rpartition("head ")[2]
    file = tmp_path / "audit.jsonl"
    file.write_text(exported.stdout, "utf-8")
    count = exported.stdout.count('{"hash"')
    for more in ((), ("--head", head), ("--export", str(file)), ("--export", str(file), "--head", head)):
        checked = run("verify", "audit", *more, env=environment)
        assert checked.returncode == 0, checked.stderr
        assert "its chain is intact" in checked.stderr
    offline = ("verify", "audit", "--offline", "--export", str(file))
    assert f"the export has {count} records" in run(*offline, "--head", head).stderr
    number, digest = head.split(":")
    other = f"{number}:{digest[::-1]}"
    for arguments, says in (
        (("verify", "audit", "--head", other), f"record {number} or one before it was rewritten"),
        (("verify", "audit", "--head", f"{int(number) + 999999}:{digest}"), "the log ends before it"),
        ((*offline, "--head", other), f"record {number} or one before it was rewritten"),
    ):
        refused = run(*arguments, env=environment)
        assert (refused.returncode, says in refused.stderr) == (1, True), refused.stderr
    lines = exported.stdout.split("\n")
    file.write_text("\n".join([*lines[:1], *lines[2:]]), "utf-8")
    assert "record 2 is missing" in run(*offline).stderr
    file.write_text("\n".join(["[]", *lines]), "utf-8")
    assert "line 1 of" in run(*offline).stderr
    assert run("verify", "audit", "--head", "x", env=environment).returncode == 2
