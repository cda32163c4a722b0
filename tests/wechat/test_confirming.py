"""Voters of the web who are asked to confirm do so with WeChat: on its page, and in the mini program."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx

from tests.conftest import SECRET, Contests, Service, cast, refusal
from tests.wechat.standin import Standin
from tests.wechat.test_sign_in import HTML, agree, browser_of
from voting.services.identity.keyring import Keyring
from voting.web.auth import voter_cookie_name

RULES = """
[voters]
channels = ["web"]
[verification]
share = 1.0
by = ["{by}"]
[[quota]]
picks = 2
"""


async def vote(browser: httpx.AsyncClient, contest: str) -> str:
    """Votes with a new credential, which the browser keeps and this returns."""
    token = Keyring(SECRET.encode()).issue_credential(contest, "web", datetime.now(UTC))
    browser.cookies.set(voter_cookie_name(contest), token)
    assert (await cast(browser, contest, None, ["A001"])).status_code == 201
    return token


async def asked(browser: httpx.AsyncClient, contest: str) -> dict[str, Any]:
    confirmation: dict[str, Any] = (await browser.get(f"/c/{contest}/own")).json()["confirmation"]
    return confirmation


async def test_a_voter_confirms_on_wechats_page_and_stays_the_same_voter(
    http: httpx.AsyncClient, wechat_service: Service, wechat_standin: Standin, contests: Contests
) -> None:
    contest = await contests.make(RULES.format(by="wechat"))
    assert (await http.get(f"/c/{contest}/confirm/wechat")).status_code == 401, "nobody voted here"
    token = await vote(http, contest)
    assert (await http.get(f"/c/{contest}/sign-in/wechat", headers=HTML)).status_code == 403, "nobody votes through it"
    leaves = await http.get(f"/c/{contest}/confirm/wechat", headers=HTML)
    assert leaves.status_code == 303
    back = await agree(leaves.headers["location"], 1)
    async with browser_of(wechat_service) as other:
        stranger = await other.get(back, headers=HTML)
        assert stranger.status_code == 403, "another browser cannot confirm for the voter"
    assert (await asked(http, contest))["state"] == "asked"
    for _ in range(2):
        answer = await http.get(back, headers=HTML)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/c/{contest}/me")
    own = (await http.get(f"/c/{contest}/own")).json()
    assert (own["confirmation"]["state"], own["remaining"]["picks"]) == ("confirmed", 1)
    assert http.cookies.get(voter_cookie_name(contest)) == token
    assert "已确认，谢谢。" in (await http.get(f"/c/{contest}/me")).text
    # The same person confirms no second voter.
    async with browser_of(wechat_service) as other:
        await vote(other, contest)
        leaves = await other.get(f"/c/{contest}/confirm/wechat", headers=HTML)
        taken = await other.get(await agree(leaves.headers["location"], 1), headers=HTML)
        assert taken.status_code == 409
        assert "已经确认过另一位投票人的票" in taken.text
        assert (await asked(other, contest))["state"] == "asked"


async def test_a_voter_confirms_in_the_mini_program(
    http: httpx.AsyncClient, wechat_service: Service, wechat_standin: Standin, contests: Contests
) -> None:
    contest = await contests.make(RULES.format(by="mini_program"))

    async def confirm(browser: httpx.AsyncClient, token: str, code: str) -> httpx.Response:
        return await browser.post(
            f"/api/v1/contests/{contest}/me/confirmation",
            json={"mini_program": {"code": code}},
            headers={"Authorization": f"Bearer {token}"},
        )

    token = await vote(http, contest)
    assert (await confirm(http, token, "0" * 32)).status_code == 403, "not a code of WeChat's"
    assert (await confirm(http, token, wechat_standin.mini_program_code(1))).status_code == 204
    assert (await asked(http, contest))["state"] == "confirmed"
    async with browser_of(wechat_service) as other:
        second = await vote(other, contest)
        taken = await confirm(other, second, wechat_standin.mini_program_code(1))
        assert refusal(taken) == (409, "confirmation_taken")
        assert (await confirm(other, second, wechat_standin.mini_program_code(2))).status_code == 204
