"""What voters read and say, in a real Chromium: a notice, a complaint and its answer, covers from an organiser."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.async_api import Browser, FilePayload, expect

from tests.acceptance.test_browser import PHONE, browser, picture
from tests.acceptance.test_review_pages import SignedIn, signed_in
from tests.conftest import Contests, Service
from tests.voter_page.test_accessible import check
from tests.web.test_covers import SVG

__all__ = ["browser", "signed_in"]


async def test_an_organiser_tells_voters_hears_them_and_sends_covers(
    signed_in: SignedIn, browser: Browser, service: Service, contests: Contests
) -> None:
    contest = await contests.make()
    organiser = await signed_in("organiser", contest)
    phone = await browser.new_context(viewport=PHONE, locale="zh-CN", base_url=service.url)
    voter = await phone.new_page()
    await organiser.goto(f"/control/{contest}")
    notice = organiser.locator("#announce")
    await notice.get_by_label("公告内容").fill("今晚 22 点维护")
    until = datetime.now(ZoneInfo("Asia/Shanghai")) + timedelta(days=1)
    await notice.get_by_label("结束时间").fill(f"{until:%Y-%m-%dT%H:%M}")
    await notice.get_by_role("button", name="发布公告").click()
    await expect(organiser.locator("#announce form.notice")).to_contain_text("今晚 22 点维护")
    await voter.goto(f"/c/{contest}/entries/A001")
    await expect(voter.locator("#announcement")).to_contain_text("今晚 22 点维护")
    await voter.get_by_role("link", name="投诉这件作品").click()
    await expect(voter.get_by_label("作品编号")).to_have_value("A001")
    await voter.get_by_label("投诉什么").select_option("ballot")
    await expect(voter.get_by_label("作品编号")).to_be_hidden()
    await voter.get_by_label("投诉什么").select_option("entry")
    await voter.get_by_label("经过").fill("这件作品去年已经发表过。")
    await check(voter, "complaints")
    await voter.get_by_label("投诉什么").select_option("contest")
    await expect(voter.get_by_label("作品编号")).to_be_hidden()
    await voter.get_by_role("button", name="提交投诉").click()
    done = voter.locator("form [role=alert]")
    await expect(done).to_contain_text("已收到，投诉编号")
    await expect(voter.get_by_label("作品编号")).to_be_visible()
    reference = (await done.inner_text()).partition("投诉编号 ")[2].partition("。")[0]
    await organiser.goto("/staff")
    await organiser.locator("#needs").get_by_role("link", name="件投诉待处理").click()
    await expect(organiser.locator("[data-complaint]")).to_contain_text("去年已经发表过")
    await check(organiser, "complaint desk")
    await picture(organiser, "complaint-desk")
    await organiser.get_by_label("答复").fill("已核实，作者已更正。")
    await organiser.get_by_role("button", name="答复").click()
    await expect(organiser.locator(".notice.good")).to_contain_text("作者已更正")
    await voter.get_by_label("投诉编号").fill(reference)
    await voter.get_by_role("button", name="查验").click()
    await expect(voter.locator("#found")).to_contain_text("已核实，作者已更正。")
    await picture(voter, "complaint-answered")
    await organiser.goto(f"/control/{contest}/roster")
    files = [("A001.svg", SVG % 1), ("A002.svg", SVG % 2), ("Z999.svg", SVG % 3)]
    sent = [FilePayload(name=name, mimeType="image/svg+xml", buffer=body) for name, body in files]
    await organiser.get_by_label("图片或 zip").set_input_files(sent)
    await organiser.locator("#covers").get_by_label("投票已开始").check()
    await organiser.get_by_role("button", name="上传封面").click()
    await expect(organiser.locator("#covers [role=status]")).to_have_text(
        "已更新 2 件作品的封面，0 件与现有相同，1 个文件有问题。"
    )
    await expect(organiser.locator("#cover-faults li")).to_contain_text("Z999.svg: 文件名不是作品编号")
    await check(organiser, "covers")
    await phone.close()
