"""The live board and the big screen in a real Chromium, with rings to find and ballots that flow."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from playwright.async_api import Page, ViewportSize, expect

from tests.acceptance.test_browser import PHONE, browser, picture
from tests.acceptance.test_review_pages import SignedIn, signed_in
from tests.conftest import Contests, as_owner, cast
from tests.fraud.rings import Cast, record
from tests.voter_page.test_accessible import check
from tests.web.test_groups import ringed
from voting.domain.contest.calendar import last_multiple
from voting.fraud.facts.facts import Facts
from voting.settings import Settings
from voting.wiring.admin import AdminServices

__all__ = ["browser", "signed_in"]
WIDE: ViewportSize = {"width": 1440, "height": 900}
HALL: ViewportSize = {"width": 1920, "height": 1080}


async def flow(http: httpx.AsyncClient, contests: Contests, contest: str) -> None:
    """Casts ballots until cancelled."""
    while True:
        for number, token in enumerate(contests.tokens(contest, 20)):
            await cast(http, contest, token, [f"A{number % 11 + 1:03d}"])


async def test_an_organiser_finds_and_voids_a_ring_while_ballots_flow(
    signed_in: SignedIn, contests: Contests, office: AdminServices, http: httpx.AsyncClient
) -> None:
    contest = await ringed(contests, office)
    flowing = asyncio.create_task(flow(http, contests, contest))
    zhou, li = await signed_in("organiser", contest), await signed_in("owner", contest)
    await zhou.goto("/staff")
    await zhou.locator(f'a[href="/board/{contest}"]').first.click()
    await expect(zhou.locator("#link")).to_have_text("已连接")
    await expect(zhou.locator("#held-figure")).to_have_class("warn")
    await expect(zhou.locator("#stake")).to_have_text("可影响第 1 名")
    before = int((await zhou.locator("#count").inner_text()).replace(",", ""))
    await expect(zhou.locator("#count")).not_to_have_text(f"{before:,}")
    ring = zhou.locator("#groups li", has_text="A012").first
    await expect(ring).to_contain_text("若计入：A012 由第 12 名变为")
    await ring.get_by_role("link").click()
    await zhou.get_by_label("作废", exact=True).check()
    await zhou.get_by_label("理由").fill("同一脚本")
    await zhou.get_by_role("button", name="提出，需另一人确认").click()
    await expect(zhou.locator("#decide")).to_contain_text("需由另一人确认")
    await li.goto(f"/board/{contest}")
    await expect(li.locator("#groups li", has_text="A012").first).to_contain_text("等待另一人确认", timeout=30_000)
    await li.locator("#groups li", has_text="A012").first.get_by_role("link").click()
    await li.get_by_label("确认：作废").check()
    await li.get_by_label("理由").fill("确实如此")
    await li.get_by_role("button", name="提交").click()
    await expect(li.locator("#state")).to_have_text("已作废")
    await zhou.goto(f"/board/{contest}")
    await expect(zhou.locator("#void")).to_have_text("60")
    assert not flowing.done(), "ballots flowed all the time"
    flowing.cancel()
    with suppress(asyncio.CancelledError):
        await flowing


@pytest.mark.parametrize(("entries", "language"), [(3, "en"), (120, "zh")])
async def test_the_board_shows_an_hour(
    signed_in: SignedIn, contests: Contests, office: AdminServices, settings: Settings, entries: int, language: str
) -> None:
    contest = await contests.make(entries=entries, opens=timedelta(hours=-3), closes=timedelta(minutes=50))
    await fill_hour(office, settings, contest)
    page = await signed_in("organiser", contest)
    for size in (WIDE, PHONE, HALL):
        await page.set_viewport_size(size)
        await page.goto(f"/board/{contest}?lang={language}")
        await expect(page.locator("#chart canvas")).to_be_attached()
        await expect(page.locator("#rows tr").first).to_have_attribute("data-entry", "A002")
        await expect(page.locator("#rows tr").first.locator(".up")).to_have_text("▲ 1")
        await expect(page.locator("#left")).to_have_class("last-hour")
        await expect(page.locator("#refusals li").first).to_contain_text("7")
        await expect(page.locator('[data-entry="A002"] .trend')).to_contain_text("12")
        await check(page, f"board {size['width']} {language}")
        await picture(page, f"board-{entries}-{size['width']}-{language}")
    await page.get_by_role("button", name="By channel" if language == "en" else "按渠道").click()
    await page.locator("details summary", has_text="table" if language == "en" else "表格").click()
    await expect(page.locator("#minutes-rows tr").first).to_be_visible()
    gaps = page.locator("#minutes-rows tr", has_text="no data" if language == "en" else "无数据")
    assert await gaps.count() >= 5, "minutes that nobody observed are not shown as 0"
    await picture(page, f"board-{entries}-channels-{language}")
    await page.goto(f"/staff?lang={language}")
    await expect(page.locator(f'[data-contest-row="{contest}"] .spark rect')).not_to_have_count(0)
    await picture(page, f"overview-hours-{language}")
    await page.goto(f"/board/{contest}?lang={language}")
    await page.keyboard.press("f")
    await page.wait_for_url("**/screen**")
    await on_screen(page, language)
    for size in (HALL, PHONE):
        await page.set_viewport_size(size)
        await check(page, f"screen {size['width']} {language}")
        await picture(page, f"screen-{entries}-{size['width']}-{language}")


async def on_screen(page: Page, language: str) -> None:
    """The big screen shows all recorded picks, and no word of what is held."""
    await expect(page.locator("#bars li").first).to_have_attribute("data-entry", "A002")
    await expect(page.locator("#total")).to_have_text("90")
    await expect(page.locator("#bars li").first).to_contain_text("60")
    assert ("held" if language == "en" else "待核") not in await page.locator("main").inner_text()


async def fill_hour(office: AdminServices, settings: Settings, contest: str) -> None:
    """Gives the contest 90 ballots, a third of them held, an earlier ranking, and minutes of which five are missing."""
    phone, desk = Facts(channel="wechat", app="wechat"), Facts(channel="web")
    casts = [Cast(number, "A002", None, "count", phone) for number in range(40)]
    casts += [Cast(number, "A002", None, "hold", desk) for number in range(40, 60)]
    casts += [Cast(number, "A001", None, "count", desk) for number in range(60, 90)]
    await record(office.database, contest, casts, timedelta(minutes=30))
    now = last_multiple(1, datetime.now(UTC))
    async with as_owner(settings) as owner:
        await owner.executemany(
            "insert into ballot_minutes values ($1, $2, $3, $4, $5, $6, $6 / 3)",
            [
                (
                    contest,
                    now - timedelta(minutes=ago),
                    *client,
                    4 + (ago * 7) % 5 + ago % 3 + 40 * (ago in (29, 30, 31)),
                )
                for ago in range(2, 60)
                if ago not in range(20, 25)
                for client in (("wechat", "wechat", "mobile"), ("web", "browser", "pc"))
            ],
        )
        await owner.executemany(
            "insert into refusals values ($1, $2, $3, gen_random_uuid(), $4)",
            [
                (contest, now - timedelta(minutes=9), "quota_exhausted", 7),
                (contest, now - timedelta(minutes=8), "slow_down", 3),
            ],
        )
        await owner.executemany(
            "insert into shown_tallies values ($1, $2, $3)",
            [
                (contest, last_multiple(5, now - timedelta(minutes=60)), '[["A001", 9, 0, 9], ["A002", 5, 0, 5]]'),
                (contest, last_multiple(5, now - timedelta(minutes=20)), '[["A001", 9, 0, 9], ["A002", 7, 0, 7]]'),
                (contest, last_multiple(5, now - timedelta(minutes=15)), '[["A001", 9, 0, 9], ["A002", 19, 0, 19]]'),
            ],
        )
