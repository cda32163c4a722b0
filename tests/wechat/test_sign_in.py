"""Sign-in with WeChat over real HTTP: pages and the mini program, their refusals, and one quota for one person."""

from __future__ import annotations

import asyncio
import json
import re
from urllib.parse import parse_qs, urlsplit

import asyncpg
import httpx
import msgspec
import pytest

from tests.conftest import Contests, Service, cast, environment_of, free_port, refusal, serving
from tests.wechat.standin import Standin
from voting.demo.wechat.process import settings_of
from voting.demo.wechat.world import FIRST_EXTRA, PAGE_APP, PEOPLE
from voting.fraud.facts.facts import Facts
from voting.services.identity.providers.mini_program import RISK_SECONDS
from voting.settings import Settings
from voting.web.auth import voter_cookie_name

PAGES = '[voters]\nchannels = ["wechat"]\n'
BOTH = '[voters]\nchannels = ["wechat", "mini_program"]\n'
QUOTA = '[[quota]]\npicks = 2\nper = "contest"\nperiod = "day"\n'
LOGIN = "/sns/oauth2/access_token"
MINI_LOGIN = "/sns/jscode2session"
HTML = {"Accept": "text/html"}


async def begin(browser: httpx.AsyncClient, contest: str, back: str = "") -> str:
    """Returns the address of WeChat's authorize page."""
    answer = await browser.get(f"/c/{contest}/sign-in/wechat", params={"back": back} if back else {}, headers=HTML)
    assert answer.status_code == 303, answer.text
    address: str = answer.headers["location"]
    return address


async def agree(authorize: str, person: int, **more: str) -> str:
    """Returns the address at which WeChat sends the person back."""
    address, _, fragment = authorize.partition("#")
    assert fragment == "wechat_redirect"
    async with httpx.AsyncClient() as wechat:
        answer = await wechat.get(address, params={**dict(httpx.URL(address).params), "person": str(person), **more})
    assert answer.status_code == 302, answer.text
    back: str = answer.headers["location"]
    return back


async def sign_in(browser: httpx.AsyncClient, contest: str, person: int, back: str = "") -> httpx.Response:
    """Signs a person in; returns the answer to the return from WeChat."""
    return await browser.get(await agree(await begin(browser, contest, back), person), headers=HTML)


async def mini_program(http: httpx.AsyncClient, contest: str, code: str, **more: str) -> httpx.Response:
    return await http.post(f"/api/v1/contests/{contest}/voters", json={"mini_program": {"code": code, **more}})


def browser_of(service: Service) -> httpx.AsyncClient:
    """Returns another browser."""
    return httpx.AsyncClient(base_url=service.url, timeout=30)


