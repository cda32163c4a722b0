"""The guard and the flood limiter: proxies, slow and broken senders, and headers of every response."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar, get, post
from litestar.params import FromPath

from tests.conftest import Contests, Service, as_owner, environment_of, refusal, serving
from voting.errors import Malformed, SlowDown
from voting.fraud.facts.client_class import classify
from voting.fraud.facts.user_agents import outline
from voting.settings import Settings, load
from voting.web.client import ClientReader
from voting.web.cors import Cors
from voting.web.flood_limiter import BALLOTS, READS, SLOW_READS, FloodLimiter
from voting.web.guard import Guard, read_json
from voting.web.plain_ballots import PlainBallots


async def test_slow_down_with_retry_after(settings: Settings, contests: Contests) -> None:
    contest = await contests.make()
    limits = {"VOTING_SHIELD_READS": "5/second", "VOTING_SHIELD_WRITES": "1/second"}
    with serving(environment_of(settings) | limits, "--workers", "1") as (url, _):
        async with httpx.AsyncClient(base_url=url) as client:
            answers = [await client.get(f"/api/v1/contests/{contest}") for _ in range(8)]
            refused = [answer for answer in answers if answer.status_code == 429]
            assert refused
            assert refusal(refused[0]) == (429, "slow_down")
            assert int(refused[0].headers["retry-after"]) >= 1
            assert answers[0].headers["x-ratelimit-limit"] == "5"
            assert (await client.get("/health/live")).status_code == 200
            assert (await client.get("/no-such-page")).status_code == 429, "what is not there is shielded too"
            await asyncio.sleep(1.1)
            assert (await client.get(f"/api/v1/contests/{contest}")).status_code == 200
            # Every second ballot takes the way past the lane, for its TE.
            (token,) = contests.tokens(contest, 1)
            headers = {"authorization": f"Bearer {token}", "idempotency-key": "k"}
            path, body = f"/api/v1/contests/{contest}/ballots", {"entries": ["A001"]}
            ways = [headers, headers | {"te": "trailers"}] * 4
            ballots = [await client.post(path, json=body, headers=way) for way in ways]
            shed = [answer for answer in ballots if answer.status_code == 429]
            assert len(shed) > 2
            assert f'voting_shed_total{{kind="write"}} {len(shed)}.0' in (await client.get("/metrics")).text
    async with as_owner(settings) as owner:
        noted = await owner.fetch("select code, refused from refusals where contest = $1", contest)
    assert sum(row["refused"] for row in noted if row["code"] == "slow_down") == len(shed), "the boards show them"


def scope(method: str = "GET", peer: str = "198.51.100.1", forwarded: str = "", path: str = "/") -> dict[str, Any]:
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    return {"type": "http", "method": method, "path": path, "client": (peer, 1), "headers": headers}


@post("/api/v1/contests/{contest:str}/ballots")
async def cast_one(contest: FromPath[str]) -> None:
    """The ballots' path."""


@get("/", opt=READS)
async def read_one() -> None:
    """A read."""


@post("/search", opt=READS)
async def search() -> None:
    """A read, by its declaration."""


@get("/static/{name:str}")
async def load_one(name: FromPath[str]) -> None:
    """An exception."""


@get("/book", opt=SLOW_READS)
async def build_one() -> None:
    """A read whose answer takes long."""


def limiter(reads: str, writes: str) -> FloodLimiter:
    return FloodLimiter(reads, writes, ClientReader(()), Litestar([cast_one, read_one, search, load_one, build_one]))


def test_the_limiter_counts_by_address_and_by_ipv6_network() -> None:
    check = limiter("2/minute", "1/minute").check
    for _ in range(2):
        check(scope())
    with pytest.raises(SlowDown):
        check(scope())
    check(scope(peer="198.51.100.2"))
    check(scope("POST"))
    check(scope(peer="2001:db8::1"))
    check(scope(peer="2001:db8::2"))
    with pytest.raises(SlowDown):
        check(scope(peer="2001:db8::3"))
    check(scope(peer="2001:db8:0:1::3"))
    check(scope(peer="none"))
    check(scope(peer="nor this"))
    with pytest.raises(SlowDown):
        check(scope(peer="who has no address shares one limit"))


