"""Votes in a real browser: in WeChat's and in others, with the stand-in's page of made-up people.

Screenshots go to tests/output/ for people to look at.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.acceptance.test_browser import FIVE_A_DAY, PHONE, browser, picture
from tests.conftest import Contests, Service, eventually
from tests.wechat.standin import Standin
from voting.demo.wechat.world import PAGE_APP
from voting.redis import keys
from voting.redis.connection import connected
from voting.wechat.client import sign_page

__all__ = ["browser"]
WECHAT = (
    "Mozilla/5.0 (Linux; Android 14; 23127PN0CC) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0"
    " Chrome/130.0.6723.103 Mobile Safari/537.36 XWEB/1300289 MMWEBSDK/20250201"
    " MicroMessenger/8.0.57.2800(0x28003933) WeChat/arm64 Weixin NetType/WIFI Language/zh_CN ABI/arm64"
)
# The bridge that WeChat gives its pages; it keeps what it was asked for.
BRIDGE = """
window.asked = [];
window.WeixinJSBridge = {
  invoke(name, given, answer) {
    window.asked.push([name, given]);
    answer({ err_msg: `${name}:ok`, errMsg: `${name}:ok` });
  },
  on() {},
};
"""


@pytest.fixture
async def phone(browser: Browser, wechat_service: Service, wechat_standin: Standin) -> AsyncIterator[Page]:
    """A page in WeChat's browser; an error in a script fails the test."""
    context = await browser.new_context(
        viewport=PHONE,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        base_url=wechat_service.url,
        user_agent=WECHAT,
    )
    await context.add_init_script(BRIDGE)
    page = await context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    await context.close()
    assert faults == []


async def test_a_vote_in_wechat_signs_in_and_is_cast_after_it(phone: Page, contests: Contests) -> None:
    contest = await contests.make('[voters]\nchannels = ["web", "wechat"]\n' + FIVE_A_DAY)
    await phone.goto(f"/c/{contest}/entries/A002")
    await phone.locator("button.vote").click()
    await phone.get_by_role("button", name="同意并投票").click()
    await expect(phone).to_have_title("用微信登录试试")
    await picture(phone, "wechat-picker")
    await phone.get_by_role("link", name="张三").click()
    await expect(phone.locator("#said.good")).to_have_text("已记录。 查看回执")
    await expect(phone.locator("#left")).to_have_text("4")
    assert phone.url.endswith(f"/c/{contest}/entries/A002")
    await expect(phone.locator("#sign-in")).to_be_hidden()
    await picture(phone, "wechat-voted")
    assert await contests.counted(contest) == {"A002": 1}
    # It is cast once: a reload casts nothing.
    await phone.reload()
    await expect(phone.locator("#left")).to_have_text("4")
    await phone.goto(f"/c/{contest}")
    await phone.locator("[data-entry=A003] button").click()
    await expect(phone.locator("#left")).to_have_text("3")
    assert await contests.counted(contest) == {"A002": 1, "A003": 1}


async def test_a_ballot_of_several_picks_survives_the_sign_in(phone: Page, contests: Contests) -> None:
    rules = "[ballot]\nleast = 2\nmost = 2\n[[quota]]\nballots = 1\n"
    contest = await contests.make('[voters]\nchannels = ["wechat"]\n' + rules)
    await phone.goto(f"/c/{contest}")
    for code in ("A001", "A004"):
        await phone.locator(f"[data-entry={code}] button").click()
    await phone.locator("#ballot .submit").click()
    await phone.locator("#basket .send").click()
    await phone.get_by_role("button", name="同意并投票").click()
    await phone.get_by_role("link", name="林二").click()
    await expect(phone.locator("#said.good")).to_be_visible()
    assert await contests.counted(contest) == {"A001": 1, "A004": 1}


async def test_a_snapshot_page_is_told_so_and_casts_nothing(phone: Page, contests: Contests) -> None:
    contest = await contests.make('[voters]\nchannels = ["wechat"]\n' + FIVE_A_DAY)
    await phone.goto(f"/c/{contest}")
    await phone.get_by_role("link", name="用微信登录").click()
    await phone.get_by_role("link", name="快照页").click()
    await expect(phone.locator(".notice").first).to_contain_text("微信快照页")
    await picture(phone, "wechat-snapshot")
    assert await contests.counted(contest) == {}


async def test_another_browser_votes_by_the_web_first_and_may_sign_in(
    browser: Browser, wechat_service: Service, wechat_standin: Standin, contests: Contests
) -> None:
    contest = await contests.make('[voters]\nchannels = ["web", "wechat"]\n' + FIVE_A_DAY)
    context = await browser.new_context(viewport=PHONE, locale="zh-CN", base_url=wechat_service.url)
    page = await context.new_page()
    await page.goto(f"/c/{contest}")
    assert await page.evaluate("typeof jWeixin") == "undefined"
    await expect(page.get_by_role("link", name="用微信登录")).to_be_visible()
    await page.locator("[data-entry=A001] button").click()
    await page.get_by_role("button", name="同意并投票").click()
    await expect(page.locator("#said.good")).to_have_text("已记录。 查看回执")
    await expect(page.locator("#left")).to_have_text("4")
    await context.close()


async def test_the_card_of_a_shared_link_is_signed_for_this_page(phone: Page, contests: Contests) -> None:
    contest = await contests.make('[voters]\nchannels = ["wechat"]\n' + FIVE_A_DAY)
    await phone.goto(f"/c/{contest}/entries/A001?from=singlemessage&isappinstalled=0#here")

    async def asked_thrice() -> bool:
        # Not `wait_for_function`: between its looks it evaluates text, which the page's policy forbids.
        return bool(await phone.evaluate("window.asked.length >= 3"))

    await eventually(asked_thrice)
    asked: dict[str, dict[str, Any]] = dict(await phone.evaluate("window.asked"))
    signed = asked["preVerifyJSAPI"]
    ticket = await ticket_of(contests)
    url = phone.url.split("#")[0]
    assert signed["verifySignature"] == sign_page(ticket, signed["verifyNonceStr"], int(signed["verifyTimestamp"]), url)
    card = asked["updateAppMessageShareData"]
    assert card["title"] == "作品 1 · 测试评选"
    assert card["link"] == url.partition("?")[0]
    assert asked["updateTimelineShareData"]["link"] == card["link"]


async def ticket_of(contests: Contests) -> str:
    """Returns the ticket that all processes share."""
    async with connected(contests.settings.redis_url) as redis:
        shared = await redis.values.get(keys.shared_token("ticket", PAGE_APP.id))
    assert shared
    return shared[0]
