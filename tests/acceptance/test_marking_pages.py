"""Judges mark online in a real Chromium, from drafts to the award list and its workbook."""

from __future__ import annotations

import io
from datetime import timedelta

import openpyxl
from playwright.async_api import Page, expect

from tests.acceptance.test_browser import browser, picture
from tests.acceptance.test_review_pages import SignedIn, signed_in
from tests.conftest import Contests
from voting.wiring.admin import AdminServices

__all__ = ["browser", "signed_in"]
RULES = """
[[quota]]
picks = 5
[[round]]
id = "final"
name = "终评"
[[round.criterion]]
name = "创新"
weight = 60
[[round.criterion]]
name = "表现"
weight = 40
[blend]
[[blend.part]]
source = "round:final"
points = 100
[[award]]
id = "first"
name = "一等奖"
count = 1
"""


async def mark(page: Page, first: str, second: str) -> None:
    """Writes both marks and waits until they are kept."""
    await page.get_by_label("创新").fill(first)
    await page.get_by_label("表现").fill(second)
    await page.get_by_label("表现").press("Tab")
    await expect(page.locator("#saved")).to_contain_text("草稿已保存")


async def send_back(page: Page, contest: str) -> None:
    """Sends one judge's marks back: they are drafts again."""
    await page.goto(f"/results/{contest}/marks")
    await page.get_by_text("退回修改").first.click()
    await page.get_by_label("理由").first.fill("漏评一项")
    await page.get_by_role("button", name="退回修改").first.click()
    await expect(page.locator("main")).to_contain_text("还没有提交")


async def mark_as_another(page: Page, contest: str) -> None:
    """Another judge sees none of the first one's marks, and submits only what is complete."""
    await page.goto(f"/marking/{contest}/final/A001")
    await expect(page.get_by_label("创新")).to_have_value("")
    await mark(page, "80", "80")
    await page.goto(f"/marking/{contest}")
    await expect(page.locator("main")).to_contain_text("还有 2 件没填完：A002、A003")
    await expect(page.get_by_role("button", name="提交并锁定")).to_have_count(0)
    for code in ("A002", "A003"):
        await page.goto(f"/marking/{contest}/final/{code}")
        await expect(page.get_by_role("link", name="下一件未评")).to_have_count(int(code == "A002"))
        await mark(page, "60", "60")
    await page.goto(f"/marking/{contest}")
    await page.get_by_role("button", name="提交并锁定").click()
    await expect(page.locator("main")).to_contain_text("提交并锁定。")


async def test_a_judge_goes_from_marks_to_the_award_list_and_its_workbook(
    signed_in: SignedIn, contests: Contests, office: AdminServices
) -> None:
    contest = await contests.make(RULES, entries=3, opens=timedelta(hours=-2), closes=timedelta(minutes=-1))
    judge, other = await signed_in("judge", contest), await signed_in("judge", contest)
    organiser = await signed_in("organiser", contest)
    await judge.goto("/staff")
    await judge.get_by_role("link", name="评分").click()
    await expect(judge.locator("main")).to_contain_text("已评 0 / 3")
    await judge.locator(".card", has_text="A001").get_by_role("link").click()
    await judge.get_by_label("创新").fill("101")
    await judge.get_by_label("表现").fill("80.5")
    await judge.get_by_label("表现").press("Tab")
    await expect(judge.locator("#saved")).to_have_text("请填写 0 到 100 之间的数。")
    await mark(judge, "70", "80.5")
    # Without a connection it is kept on the device, and sent when there is one again.
    await judge.get_by_role("link", name="A002 ›").click()
    await judge.context.set_offline(True)
    await judge.get_by_label("创新").fill("90")
    await judge.get_by_label("表现").fill("90")
    await judge.get_by_label("表现").press("Tab")
    await expect(judge.locator("#saved")).to_contain_text("没有连上网络")
    await judge.context.set_offline(False)
    await expect(judge.locator("#saved")).to_contain_text("草稿已保存", timeout=20_000)
    await picture(judge, "marking")
    await judge.get_by_role("link", name="A003 ›").click()
    await judge.get_by_label("回避原因").fill("参与过拍摄")
    await judge.get_by_label("回避原因").press("Tab")
    await expect(judge.locator("#saved")).to_contain_text("草稿已保存")
    await judge.get_by_role("link", name="返回列表").click()
    await picture(judge, "marking-rounds")
    await judge.get_by_role("button", name="提交并锁定").click()
    await expect(judge.locator("main")).to_contain_text("提交并锁定。")
    await judge.goto(f"/marking/{contest}/final/A001")
    await expect(judge.get_by_label("创新")).to_have_attribute("readonly", "")
    await mark_as_another(other, contest)
    await organiser.goto(f"/results/{contest}/marks")
    await expect(organiser.get_by_text("提交并锁定。")).to_have_count(2)
    await picture(organiser, "marking-progress")
    # (70 x 0.6 + 80.5 x 0.4 + 80) / 2 = 77.1, (90 + 60) / 2 = 75, and 60 of one judge.
    await organiser.goto(f"/results/{contest}")
    await expect(organiser.locator("#awards")).to_contain_text("A001 作品 1")
    await expect(organiser.get_by_role("link", name="77.1000")).to_be_visible()
    async with organiser.expect_download() as waiting:
        await organiser.get_by_role("link", name="XLSX").click()
    book = openpyxl.load_workbook(io.BytesIO((await (await waiting.value).path()).read_bytes()), data_only=True)
    assert [book["awards"].cell(2, column).value for column in (2, 4, 8)] == ["一等奖", "A001", 77.1]
    await send_back(organiser, contest)
    async with office.database.connection() as connection:
        acts = await connection.fetch(
            "select action from audit_log where contest = $1 and action like 'marks.%' order by id", contest
        )
    assert [act["action"] for act in acts] == ["marks.submit", "marks.submit", "marks.reopen"]
