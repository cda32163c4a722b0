"""The organisers' pages in a real Chromium: the overview, and what it leads to."""

from __future__ import annotations

import hashlib
import io
import json
import re
import secrets
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import openpyxl
from playwright.async_api import expect

from tests.acceptance.test_browser import browser, picture
from tests.acceptance.test_marking_pages import RULES as MARKED
from tests.acceptance.test_review_pages import SignedIn, signed_in
from tests.conftest import Contests, refusal
from tests.voter_page.test_accessible import check
from tests.web.test_groups import ringed
from voting.postgres.database import Connection
from voting.postgres.fraud import decisions
from voting.postgres.fraud.decisions import ExcessEstimate
from voting.postgres.results import certifications
from voting.services.fraud.review import ReviewAction
from voting.services.second_person import Person
from voting.web.guard import FILE_BYTES
from voting.web.i18n.words import WORDS
from voting.web.pages.staff.control import MOST_ACTS
from voting.wiring.admin import AdminServices

__all__ = ["browser", "signed_in"]
FILE = {"Content-Type": "application/octet-stream"}


async def grow(tx: Connection, contest: str) -> None:
    """As if a sweep had found a day far above the days before."""
    await certifications.lock_uncertified_result(tx, contest)
    await decisions.set_excesses(tx, contest, [ExcessEstimate("", "day-2026-05-03", 400, 500, 500)])


async def test_the_overview_shows_each_what_waits_for_him_and_his_own_contests(
    signed_in: SignedIn, contests: Contests, office: AdminServices
) -> None:
    contest, other = await ringed(contests, office), await contests.make()
    organiser, judge = await signed_in("organiser", contest), await signed_in("judge", contest)
    await office.database.transact(lambda tx: grow(tx, contest))
    await organiser.goto("/staff")
    need = organiser.locator("#needs li", has_text="1 项异常增长待说明依据")
    await expect(need.get_by_role("link")).to_have_attribute("href", f"/review/{contest}#growth")
    row = organiser.locator(f'[data-contest-row="{contest}"]')
    await expect(row).to_contain_text("主办方")
    await expect(row).to_contain_text("票")
    await expect(organiser.locator(f'[data-contest-row="{other}"]')).to_have_count(0)
    need = organiser.locator("#needs li", has_text="待核组 ring-big")
    await expect(need).to_contain_text("影响名次")
    await expect(need).to_contain_text("若计入：A012 由第 12 名变为第 1 名。")
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
    await expect(row.get_by_role("link", name="结果与得分")).to_be_visible()
    await expect(row).not_to_contain_text("已记录")
    for name in ("评分", "实时看板", "待核选票", "审计日志"):
        await expect(judge.get_by_role("link", name=name, exact=True)).to_have_count(0)
    await expect(judge.locator("#needs")).to_have_count(0)


async def test_an_extension_takes_two_persons(signed_in: SignedIn, contests: Contests, office: AdminServices) -> None:
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
    assert [action for action, _ in await acts(office, contest)] == ["second_person.propose", "contest.extend"]


async def test_a_long_pause_and_a_withdrawal_take_two_persons(
    signed_in: SignedIn, contests: Contests, office: AdminServices
) -> None:
    contest = await contests.make(top='changeable = ["withdrawal"]\n')
    li, zhang = await signed_in("organiser", contest), await signed_in("owner", contest)
    await zhang.goto(f"/control/{contest}")
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
    await expect(zhang.locator("#withdraw")).to_contain_text("A003")
    await expect(zhang.locator("#withdraw")).to_contain_text("需由另一人确认")
    await li.goto(f"/control/{contest}")
    await picture(li, "control-proposed")
    await check(li, "control-proposed")
    for card, button, done in (("pause", "确认暂停", "自动恢复"), ("withdraw", "确认撤下", "等待另一人确认")):
        form = li.locator(f"#{card} form").first
        await form.get_by_label("理由").fill("已核对，情况属实，同意。")
        await form.get_by_role("button", name=button).click()
        await expect(li.locator(f"#{card} .notice", has_text=done)).to_have_count(0)
    await expect(li.locator("#phase")).to_have_text("暂停投票")
    await expect(li.locator(".acts li").first).to_contain_text("撤下作品")
    recorded = await acts(office, contest)
    assert [action for action, _ in recorded] == [
        "second_person.propose",
        "contest.pause",
        "second_person.propose",
        "contest.pause",
        "entry.withdraw",
    ]
    assert "网络故障" in recorded[1][1]["reason"]
    assert [recorded[number][1]["persons"] for number in (1, 3, 4)] == [1, 2, 2]


async def acts(office: AdminServices, contest: str) -> list[tuple[str, dict[str, Any]]]:
    """Returns what accounts did to a contest, with the details, in order."""
    async with office.database.connection() as connection:
        rows = await connection.fetch(
            "select action, details from audit_log where contest = $1 and actor like 'account:%'"
            " and action not like 'staff.%' order by id",
            contest,
        )
    return [(row["action"], json.loads(row["details"])) for row in rows]


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


