"""The signatures of share cards and the files that WeChat checks a domain by."""

from __future__ import annotations

import httpx
import pytest

from tests.conftest import Contests, Service, refusal
from tests.wechat.standin import Standin
from tests.wechat.test_browser import ticket_of
from voting.demo.wechat.world import PAGE_APP
from voting.wechat.client import sign_page


async def test_a_page_of_the_contest_is_signed(
    http: httpx.AsyncClient, wechat_service: Service, wechat_standin: Standin, contests: Contests
) -> None:
    contest = await contests.make()
    for path in (f"/c/{contest}", f"/c/{contest}?sort=picks&from=timeline", f"/c/{contest}/entries/A001?lang=en"):
        url = f"{wechat_service.url}{path}"
        answer = await http.get(f"/api/v1/contests/{contest}/share-card", params={"url": url})
        assert answer.status_code == 200
        card = answer.json()
        assert card["appid"] == PAGE_APP.id
        assert card["signature"] == sign_page(await ticket_of(contests), card["nonce"], card["timestamp"], url)
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/c/{}",
        "{url}.evil.example/c/{}",
        "{url}@evil.example/c/{}",
        "{url}/c/another",
        "{url}/board/{}",
        "{url}/c/{}#fragment",
        "{url}/c/{}/entries/../../x",
        "{url}/c/{} x",
        "",
    ],
)
async def test_no_other_address_is_signed(
    http: httpx.AsyncClient, wechat_service: Service, contests: Contests, url: str
) -> None:
    contest = await contests.make()
    given = url.replace("{url}", wechat_service.url).replace("{}", contest)
    answer = await http.get(f"/api/v1/contests/{contest}/share-card", params={"url": given})
    assert refusal(answer) == (400, "malformed")


async def test_a_service_without_an_account_has_no_cards_and_no_files(service: Service, contests: Contests) -> None:
    contest = await contests.make()
    async with httpx.AsyncClient(base_url=service.url) as http:
        answer = await http.get(f"/api/v1/contests/{contest}/share-card", params={"url": f"{service.url}/c/{contest}"})
        assert refusal(answer) == (404, "not_found")
        assert refusal(await http.get("/MP_verify_AbCdEf0123456789.txt")) == (404, "not_found")
        own = await http.get(f"/c/{contest}/own", headers={"User-Agent": "MicroMessenger/8"})
        assert own.json()["share"] is False


async def test_the_files_are_served_at_the_root(http: httpx.AsyncClient) -> None:
    answer = await http.get("/MP_verify_AbCdEf0123456789.txt")
    assert (answer.status_code, answer.text) == (200, "AbCdEf0123456789")
    assert answer.headers["content-type"].startswith("text/plain")
    assert refusal(await http.get("/MP_verify_other.txt")) == (404, "not_found")


async def test_a_page_loads_the_cards_script_in_wechat_alone(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make()
    for agent, loads in (("Mozilla/5.0 MicroMessenger/8.0", True), ("Mozilla/5.0", False)):
        own = (await http.get(f"/c/{contest}/own", headers={"User-Agent": agent})).json()
        assert own["share"] == loads
