"""The pages of reviewers, judges and auditors, and the published result, by the rules of axe, on a phone and wide."""

from __future__ import annotations

from datetime import timedelta

from playwright.async_api import ViewportSize

from tests.acceptance.test_browser import PHONE, browser, picture
from tests.acceptance.test_marking_pages import RULES as MARKED
from tests.acceptance.test_review_pages import SignedIn, signed_in
from tests.conftest import Contests
from tests.services.results.test_certified_inputs import RULES, certified
from tests.voter_page.test_accessible import check
from tests.web.test_groups import ringed
from voting.services.results.objections import Objections
from voting.wiring.admin import AdminServices

__all__ = ["browser", "signed_in"]
WIDE: ViewportSize = {"width": 1440, "height": 900}


async def test_axe_finds_nothing_and_nothing_is_cut(
    signed_in: SignedIn, contests: Contests, office: AdminServices
) -> None:
    reviewed = await ringed(contests, office)
    published = (await certified(contests, office, RULES + "[publication]\ndays = 5\n")).contest
    renewed = await office.contest_cache.renew(published.id)
    await Objections(office.database).file(renewed, "marks", "一项评分似乎有误，请核对。")
    marked = await contests.make(MARKED, entries=3, opens=timedelta(hours=-2), closes=timedelta(minutes=-1))
    paths = {
        ("owner", reviewed): [
            f"/review/{reviewed}{path}" for path in ("", "/groups/ring-big", "/groups/ring-big/print", "/ballot?code=x")
        ],
        ("owner", published.id): [
            f"/results/{published.id}{path}" for path in ("", "/entries/A001", "/objections", "/marks")
        ]
        + [f"/c/{published.id}/results"],
        ("judge", marked): [f"/marking/{marked}", f"/marking/{marked}/final/A001"],
    }
    for (role, contest), own in paths.items():
        page = await signed_in(role, contest)  # type: ignore[arg-type]
        for size, language in ((PHONE, "zh"), (WIDE, "en")):
            await page.set_viewport_size(size)
            for path in own:
                await page.goto(f"{path}{'&' if '?' in path else '?'}lang={language}")
                await check(page, f"{path} {language}")
                name = path.replace(contest, "").strip("/").replace("/", "-").replace("?", "-")
                await picture(page, f"staff-{name}-{size['width']}")
