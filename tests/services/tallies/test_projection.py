"""Redis follows PostgreSQL after any fault, and is never above it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest
from redis.asyncio import Redis

from tests.conftest import Contests, cast, eventually
from voting.domain.results.scoring import Tally
from voting.postgres import tallies
from voting.redis import keys
from voting.redis.connection import connected
from voting.redis.tallies import TallyView
from voting.services.background import repeat
from voting.services.contests.contest_cache import ContestCache
from voting.services.tallies.projection import TallyProjection
from voting.settings import Settings
from voting.wiring.admin import AdminServices


@pytest.fixture
async def view(settings: Settings) -> AsyncIterator[TallyView]:
    async with connected(settings.redis_url) as ready:
        yield ready.view


@pytest.fixture
async def redis(settings: Settings) -> AsyncIterator[Redis]:
    client = Redis.from_url(settings.redis_url)
    yield client
    await client.aclose()


async def voted(http: httpx.AsyncClient, contests: Contests, office: AdminServices) -> tuple[str, ContestCache]:
    contest = await contests.make()
    for token in contests.tokens(contest, 3):
        assert (await cast(http, contest, token, ["A001"])).status_code == 201
    return contest, office.contest_cache


async def test_an_older_tally_never_replaces_a_newer(
    view: TallyView, contests: Contests, office: AdminServices
) -> None:
    uid = (await office.contest_cache.get(await contests.make())).uid
    await view.write(uid, {"A": Tally(5, 0, 5, 9)}, "complete")
    await view.write(uid, {"A": Tally(3, 0, 3, 4), "B": Tally(1, 0, 1, 1)})
    assert await view.read(uid) == {"A": Tally(5, 0, 5, 9), "B": Tally(1, 0, 1, 1)}
    await view.write(uid, {"B": Tally(1, 0, 1, 1)}, "replace")
    assert await view.read(uid) == {"B": Tally(1, 0, 1, 1)}


async def test_a_part_is_not_taken_for_the_whole(view: TallyView) -> None:
    # Of a contest that no service knows and writes the view of.
    uid = uuid4()
    assert await view.read(uid) is None
    await view.write(uid, {"A": Tally(1, 0, 1, 1)})
    assert await view.read(uid) is None


async def test_flushed_lost_and_forged_views_are_mended_within_five_seconds(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices, redis: Redis
) -> None:
    contest, contest_cache = await voted(http, contests, office)
    key = keys.tally((await contest_cache.get(contest)).uid)

    async def shows_three() -> bool:
        rows = (await http.get(f"/api/v1/contests/{contest}/tallies")).json()["tallies"]
        return bool(rows[0] == {"entry": "A001", "picks": 3, "rank": 1})

    async def redis_holds_three() -> bool:
        if await redis.type(key) != b"hash":
            return False
        return (await redis.hget(key, "A001")) == b"3 3 0 3" and await redis.hexists(key, keys.COMPLETE)

    await eventually(shows_three)
    await eventually(redis_holds_three)
    await redis.delete(key)
    assert await shows_three(), "with nothing in Redis, PostgreSQL answers"
    await eventually(redis_holds_three)
    await redis.hset(key, "A001", "999999 999999 0 999999")
    await eventually(redis_holds_three)
    await eventually(shows_three)
    await redis.hset(key, "A001", "3 9 0 9")  # of the right version
    await eventually(redis_holds_three)
    await eventually(shows_three)
    await redis.hset(key, "A001", "garbage")
    await eventually(shows_three)
    await eventually(redis_holds_three)
    await redis.delete(key)
    await redis.set(key, "of another type")
    await eventually(shows_three)
    await eventually(redis_holds_three)
    await redis.hset(key, "A777", "1 5 0 5")
    await eventually(lambda: _missing(redis, key, "A777"))


async def _missing(redis: Redis, key: str, entry: str) -> bool:
    return not await redis.hexists(key, entry)


async def test_the_tally_equals_the_recount(http: httpx.AsyncClient, contests: Contests, office: AdminServices) -> None:
    contest, _ = await voted(http, contests, office)
    async with office.database.connection() as connection:
        tally = await tallies.select(connection, contest)
        recount = await tallies.recount(connection, contest)
    assert {entry: (each.raw, each.held, each.counted) for entry, each in tally.items()} == {
        entry: (each.raw, each.held, each.counted) for entry, each in recount.items()
    }


async def test_reconciling_without_redis_raises_nothing_but_try_again(
    settings: Settings, contests: Contests, office: AdminServices
) -> None:
    contest = await contests.make()
    await office.contest_cache.get(contest)
    async with connected("redis://127.0.0.1:1/0") as away:
        await TallyProjection(office.database, away.view, office.contest_cache).reconcile_current()


async def test_work_whose_cancellation_is_swallowed_ends_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behaves like asyncio.wait_for of Python 3.11 when its result arrives together with a cancellation."""
    begun = asyncio.Event()

    async def swallowing() -> None:
        begun.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(60)

    work = asyncio.create_task(repeat(swallowing, 60))
    await begun.wait()
    work.cancel()
    await asyncio.wait_for(work, 5)
