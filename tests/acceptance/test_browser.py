"""The pages in a real Chromium at the size of a phone: vote, quota, tally, board, closed window.

Screenshots go to tests/output/ for people to look at.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, ViewportSize, async_playwright, expect

from tests.conftest import ROOT, Contests, Service
from voting.domain.identity.roles import Grant
from voting.services.identity.privacy import DEFAULT_NOTICE
from voting.wiring.admin import AdminServices

PHONE: ViewportSize = {"width": 390, "height": 844}
OUTPUT = ROOT / "tests" / "output"
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
FIVE_A_DAY = """
[ballot]
most = 5
[[quota]]
picks = 5
per = "contest"
period = "day"
[[quota]]
picks = 1
per = "entry"
period = "day"
"""
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"


def chromium() -> str | None:
    """Returns the installed browser; None means playwright's own."""
    named = [
        os.environ.get("VOTING_CHROMIUM"),
        *map(shutil.which, ("chromium", "chromium-headless-shell", "google-chrome")),
    ]
    return next((path for path in [*named, MAC] if path and Path(path).exists()), None)


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium(), args=QUIET)
        yield launched
        await launched.close()


@pytest.fixture
async def phone(browser: Browser, service: Service) -> AsyncIterator[Page]:
    """A page on a phone; an error in a script fails the test."""
    context = await browser.new_context(
        viewport=PHONE, device_scale_factor=2, locale="zh-CN", timezone_id="Asia/Shanghai", base_url=service.url
    )
    page = await context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))

    def note(message: ConsoleMessage) -> None:
        # No process appends to the log here, so a ballot's proof is not there yet.
        if message.type in ("error", "warning") and "/proof/" not in message.location["url"]:
            faults.append(message.text)

    page.on("console", note)
    yield page
    await context.close()
    assert faults == []


async def picture(page: Page, name: str) -> None:
    OUTPUT.mkdir(exist_ok=True)
    await page.screenshot(path=OUTPUT / f"{name}.png")


async def test_a_voter_proves_to_be_no_script_votes_and_sees_quota_and_tally(phone: Page, contests: Contests) -> None:
    contest = await contests.make(FIVE_A_DAY, entries=30)
    await phone.goto(f"/c/{contest}")
    await expect(phone.locator("#left")).to_have_text("5")
    await expect(phone.locator("#phase")).to_have_text("进行中")
    await expect(phone.locator("#countdown")).to_have_text("9 天 23 小时")
    card = phone.locator("[data-entry=A002]")
    await card.get_by_role("button").click()
    consent = phone.get_by_role("dialog", name="投票前请阅读")
    await picture(phone, "consent")
    await consent.get_by_role("button", name="暂不投票").click()
    await expect(consent).to_be_hidden()
    assert await contests.counted(contest) == {}
    await card.get_by_role("button").click()
    await consent.get_by_role("button", name="同意并投票").click()
    await expect(phone.locator("#said.good")).to_have_text("已记录。 查看回执")
    await expect(phone.locator("#left")).to_have_text("4")
    await expect(card.locator(".picks b")).to_have_text("1")
    await expect(card.locator(".rank")).to_have_text("第 1 名")
    await expect(card.get_by_role("button")).to_be_disabled()
    await expect(card.get_by_role("button")).to_have_text("今天已投")
    await picture(phone, "voted")
    await phone.goto(f"/c/{contest}/me")
    await expect(phone.locator("#own")).to_contain_text(f"同意了说明（版本 {DEFAULT_NOTICE}）")
    await phone.goto(f"/c/{contest}")
    assert await contests.counted(contest) == {"A002": 1}
    for number in (3, 4, 5, 6):
        await phone.locator(f"[data-entry=A00{number}] button").click()
        await expect(phone.locator("#left")).to_have_text(str(6 - number))
    await expect(phone.locator("[data-entry=A007] button")).to_be_disabled()
    await phone.reload()
    await expect(phone.locator("#left")).to_have_text("0")
    await expect(phone.locator("[data-entry=A007] button")).to_be_disabled()
    await picture(phone, "quota-used")


