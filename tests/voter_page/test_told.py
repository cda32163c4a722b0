"""The page's messages while a ballot is in progress, in Chromium: each state with its words, at both sizes.

Screenshots go to tests/output/ for people to look at.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from playwright.async_api import Browser, Page, Route, ViewportSize, expect

from tests.acceptance.test_browser import FIVE_A_DAY, PHONE, browser, picture
from tests.conftest import Contests, Service
from tests.voter_page.browsers import NO_STORAGE, enter
from tests.voter_page.faulty_proxy import Fault, FaultyProxy
from voting.web.auth import voter_cookie_name

__all__ = ["browser"]
DESK: ViewportSize = {"width": 1280, "height": 800}
LOST: list[Fault] = ["lost_after"] * 9
CANNOT_TELL = {
    "zh": ("再试一次", "暂时无法确认是否已记录，再次提交不会重复计票。"),
    "en": ("Try again", "We can't tell yet whether it was recorded. Trying again cannot count twice."),
}
TOLD: list[tuple[str, list[Fault], dict[str, tuple[str, str]]]] = [
    ("sending", ["held"], {"zh": ("正在提交…", ""), "en": ("Sending…", "")}),
    (
        "busy",
        ["busy"],
        {
            "zh": ("{} 秒后自动重试", "当前投票人数较多，系统将自动重试，不会重复计票。"),
            "en": ("Retrying in {} s", "Many people are voting. We will retry automatically; it cannot count twice."),
        },
    ),
    (
        "too_fast",
        ["slow"],
        {
            "zh": ("{} 秒后可再投", "操作过快，这一票尚未记录。"),
            "en": ("Try in {} s", "Too fast; this vote has not been recorded."),
        },
    ),
    (
        "waiting",
        ["lost_after", "slow"],
        {
            "zh": ("{} 秒后自动重试", "暂时无法确认是否已记录，系统将自动重试，不会重复计票。"),
            "en": (
                "Retrying in {} s",
                "We can't tell yet whether it was recorded. We will retry automatically; it cannot count twice.",
            ),
        },
    ),
    ("unknown", LOST, CANNOT_TELL),
]


class Voter:
    """A page with a contest's list, behind a proxy that spoils responses."""

    def __init__(self, contests: Contests, contest: str, proxy: FaultyProxy, page: Page) -> None:
        self.contests = contests
        self.contest = contest
        self.proxy = proxy
        self.page = page
        self.button = page.locator("[data-entry=A001] button.vote")
        self.line = page.locator("[data-entry=A001] .told")

    async def press(self, *faults: Fault) -> None:
        """Presses the first entry's button; its ballots get the faults."""
        self.proxy.faults.clear()
        self.proxy.faults.extend(faults)
        # The page's clock is not the service's, which holds ballots that come before anybody could have read.
        await self.has_own()
        await asyncio.sleep(0.5)
        await self.button.click()

    async def has_own(self) -> None:
        """Waits until the page has the voter's own part."""
        await expect(self.page.locator("#left").first).not_to_have_text("—")

    async def run_until(self, told: str) -> None:
        """Runs the page's clock until the button is in a state."""
        while await self.button.get_attribute("data-told") != told:
            await self.page.clock.run_for(200)

    async def counted(self) -> dict[str, int]:
        """Returns the counts in the database."""
        await self.proxy.settle()
        return await self.contests.counted(self.contest)


@pytest.fixture
async def voter(service: Service, contests: Contests, browser: Browser) -> AsyncIterator[Voter]:
    """A voter with a credential; five picks a day and one of each entry."""
    contest = await contests.make(FIVE_A_DAY)
    async with FaultyProxy(service.url) as proxy:
        context = await browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai", base_url=proxy.url)
        (token,) = contests.tokens(contest, 1)
        await enter(context, contest, token, proxy.url)
        page = await context.new_page()
        await page.set_viewport_size(PHONE)
        await page.clock.install()
        await page.goto(f"/c/{contest}")
        yield Voter(contests, contest, proxy, page)
        proxy.pressed.set()
        await context.close()


