"""Sign-in by OpenID Connect: whole, with an independent provider, and against forged answers of a strict one."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from joserfc.jwk import RSAKey

from tests.conftest import SECRET, Contests, as_owner, cast, environment_of, free_port, refusal, serving
from tests.oidc_provider import CLIENT, CLIENT_SECRET, StrictProvider, independent_provider
from voting.errors import SettingInvalid
from voting.services.identity.keyring import Keyring
from voting.settings import Settings, load

RULES = '[voters]\nchannels = ["oidc"]\n[[quota]]\npicks = 2\nper = "contest"\n'
PERSON = {"sub": "staff-7", "phone_number": "+8613800000007", "phone_number_verified": True}


def environment(settings: Settings, issuer: str, port: int) -> dict[str, str]:
    return environment_of(settings) | {
        "VOTING_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "VOTING_OIDC_ISSUER": issuer,
        "VOTING_OIDC_CLIENT_ID": CLIENT,
        "VOTING_OIDC_CLIENT_SECRET": CLIENT_SECRET,
        "VOTING_PRIVATE_PROVIDERS": "on",
        "VOTING_PHONE_SENDER": "log",
    }


@pytest.fixture(scope="module")
def provider() -> Iterator[StrictProvider]:
    with StrictProvider.running() as running:
        yield running


@pytest.fixture(scope="module")
def url(settings: Settings, provider: StrictProvider) -> Iterator[str]:
    port = free_port()
    with serving(environment(settings, provider.issuer, port), "--workers", "2", port=port) as (url, _):
        yield url


@pytest.fixture
async def browser(url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        yield client


async def begin(browser: httpx.AsyncClient, contest: str, back: str = "") -> httpx.URL:
    """Returns the provider's page that the browser is sent to."""
    answer = await browser.get(f"/c/{contest}/sign-in/oidc", params={"back": back})
    assert answer.status_code == 303, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return httpx.URL(answer.headers["location"])


async def come_back(browser: httpx.AsyncClient, page: httpx.URL, **query: str) -> httpx.Response:
    return await browser.get("/sign-in/oidc", params={"state": page.params["state"], **query})


def credential(browser: httpx.AsyncClient, contest: str) -> str | None:
    return browser.cookies.get(f"voter-{contest}")


async def test_a_voter_signs_in_at_an_independent_provider(settings: Settings, contests: Contests) -> None:
    contest = await contests.make(RULES)
    port = free_port()
    with (
        independent_provider(PERSON) as issuer,
        serving(environment(settings, issuer, port), "--workers", "2", port=port) as (url, _),
    ):
        voters = []
        for _ in range(2):
            async with httpx.AsyncClient(base_url=url, timeout=30) as browser:
                page = await begin(browser, contest, f"/c/{contest}/entries/A001")
                there = await browser.post(str(page), data={"sub": "staff-7"})
                assert there.status_code == 302, there.text
                answer = await browser.get(there.headers["location"])
                assert (answer.status_code, answer.headers["location"]) == (303, f"/c/{contest}/entries/A001")
                token = credential(browser, contest)
                assert token
                voters.append(token)
                assert (await cast(browser, contest, None, ["A001"])).status_code == 201
                # A reload, or the second request of a browser that sends two.
                again = await browser.get(there.headers["location"])
                assert (again.status_code, again.headers["location"]) == (303, f"/c/{contest}/entries/A001")
        async with httpx.AsyncClient(base_url=url, timeout=30) as browser:
            assert refusal(await cast(browser, contest, voters[0], ["A002"])) == (409, "quota_exhausted")
        # Who votes on the web and is asked to confirm does so there, and stays the same voter.
        rules = '[voters]\nchannels = ["web"]\n[verification]\nshare = 1.0\nby = ["oidc"]\n[[quota]]\npicks = 2\n'
        other = await contests.make(rules)
        async with httpx.AsyncClient(base_url=url, timeout=30) as browser:
            token = Keyring(SECRET.encode()).issue_credential(other, "web", datetime.now(UTC))
            browser.cookies.set(f"voter-{other}", token)
            assert (await browser.get(f"/c/{other}/sign-in/oidc")).status_code == 403, "nobody votes through it here"
            assert (await browser.get(f"/c/{other}/confirm/oidc")).status_code == 409, "not asked yet"
            assert (await cast(browser, other, None, ["A001"])).status_code == 201
            leaves = await browser.get(f"/c/{other}/confirm/oidc")
            there = await browser.post(leaves.headers["location"], data={"sub": "staff-7"})
            answer = await browser.get(there.headers["location"])
            assert (answer.status_code, answer.headers["location"]) == (303, f"/c/{other}/me")
            own = (await browser.get(f"/c/{other}/own")).json()
            assert (own["confirmation"]["state"], own["remaining"]["picks"]) == ("confirmed", 1)
            assert credential(browser, other) == token
            assert "Confirmed, thank you." in (await browser.get(f"/c/{other}/me?lang=en")).text


