"""What organisers tell voters: notices for a time, and how much of the tally is shown."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import httpx

from tests.conftest import Contests, eventually, refusal
from voting.domain.contest.announcement import Announcement, in_force

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def lasting(number: int, begins: int, ends: int) -> Announcement:
    """A notice from and to so many hours after NOW."""
    return Announcement(number, "公告", "", NOW + timedelta(hours=begins), NOW + timedelta(hours=ends))


def test_the_notice_that_began_last_is_in_force_from_its_start_until_its_end() -> None:
    earlier, later, future = lasting(1, -2, 5), lasting(2, -1, 1), lasting(3, 2, 3)
    assert in_force((earlier, later, future), NOW) == later
    assert in_force((earlier, later, future), NOW + timedelta(hours=1)) == earlier, "an end is outside"
    assert in_force((earlier, later, future), NOW + timedelta(hours=2)) == future, "a start is inside"
    assert in_force((earlier, later, future), NOW + timedelta(hours=5)) is None
    assert earlier.said("en") == "公告"


async def test_a_notice_is_on_every_page_for_its_time_and_its_end_is_on_record(
    http: httpx.AsyncClient, contests: Contests
) -> None:
    contest, headers = await contests.make(), {"Authorization": f"Bearer {await contests.staff_key('organiser', None)}"}
    path = f"/api/v1/staff/contests/{contest}/announcements"
    before = await http.get(f"/c/{contest}")
    ends_at = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    text = {"text": "今晚 <22 点> 维护\n可能慢几分钟", "text_en": "Maintenance tonight"}
    made = await http.post(path, json={**text, "ends_at": ends_at}, headers=headers)
    assert made.status_code == 201

    async def is_shown() -> bool:
        page = await http.get(f"/c/{contest}", headers={"if-none-match": before.headers["etag"]})
        return "今晚 &lt;22 点&gt; 维护" in page.text

    await eventually(is_shown)
    assert "Maintenance tonight" in (await http.get(f"/c/{contest}/entries/A001?lang=en")).text
    own = (await http.get(f"/c/{contest}/own?lang=en")).json()["announcement"]
    assert (own["text"], datetime.fromisoformat(own["until"])) == (text["text_en"], datetime.fromisoformat(ends_at))
    # A later one, which ends by itself, is shown until then; nobody asks for another page.
    soon = (datetime.now(UTC) + timedelta(seconds=3)).isoformat()
    assert (await http.post(path, json={"text": "马上结束", "ends_at": soon}, headers=headers)).status_code == 201

    async def shows(text: str) -> bool:
        return text in (await http.get(f"/c/{contest}?lang=zh")).text

    await eventually(lambda: shows("马上结束"))
    await eventually(lambda: shows("今晚 &lt;22 点&gt; 维护"))
    wrong_year = await http.post(
        path, json={**text, "starts_at": "0001-01-01T00:00:00Z", "ends_at": ends_at}, headers=headers
    )
    assert refusal(wrong_year) == (400, "malformed")
    number = made.json()["number"]
    assert (await http.post(f"{path}/{number}/end", headers=headers)).status_code == 200
    await eventually(lambda: shows('data-until="" hidden'))
    assert refusal(await http.post(f"{path}/{number}/end", headers=headers)) == (404, "not_found")
    async with contests.office() as office:
        acts = await office.database.transact(
            lambda tx: tx.fetch("select action, details::text as text from audit_log where contest = $1", contest)
        )
    kept = [(act["action"], json.loads(act["text"])) for act in acts if act["action"].startswith("announcement.")]
    assert [action for action, _ in kept] == ["announcement.publish"] * 2 + ["announcement.end"]
    assert text.items() <= kept[0][1].items()


async def test_a_notice_in_the_past_or_for_years_is_refused(http: httpx.AsyncClient, contests: Contests) -> None:
    contest, headers = await contests.make(), {"Authorization": f"Bearer {await contests.staff_key('organiser', None)}"}
    path = f"/api/v1/staff/contests/{contest}/announcements"
    for times in ({"ends_at": "2020-01-01T00:00"}, {"ends_at": "2126-01-01T00:00"}, {"ends_at": "soon"}):
        assert refusal(await http.post(path, json={"text": "公告", **times}, headers=headers)) == (400, "malformed")
    times = {"starts_at": "2099-01-02T00:00", "ends_at": "2099-01-01T00:00"}
    assert refusal(await http.post(path, json={"text": "公告", **times}, headers=headers)) == (400, "malformed")
    blank = {"text": "  ", "ends_at": (datetime.now(UTC) + timedelta(days=1)).isoformat()}
    assert refusal(await http.post(path, json=blank, headers=headers)) == (400, "malformed")


async def test_voters_see_another_display_of_the_tally_where_the_rules_allow_it(
    http: httpx.AsyncClient, contests: Contests
) -> None:
    contest, sealed = await contests.make(top='changeable = ["display"]\n'), await contests.make()
    headers = {"Authorization": f"Bearer {await contests.staff_key('organiser', None)}"}
    hidden = {"policy": "hidden", "reason": "最后一天不公布票数，以免跟风"}
    path = "/api/v1/staff/contests/{}/display"
    assert refusal(await http.post(path.format(sealed), json=hidden, headers=headers)) == (409, "rules_sealed")
    assert (await http.get(f"/api/v1/contests/{contest}/tallies")).json()["policy"] == "live"
    assert (await http.post(path.format(contest), json=hidden, headers=headers)).status_code == 200

    async def shows(policy: str, text: str) -> bool:
        shown = (await http.get(f"/api/v1/contests/{contest}/tallies")).json()["policy"]
        return bool(shown == policy) and text in (await http.get(f"/c/{contest}")).text

    await eventually(lambda: shows("hidden", "投票期间不公布票数"))
    daily = {"policy": "daily", "at": "09:30", "reason": "每天早上公布一次票数"}
    assert (await http.post(path.format(contest), json=daily, headers=headers)).status_code == 200
    await eventually(lambda: shows("daily", "9:30"))
    control = await http.get(f"/control/{contest}", headers=headers)
    assert "每天 09:30 更新一次 → …" in control.text
    assert "hidden" in control.text, "the last acts name what it was"
