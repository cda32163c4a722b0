"""Sign-in on the voter's page, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.async_api import Browser, expect

from tests.acceptance.test_browser import PHONE, browser
from tests.conftest import Contests, environment_of, free_port, serving
from tests.gateway import Gateway
from tests.oidc_provider import CLIENT, CLIENT_SECRET, independent_provider
from voting.settings import Settings

__all__ = ["browser"]


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with Gateway.running() as running:
        yield running


@pytest.fixture(scope="module")
def url(settings: Settings, gateway: Gateway) -> Iterator[str]:
    with serving(environment_of(settings) | gateway.settings, "--workers", "2") as (url, _):
        yield url


async def test_a_voter_signs_in_with_a_code_and_votes(
    browser: Browser, url: str, contests: Contests, gateway: Gateway
) -> None:
    contest = await contests.make('[voters]\nchannels = ["phone"]\n[[quota]]\npicks = 2\nper = "contest"\n')
    context = await browser.new_context(viewport=PHONE, locale="zh-CN", base_url=url)
    page = await context.new_page()
    await page.goto(f"/c/{contest}")
    await page.locator("[data-entry=A001] button.vote").click()
    await page.get_by_role("button", name="同意并投票").click()
    await expect(page.locator("#said")).to_have_text("请先登录，再投票。")
    await page.fill("#phone [name=phone]", "110")
    await page.click("#phone button[type=button]")
    await expect(page.locator("#said")).to_have_text("这不是有效的手机号。")
    await page.fill("#phone [name=phone]", "138 1234 5678")
    await page.click("#phone button[type=button]")
    await expect(page.locator("#said")).to_contain_text("验证码已发送")
    await page.fill("#phone [name=code]", "000000" if gateway.code("+8613812345678") != "000000" else "111111")
    await page.click("#phone button:not([type])")
    await expect(page.locator("#said")).to_contain_text("验证码错误")
    await page.fill("#phone [name=code]", gateway.code("+8613812345678"))
    await page.click("#phone button:not([type])")
    await expect(page.locator("#sign-in")).to_be_hidden()
    await page.locator("[data-entry=A001] button.vote").click()
    await expect(page.locator("#left")).to_have_text("1")
    assert await contests.counted(contest) == {"A001": 1}
    await context.close()


async def test_a_voter_who_is_asked_confirms_on_the_page(
    browser: Browser, url: str, contests: Contests, gateway: Gateway
) -> None:
    rules = '[voters]\nchannels = ["web"]\n[verification]\nshare = 1.0\nby = ["phone"]\n[[quota]]\npicks = 3\n'
    contest = await contests.make(rules)
    context = await browser.new_context(viewport=PHONE, locale="zh-CN", base_url=url)
    page = await context.new_page()
    await page.goto(f"/c/{contest}")
    await expect(page.locator("#confirm")).to_be_hidden()
    await page.locator("[data-entry=A001] button.vote").click()
    await page.get_by_role("button", name="同意并投票").click()
    await expect(page.locator("#left")).to_have_text("2")
    await expect(page.locator("#confirm")).to_be_visible()
    await expect(page.locator("#confirm .own-code")).to_have_text(re.compile("[A-Z2-7]{8}"))
    await expect(page.locator("#confirm .which")).to_have_text(re.compile(r"^这张选票投于 \d+月\d+日 \d+:\d\d。$"))
    await expect(page.locator("#confirm .denial button")).to_be_hidden()
    await page.click("#confirm .denial summary")
    await expect(page.locator("#confirm .denial button")).to_be_visible()
    # Not now: it stays away, and is found among the own data.
    await page.click("#confirm .later")
    await page.reload()
    await expect(page.locator("#left")).to_have_text("2")
    await expect(page.locator("#confirm")).to_be_hidden()
    await page.goto(f"/c/{contest}/me")
    await page.click("#confirmation a")
    await page.fill("#confirm [name=phone]", "138 8765 4321")
    await page.click("#confirm-phone button[type=button]")
    await expect(page.locator("#said")).to_contain_text("验证码已发送")
    await page.fill("#confirm [name=code]", gateway.code("+8613887654321"))
    await page.click("#confirm-phone button:not([type])")
    await expect(page.locator("#said")).to_contain_text("已确认")
    await expect(page.locator("#confirm")).to_be_hidden()
    await page.goto(f"/c/{contest}/me")
    await expect(page.locator("#confirmation")).to_have_text(re.compile("已确认"))
    await context.close()


async def test_a_voter_signs_in_with_the_organisations_login_and_votes(
    browser: Browser, settings: Settings, contests: Contests
) -> None:
    contest = await contests.make('[voters]\nchannels = ["oidc"]\n[[quota]]\npicks = 2\nper = "contest"\n')
    port = free_port()
    with independent_provider({"sub": "staff-7"}) as issuer:
        environment = environment_of(settings) | {
            "VOTING_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "VOTING_OIDC_ISSUER": issuer,
            "VOTING_OIDC_CLIENT_ID": CLIENT,
            "VOTING_OIDC_CLIENT_SECRET": CLIENT_SECRET,
            "VOTING_PRIVATE_PROVIDERS": "on",
        }
        with serving(environment, "--workers", "2", port=port) as (url, _):
            context = await browser.new_context(viewport=PHONE, locale="zh-CN", base_url=url)
            page = await context.new_page()
            await page.goto(f"/c/{contest}/entries/A001")
            await page.get_by_role("link", name="用单位账号登录").click()
            await page.get_by_role("button", name="staff-7").first.click()
            await expect(page).to_have_url(f"{url}/c/{contest}/entries/A001")
            await page.locator("[data-entry=A001] button.vote").click()
            await page.get_by_role("button", name="同意并投票").click()
            await expect(page.locator("#left")).to_have_text("1")
            assert await contests.counted(contest) == {"A001": 1}
            # What is stored of the voter, and its erasure.
            await page.get_by_role("link", name="我的数据").click()
            await expect(page.locator("#own")).to_contain_text("单位账号登录")
            await page.get_by_text("删除我的数据…").click()
            await page.get_by_role("button", name="确定删除").click()
            await expect(page.locator("main")).to_contain_text("已收到您的删除要求")
            assert await contests.counted(contest) == {"A001": 1}
            await context.close()