async def test_the_request_has_pkce_a_state_and_a_nonce_of_its_own(
    browser: httpx.AsyncClient, contests: Contests, provider: StrictProvider, url: str
) -> None:
    contest = await contests.make(RULES)
    browser.headers.update({"host": "evil.example", "x-forwarded-host": "evil.example"})
    first, second = await begin(browser, contest), await begin(browser, contest)
    assert str(first).startswith(f"{provider.issuer}/authorize?")
    assert first.params["redirect_uri"] == f"{url}/sign-in/oidc", "from the settings, whatever the headers say"
    assert first.params["scope"] == "openid"
    assert first.params["code_challenge_method"] == "S256"
    for name in ("state", "nonce", "code_challenge"):
        assert first.params[name] != second.params[name]
        assert len(first.params[name]) >= 32
    assert len({first.params[name] for name in ("state", "nonce", "code_challenge")}) == 3


FORGED: dict[str, Any] = {
    "another issuer": {"claims": {"iss": "http://127.0.0.1:1"}},
    "another client": {"claims": {"aud": "another"}},
    "for several clients, none named": {"claims": {"aud": [CLIENT, "another"]}},
    "for another party": {"claims": {"azp": "another"}},
    "another nonce": {"claims": {"nonce": "another"}},
    "no nonce": {"claims": {"nonce": None}},
    "no subject": {"claims": {"sub": None}},
    "expired": {"claims": {"exp": int(time.time()) - 600, "iat": int(time.time()) - 900}},
    "never expires": {"claims": {"exp": None}},
    "of tomorrow": {"claims": {"iat": int(time.time()) + 86400}},
    "another access token": {"claims": {"at_hash": "xxxxxxxxxxxxxxxxxxxxxx"}},
    "unsigned": {"header": {"alg": "none"}},
    "signed by another key": {"key": RSAKey.generate_key(2048)},
    "an unknown key": {"header": {"kid": "unknown"}},
}


@pytest.mark.parametrize("forged", FORGED)
async def test_a_forged_token_is_refused(
    browser: httpx.AsyncClient, contests: Contests, provider: StrictProvider, forged: str
) -> None:
    contest = await contests.make(RULES)
    page = await begin(browser, contest)
    answer = await come_back(browser, page, code=provider.issue(page, **FORGED[forged]))
    assert refusal(answer) == (403, "sign_in_refused")
    assert credential(browser, contest) is None


async def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(
    browser: httpx.AsyncClient, contests: Contests, provider: StrictProvider
) -> None:
    contest = await contests.make(RULES)
    page = await begin(browser, contest)
    code = provider.issue(page, header={"alg": "HS256"}, key=provider.keys[-1].as_pem(private=False))
    assert refusal(await come_back(browser, page, code=code)) == (403, "sign_in_refused")


@pytest.mark.parametrize("query", [{"error": "access_denied"}, {"code": "c", "iss": "http://evil.example"}, {}])
async def test_a_visit_without_the_providers_yes_is_refused(
    browser: httpx.AsyncClient, contests: Contests, query: dict[str, str]
) -> None:
    contest = await contests.make(RULES)
    page = await begin(browser, contest)
    assert refusal(await come_back(browser, page, **query)) == (403, "sign_in_refused")


async def test_a_new_key_of_the_provider_is_fetched_once(
    browser: httpx.AsyncClient, contests: Contests, provider: StrictProvider
) -> None:
    contest = await contests.make(RULES)
    page = await begin(browser, contest)
    assert (await come_back(browser, page, code=provider.issue(page))).status_code == 303
    # The keys are not read again within ten seconds of the last time.
    await asyncio.sleep(10.5)
    provider.keys.append(RSAKey.generate_key(2048))
    before = provider.key_reads
    for _ in range(6):
        page = await begin(browser, contest)
        assert (await come_back(browser, page, code=provider.issue(page))).status_code == 303
    for _ in range(4):
        page = await begin(browser, contest)
        answer = await come_back(browser, page, code=provider.issue(page, header={"kid": secrets.token_hex(4)}))
        assert refusal(answer) == (403, "sign_in_refused")
    assert provider.key_reads - before <= 2, "once for each worker"


