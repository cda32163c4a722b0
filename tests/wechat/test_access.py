"""Token and ticket: once for all processes, renewed in time and after WeChat has ended them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
import pytest
from redis.asyncio import Redis

from tests.proxy import proxied
from tests.wechat.standin import Standin
from voting.demo.wechat.world import PAGE_APP
from voting.errors import WeChatBusy
from voting.outgoing import client
from voting.redis import connection, keys
from voting.redis.connection import connected
from voting.services.identity.wechat_access import MOST_TICKET_SECONDS, WeChatAccess
from voting.settings import Settings
from voting.wechat.api import Api, WeChatRefused
from voting.wechat.client import WeChat

TOKEN = "/cgi-bin/stable_token"
TICKET = "/cgi-bin/ticket/getticket"
KEYS = [keys.shared_token("token", PAGE_APP.id), keys.shared_token("ticket", PAGE_APP.id)]
LEASES = [keys.shared_token_lease("token", PAGE_APP.id), keys.shared_token_lease("ticket", PAGE_APP.id)]


@pytest.fixture
async def redis(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Redis]:
    # On a busy machine Redis answers late; a worker would then take it to be away and fetch a token of its own.
    monkeypatch.setattr(connection, "ANSWER_SECONDS", 10.0)
    async with Redis.from_url(settings.redis_url) as client:
        await client.delete(*KEYS, *LEASES)
        yield client


@asynccontextmanager
async def workers(standin: Standin, redis_url: str, count: int) -> AsyncIterator[list[WeChatAccess]]:
    """Yields the access of separate workers, each with connections of its own."""
    async with AsyncExitStack() as stack:
        made = []
        for _ in range(count):
            http = await stack.enter_async_context(client(allow_private=True, base_url=standin.url))
            ready = await stack.enter_async_context(connected(redis_url))
            made.append(WeChatAccess(WeChat(Api(http), PAGE_APP), PAGE_APP, ready.values))
        yield made


async def test_eight_workers_fetch_token_and_ticket_once(
    wechat_standin: Standin, settings: Settings, redis: Redis
) -> None:
    wechat_standin.spoil(TOKEN, "slow", seconds=0.5)
    async with workers(wechat_standin, settings.redis_url, 8) as access:
        tickets = await asyncio.gather(*(worker.ticket() for worker in access for _ in range(5)))
    assert len(set(tickets)) == 1
    assert wechat_standin.calls() == Counter({TOKEN: 1, TICKET: 1})
    assert 6800_000 < await redis.pttl(KEYS[0]) <= 6900_000
    assert await redis.pttl(KEYS[1]) <= MOST_TICKET_SECONDS * 1000
    assert await redis.exists(*LEASES) == 0


async def test_a_token_that_wechat_has_ended_is_replaced_once(
    wechat_standin: Standin, settings: Settings, redis: Redis
) -> None:
    async with workers(wechat_standin, settings.redis_url, 8) as access:
        first = await asyncio.gather(*(worker.with_token(echo) for worker in access))
        wechat_standin.end_tokens()
        used = await asyncio.gather(*(worker.with_token(asking(wechat_standin)) for worker in access))
    assert len(set(first)) == len(set(used)) == 1
    assert set(first).isdisjoint(used)
    assert wechat_standin.calls()[TOKEN] == 2


async def test_a_token_that_wechat_gives_again_although_it_refuses_it_is_forced(
    wechat_standin: Standin, settings: Settings, redis: Redis
) -> None:
    async with workers(wechat_standin, settings.redis_url, 1) as (access,):
        refused: list[str] = []

        async def once(token: str) -> str:
            if not refused:
                refused.append(token)
                raise WeChatRefused(42001)
            return token

        assert await access.with_token(once) not in refused
        with pytest.raises(WeChatRefused):
            await access.with_token(always_refused)


async def test_another_code_is_not_taken_for_an_ended_token(
    wechat_standin: Standin, settings: Settings, redis: Redis
) -> None:
    async def forbidden(_: str) -> None:
        raise WeChatRefused(48001)

    async with workers(wechat_standin, settings.redis_url, 1) as (access,):
        with pytest.raises(WeChatRefused):
            await access.with_token(forbidden)
    assert wechat_standin.calls()[TOKEN] == 1


async def test_a_failed_fetch_leaves_no_lease(wechat_standin: Standin, settings: Settings, redis: Redis) -> None:
    wechat_standin.spoil(TOKEN, "nonsense")
    async with workers(wechat_standin, settings.redis_url, 2) as (one, other):
        with pytest.raises(WeChatBusy):
            await one.with_token(echo)
        assert await asyncio.wait_for(other.with_token(echo), 1)


async def test_without_redis_each_worker_has_its_own_and_all_are_the_same(
    wechat_standin: Standin, settings: Settings, redis: Redis
) -> None:
    async with proxied(settings.redis_url) as (proxy, url):
        proxy.cut()
        async with workers(wechat_standin, url, 3) as access:
            tokens = await asyncio.gather(*(worker.with_token(echo) for worker in access))
            assert await access[0].with_token(echo) == tokens[0]
    assert len(set(tokens)) == 1
    assert wechat_standin.calls()[TOKEN] == 3


async def echo(token: str) -> str:
    return token


async def always_refused(token: str) -> str:
    raise WeChatRefused(40001)


def asking(standin: Standin) -> Callable[[str], Awaitable[str]]:
    """Returns a call that WeChat checks; its result is the token that worked."""

    async def ask(token: str) -> str:
        async with httpx.AsyncClient() as http:
            answer = await http.get(f"{standin.url}{TICKET}", params={"access_token": token, "type": "jsapi"})
        if code := answer.json()["errcode"]:
            raise WeChatRefused(code)
        return token

    return ask