@pytest.mark.parametrize(("size", "language"), [("phone", "zh"), ("desk", "en")])
@pytest.mark.parametrize(("state", "faults", "words"), TOLD, ids=[told[0] for told in TOLD])
async def test_each_state_has_its_words(
    voter: Voter, size: str, language: str, state: str, faults: list[Fault], words: dict[str, tuple[str, str]]
) -> None:
    await voter.page.set_viewport_size(PHONE if size == "phone" else DESK)
    await voter.page.goto(f"/c/{voter.contest}?lang={language}")
    # A clock that jumps ends requests that are under way.
    await voter.has_own()
    await voter.page.clock.pause_at(datetime.now(UTC) + timedelta(seconds=20))
    await voter.press(*faults)
    await voter.run_until(state)
    label, line = words[language]
    await expect(voter.button).to_have_text(re.compile(f"^{label.format('[12]')}$"))
    await expect(voter.line).to_have_text(line)
    await picture(voter.page, f"told-{state}-{size}-{language}")
    # In every case one ballot is recorded in the end, and the page says so.
    voter.proxy.pressed.set()
    voter.proxy.faults.clear()
    if state == "too_fast":
        await voter.page.clock.run_for(3000)
        assert await voter.counted() == {}
    if state in ("too_fast", "unknown"):
        await voter.button.click()
    await voter.page.clock.resume()
    await expect(voter.page.locator("#said.good")).to_be_visible(timeout=20_000)
    await expect(voter.line).to_have_text("")
    await expect(voter.button).to_be_disabled()
    assert await voter.counted() == {"A001": 1}


async def test_offline_and_back(voter: Voter) -> None:
    await voter.page.context.set_offline(True)
    await voter.press()
    await expect(voter.button).to_have_text("正在重新连接…")
    await expect(voter.line).to_have_text("网络已断开，恢复后自动重试，不会重复计票。")
    await picture(voter.page, "told-offline-phone-zh")
    await voter.page.context.set_offline(False)
    await expect(voter.page.locator("#said.good")).to_be_visible()
    assert await voter.counted() == {"A001": 1}


async def test_a_slow_proof_of_work_is_announced(voter: Voter) -> None:
    held: list[Route] = []
    await voter.page.context.clear_cookies(name=voter_cookie_name(voter.contest))
    await voter.page.route("**/static/solver.*.js", lambda route: held.append(route))
    await voter.press()
    await expect(voter.button).to_have_text("正在核验…")
    await expect(voter.line).to_have_text("通常只需几秒，请勿重复点击")
    await picture(voter.page, "told-checking-phone-zh")
    for route in held:
        await route.continue_()
    await expect(voter.page.locator("#said.good")).to_be_visible(timeout=20_000)
    assert await voter.counted() == {"A001": 1}


@pytest.mark.parametrize("no_storage", [None, *NO_STORAGE], ids=["kept", "null", "full", "forbidden"])
async def test_an_unknown_ballot_stays_so_over_a_reload_and_in_a_second_tab(
    voter: Voter, no_storage: str | None
) -> None:
    if no_storage:
        await voter.page.context.add_init_script(no_storage)
        await voter.page.reload()
    await voter.press(*LOST)
    await voter.run_until("unknown")
    await voter.page.reload()
    await expect(voter.button).to_have_text("再试一次")
    tab = await voter.page.context.new_page()
    await tab.goto(f"/c/{voter.contest}/entries/A001")
    await expect(tab.locator("button.vote")).to_have_text("再试一次")
    voter.proxy.faults.clear()
    await tab.locator("button.vote").click()
    await expect(tab.locator("#said.good")).to_be_visible()
    if no_storage:
        receipt = await tab.locator("#receipt code").text_content()
        await voter.button.click()
        await expect(voter.page.locator("#receipt code")).to_have_text(receipt or "")
    else:
        await expect(voter.button).to_have_text("今天已投")
    assert await voter.counted() == {"A001": 1}


async def test_another_voter_of_this_browser_does_not_send_it_again(voter: Voter) -> None:
    await voter.press(*LOST)
    await voter.run_until("unknown")
    await voter.page.context.clear_cookies(name=voter_cookie_name(voter.contest))
    await voter.press()
    await expect(voter.button).to_have_text("无法查询")
    await expect(voter.line).to_contain_text("因此不再提交")
    await picture(voter.page, "told-unknowable-phone-zh")
    await voter.page.locator("[data-entry=A002] button.vote").click()
    await expect(voter.page.locator("#said.good")).to_be_visible(timeout=20_000)
    await voter.page.reload()
    await voter.button.click(force=True)
    await expect(voter.button).to_have_text("无法查询")
    assert await voter.counted() == {"A001": 1, "A002": 1}


