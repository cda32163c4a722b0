"""The reviewers' pages in a real Chromium: two persons void a ring; who has no such role sees nothing of it."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.acceptance.test_browser import browser, picture
from tests.conftest import Contests, Service
from tests.fraud.rings import history
from tests.services.fraud.test_cells import attacked, open_cell
from tests.voter_page.test_accessible import check
from tests.web.test_groups import ringed
from voting.domain.identity.roles import Grant, Role
from voting.wiring.admin import AdminServices

__all__ = ["browser"]
SignedIn = Callable[[Role, str | None], Awaitable[Page]]


@pytest.fixture
async def signed_in(browser: Browser, service: Service, office: AdminServices) -> AsyncIterator[SignedIn]:
    """Opens a browser in which a new account with one role has signed in; an error in a script fails the test."""
    opened: list[BrowserContext] = []
    faults: list[str] = []
    everywhere: list[str] = []

    async def open_page(role: Role, contest: str | None) -> Page:
        name = f"{role}-{secrets.token_hex(4)}"
        await office.staff_accounts.add(name, [Grant(role, contest)])
        if contest is None:
            everywhere.append(name)
        session = await office.staff_sessions.open(await office.staff_accounts.find(name), None)
        context = await browser.new_context(
            viewport={"width": 1440, "height": 900}, locale="zh-CN", timezone_id="Asia/Shanghai", base_url=service.url
        )
        opened.append(context)
        await context.add_cookies([{"name": "voting-staff", "value": session, "url": service.url}])
        page = await context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        return page

    yield open_page
    for context in opened:
        await context.close()
    # With an account that may decide about it, a contest of another test would need two persons.
    for name in everywhere:
        await office.staff_accounts.revoke(name, None)
    assert faults == []


async def test_a_reviewer_finds_a_ring_and_a_second_person_voids_it(
    signed_in: SignedIn, contests: Contests, office: AdminServices
) -> None:
    contest = await ringed(contests, office)
    li, zhang = await signed_in("reviewer", contest), await signed_in("organiser", contest)
    await li.goto("/staff")
    await li.get_by_role("link", name="待核选票").click()
    await expect(li.locator(".queue li").first).to_contain_text("若计入：A012 由第 12 名变为第 1 名。")
    await picture(li, "review-queue")
    await li.get_by_role("link", name="待核组 ring-big").click()
    await expect(li.locator("main")).to_contain_text("60张选票（作品 A012）共用同一浏览器特征")
    await expect(li.locator(".chart .grouped").first).to_be_attached()
    await expect(li.locator(".network circle.grouped")).to_have_count(60)
    await expect(li.locator(".network text").first).to_have_text("A012 · 60 人")
    await picture(li, "review-group")
    await li.get_by_label("作废", exact=True).check()
    await li.get_by_label("理由").fill("同一脚本")
    await li.get_by_role("button", name="提出，需另一人确认").click()
    await expect(li.locator("#decide")).to_contain_text("需由另一人确认")
    await expect(li.get_by_label("确认：作废")).to_have_count(0)
    await picture(li, "review-proposed")
    await zhang.goto(f"/review/{contest}/groups/ring-big")
    await expect(zhang.locator("#decide")).to_contain_text("同一脚本")
    await zhang.get_by_label("确认：作废").check()
    await zhang.get_by_label("理由").fill("确实如此")
    await zhang.get_by_role("button", name="提交").click()
    await expect(zhang.locator("#state")).to_have_text("已作废")
    await expect(zhang.get_by_label("恢复为待核")).to_be_attached()
    assert ("review", "void", 60) in await history(office.database, contest)
    # Who still looks at the older page decides nothing.
    await li.get_by_label("退回提议").check()
    await li.get_by_label("理由").fill("再看看")
    await li.get_by_role("button", name="提交").click()
    await expect(li.locator("#decide .fault")).to_contain_text("已被他人更新")
    await zhang.locator("main table .code").first.click()
    await expect(zhang.locator("#ballot-history")).to_contain_text("人工核查：作废")
    await zhang.goto(f"/review/{contest}/groups/ring-big/print?lang=en")
    await expect(zhang.locator("main")).to_contain_text("nobody's name")
    text = await zhang.locator("main").inner_text()
    assert "reviewer-" not in text
    assert "organiser-" not in text
    await picture(zhang, "review-pack")


async def test_who_has_no_such_role_sees_the_sign_in_form(
    signed_in: SignedIn, contests: Contests, office: AdminServices
) -> None:
    contest = await ringed(contests, office)
    for role, of in (("judge", contest), ("reviewer", await contests.make())):
        page = await signed_in(role, of)  # type: ignore[arg-type]
        for path in ("", "/groups/ring-big", "/groups/ring-big/print", "/ballot?code=x"):
            await page.goto(f"/review/{contest}{path}")
            await expect(page.locator("#problem")).to_have_text("您没有访问权限。")
            assert "A012" not in await page.content()


async def test_two_persons_ask_all_voters_of_a_cell_to_confirm(
    signed_in: SignedIn, contests: Contests, office: AdminServices
) -> None:
    contest = await attacked(contests, office)
    cell = (await open_cell(office, contest)).stored.cell.id
    li, zhang = await signed_in("reviewer", contest), await signed_in("organiser", contest)
    await li.goto("/staff")
    await li.locator("#needs li", has_text="确认率过低").get_by_role("link").click()
    row = li.locator(f'[data-cell="{cell}"]')
    await expect(row).to_contain_text("抽样请")
    await picture(li, "review-cells")
    await check(li, "review-cells")
    await row.get_by_text("请全部投票人确认").click()
    await row.get_by_label("确认期限").fill("24")
    await row.locator("textarea").first.fill("确认率远低于其他作品。")
    await row.get_by_role("button", name="提出，需另一人确认").first.click()
    await expect(row).to_contain_text("需由另一人确认")
    await zhang.goto(f"/review/{contest}")
    row = zhang.locator(f'[data-cell="{cell}"]')
    await expect(row).to_contain_text("期限 24 小时")
    await row.locator("textarea").first.fill("同意，请投票人确认。")
    await row.get_by_role("button", name="确认：请全部投票人确认").click()
    await expect(row.locator(".state").first).to_have_text("已请全部投票人确认")
    every = await office.cells.all(await office.contest_cache.renew(contest))
    assert [(each.stored.state, each.stored.hours) for each in every if each.stored.cell.id == cell] == [("asked", 24)]