async def test_a_state_is_of_its_browser_and_is_used_once(
    browser: httpx.AsyncClient, contests: Contests, provider: StrictProvider, url: str
) -> None:
    contest = await contests.make(RULES)
    page = await begin(browser, contest)
    code = provider.issue(page)
    async with httpx.AsyncClient(base_url=url) as thief:
        assert refusal(await come_back(thief, page, code=code)) == (403, "sign_in_expired")
        await begin(thief, contest)
        assert refusal(await come_back(thief, page, code=code)) == (403, "sign_in_expired")
    for state in ("", page.params["state"][:-1], page.params["state"] + "0", "é" * 32):
        assert refusal(await browser.get("/sign-in/oidc", params={"state": state, "code": code}))[0] == 403
    cookie = {"cookie": f"voting-sign-in={browser.cookies['voting-sign-in']}"}
    answers = await asyncio.gather(*(come_back(browser, page, code=code) for _ in range(8)))
    signed_in = [answer for answer in answers if f"voter-{contest}=" in answer.headers.get("set-cookie", "")]
    assert len(signed_in) == 1
    async with httpx.AsyncClient(base_url=url, headers=cookie) as thief:
        replayed = await come_back(thief, page, code=provider.issue(page))
        assert replayed.headers["location"].startswith(f"{provider.issuer}/authorize?"), "it begins again"
        assert credential(thief, contest) is None


async def test_a_used_code_begins_the_sign_in_again_once(
    browser: httpx.AsyncClient, contests: Contests, provider: StrictProvider
) -> None:
    contest = await contests.make(RULES)
    page = await begin(browser, contest)
    again = await come_back(browser, page, code="used-before")
    page = httpx.URL(again.headers["location"])
    assert page.path == "/authorize"
    assert refusal(await come_back(browser, page, code="used-before")) == (403, "sign_in_expired")


@pytest.mark.parametrize(
    "back",
    ["//evil.example", "https://evil.example/", "/\\evil.example", "/c/other", "/board/x", "/c/{}/../..", "\r\nx"],
)
async def test_nobody_is_led_elsewhere_after_the_sign_in(
    browser: httpx.AsyncClient, contests: Contests, provider: StrictProvider, back: str
) -> None:
    contest = await contests.make(RULES)
    page = await begin(browser, contest, back.format(contest))
    answer = await come_back(browser, page, code=provider.issue(page))
    assert answer.headers["location"] == f"/c/{contest}"


async def test_a_verified_number_joins_the_channels_that_run_together(
    browser: httpx.AsyncClient, contests: Contests, provider: StrictProvider
) -> None:
    contest = await contests.make(RULES.replace('["oidc"]', '["oidc", "phone"]'))
    for subject, verified in (("one", True), ("two", True), ("three", False), ("four", "true")):
        page = await begin(browser, contest)
        assert page.params["scope"] == "openid phone"
        claims = {"sub": subject, "phone_number": "+86 138 0000 0001", "phone_number_verified": verified}
        assert (await come_back(browser, page, code=provider.issue(page, claims))).status_code == 303
    async with as_owner(contests.settings) as connection:
        persons = await connection.fetchval("select count(distinct person) from persons where contest = $1", contest)
    assert persons == 3, "the first two are one person"


async def test_a_provider_that_is_away_is_said_to_be_and_comes_back(settings: Settings, contests: Contests) -> None:
    contest, port = await contests.make(RULES), free_port()
    with (
        StrictProvider.running() as provider,
        serving(environment(settings, provider.issuer, port), "--workers", "1", port=port) as (url, _),
    ):
        async with httpx.AsyncClient(base_url=url, timeout=30) as browser:
            provider.delay = 8
            begun = time.monotonic()
            visits = [browser.get(f"/c/{contest}/sign-in/oidc") for _ in range(20)]
            answers = await asyncio.gather(*visits)
            assert {refusal(answer) for answer in answers} == {(503, "provider_away")}
            assert time.monotonic() - begun < 7, "nobody waits for another visitor's answer, and then for their own"
            provider.delay = 0
            for description in ({"issuer": "http://evil.example"}, {"authorization_endpoint": "javascript:alert(1)"}):
                await asyncio.sleep(1.1)
                provider.description = description
                answer = await browser.get(f"/c/{contest}/sign-in/oidc", headers={"accept": "text/html"})
                assert answer.status_code == 503
                assert "登录服务繁忙" in answer.text
            provider.description = {}
            await asyncio.sleep(1.1)
            page = await begin(browser, contest)
            code = provider.issue(page)
            provider.status = 500
            assert refusal(await come_back(browser, page, code=code)) == (503, "provider_away")
            provider.status = 200
            page = await begin(browser, contest)
            assert (await come_back(browser, page, code=provider.issue(page))).status_code == 303


@pytest.mark.parametrize(
    "wrong",
    [
        {"VOTING_OIDC_ISSUER": "https://login.example.org"},
        {"VOTING_OIDC_ISSUER": "https://login.example.org", "VOTING_OIDC_CLIENT_ID": "c"},
        {
            "VOTING_OIDC_ISSUER": "http://login.example.org",
            "VOTING_OIDC_CLIENT_ID": "c",
            "VOTING_PUBLIC_URL": "https://vote.example.org",
        },
        {"VOTING_OIDC_ISSUER": "https://user@login.example.org"},
    ],
)
def test_settings_that_cannot_work_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(SettingInvalid):
        load({"VOTING_SECRET": "x" * 32, **wrong})
