"""The shipped configuration in a real nginx, in front of the real service."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.conftest import ROOT, Contests, cast, environment_of, eventually, free_port, refusal, serving
from voting.cli.serve import raise_file_limit
from voting.settings import Settings
from voting.web.problems import STATUS

SHIPPED = ROOT / "deploy" / "nginx"
NGINX = shutil.which("nginx") or shutil.which("/usr/sbin/nginx") or ""

pytestmark = pytest.mark.skipif(not NGINX, reason="nginx is not installed")


@dataclass(frozen=True)
class Proxy:
    """nginx with the shipped configuration."""

    url: str
    folder: Path


def configuration(folder: Path, listen: str, *services: str) -> Path:
    """Writes the shipped configuration to `folder`, with only addresses and paths replaced."""
    (shipped_node,) = re.findall(r"^server .*;$", (SHIPPED / "nodes.conf").read_text("utf-8"), re.M)
    assert "voting:8000" in shipped_node
    nodes = [shipped_node.replace("voting:8000", service) for service in services]
    (folder / "nodes.conf").write_text("\n".join(nodes), "utf-8")
    text = (SHIPPED / "voting.conf").read_text("utf-8")
    for shipped, here in (
        ("listen 8080", f"listen {listen}"),
        ("/tmp/", f"{folder}/"),
        ("/dev/stdout", f"{folder}/access.log"),
        ("error_log stderr", f"error_log {folder}/error.log"),
    ):
        assert shipped in text
        text = text.replace(shipped, here)
    file = folder / "voting.conf"
    file.write_text(text, "utf-8")
    return file


def check(file: Path) -> None:
    """Runs `nginx -t`."""
    done = subprocess.run([NGINX, "-t", "-q", "-p", file.parent, "-c", file], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@contextmanager
def running(*services: str, tls: str = "clear.conf", https: str = "") -> Iterator[Proxy]:
    """Runs nginx in front of `services` with one of the TLS examples ("" for none), listening at `https`."""
    # Not in pytest's folder: nginx started by root runs as another user, who could not enter it.
    with tempfile.TemporaryDirectory(prefix="nginx-") as name:
        folder, address = Path(name), f"127.0.0.1:{free_port()}"
        folder.chmod(0o755)
        file = configuration(folder, address, *(each.removeprefix("http://") for each in services))
        if tls:
            copy_tls(folder, tls, https)
        check(file)
        process = subprocess.Popen([NGINX, "-p", folder, "-c", file, "-g", "daemon off;"], stderr=subprocess.DEVNULL)
        try:
            wait_until_listening(f"http://{address}/health/live")
            yield Proxy(f"http://{address}", folder)
        finally:
            process.terminate()
            process.wait(10)


@pytest.fixture(scope="module")
def proxy(settings: Settings) -> Iterator[Proxy]:
    """nginx in front of a service that trusts it, at 127.0.0.1."""
    trusting = environment_of(settings) | {"VOTING_TRUSTED_PROXIES": "127.0.0.1/32"}
    with serving(trusting) as (service, _), running(service) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def encrypted() -> Iterator[Proxy]:
    """nginx with a certificate, in front of a service that is down."""
    tls = f"127.0.0.1:{free_port()}"
    with running(f"127.0.0.1:{free_port()}", tls="tls.conf", https=tls) as proxy:
        yield Proxy(f"https://{tls}", proxy.folder)


def wait_until_listening(url: str) -> None:
    until = time.monotonic() + 30
    while True:
        try:
            httpx.get(url)
            return
        except httpx.HTTPError:
            assert time.monotonic() < until, "nginx does not listen"
            time.sleep(0.02)


def through(proxy: Proxy, client: str = "127.0.0.1") -> httpx.AsyncClient:
    """Returns a client of nginx with the address `client` and its own connections."""
    return httpx.AsyncClient(base_url=proxy.url, timeout=10, transport=httpx.AsyncHTTPTransport(local_address=client))


def left(answer: httpx.Response) -> int:
    """Returns how many writes the client's address has left; this shows which address the service saw."""
    return int(answer.headers["x-ratelimit-remaining"])


async def test_a_ballot_goes_through_nginx(proxy: Proxy, contests: Contests) -> None:
    contest = await contests.make()
    (token,) = contests.tokens(contest, 1)
    async with through(proxy) as http:
        answer = await cast(http, contest, token, ["A001"])
        assert answer.status_code == 201
        assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"])
        assert (await cast(http, contest, token, ["A002"], client={"platform": "a" * 15_000})).status_code == 201
    assert await contests.counted(contest) == {"A001": 1, "A002": 1}


