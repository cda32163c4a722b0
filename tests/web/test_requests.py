"""Unusual but honest requests, and pages on other hosts."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncIterator
from contextlib import suppress

import httpx
import pytest

from tests.conftest import ROOT, Contests, Service, cast, environment_of, refusal, serving, solve
from voting.domain.entry import Entry
from voting.errors import FileInvalid, SettingInvalid
from voting.settings import Settings, load
from voting.web.client import ClientReader
from voting.wiring.admin import AdminServices

KEYED = {"Idempotency-Key": "k", "Content-Type": "application/json"}
BODY = b'{"entries": ["A001"]}'


async def raw(service: Service, head: str, body: bytes = b"") -> tuple[int, dict[str, str], bytes]:
    """Returns status, header fields and body of the response to these bytes."""
    host, port = service.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(head.encode() + b"\r\n\r\n" + body)
    async with asyncio.timeout(15):
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines) if name}
        answer = await reader.readexactly(int(fields["content-length"]))
    writer.close()
    return int(first.split()[1]), fields, answer


@pytest.mark.parametrize(
    "cookies",
    [
        ["a=b", "{voter}"],
        ["{voter}", "a=b"],
        ["a=b; c=d", "lang=zh", "{voter}; e=f"],
    ],
)
async def test_several_cookie_fields_are_read_as_one(
    http: httpx.AsyncClient, contests: Contests, cookies: list[str]
) -> None:
    contest = await contests.make()
    (token,) = contests.tokens(contest, 1)
    voter = f"voter-{contest}={token}"
    fields = [("Cookie", each.replace("{voter}", voter)) for each in cookies]
    answer = await http.get(f"/api/v1/contests/{contest}/me", headers=httpx.Headers(fields))
    assert answer.status_code == 200, answer.text
    headers = httpx.Headers([*fields, *KEYED.items()])
    answer = await http.post(f"/api/v1/contests/{contest}/ballots", content=BODY, headers=headers)
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("name", ["Idempotency-Key", "Authorization"])
@pytest.mark.parametrize("more", [{}, {"X-Two": "fields"}], ids=["short way", "long way"])
async def test_a_key_or_credential_twice_is_refused(
    http: httpx.AsyncClient, contests: Contests, name: str, more: dict[str, str]
) -> None:
    contest = await contests.make()
    one, other = contests.tokens(contest, 2)
    values = {"Idempotency-Key": ("k", "l"), "Authorization": (f"Bearer {one}", f"Bearer {other}")}
    # The fast path does not handle repeated fields.
    fields = [*KEYED.items(), ("Authorization", f"Bearer {one}"), *more.items(), *more.items(), (name, values[name][1])]
    path = f"/api/v1/contests/{contest}/ballots"
    answer = await http.post(path, content=BODY, headers=httpx.Headers(fields))
    assert refusal(answer) == (400, "malformed")
    assert answer.json()["detail"] == f"the {name} header field came more than once; send it once"
    assert (await http.post(path, content=BODY, headers=httpx.Headers(fields[:-1]))).status_code == 201


async def test_an_unknown_query_parameter_of_the_api_is_refused(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make()
    judge = {"Authorization": f"Bearer {await contests.staff_key('judge', contest)}"}
    path = f"/api/v1/contests/{contest}"
    for address, takes in (
        (f"{path}/results?format=csv&blend=1", "takes format, blended"),
        (f"{path}/entries?blend=1", "takes category, q, sort, page"),
        (f"/api/v1/staff/contests/{contest}/groups?blend=1", "takes none"),
    ):
        answer = await http.get(address, headers=judge)
        assert refusal(answer) == (400, "malformed")
        assert answer.json()["detail"] == f"there is no query parameter 'blend': this address {takes}"
    # nginx caches the tally whatever the query.
    assert (await http.get(f"{path}/tallies?blend=1")).status_code == 200
    # WeChat adds its own parameters to a page's address.
    assert (await http.get(f"/c/{contest}?from=singlemessage&isappinstalled=0")).status_code == 200


async def test_a_charset_is_named_once(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make()
    judge = {"Authorization": f"Bearer {await contests.staff_key('judge', contest)}"}
    page = await http.get(f"/c/{contest}")
    script = re.findall(r"/static/[^\"]+", page.text)[0]
    results = f"/api/v1/contests/{contest}/results?format=csv"
    for address, wanted in (
        (results, judge),
        (script, {}),
        ("/metrics", {}),
        ("/c/none", {"Accept": "text/html"}),
    ):
        answer = await http.get(address, headers=wanted)
        assert answer.headers["content-type"].count("charset=utf-8") == 1, answer.headers["content-type"]


@pytest.mark.parametrize("line", ["GET /c/x?q=风光", "GET /风光?q=a", "GET /c/x?q=Grün", "GET /c/x?q=\xa0"])
async def test_an_address_with_raw_bytes_is_refused_as_a_problem(service: Service, line: str) -> None:
    status, fields, body = await raw(service, f"{line} HTTP/1.1\r\nHost: vote")
    assert (status, json.loads(body)["code"]) == (400, "malformed")
    assert "with %" in json.loads(body)["detail"]
    assert fields["content-type"] == "application/problem+json"
    assert fields["x-content-type-options"] == "nosniff"
    assert fields["connection"] == "close"


@pytest.mark.parametrize(
    ("head", "detail"),
    [
        ("GET /health/live", "HTTP/0.9 is not served"),
        ("GET /health/live HTTP/1.1", "one Host"),
        ("GET /health/live HTTP/1.1\r\nHost: a\r\nHost: b", "one Host"),
        ("POST /api/v1/contests/x/ballots HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 0", "one Host"),
        ("GARBAGE", "Invalid HTTP"),
    ],
)
async def test_no_answer_without_a_version_and_a_host(service: Service, head: str, detail: str) -> None:
    status, _, body = await raw(service, head)
    assert (status, json.loads(body)["code"]) == (400, "malformed")
    assert detail in json.loads(body)["detail"]


UPGRADE = "Host: vote\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\n"
SECOND = b"GET /health/live HTTP/1.1\r\nHost: vote\r\n\r\n"


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize(
    ("head", "status"),
    [
        (f"GET /health/live HTTP/1.1\r\n{UPGRADE}\r\n", 200),
        (f"POST /api/v1/contests/x/ballots HTTP/1.1\r\n{UPGRADE}Content-Length: {len(SECOND)}\r\n\r\n", 400),
        (f"POST /api/v1/contests/x/ballots HTTP/1.1\r\n{UPGRADE}Transfer-Encoding: chunked\r\n\r\n", 400),
        ("CONNECT vote:443 HTTP/1.1\r\nHost: vote\r\n\r\n", 400),
    ],
)
async def test_data_after_an_upgrade_is_not_read_as_a_request(
    service: Service, head: str, status: int, apart: bool
) -> None:
    host, port = service.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(head.encode() if apart else head.encode() + SECOND)
    if apart:
        await asyncio.sleep(0.2)
        writer.write(SECOND)
    async with asyncio.timeout(15):
        answer = await reader.read()
    writer.close()
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"connection: close" in answer


async def test_trailers_are_not_taken_for_header_fields(service: Service, contests: Contests) -> None:
    contest = await contests.make()
    (token,) = contests.tokens(contest, 1)
    fields = f"Host: vote\r\nAuthorization: Bearer {token}\r\nIdempotency-Key: k\r\nContent-Type: application/json\r\n"
    head = f"POST /api/v1/contests/{contest}/ballots HTTP/1.1\r\n{fields}Transfer-Encoding: chunked"
    trailers = b"Host: other\r\nX-Forwarded-For: 203.0.113.9\r\n"
    status, _, body = await raw(service, head, b"%x\r\n%b\r\n0\r\n%b\r\n" % (len(BODY), BODY, trailers))
    assert status == 201, body


CHUNKED = "POST /api/v1/contests/x/ballots HTTP/1.1\r\nHost: vote\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("head", "endless"),
    [
        ("GET /", b"a"),
        ("GET / HTTP/1.1\r\nHost: vote\r\nX: ", b"a"),
        ("GET / HTTP/1.1\r\nHost: vote\r\n", b"X: a\r\n"),
        ("", b"\r\n"),
        (f"{CHUNKED}2\r\n{{}}\r\n0\r\n", b"X: a\r\n"),
        (f"{CHUNKED}2;x=", b"a"),
    ],
    ids=["address", "value", "fields", "empty lines", "trailers", "chunk extension"],
)
async def test_a_head_without_an_end_is_not_kept_in_memory(service: Service, head: str, endless: bytes) -> None:
    host, port = service.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(head.encode())
    answer = b""
    # The deadlines of head and body are twice as long.
    async with asyncio.timeout(5):
        with suppress(ConnectionError):
            for _ in range(20):
                writer.write(endless * (8192 // len(endless)))
                await asyncio.sleep(0.01)
            answer = await reader.read()
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    assert answer == b"" or b"headers_too_large" in answer


async def test_http_1_0_needs_no_host(service: Service) -> None:
    assert (await raw(service, "GET /health/live HTTP/1.0"))[0] == 200


@pytest.mark.parametrize(
    "media_type",
    [
        "application/json",
        "application/json; charset=utf8",
        "application/json;charset=UTF-8",
        'application/json; charset="utf-8"',
        "Application/JSON ; Charset=Utf8",
        "application/json; charset='UTF-8'",
        "application/json;",
        "application/json; profile=x; charset=utf-8",
    ],
)
async def test_utf_8_under_its_names_is_read(http: httpx.AsyncClient, contests: Contests, media_type: str) -> None:
    contest = await contests.make()
    (token,) = contests.tokens(contest, 1)
    headers = KEYED | {"Content-Type": media_type, "Authorization": f"Bearer {token}"}
    answer = await http.post(f"/api/v1/contests/{contest}/ballots", content=BODY, headers=headers)
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize(
    ("media_type", "detail"),
    [
        ("application/json; charset=gbk", "the charset 'gbk' is not read; send JSON in UTF-8"),
        ('application/json; charset="UTF-16"', "'\"utf-16\"' is not read"),
        ("application/json; charset=utf-8; charset=latin1", "'latin1' is not read"),
        ("text/plain; charset=utf-8", "send the body as application/json in UTF-8"),
    ],
)
async def test_another_charset_is_refused_with_the_reason(
    http: httpx.AsyncClient, contests: Contests, media_type: str, detail: str
) -> None:
    contest = await contests.make()
    headers = KEYED | {"Content-Type": media_type}
    answer = await http.post(f"/api/v1/contests/{contest}/ballots", content=BODY, headers=headers)
    assert refusal(answer) == (415, "unsupported_media_type")
    assert detail in answer.json()["detail"]


async def test_json_may_begin_with_a_byte_order_mark(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make()
    (token,) = contests.tokens(contest, 1)
    headers = KEYED | {"Authorization": f"Bearer {token}"}
    url = f"/api/v1/contests/{contest}/ballots"
    with_mark = await http.post(url, content=b"\xef\xbb\xbf" + BODY, headers=headers)
    assert with_mark.status_code == 201, with_mark.text
    assert (await http.post(url, content=BODY, headers=headers)).content == with_mark.content, "the same ballot"
    for body in (BODY.decode().encode("utf-16"), b"\xef\xbb\xbf\xef\xbb\xbf" + BODY, b"\xef\xbb\xbf"):
        assert refusal(await http.post(url, content=body, headers=headers)) == (400, "malformed")


@pytest.mark.parametrize("text", ["Ａ０１１", "ａ 011", "11", "　A011　", "作品11", "作品　１１"])
async def test_a_search_finds_whatever_the_width_case_and_blanks(
    http: httpx.AsyncClient, contests: Contests, text: str
) -> None:
    contest = await contests.make()
    found = (await http.get(f"/api/v1/contests/{contest}/entries", params={"q": text})).json()
    assert [entry["code"] for entry in found["entries"]] == ["A011"]


async def test_a_photographers_position_is_not_published(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices
) -> None:
    contest = await contests.make()
    photograph = (ROOT / "tests" / "domain" / "pictures" / "gps.jpg").read_bytes()
    assert b"Phone" in photograph
    entry = Entry("A001", "作品", "作者", "one", cover="a.jpg")
    await office.contest_admin.import_roster(contest, [entry], {"a.jpg": photograph}, amend=True)
    path = (await http.get(f"/api/v1/contests/{contest}/entries")).json()["entries"][0]["media"]["cover"]
    cover = await http.get(path)
    assert cover.headers["content-type"] == "image/jpeg"
    assert hashlib.sha256(cover.content).hexdigest() in path
    assert b"Phone" not in cover.content
    with pytest.raises(FileInvalid, match=r"a\.jpg: .*is damaged: it ends too early; open it in a picture program"):
        await office.contest_admin.import_roster(contest, [entry], {"a.jpg": photograph[:300]}, amend=True)


H5, SIBLING = "https://h5.example.org", "http://127.0.0.1:9"


@pytest.fixture(scope="module")
async def elsewhere(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a service that allows pages of two other origins to vote."""
    allowing = environment_of(settings) | {"VOTING_CORS_ORIGINS": f"{H5}, {SIBLING}"}
    with serving(allowing) as (url, _):
        async with httpx.AsyncClient(base_url=url) as client:
            yield client