async def test_a_person_signs_in_votes_and_is_the_same_voter_in_another_browser(
    http: httpx.AsyncClient, wechat_service: Service, wechat_standin: Standin, contests: Contests
) -> None:
    contest = await contests.make(PAGES + QUOTA, entries=3)
    authorize = await begin(http, contest, f"/c/{contest}/entries/A002")
    query = parse_qs(urlsplit(authorize).query)
    assert list(query) == ["appid", "redirect_uri", "response_type", "scope", "state"]
    assert query["scope"] == ["snsapi_base"]
    assert re.fullmatch(r"[a-zA-Z0-9]{32}", query["state"][0])
    assert query["redirect_uri"] == [f"{wechat_service.url}/sign-in/wechat"]
    answer = await http.get(await agree(authorize, 1), headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/c/{contest}/entries/A002")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert (await cast(http, contest, None, ["A001"])).status_code == 201
    async with browser_of(wechat_service) as other:
        await sign_in(other, contest, 1)
        assert (await cast(other, contest, None, ["A002"])).status_code == 201
        assert refusal(await cast(other, contest, None, ["A003"]))[1] == "quota_exhausted"
        await sign_in(other, contest, 2)
        assert (await cast(other, contest, None, ["A003"])).status_code == 201


async def test_a_reload_of_the_return_is_only_redirected(
    http: httpx.AsyncClient, wechat_standin: Standin, contests: Contests
) -> None:
    contest = await contests.make(PAGES + QUOTA)
    back = await agree(await begin(http, contest), 1)
    first = await http.get(back, headers=HTML)
    again = await http.get(back, headers=HTML)
    assert [first.status_code, again.status_code] == [303, 303]
    assert first.headers["location"] == again.headers["location"] == f"/c/{contest}"
    assert "set-cookie" not in again.headers
    assert wechat_standin.calls()[LOGIN] == 1


async def test_a_double_request_signs_in_once_and_restarts_the_other(
    http: httpx.AsyncClient, wechat_service: Service, wechat_standin: Standin, contests: Contests
) -> None:
    contest = await contests.make(PAGES + QUOTA)
    back = await agree(await begin(http, contest), 1)
    cookies = "; ".join(f"{name}={value}" for name, value in http.cookies.items())
    async with browser_of(wechat_service) as one, browser_of(wechat_service) as two:
        answers = await asyncio.gather(*(each.get(back, headers=HTML | {"Cookie": cookies}) for each in (one, two)))
    locations = sorted(answer.headers["location"] for answer in answers)
    assert locations[0] == f"/c/{contest}"
    assert locations[1].startswith(f"{wechat_standin.url}/connect/oauth2/authorize?")
    assert wechat_standin.calls()[LOGIN] == 1


@pytest.mark.parametrize("code", [40163, 40029, 42003])
async def test_a_code_that_cannot_be_used_restarts_the_sign_in_once(
    http: httpx.AsyncClient, wechat_standin: Standin, contests: Contests, code: int
) -> None:
    contest = await contests.make(PAGES + QUOTA)
    wechat_standin.spoil(LOGIN, "code", code=code, times=2)
    answer = await sign_in(http, contest, 1, f"/c/{contest}/entries/A001")
    assert answer.status_code == 303
    failed = await http.get(await agree(answer.headers["location"], 1), headers=HTML)
    assert failed.status_code == 403
    assert "这次登录已失效" in failed.text
    assert await persons(contests, contest) == 0


async def test_after_a_restart_the_person_comes_back_to_the_page(
    http: httpx.AsyncClient, wechat_standin: Standin, contests: Contests
) -> None:
    contest = await contests.make(PAGES + QUOTA)
    wechat_standin.spoil(LOGIN, "code", code=40163)
    restarted = await sign_in(http, contest, 1, f"/c/{contest}/entries/A001")
    answer = await http.get(await agree(restarted.headers["location"], 1), headers=HTML)
    assert answer.headers["location"] == f"/c/{contest}/entries/A001"
    assert (await cast(http, contest, None, ["A001"])).status_code == 201


@pytest.mark.parametrize("how", ["another browser", "another state", "no state", "an altered cookie"])
async def test_a_return_to_another_browser_is_refused(
    http: httpx.AsyncClient, wechat_service: Service, wechat_standin: Standin, contests: Contests, how: str
) -> None:
    contest = await contests.make(PAGES + QUOTA)
    back = await agree(await begin(http, contest), 1)
    name, value = next(iter(http.cookies.items()))
    if how == "another browser":
        http.cookies.clear()
    elif how == "another state":
        back = re.sub("state=.*", f"state={'a' * 32}", back)
    elif how == "no state":
        back = re.sub("&state=.*", "", back)
    else:
        http.cookies.set(name, f"A{value[1:]}" if value[0] != "A" else f"B{value[1:]}")
    answer = await http.get(back, headers=HTML)
    assert answer.status_code == 403
    assert voter_cookie_name(contest) not in answer.headers.get("set-cookie", "")
    assert wechat_standin.calls()[LOGIN] == 0


async def test_a_user_of_a_snapshot_page_is_never_counted(
    http: httpx.AsyncClient, wechat_standin: Standin, contests: Contests
) -> None:
    contest = await contests.make(PAGES + QUOTA)
    for language, words in (("zh", "快照页"), ("en", "snapshot page")):
        back = await agree(await begin(http, contest), 1, snapshot="1")
        answer = await http.get(back, headers=HTML | {"Accept-Language": language})
        assert answer.status_code == 403
        assert words in answer.text
    assert await persons(contests, contest) == 0


async def test_a_user_who_does_not_agree_is_not_signed_in(
    http: httpx.AsyncClient, wechat_standin: Standin, contests: Contests
) -> None:
    contest = await contests.make(BOTH + QUOTA)
    back = await agree(await begin(http, contest), 1)
    answer = await http.get(re.sub("code=[^&]*&", "", back), headers=HTML)
    assert (answer.status_code, wechat_standin.calls()[LOGIN]) == (403, 0)


@pytest.mark.parametrize("code", [-1, 40013, 40125, 41002, 41004, 45009, 48001])
async def test_what_a_voter_cannot_help_is_a_page_that_asks_to_come_back(
    http: httpx.AsyncClient, wechat_standin: Standin, contests: Contests, code: int
) -> None:
    contest = await contests.make(PAGES + QUOTA)
    wechat_standin.spoil(LOGIN, "code", code=code, times=3)
    answer = await sign_in(http, contest, 1)
    assert answer.status_code == 503
    assert "微信登录繁忙" in answer.text
    assert int(answer.headers["retry-after"]) >= 1


async def test_too_many_sign_ins_a_minute_are_told_to_wait(
    http: httpx.AsyncClient, wechat_standin: Standin, contests: Contests
) -> None:
    contest = await contests.make(BOTH + QUOTA)
    for path in (LOGIN, MINI_LOGIN):
        wechat_standin.spoil(path, "code", code=45011)
    assert (await sign_in(http, contest, 1)).status_code == 429
    answer = await mini_program(http, contest, wechat_standin.mini_program_code())
    assert refusal(answer) == (429, "slow_down")
    assert int(answer.headers["retry-after"]) >= 20


@pytest.mark.parametrize(
    "back",
    [
        "//evil.example",
        "https://evil.example",
        "/c/other",
        "/\\evil.example",
        "/c/{}/../../evil",
        "/c/{}/sign-in/wechat",
    ],
)
async def test_a_sign_in_leads_back_to_a_page_of_its_contest_only(
    http: httpx.AsyncClient, wechat_service: Service, wechat_standin: Standin, contests: Contests, back: str
) -> None:
    contest = await contests.make(PAGES + QUOTA)
    spoofed = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    answer = await http.get(
        f"/c/{contest}/sign-in/wechat", params={"back": back.format(contest)}, headers=HTML | spoofed
    )
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert query["redirect_uri"] == [f"{wechat_service.url}/sign-in/wechat"]
    done = await http.get(await agree(answer.headers["location"], 1), headers=HTML)
    assert done.headers["location"] == f"/c/{contest}"


async def test_a_channel_that_the_contest_does_not_have_is_closed(
    http: httpx.AsyncClient, wechat_standin: Standin, contests: Contests
) -> None:
    web_only = await contests.make(QUOTA)
    assert (await http.get(f"/c/{web_only}/sign-in/wechat", headers=HTML)).status_code == 403
    answer = await mini_program(http, web_only, wechat_standin.mini_program_code())
    assert refusal(answer) == (403, "channel_closed")
    assert not wechat_standin.calls()


async def test_an_address_that_comes_back_too_often_is_told_to_wait(
    settings: Settings, wechat_standin: Standin, contests: Contests
) -> None:
    contest = await contests.make(PAGES + QUOTA)
    port = free_port()
    environment = environment_of(settings) | settings_of(wechat_standin.url, f"http://127.0.0.1:{port}")
    with serving(environment | {"VOTING_LIMIT_REGISTRATION": "1/minute burst 3"}, port=port) as (url, _):
        async with httpx.AsyncClient(base_url=url, timeout=30) as browser:
            back = await agree(await begin(browser, contest), 1)
            answers = [await browser.get(back, headers=HTML) for _ in range(4)]
    assert [answer.status_code for answer in answers][-1] == 429
    assert answers[0].status_code == 303
    assert "操作过快" in answers[-1].text


async def test_a_contest_in_wechat_alone_says_so_where_wechat_is_not(service: Service, contests: Contests) -> None:
    contest = await contests.make(PAGES + QUOTA)
    async with httpx.AsyncClient(base_url=service.url) as http:
        assert "请在微信中打开本页面" in (await http.get(f"/c/{contest}")).text


async def test_the_mini_program_signs_in_and_votes(
    http: httpx.AsyncClient, wechat_standin: Standin, contests: Contests
) -> None:
    contest = await contests.make('[voters]\nchannels = ["mini_program"]\n' + QUOTA)
    tokens = []
    for _ in range(2):
        answer = await mini_program(
            http, contest, wechat_standin.mini_program_code(), phone_code=wechat_standin.mini_program_code(kind="phone")
        )
        assert answer.status_code == 201
        tokens.append(answer.json()["token"])
    http.cookies.clear()
    answers = [await cast(http, contest, token, ["A001"]) for token in [*tokens, tokens[0]]]
    assert [answer.status_code for answer in answers] == [201, 201, 409]


@pytest.mark.parametrize(("fault", "expected"), [("", 3), ("code", None), ("slow", None)])
async def test_the_risk_rank_is_a_fact_of_the_ballot_if_wechat_tells_it(
    http: httpx.AsyncClient, wechat_standin: Standin, contests: Contests, fault: str, expected: int | None
) -> None:
    contest = await contests.make('[voters]\nchannels = ["mini_program"]\n' + QUOTA)
    if fault:
        wechat_standin.spoil("/wxa/getuserriskrank", fault, code=48001, seconds=RISK_SECONDS + 2)
    answer = await mini_program(http, contest, wechat_standin.mini_program_code(8))
    assert (await cast(http, contest, answer.json()["token"], ["A001"])).status_code == 201
    async with contests.office() as office:
        snapshot = await office.contest_cache.get(contest)
        lines = [json.loads(line) async for line in office.event_export.events(snapshot)]
    assert [msgspec.convert(line["facts"], Facts).risk for line in lines] == [expected]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (40029, (403, "sign_in_expired")),
        (40163, (403, "sign_in_expired")),
        (40226, (403, "sign_in_refused")),
        (45009, (503, "wechat_busy")),
        (-1, (503, "wechat_busy")),
    ],
)
async def test_each_refusal_of_the_mini_program(
    http: httpx.AsyncClient, wechat_standin: Standin, contests: Contests, code: int, expected: tuple[int, str]
) -> None:
    contest = await contests.make(BOTH + QUOTA)
    wechat_standin.spoil(MINI_LOGIN, "code", code=code, times=3)
    assert refusal(await mini_program(http, contest, wechat_standin.mini_program_code())) == expected