async def test_the_service_sees_the_real_address_not_the_claimed_one(proxy: Proxy, contests: Contests) -> None:
    path = f"/api/v1/contests/{await contests.make()}/challenges"
    async with through(proxy, "127.0.0.5") as five, through(proxy, "127.0.0.6") as six:
        first = left(await five.post(path, headers={"X-Forwarded-For": "203.0.113.1"}))
        assert left(await five.post(path, headers={"X-Forwarded-For": "203.0.113.2, 127.0.0.1"})) == first - 1
        assert left(await six.post(path, headers={"X-Forwarded-For": "203.0.113.1"})) == first


async def test_a_large_body_and_large_headers_are_refused_as_in_the_contract(proxy: Proxy, contests: Contests) -> None:
    contest = await contests.make()
    async with through(proxy) as http:
        assert refusal(await cast(http, contest, "x", ["A" * 20_000])) == (413, "too_large")
        # A roster of the staff comes through; the service asks who sends it.
        path, of_a_file = f"/api/v1/staff/contests/{contest}/roster", {"Content-Type": "application/octet-stream"}
        sent = await http.post(path, content=b"x" * 200_000, headers=of_a_file)
        assert refusal(sent) == (401, "credential_missing")
        assert refusal(await http.get("/", headers={"X-Long": "a" * 17_000})) == (431, "headers_too_large")
        assert refusal(await http.get(f"/{'a' * 17_000}")) == (431, "headers_too_large")


@pytest.mark.parametrize("path", ["/metrics", "/metrics/", "//metrics", "/%6Detrics", "/metrics?x"])
async def test_metrics_are_not_public(proxy: Proxy, path: str) -> None:
    async with through(proxy) as http:
        assert (await http.get(httpx.URL(proxy.url + path))).status_code == 404


async def test_tallies_are_cached_whatever_the_query_and_without_one_clients_limits(
    proxy: Proxy, contests: Contests
) -> None:
    path = f"/api/v1/contests/{await contests.make()}/tallies"
    async with through(proxy) as http:
        answers = [await http.get(path, params={"x": number}) for number in range(3)]
    assert len({answer.content for answer in answers}) == 1
    assert all(answer.status_code == 200 and "x-ratelimit-remaining" not in answer.headers for answer in answers)
    assert await caching(proxy, path, 3) == ["MISS", "HIT", "HIT"]


async def test_tallies_are_answered_from_the_cache_while_the_service_is_away(
    settings: Settings, contests: Contests
) -> None:
    contest = await contests.make()
    path = f"/api/v1/contests/{contest}/tallies"
    with serving(environment_of(settings)) as (service, process), running(service) as proxy:
        async with through(proxy) as http:
            assert (await http.get(path)).status_code == 200
            process.terminate()
            await asyncio.to_thread(process.wait, 30)
            # Later than max-age and stale-while-revalidate.
            await asyncio.sleep(13)
            assert [(await http.get(path)).status_code for _ in range(3)] == [200] * 3
            assert refusal(await http.get(f"/api/v1/contests/{contest}")) == (503, "try_again")


async def test_pages_are_cached_in_the_language_of_their_address(proxy: Proxy, contests: Contests) -> None:
    path = f"/c/{await contests.make()}"
    english = {"accept-language": "en-GB,en;q=0.9"}
    async with through(proxy) as http:
        assert 'lang="zh-CN"' in (await http.get(path)).text
        assert '<html lang="en"' in (await http.get(path, headers=english)).text, "not the cached Chinese page"
        for headers in (english, {"cookie": "lang=en"}):
            assert '<html lang="en"' in (await http.get(f"{path}?lang=en", headers=headers)).text
        assert 'class="large"' in (await http.get(path, headers={"cookie": "size=large"})).text
        assert "set-cookie" in (await http.get(f"{path}?lang=en")).headers, "a wish is kept although the page is cached"
        http.cookies.clear()
        assert '<html lang="zh-CN"' in (await http.get(path)).text
    passed_on = [status == "BYPASS" for status in await caching(proxy, path, 7)]
    assert passed_on == [False, True, False, False, True, True, False]


async def test_a_readers_own_part_is_not_cached(proxy: Proxy, contests: Contests) -> None:
    path = f"/c/{await contests.make()}/own"
    async with through(proxy) as http:
        for _ in range(2):
            assert (await http.get(path)).status_code == 200
    assert await caching(proxy, path, 2) == ["", ""]


async def test_the_live_board_is_not_held_back(proxy: Proxy, contests: Contests) -> None:
    contest = await contests.make()
    key = await contests.staff_key("organiser", contest)
    (token,) = contests.tokens(contest, 1)
    url, who = f"/api/v1/contests/{contest}/live", {"Authorization": f"Bearer {key}"}
    async with through(proxy) as http, http.stream("GET", url, headers=who) as stream:
        tallies = (line async for line in stream.aiter_lines() if line.startswith("data:") and '"raw"' in line)
        assert '"raw":1' not in await anext(tallies)
        async with through(proxy) as voter:
            assert (await cast(voter, contest, token, ["A001"])).status_code == 201
        assert '"raw":1' in await anext(tallies)