async def test_an_answer_that_comes_on_the_next_day_leaves_that_days_votes(voter: Voter) -> None:
    await voter.press(*LOST)
    await voter.run_until("unknown")
    day = datetime.now(ZoneInfo("Asia/Shanghai")).date()
    await _move_into_yesterday(voter)
    await voter.page.reload()
    await expect(voter.page.locator("#left")).to_have_text("5")
    await voter.press()
    said = voter.page.locator("#said.good")
    await expect(said).to_have_text(re.compile(rf"^这一票已于 {day - timedelta(days=1)} \d\d:\d\d 记录。 查看回执$"))
    await expect(voter.page.locator("#left")).to_have_text("5")
    await expect(voter.button).to_have_text("投票")
    await picture(voter.page, "told-yesterday-phone-zh")
    await voter.button.click()
    await expect(said).to_have_text("已记录。 查看回执")
    await expect(voter.page.locator("#left")).to_have_text("4")
    await expect(voter.button).to_have_text("今天已投")
    assert await voter.counted() == {"A001": 2}


async def _move_into_yesterday(voter: Voter) -> None:
    connection = await asyncpg.connect(voter.contests.settings.database_owner_url)
    for table in ("ballots", "batches"):
        await connection.execute(
            f"update {table} set recorded_at = recorded_at - interval '1 day' where contest = $1", voter.contest
        )
    await connection.close()
    await voter.page.evaluate(
        "() => { for (const name of Object.keys(localStorage)) if (name.includes(':ballot:')) {"
        " const ballot = JSON.parse(localStorage[name]);"
        " ballot.renewsAt = new Date(Date.parse(ballot.renewsAt) - 86400000).toISOString();"
        " localStorage[name] = JSON.stringify(ballot); } }"
    )


async def test_after_the_end_an_unknown_ballot_can_still_be_looked_up(voter: Voter) -> None:
    await voter.press(*LOST)
    await voter.run_until("unknown")
    connection = await asyncpg.connect(voter.contests.settings.database_owner_url)
    await connection.execute(
        "update contests set closes_at = now() - interval '1 minute', revision = revision + 1 where id = $1",
        voter.contest,
    )
    await connection.close()
    await voter.page.reload()
    await voter.press()
    await expect(voter.page.locator("#said.good")).to_be_visible()
    assert await voter.counted() == {"A001": 1}


async def test_a_page_restored_from_memory_reloads_the_remaining_quota(voter: Voter) -> None:
    tab = await voter.page.context.new_page()
    # Without storage, tabs do not notify each other.
    await tab.add_init_script(NO_STORAGE[0])
    await tab.goto(f"/c/{voter.contest}")
    await tab.locator("[data-entry=A002] button.vote").click()
    await expect(tab.locator("#left")).to_have_text("4")
    await expect(voter.page.locator("#left")).to_have_text("5")
    await voter.page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    await expect(voter.page.locator("#left")).to_have_text("4")


async def test_a_ballot_of_several_picks_stays_as_sent_until_it_is_known(
    service: Service, contests: Contests, browser: Browser
) -> None:
    contest = await contests.make("[ballot]\nleast = 2\nmost = 3\n[[quota]]\npicks = 9\n")
    async with FaultyProxy(service.url) as proxy:
        context = await browser.new_context(viewport=PHONE, locale="zh-CN", base_url=proxy.url)
        (token,) = contests.tokens(contest, 1)
        await enter(context, contest, token, proxy.url)
        page = await context.new_page()
        await page.clock.install()
        await page.goto(f"/c/{contest}")
        for code in ("A002", "A001"):
            await page.locator(f"[data-entry={code}] button").click()
        proxy.faults.extend(LOST)
        submit = page.locator("#ballot .submit")
        await submit.click()
        await page.locator("#basket .send").click()
        while await submit.get_attribute("data-told") != "unknown":
            await page.clock.run_for(200)
        await picture(page, "told-unknown-several")
        await page.locator("[data-entry=A003] button").click()
        await page.locator("[data-entry=A001] button").click()
        await expect(page.locator("#ballot b")).to_have_text("2 / 2–3")
        await page.reload()
        proxy.faults.clear()
        await expect(submit).to_have_text("再试一次")
        # What was sent is repeated at once, without the list.
        await submit.click()
        await expect(page.locator("#said.good")).to_be_visible()
        await expect(submit).to_have_text("提交选票")
        assert await contests.counted(contest) == {"A001": 1, "A002": 1}
        await context.close()
