"""Every page by the rules of axe; at 320 pixels and in large type nothing is cut."""

from __future__ import annotations

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, ViewportSize

from tests.acceptance.test_browser import FIVE_A_DAY, PHONE, browser
from tests.conftest import Contests, Service
from voting.domain.entry import Entry

__all__ = ["browser"]
NARROW: ViewportSize = {"width": 320, "height": 568}
LONG = "从海拔两千六百米到早市摊位的高山娃娃菜一夜进城记，AVeryLongWordWithoutAnyBlankInIt"
PAGES = (
    "",
    "?q=nothing",
    "/entries/A001",
    "/entries/A001/poster",
    "/ballots",
    "/receipt?code=x",
    "/privacy",
    "/me",
    "/complaints",
    "/entries/nothing",
)


@pytest.mark.parametrize(
    ("query", "size"), [("lang=zh", PHONE), ("lang=en", NARROW), ("size=large", NARROW)], ids=["zh", "en", "large"]
)
async def test_axe_finds_nothing_and_nothing_is_cut(
    browser: Browser, service: Service, contests: Contests, query: str, size: ViewportSize
) -> None:
    contest = await contests.make("[ballot]\nleast = 2\nmost = 3\n[[quota]]\npicks = 9\n")
    single = await contests.make(FIVE_A_DAY)
    async with contests.office() as office:
        await office.contest_admin.import_roster(single, [Entry("A001", LONG, LONG, "one", LONG)], {}, amend=True)
    context = await browser.new_context(viewport=size, locale="zh-CN", base_url=service.url)
    page = await context.new_page()
    paths = [f"/c/{single}{path}" for path in PAGES]
    for path in (*paths, f"/c/{contest}", f"/log/{single}", "/", "/staff", f"/board/{single}"):
        await page.goto(f"{path}{'&' if '?' in path else '?'}{query}")
        await check(page, path)
    await page.goto(f"/c/{contest}?{query}")
    for code in ("A001", "A002"):
        await page.locator(f"[data-entry={code}] button").click()
    await page.locator("#ballot .submit").click()
    await check(page, "the basket")
    await page.locator("#basket .send").click()
    await page.locator("#consent").wait_for()
    await check(page, "the consent")
    await context.close()


async def check(page: Page, name: str) -> None:
    """Asserts that axe finds nothing, and that the page is not wider than the screen."""
    # A colour on its way to another has a contrast of neither.
    colours = "document.getAnimations().filter(one => one instanceof CSSTransition)"
    await page.evaluate(f"() => Promise.allSettled({colours}.map(one => one.finished))")
    found = await Axe().run(page)
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
