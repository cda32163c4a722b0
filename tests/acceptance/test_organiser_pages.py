"""The organisers' pages in a real Chromium: the overview, and what it leads to."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
from playwright.async_api import expect

from tests.acceptance.test_browser import browser, picture
from tests.acceptance.test_review_pages import SignedIn, signed_in
from tests.conftest import Contests, refusal
from tests.voter_page.test_accessible import check
from tests.web.test_groups import ringed
from voting.services.fraud.review import ReviewAction
from voting.services.second_person import Person
from voting.wiring.admin import AdminServices

__all__ = ["browser", "signed_in"]


async def test_the_overview_shows_each_what_waits_for_him_and_his_own_contests(
    signed_in: SignedIn, contests: Contests, office: AdminServices
) -> None:
    contest, other = await ringed(contests, office), await contests.make()
    organiser, judge = await signed_in("organiser", contest), await signed_in("judge", contest)
    await organiser.goto("/staff")
    row = organiser.locator(f'[data-contest-row="{contest}"]')
    await expect(row).to_contain_text("主办方")
    await expect(row).to_contain_text("票")
    await expect(organiser.locator(f'[data-contest-row="{other}"]')).to_have_count(0)
    need = organiser.locator("#needs li", has_text="待核组 ring-big")
    await expect(need).to_contain_text("影响名次")
    await expect(need).to_contain_text("若作废：A012 由第 1 名变为第 12 名。")
    await picture(organiser, "overview")
    await check(organiser, "overview")
    await need.get_by_role("link").click()
    await expect(organiser.locator("#decide")).to_be_visible()
    # What another one has proposed waits for a second person.
    snapshot = await office.contest_cache.get(contest)
    await office.reviews.rule(
        snapshot, "ring-big", Person("account:li", "li", "li"), ReviewAction("void", "同一脚本", None)
    )
    await organiser.goto("/staff?lang=en")
    await expect(organiser.locator("#needs li", has_text="ring-big")).to_contain_text("To confirm")
    # A judge sees no votes and nothing that is not a judge's.
    await judge.goto("/staff")
    row = judge.locator(f'[data-contest-row="{contest}"]')
    await expect(row.get_by_role("link", name="评分")).to_be_visible()
    await expect(row).not_to_contain_text("已记录")
    for name in ("实时看板", "待核选票", "审计日志"):
        await expect(judge.get_by_role("link", name=name)).to_have_count(0)
    await expect(judge.locator("#needs")).to_have_count(0)


async def test_an_extension_takes_two_persons_and_a_pause_one(
    signed_in: SignedIn, contests: Contests, office: AdminServices
) -> None:
    contest = await contests.make(top='changeable = ["extension", "withdrawal"]\n')
    li, zhang = await signed_in("organiser", contest), await signed_in("owner", contest)
    await li.goto("/staff")
    await li.get_by_role("link", name="活动管理").click()
    await check(li, "control")
    later = (datetime.now(ZoneInfo("Asia/Shanghai")) + timedelta(days=20)).replace(hour=18, minute=0)
    form = li.locator("#extend form")
    await form.get_by_label("新的截止时间").fill(f"{later:%Y-%m-%dT%H:%M}")
    await form.get_by_label("理由").fill("暴雨，多地断网，顺延投票。")
    await form.get_by_role("button").click()
    await expect(li.locator("#extend")).to_contain_text("需由另一人确认")
    await expect(li.get_by_role("button", name="确认延长")).to_have_count(0)
    await picture(li, "control")
    await zhang.goto("/staff")
    need = zhang.locator("#needs li", has_text="延长投票时间")
    await need.get_by_role("link").click()
    form = zhang.locator("#extend form").first
    await form.get_by_label("理由").fill("情况属实，同意顺延投票。")
    await form.get_by_role("button", name="确认延长").click()
    stands = zhang.locator(".block").first
    await expect(stands).to_contain_text(f"{later.month}月{later.day}日 18:00")
    pause = zhang.locator("#pause form")
    await pause.get_by_label("理由").fill("网络故障，暂停核查。")
    await pause.get_by_role("button", name="暂停投票").click()
    await expect(zhang.locator("#phase")).to_have_text("暂停投票")
    withdrawal = zhang.locator("#withdraw form")
    await withdrawal.get_by_label("作品编号").fill("A999")
    await withdrawal.get_by_label("理由").fill("作者本人申请撤下作品。")
    await withdrawal.get_by_role("button").click()
    await expect(withdrawal.locator(".fault")).not_to_be_empty()
    await withdrawal.get_by_label("作品编号").fill("A003")
    await withdrawal.get_by_role("button").click()
    await expect(zhang.locator(".acts li").first).to_contain_text("撤下作品")
    async with office.database.connection() as connection:
        rows = await connection.fetch(
            "select action, actor, details from audit_log where contest = $1 and actor like 'account:%'"
            " and action not like 'staff.%' order by id",
            contest,
        )
    assert [row["action"] for row in rows] == [
        "second_person.propose",
        "contest.extend",
        "contest.pause",
        "entry.withdraw",
    ]
    assert len({row["actor"] for row in rows}) == 2
    assert "网络故障" in rows[2]["details"]


async def test_who_may_not_organise_sees_no_control(
    http: httpx.AsyncClient, signed_in: SignedIn, contests: Contests
) -> None:
    contest = await contests.make()
    page = await signed_in("judge", contest)
    await page.goto(f"/control/{contest}")
    await expect(page.locator("#problem")).to_have_text("您没有访问权限。")
    key = {"Authorization": f"Bearer {await contests.staff_key('organiser', contest)}"}
    path = f"/api/v1/staff/contests/{contest}"
    short = await http.post(f"{path}/pause", headers=key, json={"reason": "short"})
    assert refusal(short) == (400, "malformed")
    reason = "an outage of the network"
    for closes_at, expected in (("soon", (400, "malformed")), ("2020-01-01T00:00", (409, "rules_sealed"))):
        answer = await http.post(f"{path}/extension", headers=key, json={"closes_at": closes_at, "reason": reason})
        assert refusal(answer) == expected
    sealed = await http.post(f"{path}/withdrawals", headers=key, json={"entry": "A001", "reason": reason})
    assert refusal(sealed) == (409, "rules_sealed")