def preflight(origin: str) -> dict[str, str]:
    wanted = "authorization,content-type,idempotency-key"
    return {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": wanted}


def allowed(answer: httpx.Response) -> str | None:
    origin: str | None = answer.headers.get("access-control-allow-origin")
    return origin


async def test_a_page_on_a_listed_host_votes(elsewhere: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make()
    base = f"/api/v1/contests/{contest}"
    asked = await elsewhere.options(f"{base}/ballots", headers=preflight(H5))
    assert (asked.status_code, asked.content, allowed(asked)) == (204, b"", H5)
    assert asked.headers["access-control-allow-credentials"] == "true"
    assert "Idempotency-Key" in asked.headers["access-control-allow-headers"]
    page = {"Origin": H5}
    challenge = await elsewhere.post(f"{base}/challenges", headers=page)
    voter = await elsewhere.post(f"{base}/voters", json={"challenge": solve(challenge.json())}, headers=page)
    headers = page | {"Authorization": f"Bearer {voter.json()['token']}", "Idempotency-Key": "k"}
    elsewhere.cookies.clear()
    for picks, status in ((["A001"], 201), (["A099"], 404)):
        headers["Idempotency-Key"] += "k"
        answer = await elsewhere.post(f"{base}/ballots", json={"entries": picks}, headers=headers)
        assert (answer.status_code, allowed(answer), answer.headers["vary"]) == (status, H5, "Origin")
        assert "Retry-After" in answer.headers["access-control-expose-headers"]
    for path in ("", "/entries", "/tallies", "/me"):
        answer = await elsewhere.get(base + path, headers=headers)
        assert (answer.status_code, allowed(answer)) == (200, H5), path


@pytest.mark.parametrize("origin", ["https://h5.example.org.evil.test", "http://h5.example.org", "null", "HTTPS://H5"])
async def test_a_page_on_another_host_does_not(elsewhere: httpx.AsyncClient, contests: Contests, origin: str) -> None:
    contest = await contests.make()
    asked = await elsewhere.options(f"/api/v1/contests/{contest}/ballots", headers=preflight(origin))
    assert not [name for name in asked.headers if name.startswith("access-control")]
    answer = await elsewhere.get(f"/api/v1/contests/{contest}/tallies", headers={"Origin": origin})
    assert (answer.status_code, allowed(answer), answer.headers["vary"]) == (200, None, "Origin")


async def test_only_the_public_api_answers_other_hosts(elsewhere: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make()
    base = f"/api/v1/contests/{contest}"
    for path in (f"{base}/results", f"{base}/live", f"{base}/groups", "/api/v1/staff/session", f"/c/{contest}"):
        assert allowed(await elsewhere.options(path, headers=preflight(H5))) is None, path
        assert allowed(await elsewhere.get(path, headers={"Origin": H5})) is None, path


async def test_without_the_setting_no_host_is_answered(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make()
    answer = await cast(http, contest, contests.tokens(contest, 1)[0], ["A001"])
    assert "vary" not in answer.headers
    asked = await http.options(f"/api/v1/contests/{contest}/ballots", headers=preflight(H5))
    assert not [name for name in asked.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    "text", ["*", "https://h5.example.org/", "h5.example.org", "https://A.org", "null", "https://*.a"]
)
def test_an_origin_is_named_exactly(text: str) -> None:
    with pytest.raises(SettingInvalid, match="VOTING_CORS_ORIGINS does not fit; write it as https://h5"):
        load({"VOTING_CORS_ORIGINS": text})


def test_a_ballot_from_a_listed_page_is_not_from_a_strange_site() -> None:
    clients = ClientReader((), frozenset({H5}))
    for origin, site in ((H5, "same-site"), ("https://else.example.org", "cross-site")):
        headers = [(b"origin", origin.encode()), (b"sec-fetch-site", b"cross-site")]
        assert clients.read({"client": ("203.0.113.9", 1), "headers": headers}).headers["sec-fetch-site"] == site
