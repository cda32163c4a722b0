"""Concurrent requests to two worker processes: one key, one voter, one batch."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest

from tests.conftest import Contests, cast, environment_of, refusal, serving
from tests.raw_http import Answer, read_answer, request
from voting.settings import Settings

PERIODS = ('"window"', '"week"', '"day"', '"hour"', '"sliding"\nminutes = 1')
# The widest limits that a contest file allows; ballots are counted for the whole contest only.
EVERY_SHAPE = [
    f'picks = 3\nper = "{per}"\nperiod = {each}' for per in ("contest", "category", "entry") for each in PERIODS
]
EVERY_SHAPE += [f"ballots = 3\nperiod = {each}" for each in PERIODS]


@pytest.fixture
def port(settings: Settings) -> Iterator[int]:
    """Runs a service of two workers whose flood limiter tolerates this test."""
    environment = environment_of(settings) | {"VOTING_SHIELD_WRITES": "1000000/second"}
    with serving(environment, "--workers", "2") as (url, _):
        yield urlsplit(url).port or 0


async def answers_to(port: int, requests: Sequence[bytes]) -> list[Answer]:
    """Returns the responses to these requests, sent one after another over one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answers = []
    for each in requests:
        writer.write(each)
        answers.append(await read_answer(reader))
    writer.close()
    return answers


async def test_sixty_keys_sixty_four_times_at_once_are_sixty_ballots(port: int, contests: Contests) -> None:
    contest = await contests.make(entries=60)
    requests = [
        request(
            "POST",
            f"/api/v1/contests/{contest}/ballots",
            {"Authorization": f"Bearer {token}", "Idempotency-Key": "k"},
            json.dumps({"entries": [f"A{number:03d}"]}).encode(),
        )
        for number, token in enumerate(contests.tokens(contest, 60), 1)
    ]
    async with asyncio.timeout(180):
        rounds = await asyncio.gather(*(answers_to(port, requests) for _ in range(64)))
        last = await answers_to(port, requests)
    statuses = Counter(answer.status for answers in rounds for answer in answers)
    # A machine that pauses for a second sheds some; all others get the same response.
    assert set(statuses) <= {201, 503}
    assert statuses[201] > 60 * 32
    assert {answer.status for answer in last} == {201}
    for answers in rounds:
        assert all(one.status == 503 or one.body == other.body for one, other in zip(answers, last, strict=True))
    assert len({answer.body for answer in last}) == 60
    assert await contests.counted(contest) == {f"A{number:03d}": 1 for number in range(1, 61)}


@pytest.mark.parametrize("rule", EVERY_SHAPE)
async def test_many_voters_race_in_shared_batches_and_each_has_the_quota_exactly(
    http: httpx.AsyncClient, contests: Contests, settings: Settings, rule: str
) -> None:
    contest = await contests.make(f"[[quota]]\n{rule}\n", entries=2)
    tokens = contests.tokens(contest, 8)
    # A002 is the only entry of its category, so every rule has the same limit for it.
    answers = await asyncio.gather(*(cast(http, contest, token, ["A002"]) for _ in range(8) for token in tokens))
    assert Counter(answer.status_code for answer in answers) == {201: 24, 409: 40}
    assert {refusal(answer)[1] for answer in answers if answer.status_code == 409} == {"quota_exhausted"}
    connection = await asyncpg.connect(settings.database_url)
    each = await connection.fetch("select count(*) as n from ballots where contest = $1 group by voter", contest)
    tally = await connection.fetchval("select sum(counted) from tallies where contest = $1", contest)
    await connection.close()
    assert [row["n"] for row in each] == [3] * 8
    assert tally == 24
