"""voting_view_drift and voting_view_mended: errors in Redis are reported, and corrected a round later."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from redis.asyncio import Redis

from tests.conftest import Contests, cast, environment_of, eventually, serving
from voting.redis import keys
from voting.settings import Settings
from voting.wiring.admin import AdminServices


@pytest.fixture
async def redis(settings: Settings) -> AsyncIterator[Redis]:
    client = Redis.from_url(settings.redis_url)
    yield client
    await client.aclose()


async def metric(client: httpx.AsyncClient, name: str) -> float:
    found = re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", (await client.get("/metrics")).text, re.M)
    assert found, "there is no such metric"
    return max(map(float, found))


async def test_a_drift_is_shown_and_mended(
    settings: Settings, contests: Contests, office: AdminServices, redis: Redis
) -> None:
    contest = await contests.make("[ballot]\nmost = 2\n[[quota]]\npicks = 5\n")
    key = keys.tally((await office.contest_cache.get(contest)).uid)
    with serving(environment_of(settings), "--workers", "1") as (url, _):
        async with httpx.AsyncClient(base_url=url, timeout=30) as client:
            for token in contests.tokens(contest, 3):
                assert (await cast(client, contest, token, ["A001", "A002"])).status_code == 201

            async def mirrored() -> bool:
                right = await redis.hmget(key, "A001", "A002") == [b"3 3 0 3"] * 2
                return right and await metric(client, "voting_view_drift") == 0

            await eventually(mirrored)
            before = await metric(client, "voting_view_mended_total")

            async def told() -> bool:
                # Forge six picks and delete an entry repeatedly, because the other server of these tests also corrects
                # the view, and then this one has nothing to report.
                async with redis.pipeline() as both:
                    both.hset(key, "A001", "9 9 0 9")
                    both.hdel(key, "A002")
                    await both.execute()
                return await metric(client, "voting_view_drift") == 2

            await eventually(told)
            assert await metric(client, "voting_view_mended_total") >= before + 2
            await eventually(mirrored)