async def caching(proxy: Proxy, path: str, requests: int) -> list[str]:
    """Returns the cache status in nginx's log for requests of `path`. Each is logged after its response was sent."""
    found: list[str] = []

    async def are_logged() -> bool:
        # Whole lines only: the last may be incomplete.
        *lines, _ = (proxy.folder / "access.log").read_text("utf-8").split("\n")
        found[:] = [entry["cache"] for entry in map(json.loads, lines) if entry["path"] == path]
        return len(found) >= requests

    await eventually(are_logged)
    return found


def test_nginxs_own_problems_match_the_services() -> None:
    text = (SHIPPED / "voting.conf").read_text("utf-8")
    bodies = re.findall(r"return (\d+) '(.*)';", text)
    assert len(bodies) >= 6
    errors = {error.code: error for error in STATUS}
    for status, body in bodies:
        content = json.loads(body)
        assert content["status"] == int(status) == STATUS[errors[content["code"]]]
        assert content["detail"]


SECURITY = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "x-frame-options": "DENY",
}


@pytest.mark.parametrize(
    ("request_line", "status", "code"),
    [
        ("GET /metrics HTTP/1.1", 404, "not_found"),
        ("TRACE / HTTP/1.1", 405, "method_not_allowed"),
        ("GET / HTTP/1.1\r\nHost: b", 400, "malformed"),
        ("GET / HTTP/1.1\r\nContent-Length: x", 400, "malformed"),
        ("GARBAGE", 400, "malformed"),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: gzip", 400, "malformed"),
        ("POST / HTTP/1.1\r\nContent-Length: 99999", 413, "too_large"),
        ("GET / HTTP/1.1\r\nX: " + "a" * 17_000, 431, "headers_too_large"),
    ],
)
async def test_nginxs_own_answers_have_a_problem_and_the_security_headers(
    proxy: Proxy, request_line: str, status: int, code: str
) -> None:
    head, body = await raw_answer(proxy, f"{request_line}\r\nHost: vote\r\n\r\n")
    assert (head["status"], json.loads(body)["code"]) == (str(status), code)
    assert head["content-type"] == "application/problem+json"
    assert (
        head.items() >= (SECURITY | {"content-security-policy": "default-src 'none'; frame-ancestors 'none'"}).items()
    )
    assert "strict-transport-security" not in head, "the connection has no TLS"
    assert re.fullmatch("[0-9a-f]{32}", head["x-request-id"])


async def raw_answer(proxy: Proxy, request: str) -> tuple[dict[str, str], bytes]:
    """Returns header fields, with the status, and the body of the response to these bytes."""
    host, port = proxy.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request.encode())
    async with asyncio.timeout(15):
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines) if name}
        body = await reader.readexactly(int(fields["content-length"]))
    writer.close()
    return fields | {"status": first.split()[1]}, body


async def test_the_services_answers_have_each_security_header_once(proxy: Proxy, contests: Contests) -> None:
    contest = await contests.make()
    async with through(proxy) as http:
        for path in (f"/c/{contest}", f"/api/v1/contests/{contest}/tallies", "/nothing", "/health/live"):
            for _ in range(2):
                headers = (await http.get(path)).headers
                for name in (*SECURITY, "content-security-policy", "x-request-id"):
                    assert len(headers.get_list(name)) == 1, (path, name)
                assert "script-src 'self'" in headers["content-security-policy"] or path.startswith("/api")


def test_the_log_holds_no_addresses(proxy: Proxy) -> None:
    assert "127.0.0." not in (proxy.folder / "access.log").read_text("utf-8")


def test_a_service_that_is_down_is_answered_try_again() -> None:
    with running(f"127.0.0.1:{free_port()}") as proxy:
        answer = httpx.post(f"{proxy.url}/api/v1/contests/demo/ballots", json={"entries": ["A001"]})
    assert refusal(answer) == (503, "try_again")
    assert answer.headers["retry-after"] == "1"
    assert answer.headers.items() >= SECURITY.items()


def copy_tls(folder: Path, example: str, https: str) -> None:
    """Copies the example under its real name, with a certificate."""
    tls = folder / "tls"
    tls.mkdir()
    text = (SHIPPED / "tls" / f"{example}.example").read_text("utf-8")
    (tls / example).write_text(text.replace("listen 8443", f"listen {https}"))
    subject = ["-subj", "/CN=localhost", "-days", "1"]
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    files = ["-keyout", str(tls / "privkey.pem"), "-out", str(tls / "fullchain.pem")]
    subprocess.run(["openssl", "req", "-x509", *kind, *subject, *files], check=True, capture_output=True)


