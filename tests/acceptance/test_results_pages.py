"""The pages of results in a real Chromium: every figure with its steps, as the service computes them exactly."""

from __future__ import annotations

import io

import openpyxl
from playwright.async_api import Browser, expect

from tests.acceptance.test_browser import PHONE, browser, picture
from tests.acceptance.test_review_pages import SignedIn, signed_in
from tests.conftest import Contests, Service
from tests.services.results.test_certified_inputs import RULES, certified
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
    await expect(page.locator("#standing")).to_contain_text("结果已核定：第 1 次")
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
    book = openpyxl.load_workbook(io.BytesIO(file.read_bytes()), data_only=True)
    assert [book["awards"].cell(2, column).value for column in (4, 8)] == ["A002", 75.8333]


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


async def test_an_objection_from_publication_to_answer(
    signed_in: SignedIn, browser: Browser, service: Service, contests: Contests, office: AdminServices
) -> None:
    snapshot = await certified(contests, office, RULES + "[publication]\ndays = 5\n")
    contest = snapshot.contest.id
    phone = await browser.new_page(viewport=PHONE, locale="zh-CN", base_url=service.url)
    await phone.goto(f"/c/{contest}/results")
    await expect(phone.locator("#awards")).to_contain_text("A002")
    score = await phone.get_by_role("columnheader", name="综合得分").bounding_box()
    assert score
    assert score["x"] + score["width"] <= PHONE["width"]
    await phone.get_by_label("事项").select_option("marks")
    await phone.get_by_label("说明").fill("A001 的评分少算了一位专家，请核对评分表。")
    await phone.get_by_role("button", name="提出异议").click()
    await expect(phone.locator("form .notice.good")).to_contain_text("已收到，登记号")
    await picture(phone, "publication")
    li, zhang = await signed_in("organiser", contest), await signed_in("owner", contest)
    auditor = await signed_in("auditor", contest)
    for person in (li, zhang):
        await person.goto(f"/results/{contest}/objections")
        await expect(person.locator("[data-objection]")).to_contain_text("请核对评分表")
        if person is li:
            await person.get_by_label("答复（将公布）").fill("已核对：三位专家的评分都已计入。")
        await picture(person, "objections")
        button = "提交答复" if person is li else "确认并公布"
        await person.get_by_role("button", name=button).click()
        await expect(person.locator(".notice.wait" if person is li else ".notice.good")).to_be_visible()
    await auditor.goto(f"/staff/audit?contest={contest}")
    await expect(auditor.locator("main")).to_contain_text("答复异议")
    await phone.goto(f"/c/{contest}/results")
    await expect(phone.locator("#register")).to_contain_text("三位专家的评分都已计入")
    assert "请核对评分表" not in await phone.content(), "only staff read what was written"
    await phone.close()