def test_a_route_counts_under_its_declared_limit() -> None:
    check = limiter("3/minute", "1/minute").check
    for number in range(2):
        assert dict(check(scope("POST", path="/search")))[b"x-ratelimit-remaining"] == b"%d" % (2 - number)
    assert dict(check(scope(path="/no-such-page")))[b"x-ratelimit-limit"] == b"3"
    with pytest.raises(SlowDown):
        check(scope(path="/"))
    for _ in range(5):
        assert check(scope(path="/static/a.js")) == []


@pytest.mark.parametrize("first", [BALLOTS.replace("{contest:str}", "c"), "/no-such-page"])
def test_ballots_and_other_writes_have_one_limit(first: str) -> None:
    check = limiter("9/minute", "2/minute;30/hour").check
    path = BALLOTS.replace("{contest:str}", "c")
    assert check(scope("POST", path=first)) == [(b"x-ratelimit-limit", b"2"), (b"x-ratelimit-remaining", b"1")]
    assert check(scope("POST", path=path)) == [(b"x-ratelimit-limit", b"2"), (b"x-ratelimit-remaining", b"0")]
    for refused in (path, "/no-such-page"):
        with pytest.raises(SlowDown) as raised:
            check(scope("POST", path=refused))
        assert 55 <= raised.value.facts["retry_after"] <= 60, "until the first leaves the window"


@pytest.mark.parametrize("rules", [("often", "1/minute"), ("1/minute", "often")])
def test_a_rule_that_cannot_be_read_is_no_rule_without_limits(rules: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="often"):
        limiter(*rules)


def test_a_flood_is_not_logged_and_no_environment_turns_the_limiter_off(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("RATELIMIT_ENABLED", "false")
    check = limiter("1/minute", "1/minute").check
    check(scope())
    for _ in range(3):
        with pytest.raises(SlowDown):
            check(scope())
    assert not caplog.records, "each line would name an address"


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "address"),
    [
        ("", "198.51.100.1", "203.0.113.9", "198.51.100.1"),
        ("10.0.0.0/8", "10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.0/8", "10.0.0.1", "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.0/8", "10.0.0.1", "6.6.6.6, 203.0.113.9, 10.2.3.4", "203.0.113.9"),
        ("10.0.0.0/8", "10.0.0.1", "garbage", "10.0.0.1"),
        ("10.0.0.0/8", "10.0.0.1", "203.0.113.9, garbage", "10.0.0.1"),
        ("10.0.0.0/8", "198.51.100.1", "203.0.113.9", "198.51.100.1"),
        ("10.0.0.0/8", "::ffff:10.0.0.1", "::ffff:203.0.113.9", "203.0.113.9"),
        ("", "not an address", "", "None"),
        # With ports, brackets, quotes and zones, as written by load balancers and RFC 7239.
        ("10.0.0.0/8", "10.0.0.1", "203.0.113.9:51234", "203.0.113.9"),
        ("10.0.0.0/8", "10.0.0.1", "6.6.6.6, 203.0.113.9:51234, 10.2.3.4:80", "203.0.113.9"),
        ("10.0.0.0/8", "10.0.0.1", "[2001:db8::1]:443", "2001:db8::1"),
        ("10.0.0.0/8", "10.0.0.1", "[2001:db8::1]", "2001:db8::1"),
        ("10.0.0.0/8", "10.0.0.1", '"[2001:db8::1]:443"', "2001:db8::1"),
        ("10.0.0.0/8", "10.0.0.1", '"203.0.113.9"', "203.0.113.9"),
        ("10.0.0.0/8", "10.0.0.1", "fe80::1%eth0", "fe80::1"),
        ("10.0.0.0/8", "10.0.0.1", "[fe80::1%25eth0]:443", "fe80::1"),
        ("10.0.0.0/8", "10.0.0.1", "[::ffff:203.0.113.9]:443", "203.0.113.9"),
        ("fd00::/8", "fd00::1", "2001:db8::1, [fd00::2]:9", "2001:db8::1"),
        ("10.0.0.0/8", "10.0.0.1", "203.0.113.9, unknown", "10.0.0.1"),
        ("10.0.0.0/8", "10.0.0.1", "203.0.113.9, _hidden", "10.0.0.1"),
        ("10.0.0.0/8", "10.0.0.1", "203.0.113.9:port", "10.0.0.1"),
        ("10.0.0.0/8", "10.0.0.1", "[2001:db8::1", "10.0.0.1"),
        ("10.0.0.0/8", "10.0.0.1", "[2001:db8::1]x", "10.0.0.1"),
        ("10.0.0.0/8", "10.0.0.1", "999.0.0.1:80", "10.0.0.1"),
        ("10.0.0.0/8", "10.0.0.1", "203.0.113.9,", "10.0.0.1"),
    ],
)
def test_addresses_come_only_through_trusted_proxies(trusted: str, peer: str, forwarded: str, address: str) -> None:
    networks = load({"VOTING_TRUSTED_PROXIES": trusted}).trusted_proxies
    origin = ClientReader(networks).origin(scope(peer=peer, forwarded=forwarded))
    assert (origin.address if origin else "None") == address