async def test_an_entrys_own_page_search_and_english(phone: Page, contests: Contests) -> None:
    contest = await contests.make(FIVE_A_DAY, entries=30)
    await phone.goto(f"/c/{contest}")
    await phone.fill("input[name=q]", "作品 17")
    await phone.get_by_role("button", name="查找").click()
    await expect(phone.locator("[data-entry]")).to_have_count(1)
    await phone.get_by_role("link", name="作品 17").click()
    await phone.locator("button.vote").click()
    await phone.get_by_role("button", name="同意并投票").click()
    await expect(phone.locator("#said.good")).to_be_visible()
    await expect(phone.locator("#receipt code")).to_have_text(re.compile(r"^[\w-]+\.[\w-]*\.[\w-]+$"))
    await picture(phone, "entry")
    await phone.get_by_role("link", name="English").click()
    await expect(phone.locator("button.vote")).to_have_text("Voted today")
    await phone.goto(f"/c/{contest}")
    await expect(phone.locator("#phase")).to_have_text("Open")
    await phone.locator(".rules summary").click()
    await expect(phone.locator(".rules")).to_contain_text("A voter has at most 5 picks a day")
    await picture(phone, "english")


async def test_a_ballot_of_several_picks_is_put_together_and_cast(phone: Page, contests: Contests) -> None:
    contest = await contests.make("[ballot]\nleast = 2\nmost = 3\n[[quota]]\npicks = 3\n", entries=30)
    await phone.goto(f"/c/{contest}")
    submit = phone.locator("#ballot .submit")
    await expect(submit).to_be_disabled()
    await phone.locator("[data-entry=A001] button").click()
    await expect(submit).to_be_disabled()
    await phone.get_by_role("link", name="下一页").click()
    await expect(phone.locator("#ballot b")).to_have_text("1 / 2–3")
    await phone.locator("[data-entry=A024] button").click()
    await expect(phone.locator("#ballot b")).to_have_text("2 / 2–3")
    await picture(phone, "several")
    await submit.click()
    await expect(phone.locator("#basket li")).to_have_count(2)
    await picture(phone, "basket")
    await phone.locator("#basket .send").click()
    await phone.get_by_role("button", name="同意并投票").click()
    await expect(phone.locator("#said.good")).to_be_visible()
    await expect(phone.locator("#left")).to_have_text("1")
    assert await contests.counted(contest) == {"A001": 1, "A024": 1}


async def test_windows_that_are_not_open(phone: Page, contests: Contests, office: AdminServices) -> None:
    closed = await contests.make(opens=timedelta(days=-2), closes=timedelta(days=-1))
    await phone.goto(f"/c/{closed}")
    await expect(phone.locator("#phase")).to_have_text("投票已结束")
    await expect(phone.locator("[data-entry=A001] button")).to_be_disabled()
    await picture(phone, "closed")
    early = await contests.make(opens=timedelta(days=1), closes=timedelta(days=2))
    await phone.goto(f"/c/{early}")
    await expect(phone.locator("#phase")).to_have_text("尚未开始")
    await expect(phone.locator("[data-entry=A001] button")).to_be_disabled()
    await picture(phone, "not-open")
    paused = await contests.make()
    await office.contest_admin.pause(paused)
    await phone.goto(f"/c/{paused}")
    await expect(phone.locator("#phase")).to_have_text("暂停投票")


async def test_a_window_that_closes_while_the_page_is_open(phone: Page, contests: Contests) -> None:
    contest = await contests.make(closes=timedelta(seconds=6))
    await phone.goto(f"/c/{contest}")
    await expect(phone.locator("#phase")).to_have_text("进行中")
    await expect(phone.locator("#phase")).to_have_text("投票已结束", timeout=20_000)


async def test_the_board_moves_in_a_second_window(
    phone: Page, browser: Browser, service: Service, contests: Contests
) -> None:
    contest = await contests.make(FIVE_A_DAY)
    key = await contests.staff_key("organiser", contest)
    context = await browser.new_context(viewport={"width": 1200, "height": 800}, locale="zh-CN", base_url=service.url)
    board = await context.new_page()
    await board.goto(f"/board/{contest}")
    await board.get_by_text("使用工作人员密钥登录").click()
    await board.fill("#key", "vsk_wrong_key")
    await board.get_by_role("button", name="登录").click()
    await expect(board.locator("#problem")).to_contain_text("密钥有误")
    await board.fill("#key", key)
    await board.get_by_role("button", name="登录").click()
    await expect(board.locator("#link")).to_have_text("已连接")
    await phone.goto(f"/c/{contest}")
    await phone.locator("[data-entry=A009] button").click()
    await phone.get_by_role("button", name="同意并投票").click()
    first = board.locator("#rows tr").first
    await expect(first).to_have_attribute("data-entry", "A009")
    await expect(first.locator("b")).to_have_text("1")
    await expect(board.locator("#count")).to_have_text("1")
    await picture(board, "board")
    await context.close()


