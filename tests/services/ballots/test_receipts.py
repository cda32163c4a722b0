"""Every ballot against its receipt: what was changed in the table past the service is named."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
import msgspec
import pytest

from tests.acceptance.test_cli import run
from tests.conftest import SECRET, Contests, as_owner, cast, environment_of
from tests.fraud.rings import RECEIPT_KEY
from voting.domain.ballots.ballot import Receipt, commitment
from voting.services.ballots.receipts import ReceiptReport, check_receipts
from voting.services.identity.keyring import Keyring
from voting.settings import Settings
from voting.wiring.admin import AdminServices

INSERT = """
insert into ballots (contest, voter, idempotency_key, id, body_digest, picks, state, recorded_at, salt, answer)
values ($1, $2, $3, $4, '', $5, 'count', $6, $7, $8)
"""


async def batches(office: AdminServices, contest: str, sizes: Sequence[int]) -> None:
    """Ballots for A001 in batches of these sizes, signed as casting does."""
    keyring, now = Keyring(SECRET.encode()), datetime.now(UTC)
    async with office.database.connection() as connection:
        for number, size in enumerate(sizes):
            at = now + timedelta(milliseconds=number // 2)  # two batches may have one moment
            ids = [uuid.uuid4() for _ in range(size)]
            receipts = keyring.sign(
                [Receipt(contest, str(id), at, commitment(id.bytes, contest, str(id), ["A001"])) for id in ids]
            )
            answers = [
                msgspec.json.encode({"ballot": id, "receipt": receipt}).decode()
                for id, receipt in zip(ids, receipts, strict=True)
            ]
            rows = [(contest, id.bytes, "k", id, ["A001"], at, id.bytes, answer) for id, answer in zip(ids, answers)]  # noqa: B905
            await connection.executemany(INSERT, rows)
            voters = [(contest, id.bytes, at) for id in ids]
            await connection.executemany("insert into voters values ($1, $2, null, $3)", voters)
            slots = [(*voter, id) for voter, id in zip(voters, ids, strict=True)]
            await connection.executemany("insert into quota_slots values ($1, $2, 0, '', $3, 1, $4)", slots)


async def change(contests: Contests, sql: str, *arguments: object) -> None:
    async with as_owner(contests.settings) as connection:
        await connection.execute(sql, *arguments)


async def check(office: AdminServices, contest: str) -> ReceiptReport:
    return await check_receipts(office.database, contest, RECEIPT_KEY)


def found(report: ReceiptReport) -> tuple[int, int, int]:
    return report.moved.count, report.invented.count, report.missing.count


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
        (f"update ballots set id = gen_random_uuid() where {ONE}", (0, 1, 1)),
        (f"update ballots set recorded_at = recorded_at - interval '1 minute' where {ONE}", (0, 1, 1)),
        (f"update ballots set answer = '{{}}' where {ONE}", (0, 1, 1)),
        (f'update ballots set answer = replace(answer, \'"receipt":"\', \'"receipt":"AA\') where {ONE}', (0, 1, 1)),
        (f"update ballots set answer = left(answer, -6) || 'AAAA\"}}' where {ONE}", (0, 1, 1)),
        # Another row with a genuine receipt: one ballot's counted twice.
        (
            "insert into ballots (contest, voter, idempotency_key, id, body_digest, picks, state, recorded_at, salt,"
            " answer) select contest, '\\x00', 'k2', id, '', picks, state, recorded_at, salt, answer from ballots"
            f" where {ONE}",
            (0, 1, 0),
        ),
        (f"delete from ballots where {ONE}", (0, 0, 1)),
    ],
)
async def test_one_changed_row_is_found(
    contests: Contests, office: AdminServices, sql: str, counts: tuple[int, int, int]
) -> None:
    contest = await contests.make()
    await batches(office, contest, (7, 9))
    await change(contests, sql, contest)
    assert found(await check(office, contest)) == counts


async def test_a_receipt_of_another_contest_or_key_is_none(contests: Contests, office: AdminServices) -> None:
    contest, other = await contests.make(), await contests.make()
    await batches(office, contest, (4,))
    await change(contests, "update ballots set contest = $2 where contest = $1", contest, other)
    assert found(await check(office, other)) == (0, 4, 0)
    foreign = Keyring(b"x" * 32)
    (receipt,) = foreign.sign([Receipt(contest, "b", datetime.now(UTC), b"")])
    await batches(office, contest, (4,))
    answer = msgspec.json.encode({"ballot": "b", "receipt": receipt}).decode()
    await change(contests, f"update ballots set answer = $2 where {ONE}", contest, answer)
    assert found(await check(office, contest)) == (0, 1, 1)


async def test_the_ballots_that_are_gone_of_a_batch_are_counted_as_far_as_it_tells(
    contests: Contests, office: AdminServices
) -> None:
    contest = await contests.make()
    await batches(office, contest, (64,))
    await change(
        contests,
        "delete from ballots where ctid in (select ctid from ballots where contest = $1 order by random() limit 40)",
        contest,
    )
    report = await check(office, contest)
    # The right half of a tree may be smaller than its left one: how many were there is not known exactly.
    assert 10 <= report.missing.count <= 40
    assert found(report)[:2] == (0, 0)


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
    await connection.executemany(INSERT, [(contest, id.bytes, "k", id, ["A002"], at, b"\0", "{}") for id in forged])
    await connection.execute(
        "insert into tallies (contest, entry, shard, raw, held, counted, version)"
        " select $1, entry, 0, count(*), 0, count(*), 1 from ballots, unnest(picks) as entry where contest = $1"
        " group by entry",
        contest,
    )
    await connection.close()
    done = run("recount", "--contest", contest, env=environment_of(settings))
    assert done.returncode == 1
    assert "is what its ballots give" in done.stderr
    lines = done.stdout.splitlines()
    assert [line.split(" ")[0] for line in lines] == ["200", "50", "50", "50"]
    assert "200 ballots hold other picks than their receipts were given for: " in lines[0]
    assert "50 ballots have no receipt that this service signed for them: " in lines[1]
    ids = [set(line.partition(": ")[2].removesuffix(", ...").split(", ")) for line in lines[:2]]
    assert len(ids[0]) == len(ids[1]) == 10
    assert ids[0] <= {str(row["id"]) for row in moved}
    assert ids[1] <= {str(id) for id in forged}
    refused = run("certify", "--contest", contest, env=environment_of(settings))
    assert refused.returncode == 1
    assert "200 ballots hold other picks" in refused.stderr
    assert "50 ballots have no receipt" in refused.stderr
