"""voting_view_drift: what was wrong in Redis is told, and gone a round later."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from redis.asyncio import Redis

from tests.conftest import Contests, cast, environment_of, eventually, serving
from voting.redis import keys
from voting.settings import Settings
from voting.wiring import Office


@pytest.fixture
async def redis(settings: Settings) -> AsyncIterator[Redis]:
    client = Redis.from_url(settings.redis_url)
    yield client
    await client.aclose()


async def drift(client: httpx.AsyncClient) -> float:
    found = re.findall(r"^voting_view_drift(?:{[^}]*})? (\S+)$", (await client.get("/metrics")).text, re.M)
    assert found, "there is no such metric"
    return max(map(float, found))


async def test_a_drift_is_shown_and_mended(
    settings: Settings, contests: Contests, office: Office, redis: Redis
) -> None:
    contest = await contests.make("[ballot]\nmost = 2\n[[quota]]\npicks = 5\n")
    key = keys.tally((await office.catalogue.get(contest)).uid)
    with serving(environment_of(settings), "--workers", "1") as (url, _):
        async with httpx.AsyncClient(base_url=url, timeout=30) as client:
            for token in contests.tokens(contest, 3):
                assert (await cast(client, contest, token, ["A001", "A002"])).status_code == 201

            async def mirrored() -> bool:
                return (await redis.hget(key, "A001")) == b"3 3 0 3" and await drift(client) == 0

            await eventually(mirrored, 15)
            # Six picks that nobody made, and an entry that is lost.
            await redis.hset(key, "A001", "9 9 0 9")
            await redis.hdel(key, "A002")

            async def told() -> bool:
                return await drift(client) == 2

            await eventually(told, 15)
            await eventually(mirrored, 15)
            assert await redis.hget(key, "A002") == b"3 3 0 3"
