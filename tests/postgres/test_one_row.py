"""The migration to one row a ballot, with ballots recorded by the version before it (data/before_0014.json)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from tests.conftest import SECRET
from tests.postgres.test_migrate import new_database
from voting.postgres import records
from voting.postgres.ballots import GATES
from voting.postgres.database import Database, connected
from voting.postgres.schema import migrate
from voting.postgres.standby import Standby
from voting.services.ballots.consistency import check_consistency
from voting.services.ballots.receipts import check_receipts
from voting.services.ballots.record import Answer, Ballot, BallotRecorder
from voting.services.contests.contest_cache import ContestCache
from voting.services.identity.keyring import Keyring, ReceiptKey
from voting.services.tallies.recount import Recounts
from voting.settings import Settings

BEFORE = json.loads((Path(__file__).parent / "data" / "before_0014.json").read_text("utf-8"))
CONTEST = BEFORE["contests"][0]["id"]
# Otherwise the recorded window would end some day.
BEFORE["contests"][0]["closes_at"] = "2100-01-01T00:00:00+00:00"
KEYRING = Keyring(SECRET.encode())


@pytest.fixture(scope="module")
async def migrated(settings: Settings) -> AsyncIterator[Database]:
    """Yields a database that had those ballots when it was migrated."""
    async with new_database(settings) as address:
        former = [each for each in migrate.migrations() if each.version < 14]
        connection = await asyncpg.connect(address)
        for each in former:
            await connection.execute(each.sql)
        for table, rows in BEFORE.items():
            overriding = "overriding system value" if table == "ballots" else ""
            await connection.execute(
                f"insert into {table} {overriding} select * from json_populate_recordset(null::{table}, $1)",
                json.dumps(rows),
            )
        await connection.execute(
            "create table schema_migrations (version int primary key, name text not null, kind text not null,"
            " applied_at timestamptz not null default now());"
        )
        await connection.executemany(
            "insert into schema_migrations values ($1, $2, $3)",
            [(each.version, each.name, each.kind) for each in former],
        )
        await connection.close()
        async with connected(address, 2) as database:
            assert await migrate.migrate(database, print) == len(migrate.migrations()) - len(former)
            yield database


async def test_each_ballot_is_answered_as_before_byte_for_byte(migrated: Database) -> None:
    snapshot = await ContestCache(migrated).get(CONTEST)
    again = [
        Ballot(bytes.fromhex(row["voter"][2:]), row["idempotency_key"], row["picks"], "[]", None)
        for row in BEFORE["ballots"]
    ]
    answers = await BallotRecorder(migrated, Standby(migrated, required=False), KEYRING, "0" * 64, 16).record(
        snapshot, again
    )
    assert answers == [Answer(row["answer"].encode(), True) for row in BEFORE["ballots"]]


async def test_receipts_traces_tally_and_facts_are_as_before(migrated: Database) -> None:
    report = await check_receipts(migrated, CONTEST, ReceiptKey(KEYRING.public_key))
    assert (report.ballots, report.wrong) == (len(BEFORE["ballots"]), [])
    assert await check_consistency(migrated, CONTEST) == []
    assert await Recounts(migrated, "test").differences(await ContestCache(migrated).get(CONTEST)) == ()
    facts = {row["ballot"]: row["facts"] for row in BEFORE["ballot_facts"]}
    async with migrated.connection() as connection, connection.transaction():
        read = [record async for some in records.read(connection, CONTEST, None, None) for record in some]
    assert {str(record.id): json.loads(record.facts or "") for record in read} == facts
    assert [record.sequence for record in read] == sorted(row["sequence"] for row in BEFORE["ballots"])


async def test_quotas_continue_from_their_use_before(migrated: Database) -> None:
    snapshot = await ContestCache(migrated).get(CONTEST)
    twice = next(row for row in BEFORE["ballots"] if row["idempotency_key"] == "second-0")
    voter = bytes.fromhex(twice["voter"][2:])
    before = json.loads(twice["answer"])["remaining"]["picks"]
    (answer,) = await BallotRecorder(migrated, Standby(migrated, required=False), KEYRING, "0" * 64, 16).record(
        snapshot, [Ballot(voter, "third", ["A004", "A005"], "[]", None)]
    )
    assert isinstance(answer, Answer), answer
    assert json.loads(answer.text)["remaining"]["picks"] in (before - 2, 3), "another day may have begun"


async def test_a_contest_of_before_has_all_gates_at_its_revision(migrated: Database) -> None:
    async with migrated.connection() as connection:
        gates = await connection.fetch("select number, revision from gates where contest = $1 order by number", CONTEST)
        revision = await connection.fetchval("select revision from contests where id = $1", CONTEST)
    assert [tuple(gate) for gate in gates] == [(number, revision) for number in range(GATES)]
