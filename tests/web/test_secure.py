"""Voting over https: names of cookies, and Strict-Transport-Security."""

from __future__ import annotations

from collections.abc import AsyncIterator
from http.cookies import SimpleCookie

import httpx
import pytest

from tests.conftest import Contests, cast, environment_of, eventually, refusal, serving, solve
from voting.settings import Settings


@pytest.fixture(scope="module")
async def https(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a cookie store, for a service whose public address is https."""
    environment = environment_of(settings) | {"VOTING_PUBLIC_URL": "https://vote.example.org"}
    with serving(environment) as (url, _):
        async with httpx.AsyncClient(base_url=url, timeout=30) as client:
            yield client


def cookie_of(answer: httpx.Response) -> tuple[str, str, dict[str, str]]:
    """Returns name, value and attributes of the only cookie set."""
    (field,) = answer.headers.get_list("set-cookie")
    ((name, morsel),) = SimpleCookie(field).items()
    return name, morsel.value, {key: value for key, value in morsel.items() if value}


async def test_every_answer_keeps_browsers_with_tls(https: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make()
    (token,) = contests.tokens(contest, 1)
    answers = [
        await https.get(f"/c/{contest}"),
        await https.get("/nothing"),
        await https.get(f"/{'a' * 17_000}"),
        await https.get(f"/api/v1/contests/{contest}/tallies"),
        await cast(https, contest, token, ["A001"]),
        await cast(https, contest, token, ["A" * 20_000]),
        await https.options("/"),
    ]
    assert [answer.headers.get_list("strict-transport-security") for answer in answers] == [["max-age=31536000"]] * 7


async def test_cookies_are_bound_to_the_host(https: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make()
    path = f"/api/v1/contests/{contest}"
    challenge = solve((await https.post(f"{path}/challenges")).json())
    answer = await https.post(f"{path}/voters", json={"challenge": challenge})
    assert answer.status_code == 201, answer.text
    name, value, attributes = cookie_of(answer)
    assert (name, value) == (f"__Host-voter-{contest}", answer.json()["token"])
    assert attributes.keys() == {"path", "secure", "httponly", "samesite", "max-age"}
    assert attributes["path"] == "/"
    key = await contests.staff_key("judge", contest)
    name, session, attributes = cookie_of(await https.post("/api/v1/staff/session", json={"key": key}))
    assert name == "__Host-voting-staff"
    assert "domain" not in attributes
    path = f"/api/v1/contests/{contest}/results"
    assert (await https.get(path, headers={"Cookie": f"__Host-voting-staff={session}"})).status_code == 200
    planted = await https.get(path, headers={"Cookie": f"voting-staff={session}"})
    assert refusal(planted) == (401, "credential_missing")
    ended = await https.delete("/api/v1/staff/session", headers={"Cookie": f"__Host-voting-staff={session}"})
    assert cookie_of(ended)[:2] == ("__Host-voting-staff", "")

    async def refused() -> bool:
        return (await https.get(path, headers={"Cookie": f"__Host-voting-staff={session}"})).status_code == 401

    await eventually(refused)


async def test_a_staff_session_is_for_the_pages_of_the_public_address(
    https: httpx.AsyncClient, contests: Contests
) -> None:
    key = await contests.staff_key("judge", None)
    sign_in = "/api/v1/staff/session"
    for origin, status in (
        ("https://vote.example.org", 201),
        ("http://vote.example.org", 403),
        ("https://vote.example.org.evil.example", 403),
        ("https://h5.example.org", 403),
        (str(https.base_url).rstrip("/"), 403),
    ):
        # The service is told the address by its settings, not by a header.
        headers = {"Origin": origin, "X-Forwarded-Host": origin.partition("//")[2]}
        answer = await https.post(sign_in, json={"key": key}, headers=headers)
        assert answer.status_code == status, origin


async def test_a_voter_with_the_former_cookie_stays_the_same_voter(
    https: httpx.AsyncClient, contests: Contests
) -> None:
    contest = await contests.make('[[quota]]\npicks = 1\nper = "contest"\nperiod = "window"\n')
    former, other = contests.tokens(contest, 2)
    plain = {"Cookie": f"voter-{contest}={former}"}
    own = f"/c/{contest}/own"
    assert cookie_of(await https.get(own, headers=plain))[:2] == (f"__Host-voter-{contest}", former)
    assert (await send(https, contest, plain, "A001", "one-key-1")).status_code == 201
    both = {"Cookie": f"a=b; __Host-voter-{contest}={former}; voter-{contest}={former}"}
    assert "set-cookie" not in (await https.get(own, headers=both)).headers
    assert refusal(await send(https, contest, both, "A002", "one-key-2")) == (409, "quota_exhausted")
    planted = {"Cookie": f"voter-{contest}={other}; __Host-voter-{contest}={former}"}
    assert refusal(await send(https, contest, planted, "A002", "one-key-3")) == (409, "quota_exhausted")
    junk = await https.get(own, headers={"Cookie": f"voter-{contest}=junk"})
    assert "set-cookie" not in junk.headers


async def send(https: httpx.AsyncClient, contest: str, headers: dict[str, str], entry: str, key: str) -> httpx.Response:
    """Casts a ballot with the voter's cookie."""
    path = f"/api/v1/contests/{contest}/ballots"
    return await https.post(path, json={"entries": [entry]}, headers=headers | {"Idempotency-Key": key})


async def test_without_https_cookies_are_plain_and_hsts_is_off(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make()
    key = await contests.staff_key("judge", contest)
    answer = await http.post("/api/v1/staff/session", json={"key": key})
    assert cookie_of(answer)[0] == "voting-staff"
    assert "strict-transport-security" not in answer.headers