async def test_a_blocked_user_and_a_wrong_phone_code_are_refused(
    http: httpx.AsyncClient, wechat_standin: Standin, contests: Contests
) -> None:
    contest = await contests.make(BOTH + QUOTA)
    blocked = await mini_program(http, contest, wechat_standin.mini_program_code(9))
    assert refusal(blocked) == (403, "sign_in_refused")
    wrong = await mini_program(http, contest, wechat_standin.mini_program_code(), phone_code="x")
    assert refusal(wrong) == (403, "sign_in_expired")
    assert await persons(contests, contest) == 0


@pytest.mark.parametrize(
    "body",
    [
        {"openid": PEOPLE[1].openid(PAGE_APP.id)},
        {"mini_program": {"openid": PEOPLE[1].openid(PAGE_APP.id)}},
        {"mini_program": {"code": "x", "openid": "o1"}},
        {"mini_program": {"code": "x"}, "challenge": "x"},
        {},
    ],
)
async def test_an_openid_is_never_taken_from_a_client(
    http: httpx.AsyncClient, wechat_standin: Standin, contests: Contests, body: dict[str, object]
) -> None:
    contest = await contests.make(BOTH + QUOTA)
    answer = await http.post(f"/api/v1/contests/{contest}/voters", json=body)
    assert refusal(answer) == (400, "malformed")


