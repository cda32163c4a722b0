"""PostgreSQL and Redis cut off or hanging, and responses lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from tests.conftest import Contests, cast, environment_of, eventually, refusal, serving
from tests.proxy import Proxy, proxied
from voting.settings import Settings

# Sent by the statement that stores a batch, and by no other: the quota that a voter has left.
STORED = b'"limits"'


@asynccontextmanager
async def faulty(settings: Settings) -> AsyncIterator[tuple[Proxy, Proxy, httpx.AsyncClient]]:
    """A service with a proxy in front of PostgreSQL and one in front of Redis."""
    async with proxied(settings.database_url) as (postgres, database), proxied(settings.redis_url) as (redis, view):
        environment = environment_of(settings) | {"DATABASE_URL": database, "REDIS_URL": view}
        manager = serving(environment, "--workers", "1")
        url, _ = await asyncio.to_thread(manager.__enter__)
        try:
            async with httpx.AsyncClient(base_url=url, timeout=30) as client:
                yield postgres, redis, client
        finally:
            await asyncio.to_thread(manager.__exit__, None, None, None)


@pytest.fixture(scope="module")
async def parts(settings: Settings) -> AsyncIterator[tuple[Proxy, Proxy, httpx.AsyncClient]]:
    async with faulty(settings) as ready:
        yield ready


async def test_try_again_while_postgresql_is_away_and_201_after(
    parts: tuple[Proxy, Proxy, httpx.AsyncClient], contests: Contests
) -> None:
    postgres, _, client = parts
    contest = await contests.make()
    (token,) = contests.tokens(contest, 1)
    assert (await cast(client, contest, token, ["A001"])).status_code == 201
    postgres.cut()
    begun = time.monotonic()
    answer = await cast(client, contest, token, ["A002"], "k")
    assert refusal(answer) == (503, "try_again")
    assert int(answer.headers["retry-after"]) >= 1
    assert time.monotonic() - begun < 15
    assert (await client.get(f"/api/v1/contests/{contest}")).status_code == 200, "what is known can still be read"
    assert (await client.get("/health/live")).status_code == 200

    async def told() -> bool:
        return (await client.get("/health/deps")).status_code == 503

    await eventually(told)
    assert (await client.get("/health/ready")).status_code == 200, "a failover takes nothing out of the load balancer"
    postgres.heal()

    async def taken() -> bool:
        return (await cast(client, contest, token, ["A002"], "k")).status_code == 201

    await eventually(taken)
    assert await contests.counted(contest) == {"A001": 1, "A002": 1}


async def test_an_answer_lost_after_the_commit_is_found_again(
    parts: tuple[Proxy, Proxy, httpx.AsyncClient], contests: Contests
) -> None:
    """The outcome is unknown to the service: it looks the key up before it answers."""
    postgres, _, client = parts
    contest = await contests.make()
    (token,) = contests.tokens(contest, 1)
    postgres.eat_after = STORED
    answer = await cast(client, contest, token, ["A001"], "k")
    assert postgres.eaten == 1
    assert answer.status_code == 201
    assert await contests.counted(contest) == {"A001": 1}
    assert (await cast(client, contest, token, ["A001"], "k")).content == answer.content


async def test_a_whole_batch_whose_commit_was_not_answered_is_found_again(
    parts: tuple[Proxy, Proxy, httpx.AsyncClient], contests: Contests
) -> None:
    postgres, _, client = parts
    contest = await contests.make()
    tokens = contests.tokens(contest, 30)
    await asyncio.gather(*(client.get(f"/api/v1/contests/{contest}") for _ in tokens))
    postgres.eat_after = STORED
    answers = await asyncio.gather(*(cast(client, contest, token, ["A001"], "k") for token in tokens))
    assert postgres.eaten == 2
    assert {answer.status_code for answer in answers} == {201}
    assert await contests.counted(contest) == {"A001": 30}
    again = await asyncio.gather(*(cast(client, contest, token, ["A001"], "k") for token in tokens))
    assert [answer.content for answer in again] == [answer.content for answer in answers]


async def test_a_hanging_postgresql_is_answered_within_the_deadline(
    parts: tuple[Proxy, Proxy, httpx.AsyncClient], contests: Contests
) -> None:
    postgres, _, client = parts
    contest = await contests.make()
    (token,) = contests.tokens(contest, 1)
    await client.get(f"/api/v1/contests/{contest}")
    postgres.hang()
    try:
        begun = time.monotonic()
        answer = await cast(client, contest, token, ["A001"], "k")
        assert refusal(answer) == (503, "try_again")
        assert time.monotonic() - begun < 12
    finally:
        postgres.heal()

    async def taken() -> bool:
        return (await cast(client, contest, token, ["A001"], "k")).status_code == 201

    await eventually(taken)
    assert await contests.counted(contest) == {"A001": 1}


@pytest.mark.parametrize("fault", ["cut", "hang"])
async def test_without_redis_ballots_and_tallies_go_on(
    parts: tuple[Proxy, Proxy, httpx.AsyncClient], contests: Contests, fault: str
) -> None:
    _, redis, client = parts
    contest = await contests.make()
    tokens = contests.tokens(contest, 4)
    for token in tokens[:2]:
        assert (await cast(client, contest, token, ["A001"])).status_code == 201
    getattr(redis, fault)()
    try:
        for token in tokens[2:]:
            assert (await cast(client, contest, token, ["A001"])).status_code == 201

        async def shown() -> bool:
            rows = (await client.get(f"/api/v1/contests/{contest}/tallies")).json()["tallies"]
            return bool(rows[0] == {"entry": "A001", "picks": 4, "rank": 1})

        await eventually(shown)

        async def told() -> bool:
            content = (await client.get("/health/deps")).json()
            del content["log"]  # No sequencer runs here, so ballots wait for their log.
            return bool(content == {"status": "ok", "postgres": "ok", "redis": "away"})

        await eventually(told)
    finally:
        redis.heal()
    await eventually(lambda: _redis_is_back(client))
    await eventually(shown)


async def _redis_is_back(client: httpx.AsyncClient) -> bool:
    return bool((await client.get("/health/deps")).json()["redis"] == "ok")
