"""Videos on other sites: shown in a frame after a click, only of the sites that the contest's file names."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest
from playwright.async_api import Browser, Route, expect

from tests.acceptance.test_browser import PHONE, browser
from tests.conftest import Contests, Service
from voting.domain.contest.players import player_of
from voting.domain.contest.schema import PlayerSite
from voting.web.guard import PAGE_POLICY

__all__ = ["browser"]
PLAYER = "https://player.bilibili.com/player.html?bvid=BV1xx411c7mD&autoplay=0&danmaku=0"
RULES = """
[[quota]]
picks = 5
[[player]]
name = "哔哩哔哩"
host = "player.bilibili.com"
"""


@pytest.mark.parametrize(
    ("address", "host", "player"),
    [
        ("https://www.bilibili.com/video/BV1xx411c7mD/?spm=1", "player.bilibili.com", PLAYER),
        (PLAYER, "player.bilibili.com", PLAYER),
        (
            "https://v.qq.com/x/cover/mzc00200abc/a0040abcdef.html",
            "v.qq.com",
            "https://v.qq.com/txp/iframe/player.html?vid=a0040abcdef&autoplay=false",
        ),
        ("https://v.youku.com/v_show/id_XNTk=.html", "player.youku.com", "https://player.youku.com/embed/XNTk="),
        ("https://videos.example.cn/embed/7", "videos.example.cn", "https://videos.example.cn/embed/7"),
        ("https://www.bilibili.com/video/BV1xx411c7mD", "v.qq.com", None),
        ("http://player.bilibili.com/x", "player.bilibili.com", None),
        ("https://player.bilibili.com@evil.example/x", "player.bilibili.com", None),
        ("https://player.bilibili.com.evil.example/x", "player.bilibili.com", None),
        ("https://[x", "player.bilibili.com", None),
        ("javascript:alert(1)", "player.bilibili.com", None),
    ],
)
def test_a_player_is_that_of_a_named_site_alone(address: str, host: str, player: str | None) -> None:
    found = player_of(address, [PlayerSite("x", host)])
    assert (found.address if found else None) == player


async def test_the_player_loads_after_a_click_and_no_other_page_may_frame_it(
    browser: Browser, service: Service, contests: Contests, http: httpx.AsyncClient
) -> None:
    contest = await contests.make(RULES)
    async with contests.office() as office:
        first, second, *_ = await office.contest_admin.stored_entries(contest)
        videos = [
            replace(first, video="https://www.bilibili.com/video/BV1xx411c7mD"),
            replace(second, video="https://other.example/v"),
        ]
        await office.contest_admin.import_roster(contest, videos, None, amend=True)
    plain = await http.get(f"/c/{contest}/entries/{second.code}")
    assert plain.headers["content-security-policy"] == PAGE_POLICY
    assert "data-player" not in plain.text
    context = await browser.new_context(viewport=PHONE, locale="zh-CN", base_url=service.url)
    asked: list[str] = []

    async def stand_in(route: Route) -> None:
        asked.append(route.request.url)
        await route.fulfill(content_type="text/html", body="<p>the player</p>")

    await context.route("https://player.bilibili.com/**", stand_in)
    page = await context.new_page()
    answer = await page.goto(f"/c/{contest}/entries/{first.code}")
    assert answer
    assert answer.headers["content-security-policy"].endswith("; frame-src https://player.bilibili.com")
    assert asked == []
    await page.get_by_role("button", name="播放").click()
    await expect(page.frame_locator(".stage iframe").locator("p")).to_have_text("the player")
    assert asked == [PLAYER]
    assert "哔哩哔哩" in (await http.get(f"/c/{contest}/privacy")).text
    await context.close()