def test_an_address_that_cannot_be_read_is_logged_once_and_without_digits(caplog: pytest.LogCaptureFixture) -> None:
    clients = ClientReader(load({"VOTING_TRUSTED_PROXIES": "10.0.0.0/8"}).trusted_proxies)
    for number in range(50):
        clients.origin(scope(peer="10.0.0.1", forwarded=f"203.0.113.{number};80"))
    (record,) = caplog.records
    assert "from proxy 10.0.0.1 ends with '000.0.000.0;00'" in record.getMessage()
    assert "share its limits" in record.getMessage()


def test_an_untrusted_forwarded_address_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    for trusted, said in (("", "(empty)"), ("10.0.0.0/8", "(10.0.0.0/8)")):
        clients = ClientReader(load({"VOTING_TRUSTED_PROXIES": trusted}).trusted_proxies)
        for number in range(50):
            clients.origin(scope(forwarded=f"203.0.113.{number}"))
        assert [said in record.getMessage() for record in caplog.records] == [True]
        assert "198.51.100.1" not in caplog.text
        caplog.clear()
    ClientReader(()).origin(scope())
    assert not caplog.records


ANDROID = (
    "Mozilla/5.0 (Linux; Android 13; 2211133C Build/TKQ1; wv) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Version/4.0 Chrome/116.0.0.0 Mobile Safari/537.36"
)
DESKTOP = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"
)


@pytest.mark.parametrize(
    ("agent", "app", "device"),
    [
        (
            ANDROID + " XWEB/1160065 MMWEBSDK/20230805 MicroMessenger/8.0.42.2460(0x28002A3B) WeChat/arm64",
            "wechat",
            "mobile",
        ),
        (ANDROID + " MicroMessenger/8.0.42 MiniProgramEnv/android", "mini_program", "mobile"),
        (ANDROID + " wxwork/4.1.10 MicroMessenger/7.0.1", "wechat_work", "mobile"),
        (ANDROID + " AliApp(DingTalk/7.0.40)", "dingtalk", "mobile"),
        (ANDROID + " Lark/6.9.5 LarkLocale/zh_CN", "feishu", "mobile"),
        (ANDROID + " AlipayClient/10.5.10", "alipay", "mobile"),
        (ANDROID, "browser", "mobile"),
        (DESKTOP, "browser", "pc"),
        (DESKTOP.replace("Chrome/", "HeadlessChrome/"), "automation", "pc"),
        ("python-httpx/0.28.1", "automation", "other"),
        ("curl/8.4.0", "automation", "other"),
        ("Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)", "automation", "bot"),
    ],
)
def test_apps_are_distinguished(agent: str, app: str, device: str) -> None:
    assert classify(agent)[:2] == (app, device)