@pytest.mark.parametrize("path", ["/", "/c/demo?lang=en", "/metrics", "/static/x", "/api/v1/contests/demo/tallies"])
def test_without_a_certificate_everything_is_refused(path: str) -> None:
    with running(f"127.0.0.1:{free_port()}", tls="") as proxy:
        answer = httpx.get(f"{proxy.url}{path}")
        assert refusal(answer) == (503, "try_again")
        assert "over https only" in answer.json()["detail"]
        assert httpx.post(f"{proxy.url}{path}", content=b"x").status_code == 503


def test_with_a_certificate_requests_in_clear_are_sent_to_https(settings: Settings) -> None:
    tls = f"127.0.0.1:{free_port()}"
    with serving(environment_of(settings)) as (service, _), running(service, tls="tls.conf", https=tls) as proxy:
        for path in ("/c/demo?lang=en", "/metrics", "/api/v1/contests/demo/tallies"):
            for method in ("GET", "POST"):
                answer = httpx.request(method, f"{proxy.url}{path}", headers={"Host": "vote.example.org"})
                assert (answer.status_code, answer.headers["location"]) == (308, f"https://vote.example.org{path}")
        assert httpx.get(f"https://{tls}/health/live", verify=False).status_code == 200


def curl(url: str, *options: str, body: bytes = b"") -> tuple[dict[str, str], bytes]:
    """Returns header fields, with the status and HTTP version, and the body, as received by curl."""
    quiet = ["--silent", "--show-error", "--insecure", "--max-time", "15"]
    # Without Expect: otherwise a 100 (Continue) response comes first.
    command = ["curl", *quiet, "--include", "--header", "Expect:", *options, url]
    done = subprocess.run(command, input=body, capture_output=True)
    assert done.returncode == 0, done.stderr
    head, _, content = done.stdout.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    version, status, *_ = first.split()
    return fields | {"version": version, "status": status}, content


LARGE = ("--data-binary", "@-")
CHUNKED = ("--upload-file", "-")


@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/2"])
@pytest.mark.parametrize(
    ("path", "options", "status", "code"),
    [
        ("/api/v1/contests/demo/ballots", LARGE, 413, "too_large"),
        ("/api/v1/contests/demo/ballots", (*CHUNKED, "--request", "POST"), 413, "too_large"),
        ("/metrics", LARGE, 413, "too_large"),
        ("/metrics", (), 404, "not_found"),
        ("/-/too-large", (), 404, "not_found"),
        ("/", ("--request", "TRACE"), 405, "method_not_allowed"),
        ("/", ("--header", "Host: a b"), 400, "malformed"),
        ("/", (), 503, "try_again"),
    ],
)
def test_nginxs_own_answers_over_tls_are_problems_and_keep_the_voter_on_https(
    encrypted: Proxy, version: str, path: str, options: tuple[str, ...], status: int, code: str
) -> None:
    body = b"a" * 99_999 if set(options) & {*LARGE, *CHUNKED} else b""
    head, content = curl(encrypted.url + path, f"--http{version.removeprefix('HTTP/')}", *options, body=body)
    assert (head["version"], head["status"], json.loads(content)["code"]) == (version, str(status), code)
    assert head["content-type"] == "application/problem+json"
    assert head["strict-transport-security"] == "max-age=31536000"
    assert head.items() >= SECURITY.items()


async def test_concurrent_requests_of_an_address_are_limited() -> None:
    (most,) = re.findall(r"^ *limit_conn address (\d+);", (SHIPPED / "voting.conf").read_text("utf-8"), re.M)
    raise_file_limit()
    with running(f"127.0.0.1:{free_port()}") as proxy:
        host, port = proxy.url.removeprefix("http://").split(":")
        waiting = [await asyncio.open_connection(host, int(port)) for _ in range(int(most))]
        for _, writer in waiting:
            writer.write(b"POST / HTTP/1.1\r\nHost: vote\r\nContent-Length: 2\r\n\r\n1")

        async def is_refused() -> bool:
            async with through(proxy) as http:
                answer = await http.get("/")
            assert refusal(answer) in ((429, "slow_down"), (503, "try_again"))
            return answer.status_code == 429 and answer.headers["retry-after"] == "1"

        await eventually(is_refused)
        async with through(proxy, "127.0.0.5") as other:
            assert refusal(await other.get("/")) == (503, "try_again")
        for _, writer in waiting[:2]:
            writer.close()

        async def is_let_in() -> bool:
            return not await is_refused()

        await eventually(is_let_in)
        for _, writer in waiting[2:]:
            writer.close()
