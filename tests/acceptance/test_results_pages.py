"""The pages of results in a real Chromium: every figure with its steps, as the service computes them exactly."""

from __future__ import annotations

import io

import openpyxl
from playwright.async_api import expect

from tests.acceptance.test_browser import browser, picture
from tests.acceptance.test_review_pages import SignedIn, signed_in
from tests.conftest import Contests
from tests.services.results.test_certified_inputs import certified
from voting.wiring.admin import AdminServices

__all__ = ["browser", "signed_in"]
NO_MARKS = """
[[quota]]
picks = 5
[[round]]
id = "final"
name = "终评"
[[round.criterion]]
name = "创新"
weight = 100
[blend]
[[blend.part]]
source = "round:final"
points = 100
"""


async def test_an_auditor_reads_the_certified_result_and_why(
    signed_in: SignedIn, contests: Contests, office: AdminServices
) -> None:
    contest = (await certified(contests, office)).contest.id
    page = await signed_in("auditor", contest)
    await page.goto("/staff")
    await page.get_by_role("link", name="结果与得分").click()
    await expect(page.locator("#standing")).to_contain_text("结果已核定（第 1 次")
    await expect(page.locator("#awards tbody tr")).to_have_count(1)
    await expect(page.locator("#awards")).to_contain_text("A002")
    await picture(page, "results")
    await page.emulate_media(media="print")
    await picture(page, "results-print")
    await page.emulate_media(media="screen")
    await page.get_by_role("link", name="75.8333").click()
    why = page.locator("#derivation")
    await expect(why).to_contain_text("张三：75")
    await expect(why).to_contain_text("20 分 × 0.666666… = 13.333333…")
    await expect(why).to_contain_text("52.5 + 10 + 13.333333… = 75.833333… → 75.8333")
    await picture(page, "derivation")
    await page.goto(f"/results/{contest}?lang=en")
    async with page.expect_download() as waiting:
        await page.get_by_role("link", name="XLSX").click()
    file = await (await waiting.value).path()
    book = openpyxl.load_workbook(io.BytesIO(file.read_bytes()))
    assert [book["awards"].cell(2, column).value for column in (4, 8)] == ["A002", "75.8333"]


async def test_without_marks_there_are_votes_alone_and_strangers_see_nothing(
    signed_in: SignedIn, contests: Contests
) -> None:
    contest = await contests.make(NO_MARKS)
    judge = await signed_in("judge", contest)
    await judge.goto(f"/results/{contest}")
    await expect(judge.locator("main")).to_contain_text("还不能合成得分")
    await expect(judge.locator("[data-entry]")).to_have_count(12)
    answer = await judge.goto(f"/results/{contest}/entries/A001")
    assert answer
    assert answer.status == 409
    stranger = await signed_in("auditor", await contests.make())
    for path in (f"/results/{contest}", f"/results/{contest}/entries/A001"):
        await stranger.goto(path)
        await expect(stranger.locator("#sign-in")).to_be_visible()
        assert "作品 1" not in await stranger.content()