@pytest.mark.parametrize(
    "model",
    [
        "CUBOT X50",
        "CUBOT_NOTE_S Build/LMY47I",
        "CUBOT",
        "Cubot KINGKONG STAR",
        "cubot TAB 10 Build/RP1A; wv",
        "U; en-us; CUBOT GT99",
        "Highscreen Spider Build/KOT49H",
        "Alcatel Python",
        "ROBOT 8",
        "iRobot Tab",
        "V-BOT P1",
        "Crawler 5",
    ],
)
def test_a_phone_is_no_program_whatever_its_model_is_called(model: str) -> None:
    agent = ANDROID.replace("2211133C Build/TKQ1; wv", model)
    assert (classify(agent).app, outline(agent).app, outline(agent).is_phone) == ("browser", "browser", True)


@pytest.mark.parametrize(
    "agent",
    [
        ANDROID + " (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (Linux; Android 7.0;) AppleWebKit/537.36 (KHTML, like Gecko) (compatible; PetalBot;+https://a.test)",
        "Mozilla/5.0 (Linux; Android 5.0) AppleWebKit/537.36 (compatible; Bytespider; spider-feedback@bytedance.com)",
        ANDROID.replace("Chrome/", "HeadlessChrome/"),
        "Bot/1.0 (Android 9; x)",
        "okhttp/4.9 (Linux; Android 13",
    ],
)
def test_a_program_on_a_phone_is_still_one(agent: str) -> None:
    assert (classify(agent).app, outline(agent).app) == ("automation", "automation")


def test_client_facts_are_read_from_a_request() -> None:
    headers = [
        (b"user-agent", b"(" * 8000 + b" MicroMessenger/8.0"),
        (b"accept-language", b"zh-CN"),
        (b"accept-language", b"en"),
        (b"origin", b"https://example.org/" + b"x" * 999),
        (b"x-other", b"1"),
    ]
    found = ClientReader(()).read(scope() | {"headers": headers})
    assert found.agent == "(" * 512, "long ones are cut"
    assert found.headers["accept-language"] == "zh-CN,en"
    assert len(found.headers["origin"]) == 256
    assert set(found.headers) == {"accept-language", "origin"}
    assert ClientReader(()).read(scope()).agent is None


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8", exclude_characters="\0")),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8", exclude_characters="\0")), inner)
        ),
    )
)
def test_strict_json_reads_the_output_of_json(value: Any) -> None:
    assert read_json(json.dumps(value).encode()) == value


@given(st.binary(max_size=200))
def test_strict_json_never_fails_otherwise(body: bytes) -> None:
    with contextlib.suppress(Malformed):
        read_json(body)


