"""Every ballot against its receipt: what was changed in the table past the service is named."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
import pytest

from tests.acceptance.test_cli import run
from tests.conftest import Contests, as_owner, cast, environment_of, insert_batch
from tests.fraud.rings import RECEIPT_KEY
from voting.postgres.ballots import BallotRow
from voting.services.ballots.receipts import ReceiptReport, check_receipts
from voting.settings import Settings
from voting.wiring.admin import AdminServices


def row(voter: bytes, ordinal: int = 1) -> BallotRow:
    """A ballot for A001 of this voter."""
    id = uuid.uuid4()
    return BallotRow(voter, ordinal, "k", id, ["A001"], "count", (), id.bytes * 3, "{}", "{}")


async def batches(office: AdminServices, contest: str, sizes: Sequence[int]) -> None:
    """Ballots for A001 in batches of these sizes, stored and signed as casting does."""
    now = datetime.now(UTC) - timedelta(hours=2)
    async with office.database.connection() as connection:
        for number, size in enumerate(sizes):
            at = now + timedelta(milliseconds=number // 2)  # two batches may have one moment
            voters = sorted(secrets.token_bytes(16) for _ in range(size))
            await insert_batch(connection, contest, [row(voter) for voter in voters], at)


async def change(contests: Contests, sql: str, *arguments: object) -> None:
    async with as_owner(contests.settings) as connection:
        await connection.execute(sql, *arguments)


async def check(office: AdminServices, contest: str) -> ReceiptReport:
    return await check_receipts(office.database, contest, RECEIPT_KEY)


def found(report: ReceiptReport) -> tuple[int, int, int]:
    return report.changed.count, report.invented.count, report.missing.count


SIZES = (1, 2, 3, 5, 8, 13, 64, 100)
ONE = "ctid = (select ctid from ballots where contest = $1 order by recorded_at desc, id limit 1)"


async def test_what_the_service_recorded_is_right(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices, settings: Settings
) -> None:
    contest = await contests.make("[ballot]\nmost = 3\n[[quota]]\npicks = 5\n")
    for token in contests.tokens(contest, 4):
        assert (await cast(http, contest, token, ["A002", "A001"])).status_code == 201
    report = await check(office, contest)
    assert (report.ballots, report.wrong) == (4, [])


async def test_batches_of_every_size_are_right(contests: Contests, office: AdminServices) -> None:
    contest = await contests.make()
    await batches(office, contest, SIZES)
    report = await check(office, contest)
    assert (report.ballots, report.wrong) == (sum(SIZES), [])


@pytest.mark.parametrize(
    ("sql", "counts"),
    [
        (f"update ballots set picks = '{{A002}}' where {ONE}", (1, 0, 0)),
        (f"update ballots set picks = picks || '{{A001}}'::text[] where {ONE}", (1, 0, 0)),
        (f"update ballots set salt = '\\x00' where {ONE}", (1, 0, 0)),
        (f"update ballots set id = gen_random_uuid() where {ONE}", (1, 0, 0)),
        (f"update ballots set recorded_at = recorded_at - interval '1 minute' where {ONE}", (1, 0, 0)),
        (f"update ballots set place = place + 1000 where {ONE}", (0, 1, 1)),
        (f"update ballots set batch = batch + 1000000 where {ONE}", (0, 1, 1)),
        # Another row with a genuine receipt: one ballot's counted twice.
        (
            "insert into ballots (contest, voter, ordinal, idempotency_key, id, picks, state, recorded_at, salt, batch,"
            " place) select contest, '\\x00', 1, 'k2', id, picks, state, recorded_at, salt, batch, place from ballots"
            f" where {ONE}",
            (0, 1, 0),
        ),
        (f"delete from ballots where {ONE}", (0, 0, 1)),
        ("delete from ballots where contest = $1", (0, 0, 16)),
        ("update batches set signature = '\\x00' where contest = $1", (0, 16, 0)),
        ("update batches set leaves = sha256(leaves) || sha256('') where contest = $1", (0, 16, 0)),
        ("delete from batches where contest = $1", (0, 16, 0)),
    ],
)
async def test_one_changed_row_is_found(
    contests: Contests, office: AdminServices, sql: str, counts: tuple[int, int, int]
) -> None:
    contest = await contests.make()
    await batches(office, contest, (7, 9))
    await change(contests, sql, contest)
    assert found(await check(office, contest)) == counts


async def test_a_wrong_secret_is_not_taken_for_changed_ballots(
    contests: Contests, office: AdminServices, settings: Settings
) -> None:
    contest = await contests.make(opens=timedelta(hours=-3), closes=timedelta(hours=-1))
    await batches(office, contest, (2, 3))
    env = environment_of(settings) | {"VOTING_SECRET": secrets.token_hex(32)}
    says = "no batch is signed with this VOTING_SECRET; set the one that the vote was served with"
    done = run("recount", "--contest", contest, env=env)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (1, says)
    assert "somebody changed ballots" not in done.stderr
    assert says in run("certify", "--contest", contest, env=env).stderr
    # One batch of this secret's is enough: then the others were changed.
    await change(contests, "update batches set signature = '' where contest = $1 and cardinality(voters) = 3", contest)
    changed = run("recount", "--contest", contest, env=environment_of(settings))
    assert "3 ballots have no receipt" in changed.stdout
    assert says not in changed.stdout
    assert "somebody changed ballots" in changed.stderr


async def test_batches_of_another_contest_are_ignored(contests: Contests, office: AdminServices) -> None:
    contest, other = await contests.make(), await contests.make()
    await batches(office, contest, (4,))
    await change(contests, "update ballots set contest = $2 where contest = $1", contest, other)
    assert found(await check(office, other)) == (0, 4, 0)
    await change(contests, "update batches set contest = $2 where contest = $1", contest, other)
    assert found(await check(office, other)) == (4, 0, 0)


async def test_200_moved_and_50_invented_ballots_are_named_and_stop_the_certification(
    contests: Contests, office: AdminServices, settings: Settings
) -> None:
    contest = await contests.make(opens=timedelta(hours=-3), closes=timedelta(hours=-1))
    await batches(office, contest, [64] * 12)
    connection = await asyncpg.connect(settings.database_owner_url)
    moved = await connection.fetch(
        "update ballots set picks = '{A005}' where ctid in (select ctid from ballots where contest = $1 order by id"
        " limit 200) returning id",
        contest,
    )
    forged = [uuid.uuid4() for _ in range(50)]
    at = datetime.now(UTC)
    await connection.executemany(
        "insert into ballots (contest, voter, ordinal, idempotency_key, id, picks, state, recorded_at, salt, batch,"
        " place) values ($1, $2, 1, 'k', $3, '{A002}', 'count', $4, '', 0, 0)",
        [(contest, id.bytes, id, at) for id in forged],
    )
    await connection.execute(
        "insert into tallies (contest, entry, shard, raw, held, counted, issued, version)"
        " select $1, entry, 0, count(*), 0, count(*), count(tier), 9 from ballots, unnest(picks) as entry"
        " where contest = $1 group by entry on conflict (contest, entry, shard) do update set raw = excluded.raw,"
        " held = excluded.held, counted = excluded.counted, issued = excluded.issued, version = excluded.version",
        contest,
    )
    await connection.close()
    done = run("recount", "--contest", contest, env=environment_of(settings))
    assert done.returncode == 1
    assert "is what its ballots give" in done.stderr
    lines = done.stdout.splitlines()
    assert [line.split(" ")[0] for line in lines] == ["200", "50", "50"]
    assert "200 ballots are not what their receipts were given for: " in lines[0]
    assert "50 ballots have no receipt that this service signed for them: " in lines[1]
    ids = [set(line.partition(": ")[2].removesuffix(", ...").split(", ")) for line in lines[:2]]
    assert len(ids[0]) == len(ids[1]) == 10
    assert ids[0] <= {str(row["id"]) for row in moved}
    assert ids[1] <= {str(id) for id in forged}
    refused = run("certify", "--contest", contest, env=environment_of(settings))
    assert refused.returncode == 1
    assert "200 ballots are not what their receipts" in refused.stderr
    assert "50 ballots have no receipt" in refused.stderr