async def test_an_account_signs_in_sees_its_sessions_and_changes_its_password(
    browser: Browser, service: Service, contests: Contests
) -> None:
    contest, name = await contests.make(FIVE_A_DAY), f"li-{secrets.token_hex(4)}"
    async with contests.office() as office:
        password, factor = await office.staff_accounts.add(name, [Grant("organiser", contest)])
    assert factor
    codes = list(factor.recovery_codes)
    context = await browser.new_context(viewport={"width": 1200, "height": 800}, locale="zh-CN", base_url=service.url)
    page = await context.new_page()
    await page.goto("/staff/account")
    for given, code in (("wrong" * 4, "000000"), (password, codes.pop())):
        await page.fill("#name", name)
        await page.fill("#password", given)
        await page.fill("#code", code)
        await picture(page, "staff-sign-in")
        await page.get_by_role("button", name="登录").click()
        if given != password:
            await expect(page.locator("#problem")).to_contain_text("账号、密码、验证码或密钥有误")
    await expect(page.locator("main")).to_contain_text(contest)
    await picture(page, "staff")
    await page.fill("#password", password)
    await page.fill("#code", codes.pop())
    await page.fill("#new", "four words of mine")
    await page.get_by_role("button", name="修改密码").click()
    await expect(page.locator("#new")).to_have_value("", timeout=20_000)
    await page.goto("/staff")
    await page.get_by_role("link", name="实时看板").click()
    await expect(page.locator("#link")).to_have_text("已连接")
    await page.locator("#sign-out").click()
    await expect(page.locator("#sign-in")).to_be_visible()
    await context.close()


async def test_chinese_glyphs_are_drawn(phone: Page) -> None:
    """A missing glyph is drawn as the same box for every character, so different characters must look different."""
    await phone.set_content(
        "<p style='font-size:60px'><span id=a>票</span><span id=b>评</span><span id=c>选</span></p>"
    )
    shots = {await phone.locator(f"#{name}").screenshot() for name in "abc"}
    assert len(shots) == 3, "no Chinese font: as root, apt-get install fonts-wqy-microhei"


async def test_without_scripts_the_entries_can_be_read(browser: Browser, service: Service, contests: Contests) -> None:
    contest = await contests.make(entries=30)
    context = await browser.new_context(viewport=PHONE, java_script_enabled=False, locale="zh-CN", base_url=service.url)
    page = await context.new_page()
    await page.goto(f"/c/{contest}")
    await expect(page.locator("[data-entry]")).to_have_count(20)
    await page.get_by_role("link", name="下一页").click()
    await expect(page.locator("[data-entry]")).to_have_count(10)
    assert "投票需要启用 JavaScript" in await page.content()
    await context.close()


async def test_an_error_is_a_page_for_people(browser: Browser, service: Service) -> None:
    page = await browser.new_page(viewport=PHONE, locale="zh-CN", base_url=service.url)
    answer = await page.goto("/c/none")
    assert answer is not None
    assert answer.status == 404
    await expect(page.locator("main")).to_contain_text("没有这个评选活动。")
    await page.close()


async def test_nothing_is_loaded_from_elsewhere(phone: Page, contests: Contests, service: Service) -> None:
    contest = await contests.make(FIVE_A_DAY)
    asked: list[str] = []
    phone.on("request", lambda request: asked.append(request.url))
    await phone.goto(f"/c/{contest}")
    await phone.locator("[data-entry=A001] button").click()
    await phone.get_by_role("button", name="同意并投票").click()
    await expect(phone.locator("#said.good")).to_be_visible()
    assert [url for url in asked if not url.startswith((service.url, "data:"))] == []