async def test_a_body_that_does_not_come_is_given_up(service: Service, contests: Contests) -> None:
    contest = await contests.make()
    host, port = service.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /api/v1/contests/{contest}/ballots HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}Content-Length: 100\r\n\r\n{{".encode())
    async with asyncio.timeout(15):
        answer = await reader.read()
    assert b" 408 " in answer.splitlines()[0]
    assert b"slow_request" in answer
    writer.close()


async def test_every_answer_has_the_security_headers(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make()
    for path in (f"/c/{contest}", f"/api/v1/contests/{contest}", "/nothing", "/health/live"):
        headers = (await http.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert "server" not in headers


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/contests/a%00b",
        "/api/v1/contests/a%00b/tallies",
        "/api/v1/contests/%ff%fe/entries",
        "/api/v1/contests/" + "x" * 300,
        "/api/v1/contests/UPPER",
        "/api/v1/contests/%F0%9F%97%B3/me",
        "/c/a%00b",
        "/c/{contest}/entries/%00",
        "/c/{contest}?q=%00&category=%ff&lang=%00",
        "/c/{contest}?page=1&page=2",
        "/board/a%00b",
        "/media/{contest}/%00",
        "/static/%00",
        "/static/../../etc/passwd",
        "//",
        "/%2e%2e/",
        "/api/v1/contests/{contest}/entries?q=%00",
    ],
)
async def test_no_odd_address_is_answered_5xx(http: httpx.AsyncClient, contests: Contests, path: str) -> None:
    contest = await contests.make()
    for headers in ({}, {"Accept": "text/html"}, {"Authorization": "Bearer vsk_\xff_x", "Cookie": "voting-staff=a.b"}):
        for method in ("GET", "HEAD", "OPTIONS", "POST", "BREW"):
            raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
            answer = await http.request(method, path.replace("{contest}", contest), headers=raw)
            assert answer.status_code < 500, (method, path, answer.text)


async def test_no_odd_key_or_cookie_is_answered_5xx(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make()
    for key in ("vsk_a\0_b", "vsk_", "vsk__", "_", "", "vsk_000000000000_x", "\ufffd"):
        assert refusal(await http.post("/api/v1/staff/session", json={"key": key}))[0] in (400, 401)
    for cookie in ("voting-staff=", "voting-staff=x", "voting-staff=eA.eA", f"voter-{contest}=%00", "a;b;=c;="):
        for path in (f"/board/{contest}", f"/c/{contest}", f"/api/v1/contests/{contest}/results"):
            assert (await http.get(path, headers={"Cookie": cookie})).status_code < 500


async def test_head_is_answered_as_get_without_a_body(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make()
    for path in (f"/c/{contest}", f"/api/v1/contests/{contest}", "/health/live"):
        answer = await http.head(path)
        assert (answer.status_code, answer.content) == (200, b"")


async def test_a_person_is_refused_with_a_page_a_program_with_a_problem(http: httpx.AsyncClient) -> None:
    big = {"X-Big": "x" * 17_000, "Accept": "text/html", "Accept-Language": "zh-CN"}
    page = await http.get("/c/any", headers=big)
    assert (page.status_code, page.headers["content-type"]) == (431, "text/html; charset=utf-8")
    assert "请求过大" in page.text
    assert refusal(await http.get("/api/v1/contests", headers=big)) == (431, "headers_too_large")


async def test_a_request_whose_head_does_not_come_is_given_up(service: Service) -> None:
    host, port = service.url.removeprefix("http://").split(":")
    silent = await asyncio.open_connection(host, int(port))
    halting = await asyncio.open_connection(host, int(port))
    halting[1].write(b"GET / HTTP/1.1\r\nHost: x\r\n")
    async with asyncio.timeout(25):
        assert await silent[0].read() == b""
        assert await halting[0].read() == b""
    for _, writer in (silent, halting):
        writer.close()


async def test_only_the_pages_own_files_are_served(http: httpx.AsyncClient) -> None:
    for name in ("manifest.json", ".stamp", "a" * 5000, "../app.py", "%0aERROR"):
        assert (await http.get(f"/static/{name}")).status_code == 404


async def test_an_answer_that_does_not_begin_in_time_is_refused_and_one_that_has_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("voting.web.guard.ANSWER_SECONDS", 0.1)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/slow":
            await asyncio.sleep(5)
        if scope["path"] == "/book":
            await asyncio.sleep(0.3)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for number in range(4):
            await asyncio.sleep(0.1)
            await send({"type": "http.response.body", "body": b"%d" % number, "more_body": number < 3})

    limits, cors = limiter("9/second", "9/second"), Cors(frozenset())
    edge = Guard(app, limits, cors, PlainBallots(ClientReader(()), limits, cors))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(edge), base_url="http://vote") as client:
        refused = await client.get("/slow")
        assert refusal(refused) == (503, "try_again")
        assert int(refused.headers["retry-after"]) >= 1
        assert (await client.get("/stream")).text == "0123"
        assert (await client.get("/book")).text == "0123", "its route declares that it takes long"