async def test_sealed_rules_are_shown_as_sealed_whatever_was_done_since(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices
) -> None:
    contest = await contests.make(opens=timedelta(days=1))
    key = {"Authorization": f"Bearer {await contests.staff_key('organiser', contest)}"}

    async def shown() -> str:
        return (await http.get(f"/control/{contest}?lang=en", headers=key)).raise_for_status().text

    before = await shown()
    assert ('id="seal"' in before, WORDS["en"].control_not_changeable in before) == (True, False)
    snapshot = await office.contest_cache.get(contest)
    await office.contest_admin.seal(contest, snapshot.document)
    for _ in range(MOST_ACTS):
        await office.contest_admin.resume(contest)
    after = await shown()
    assert ('id="seal"' in after, WORDS["en"].control_not_changeable in after) == (False, True)


async def test_an_owner_makes_a_contest_from_a_file_and_opens_it(
    signed_in: SignedIn, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    owner, id = await signed_in("owner", None), f"n-{secrets.token_hex(4)}"
    await owner.goto("/staff")
    await owner.get_by_role("link", name="新建活动").click()
    await owner.get_by_label("从一份已公布的评选文件开始").select_option("004-science-envoys")
    await owner.get_by_role("button", name="取用").click()
    source = owner.get_by_label("活动文件内容")
    text = (await source.input_value()).replace('id = "science-envoys-2023"', f'id = "{id}"')
    broken = tmp_path / "contest.toml"
    broken.write_text(text.replace("[[quota]]\n", "[[quota]]\nbeans = 3\n", 1), "utf-8")
    await owner.get_by_label("或上传活动文件").set_input_files(broken)
    await owner.get_by_role("button", name="检查").click()
    line = broken.read_text("utf-8").split("\n").index("beans = 3") + 1
    await expect(owner.locator("#checked li", has_text="beans")).to_contain_text(f"第 {line} 行")
    await picture(owner, "new-contest-faults")
    await source.fill(text)
    # The draft outlives the page, until it is sent.
    await owner.goto("/staff/new")
    await expect(source).to_have_value(text)
    await owner.get_by_label("与另一套规则比较").select_option("003-low-carbon-cases")
    await owner.get_by_role("button", name="检查").click()
    checked = owner.locator("#checked")
    await expect(checked).to_contain_text("检查通过")
    await expect(checked.locator("ins").first).to_be_visible()
    await expect(checked.locator('[lang="en"] li').first).to_be_attached()
    await check(owner, "new contest")
    await picture(owner, "new-contest")
    # The report is of the text that was checked: it goes with a change, and what escapes that is refused.
    create = owner.get_by_role("button", name="创建并立即开始")
    await source.fill(text.replace("2023", "2024"))
    await expect(checked).to_be_empty()
    await source.fill(text)
    await owner.get_by_role("button", name="检查").click()
    await source.evaluate("area => { area.value += '# unseen' }")
    await create.click()
    await expect(owner.locator("#contest-file .fault")).to_contain_text("内容与检查时不同")
    await source.evaluate("(area, text) => { area.value = text }", text)
    await create.click()
    await expect(owner).to_have_url(re.compile(f"/control/{id}"))
    assert (await http.get(f"/api/v1/contests/{id}")).json()["window"]["phase"] == "open"
    assert refusal(await http.post("/api/v1/staff/contests", content=b"x", headers=FILE)) == (401, "credential_missing")


async def test_a_roster_is_checked_before_it_is_imported(
    signed_in: SignedIn, contests: Contests, office: AdminServices, tmp_path: Path
) -> None:
    contest = await contests.make(entries=2, opens=timedelta(days=1))
    organiser = await signed_in("organiser", contest)
    table = tmp_path / "roster.csv"
    rows = [
        "A001,作品 1,作者 1,类别二,简介 1",
        "A002,改名的作品,作者 2,one,",
        "B001,,作者 3,one,",
        "B002,茶山,作者 4,three,",
    ]
    table.write_text(
        "\n".join(["code,title,author,category,summary", *rows, "B003,盐碱滩,作者 5,two,", ""]), "utf-8-sig"
    )
    await organiser.goto("/staff")
    await organiser.get_by_role("link", name="作品名单").click()
    await organiser.get_by_label("名单文件").set_input_files(table)
    await organiser.get_by_role("button", name="检查").click()
    report = organiser.locator("#report")
    await expect(report).to_contain_text("3 件可导入 · 2 行需修改 · 1 件与现有相同")
    await expect(report).to_contain_text("新增 1 件，更新 1 件")
    await expect(report.locator("tbody tr").last).to_contain_text("category")
    await check(organiser, "roster")
    await picture(organiser, "roster")
    async with organiser.expect_download() as waiting:
        await organiser.get_by_role("button", name="下载带批注的表格").click()
    book = openpyxl.load_workbook(io.BytesIO((await (await waiting.value).path()).read_bytes()))
    assert [sheet.title for sheet in book] == ["名单 roster", "问题 faults"]
    faults = [row[-1].value for row in book.worksheets[0].iter_rows(min_row=3, max_row=5)]
    assert faults[:2] == [None, "title: 没有填写; 请填写"]
    assert faults[2].startswith("category: 'three' 不是本活动的类别; ")
    assert set((await office.contest_cache.renew(contest)).entries) == {"A001", "A002"}, "nothing is imported yet"
    await organiser.get_by_label("名单文件").set_input_files(table.rename(tmp_path / "chosen-again.csv"))
    await expect(report).to_be_empty()
    await organiser.get_by_role("button", name="检查").click()
    await organiser.get_by_role("button", name="只导入无误的 3 件").click()
    await expect(organiser.locator(".acts li").first).to_contain_text("导入作品名单")
    stored = (await office.contest_cache.renew(contest)).entries
    assert {code: entry.title for code, entry in stored.items()} == {
        "A001": "作品 1",
        "A002": "改名的作品",
        "B003": "盐碱滩",
    }
    # Then the rules are sealed.
    await organiser.get_by_label("我已核对规则").check()
    await organiser.get_by_role("button", name="封存规则").click()
    await expect(organiser.locator(".acts li").first).to_contain_text("封存评选规则")
    await expect(organiser.locator("#seal")).to_have_count(0)
    # What is no table is said so.
    await organiser.goto(f"/control/{contest}/roster")
    (tmp_path / "x.csv").write_bytes(b"%PDF-1.7")
    await organiser.get_by_label("名单文件").set_input_files(tmp_path / "x.csv")
    await organiser.get_by_role("button", name="检查").click()
    await expect(report).to_contain_text("是 PDF 文件")


async def test_a_file_is_read_only_from_whom_it_may_come(http: httpx.AsyncClient, contests: Contests) -> None:
    contest, other = await contests.make(), await contests.make()
    key = {"Authorization": f"Bearer {await contests.staff_key('organiser', contest)}"} | FILE
    path, large = f"/api/v1/staff/contests/{contest}/roster", b"x" * (FILE_BYTES + 1)
    roster = "code,title,author,category\nA001,新名字,作者 1,two\n".encode()
    assert refusal(await http.post(path, content=large, headers=FILE)) == (401, "credential_missing")
    elsewhere = await http.post(f"/api/v1/staff/contests/{other}/roster", content=large, headers=key)
    assert refusal(elsewhere) == (403, "forbidden")
    assert refusal(await http.post(path, content=large, headers=key)) == (413, "too_large")
    assert refusal(await http.post(path, content=b"code\n", headers=key)) == (422, "file_invalid")
    assert refusal(await http.post(path, content=roster, headers=key)) == (409, "roster_sealed")
    amended = await http.post(f"{path}?amend=true", content=roster, headers=key)
    assert (amended.status_code, amended.json()["changed"]) == (200, ["A001"])
    # Only what was checked, if the sender says what that was.
    checked = f"{path}?amend=true&checked_sha256={hashlib.sha256(roster).hexdigest()}"
    assert refusal(await http.post(checked, content=roster + b"\n", headers=key)) == (409, "stale")
    assert (await http.post(checked, content=roster, headers=key)).status_code == 200
    # Other routes take no file, and this one no other kind of body.
    pause = await http.post(f"/api/v1/staff/contests/{contest}/pause", content=b"{}", headers=key)
    assert refusal(pause) == (415, "unsupported_media_type")
    form = await http.post(path, content=b"x", headers={**key, "Content-Type": "text/plain"})
    assert refusal(form) == (415, "unsupported_media_type")


async def test_a_table_of_marks_is_taken_whole_or_not_at_all(
    signed_in: SignedIn, contests: Contests, office: AdminServices, tmp_path: Path
) -> None:
    contest = await contests.make(MARKED, entries=2, opens=timedelta(hours=-2), closes=timedelta(minutes=-1))
    organiser, table = await signed_in("organiser", contest), tmp_path / "marks.csv"
    rows = ["judge,entry,创新,表现", "张三,A001,80,90", "张三,A002,101,90"]
    await organiser.goto(f"/results/{contest}/marks")
    await organiser.get_by_text("上传评分表").click()

    async def send() -> None:
        table.write_text("\n".join(rows), "utf-8-sig")
        await organiser.get_by_label("评分表（").set_input_files(table)
        await organiser.get_by_role("button", name="检查").click()

    await send()
    report = organiser.locator("#report-final")
    await expect(report.locator("tbody tr")).to_contain_text("创新")
    await expect(report.get_by_role("button")).to_have_count(0)
    await check(organiser, "marks")
    rows[2] = "张三,A002,70,90"
    await send()
    await expect(report).to_contain_text("4 个评分，1 位评委")
    await expect(report).to_contain_text(hashlib.sha256(table.read_bytes()).hexdigest())
    await report.get_by_role("button").click()
    await expect(report).to_be_empty()
    async with office.database.connection() as connection:
        assert await connection.fetchval("select count(*) from marks where contest = $1", contest) == 4
        (row,) = await connection.fetch(
            "select actor, details from audit_log where contest = $1 and action = 'marks.import'", contest
        )
    assert row["actor"].startswith("account:organiser-")
    assert json.loads(row["details"])["sha256"] == hashlib.sha256(table.read_bytes()).hexdigest()
