"""WeChat is down, slow or answers nonsense: signed-in voters vote on, others read a clear page, nothing hangs."""

from __future__ import annotations

import asyncio
import time
from typing import Literal

import httpx
import pytest

from tests.conftest import Contests, cast, environment_of, free_port, serving
from tests.proxy import Proxy, proxied
from tests.wechat.standin import Standin
from tests.wechat.test_sign_in import HTML, LOGIN, PAGES, QUOTA, agree, begin, sign_in
from voting.demo.wechat.process import settings_of
from voting.settings import Settings

SLOWEST_SECONDS = 7.0
BACK_SECONDS = 5.0
Outage = Literal["down", "slow", "nonsense"]


@pytest.mark.parametrize("seconds", [15, pytest.param(60, marks=pytest.mark.campaign)])
@pytest.mark.parametrize(
    "outage",
    ["down", *(pytest.param(each, marks=pytest.mark.campaign) for each in ("slow", "nonsense"))],
)
async def test_an_outage(
    settings: Settings, wechat_standin: Standin, contests: Contests, outage: Outage, seconds: int
) -> None:
    contest = await contests.make(PAGES + QUOTA.replace("2", "1000"))
    port = free_port()
    async with proxied(wechat_standin.url) as (proxy, api):
        wechat = settings_of(wechat_standin.url, f"http://127.0.0.1:{port}") | {"VOTING_WECHAT_API": api}
        environment = environment_of(settings) | wechat
        with serving(environment, "--workers", "2", port=port) as (url, _):
            async with httpx.AsyncClient(base_url=url, timeout=30) as known:
                assert (await sign_in(known, contest, 1)).status_code == 303
                begin_outage(outage, proxy, wechat_standin)
                until = time.monotonic() + seconds
                await asyncio.gather(
                    vote_until(until, known, contest),
                    *(try_until(until, url, contest, 10 + number) for number in range(4)),
                )
                end_outage(proxy, wechat_standin)
                await signed_in_soon(url, contest)


def begin_outage(outage: Outage, proxy: Proxy, standin: Standin) -> None:
    if outage == "down":
        proxy.cut()
    elif outage == "slow":
        proxy.hang()
    else:
        standin.spoil(LOGIN, "nonsense", times=1_000_000)


def end_outage(proxy: Proxy, standin: Standin) -> None:
    proxy.heal()
    standin.reset()


async def vote_until(until: float, browser: httpx.AsyncClient, contest: str) -> None:
    """Votes with a credential; no ballot is refused or late."""
    while time.monotonic() < until:
        begun = time.monotonic()
        assert (await cast(browser, contest, None, ["A001"])).status_code == 201
        assert time.monotonic() - begun < 2
        await asyncio.sleep(0.1)


async def try_until(until: float, url: str, contest: str, person: int) -> None:
    """Signs in again and again; every answer is the page that says so, in time."""
    while time.monotonic() < until:
        async with httpx.AsyncClient(base_url=url, timeout=30) as browser:
            back = await agree(await begin(browser, contest), person)
            begun = time.monotonic()
            answer = await browser.get(back, headers=HTML)
            assert time.monotonic() - begun < SLOWEST_SECONDS
            assert answer.status_code == 503
            assert "微信登录繁忙" in answer.text
        await asyncio.sleep(0.1)


async def signed_in_soon(url: str, contest: str) -> None:
    """Signs in within five seconds; from then on on both workers."""

    async def status() -> int:
        async with httpx.AsyncClient(base_url=url, timeout=30) as browser:
            return (await sign_in(browser, contest, 50)).status_code

    until = time.monotonic() + BACK_SECONDS
    while await status() != 303:
        assert time.monotonic() < until
    await asyncio.sleep(until - time.monotonic())
    assert [await status() for _ in range(10)] == [303] * 10
