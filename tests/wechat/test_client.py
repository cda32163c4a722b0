"""Our client against the stand-in and through faults: shapes, codes, retries, the breaker, and silent logs."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator

import pytest

from tests.proxy import Proxy, proxied
from tests.wechat.standin import Standin
from voting.demo.wechat.world import MINI_PROGRAM_APP, PAGE_APP, PEOPLE
from voting.errors import WeChatBusy
from voting.outgoing import TOTAL_SECONDS, client
from voting.wechat.api import Api, WeChatRefused
from voting.wechat.breaker import FAILURES, PAUSE_SECONDS
from voting.wechat.client import App, WeChat

LOGIN = "/sns/oauth2/access_token"


@pytest.fixture
async def api(wechat_standin: Standin) -> AsyncIterator[Api]:
    async with client(allow_private=True, base_url=wechat_standin.url) as http:
        yield Api(http)


@pytest.fixture
def page(api: Api) -> WeChat:
    return WeChat(api, PAGE_APP)


async def code_of(wechat: WeChat, code: str) -> int:
    """Returns the error code of a page's sign-in."""
    with pytest.raises(WeChatRefused) as refusal:
        await wechat.page_user(code)
    return refusal.value.code


async def test_a_page_signs_in(page: WeChat, wechat_standin: Standin) -> None:
    silent = await page.page_user(wechat_standin.page_code(2))
    assert (silent.openid, silent.unionid) == (PEOPLE[2].openid(PAGE_APP.id), "")
    agreed = await page.page_user(wechat_standin.page_code(2, "snsapi_userinfo"))
    assert (agreed.openid, agreed.unionid, agreed.is_snapshotuser) == (silent.openid, PEOPLE[2].unionid, 0)
    assert (await page.user_info(agreed)).unionid == PEOPLE[2].unionid
    snapshot = await page.page_user(wechat_standin.page_code(2, "snsapi_userinfo", snapshot="1"))
    assert snapshot.is_snapshotuser == 1
    assert snapshot.openid != silent.openid


async def test_a_mini_program_signs_in_and_tells_number_and_risk(api: Api, wechat_standin: Standin) -> None:
    mini = WeChat(api, MINI_PROGRAM_APP)
    user = await mini.mini_program_user(wechat_standin.mini_program_code(8))
    assert (user.openid, user.unionid) == (PEOPLE[8].openid(MINI_PROGRAM_APP.id), PEOPLE[8].unionid)
    token = (await mini.access_token(force=False)).access_token
    assert await mini.risk_rank(token, user.openid, "203.0.113.5") == 3
    assert await mini.phone_number(token, wechat_standin.mini_program_code(8, "phone")) == f"+86{PEOPLE[8].phone}"


async def test_each_code_of_a_sign_in(api: Api, page: WeChat, wechat_standin: Standin) -> None:
    code = wechat_standin.page_code()
    await page.page_user(code)
    late = wechat_standin.page_code()
    wechat_standin.advance(301)
    assert [await code_of(page, text) for text in (code, late, "unknown", "")] == [40163, 42003, 40029, 41008]
    code = wechat_standin.page_code()
    assert await code_of(WeChat(api, App(PAGE_APP.id, "wrong")), code) == 40125
    assert await code_of(WeChat(api, App("wx1", "wrong")), code) == 40013
    for number in (45009, 45011, 48001):
        wechat_standin.spoil(LOGIN, "code", code=number)
        assert await code_of(page, code) == number
    # None of these used the code.
    assert (await page.page_user(code)).openid


async def test_a_busy_system_is_asked_three_times(page: WeChat, wechat_standin: Standin) -> None:
    code = wechat_standin.page_code()
    wechat_standin.spoil(LOGIN, "code", code=-1, times=2)
    assert (await page.page_user(code)).openid
    wechat_standin.spoil(LOGIN, "code", code=-1, times=3)
    with pytest.raises(WeChatBusy):
        await page.page_user(wechat_standin.page_code())
    assert wechat_standin.calls()[LOGIN] == 6


@pytest.mark.parametrize("kind", ["nonsense", "torn"])
async def test_an_answer_that_is_none(page: WeChat, wechat_standin: Standin, kind: str) -> None:
    wechat_standin.spoil(LOGIN, kind)
    with pytest.raises(WeChatBusy):
        await page.page_user(wechat_standin.page_code())
    assert (await page.page_user(wechat_standin.page_code())).openid


async def test_a_slow_call_ends_in_time(page: WeChat, wechat_standin: Standin) -> None:
    wechat_standin.spoil(LOGIN, "slow", seconds=8)
    begun = time.monotonic()
    with pytest.raises(WeChatBusy):
        await page.page_user(wechat_standin.page_code())
    assert TOTAL_SECONDS <= time.monotonic() - begun < TOTAL_SECONDS + 1


async def test_during_an_outage_calls_fail_at_once_and_soon_after_it_they_work(wechat_standin: Standin) -> None:
    async with proxied(wechat_standin.url) as (proxy, url), client(allow_private=True, base_url=url) as http:
        page = WeChat(Api(http), PAGE_APP)
        await fail_together(page, proxy)
        begun = time.monotonic()
        with pytest.raises(WeChatBusy):
            await page.page_user("x")
        assert time.monotonic() - begun < TOTAL_SECONDS / 2, "it did not ask"
        # One call tries again, and hangs; it does not delay the next.
        await asyncio.sleep(PAUSE_SECONDS)
        hanging = asyncio.create_task(page.page_user("x"))
        await asyncio.sleep(0.1)
        proxy.heal()
        healed = time.monotonic()
        code = wechat_standin.page_code()
        while True:
            try:
                assert (await page.page_user(code)).openid
                break
            except WeChatBusy:
                await asyncio.sleep(0.05)
        assert time.monotonic() - healed < PAUSE_SECONDS + 1
        await asyncio.gather(hanging, return_exceptions=True)


async def fail_together(page: WeChat, proxy: Proxy) -> None:
    proxy.hang()
    failures = await asyncio.gather(*(page.page_user("x") for _ in range(FAILURES)), return_exceptions=True)
    assert all(isinstance(failure, WeChatBusy) for failure in failures)


async def test_no_log_has_a_secret_a_code_or_a_token(
    page: WeChat, wechat_standin: Standin, caplog: pytest.LogCaptureFixture
) -> None:
    code = wechat_standin.page_code()
    # Everything, as an operator may turn on.
    for name in ("", "httpx", "httpcore"):
        caplog.set_level(logging.DEBUG, logger=name)
    token = (await page.access_token(force=False)).access_token
    user = await page.page_user(code)
    await page.ticket(token)
    await code_of(page, code)
    wechat_standin.spoil(LOGIN, "nonsense")
    with pytest.raises(WeChatBusy):
        await page.page_user(code)
    lines = [logging.Formatter().format(record) for record in caplog.records]
    assert any(f"answered {LOGIN} with error code 40163, rid " in line for line in lines)
    assert any("HTTP Request: GET" in line and LOGIN in line for line in lines)
    for secret in (PAGE_APP.secret, code, token, user.access_token):
        assert not [line for line in lines if secret in line]
    assert PAGE_APP.secret not in repr(PAGE_APP)