async def test_one_person_has_one_quota_on_the_page_and_in_the_mini_program(
    http: httpx.AsyncClient, wechat_standin: Standin, contests: Contests
) -> None:
    contest = await contests.make(BOTH + QUOTA)
    assert parse_qs(urlsplit(await begin(http, contest)).query)["scope"] == ["snsapi_userinfo"]
    await sign_in(http, contest, 3)
    assert (await cast(http, contest, None, ["A001"])).status_code == 201
    token = (await mini_program(http, contest, wechat_standin.mini_program_code(3))).json()["token"]
    http.cookies.clear()
    answers = [await cast(http, contest, token, [code]) for code in ("A002", "A003")]
    assert [answer.status_code for answer in answers] == [201, 409]


async def test_without_one_person_across_the_channels_are_apart_and_nobody_is_asked_for_consent(
    http: httpx.AsyncClient, wechat_service: Service, wechat_standin: Standin, contests: Contests
) -> None:
    contest = await contests.make(f"{BOTH}one_person_across = []\n{QUOTA}")
    assert parse_qs(urlsplit(await begin(http, contest)).query)["scope"] == ["snsapi_base"]
    await sign_in(http, contest, 3)
    async with browser_of(wechat_service) as mini:
        await mini_program(mini, contest, wechat_standin.mini_program_code(3))
        answers = [await cast(each, contest, None, ["A001"]) for each in (http, http, mini, mini)]
    assert [answer.status_code for answer in answers] == [201] * 4


async def test_both_channels_at_the_same_moment_give_one_quota(
    wechat_service: Service, wechat_standin: Standin, contests: Contests
) -> None:
    contest = await contests.make(BOTH + QUOTA)

    async def both(person: int) -> list[int]:
        """Signs in over both channels at once, then casts four ballots over both at once."""
        async with browser_of(wechat_service) as page, browser_of(wechat_service) as mini:
            back = await agree(await begin(page, contest), person)
            code = wechat_standin.mini_program_code(person)
            _, answer = await asyncio.gather(page.get(back, headers=HTML), mini_program(mini, contest, code))
            token = answer.json()["token"]
            mini.cookies.clear()
            tokens = [(page, None), (mini, token)] * 2
            answers = await asyncio.gather(*(cast(who, contest, its, ["A001"]) for who, its in tokens))
            return sorted(answer.status_code for answer in answers)

    statuses = await asyncio.gather(*(both(FIRST_EXTRA + number) for number in range(20)))
    assert statuses == [[201, 201, 409, 409]] * 20
    assert await contests.counted(contest) == {"A001": 40}


async def persons(contests: Contests, contest: str) -> int:
    """Returns how many identities the contest has stored."""
    connection = await asyncpg.connect(contests.settings.database_url)
    count: int = await connection.fetchval("select count(*) from persons where contest = $1", contest)
    await connection.close()
    return count
