"""Voters' data: what they see of it, its erasure, and the end of its retention."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import secrets
from collections.abc import Iterator
from typing import Any

import asyncpg
import httpx
import pytest
import redis.asyncio as redis

from tests.acceptance.test_cli import run
from tests.conftest import Contests, as_owner, cast, environment_of, refusal, serving
from tests.gateway import Gateway
from voting.services.identity.keyring import check_receipt
from voting.services.identity.privacy import DEFAULT_NOTICE
from voting.settings import Settings
from voting.web.auth import voter_cookie_name
from voting.web.i18n.words import WORDS

RULES = '[voters]\nchannels = ["phone", "issued"]\n{}[[quota]]\npicks = 2\nper = "contest"\n'


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with Gateway.running() as running:
        yield running


@pytest.fixture(scope="module")
def url(settings: Settings, gateway: Gateway) -> Iterator[str]:
    environment = environment_of(settings) | gateway.settings | {"VOTING_LIMIT_PHONE_ADDRESS": "10000/hour"}
    with serving(environment, "--workers", "2") as (url, _):
        yield url


async def sign_in(client: httpx.AsyncClient, gateway: Gateway, contest: str, number: str) -> str:
    base = f"/api/v1/contests/{contest}/voters"
    assert (await client.post(f"{base}/phone-codes", json={"phone": number})).status_code == 202
    answer = await client.post(base, json={"phone": number, "code": gateway.code(number)})
    token: str = answer.json()["token"]
    client.cookies.clear()
    return token


async def erase(client: httpx.AsyncClient, contest: str, token: str) -> httpx.Response:
    return await client.delete(f"/api/v1/contests/{contest}/me", headers={"Authorization": f"Bearer {token}"})


async def facts_of(connection: asyncpg.Connection[asyncpg.Record], contest: str) -> list[Any]:
    rows = await connection.fetch("select facts from batches where contest = $1 order by id", contest)
    return [fact for row in rows for fact in json.loads(row["facts"])]


async def close(settings: Settings, contest: str) -> None:
    """Ends the contest's window."""
    async with as_owner(settings) as connection:
        await connection.execute(
            "update contests set closes_at = clock_timestamp() - interval '1 second', revision = revision + 1"
            " where id = $1",
            contest,
        )


def line_of(report: str, contest: str) -> str:
    """Returns the contest's line of a report."""
    return next(line for line in report.splitlines() if line.startswith(f"{contest}: "))


def test_another_text_of_the_notice_is_another_version() -> None:
    texts = f"{WORDS['zh'].privacy}\n{WORDS['en'].privacy}"
    known = {
        "voting-2026.1": "e1c8619ea7e69ad3",
        "voting-2026.2": "6d6c496de51b9b08",
        "voting-2026.3": "ae25fcb8e39fbd70",
        "voting-2026.4": "e27a93cdc7e96e67",
    }
    assert hashlib.sha256(texts.encode()).hexdigest()[:16] == known[DEFAULT_NOTICE]


async def test_a_consent_is_kept_with_its_version_language_and_moment(url: str, contests: Contests) -> None:
    contest = await contests.make('[privacy]\nversion = "2"\nnotice = "说明"\n[[quota]]\npicks = 2\nper = "contest"\n')
    (token,) = contests.tokens(contest, 1)
    path = f"/api/v1/contests/{contest}/me/consent"
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        wish = {"version": "2", "language": "zh"}
        assert refusal(await client.put(path, json=wish)) == (401, "credential_missing")
        assert refusal(await client.put(path, json=wish | {"version": "1"}, headers=headers)) == (409, "stale")
        assert refusal(await client.put(path, json=wish | {"language": "fr"}, headers=headers)) == (400, "malformed")
        given = await client.put(path, json=wish, headers=headers)
        assert given.status_code == 200
        assert given.json() == wish | {"given_at": given.json()["given_at"]}
        again = await client.put(path, json=wish | {"language": "en"}, headers=headers)
        assert again.json() == given.json(), "the first one stays"
        client.cookies.set(voter_cookie_name(contest), token)
        page = await client.get(f"/c/{contest}/me")
    assert "同意了说明（版本 2）" in page.text


async def cast_all(client: httpx.AsyncClient, contest: str, tokens: list[str]) -> list[httpx.Response]:
    """Casts a ballot each, some in a batch; all at once would be more than a busy machine takes."""
    answers: list[httpx.Response] = []
    for first in range(0, len(tokens), 20):
        some = tokens[first : first + 20]
        answers += await asyncio.gather(*(cast(client, contest, token, ["A001"], "k") for token in some))
    return answers


async def test_a_hundred_erasures_leave_counts_receipts_and_quotas_and_no_personal_datum(
    url: str, contests: Contests, gateway: Gateway, settings: Settings
) -> None:
    contest = await contests.make(RULES.format(""))
    numbers = [f"+86137{number:08}" for number in range(100)]
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        client.headers["user-agent"] = "Phone of a person 1.0"
        tokens = [await sign_in(client, gateway, contest, number) for number in numbers]
        others = contests.tokens(contest, 20)
        answers = await cast_all(client, contest, [*tokens, *others])
        receipts = [answer.json()["receipt"] for answer in answers]
        async with as_owner(settings) as connection:
            before = await facts_of(connection, contest)
            uid = await connection.fetchval("select uid from contests where id = $1", contest)
        assert all(isinstance(fact, list) for fact in before)

        erased = await asyncio.gather(*(erase(client, contest, token) for token in tokens))
        assert {answer.status_code for answer in erased} == {204}
        assert (await erase(client, contest, tokens[0])).status_code == 204, "again is no error"

        async with as_owner(settings) as connection:
            lines = await connection.fetchval(
                "select count(*) from audit_log where contest = $1 and action = 'voter.erase'", contest
            )
        assert lines == 100

        # What stays: the counts, the receipts, the same answer to the same request, and the quota.
        assert await contests.counted(contest) == {"A001": 120}
        again = await asyncio.gather(*(cast(client, contest, token, ["A001"], "k") for token in tokens))
        assert [answer.content for answer in again] == [answer.content for answer in answers[:100]]
        public = (await client.get(f"/api/v1/contests/{contest}")).json()["receipt_key"]
        assert all(check_receipt(public, receipt) for receipt in receipts)
        for number in (numbers[0], numbers[50]):
            token = await sign_in(client, gateway, contest, number)
            assert (await cast(client, contest, token, ["A001"])).status_code == 201
            assert refusal(await cast(client, contest, token, ["A001"])) == (409, "quota_exhausted")

    await close(settings, contest)
    environment = environment_of(settings)
    assert run("certify", "--contest", contest, env=environment).returncode == 0
    purged = run("retention", "purge", "--contest", contest, env=environment)
    assert "by wish: observations of 100 voters and 100 identities" in line_of(purged.stdout, contest), purged.stderr
    assert run("verify", "results", "--contest", contest, env=environment).returncode == 0
    assert await contests.counted(contest) == {"A001": 122}
    async with as_owner(settings) as connection:
        facts = await facts_of(connection, contest)
        persons = await connection.fetch("select * from persons where contest = $1", contest)
        tables = await connection.fetch("select tablename from pg_tables where schemaname = 'public'")
        everything = [
            repr([tuple(row) for row in await connection.fetch(f'select * from "{table["tablename"]}"')])
            for table in tables
        ]
    assert sum(isinstance(fact, list) for fact in facts) == 20, "those of the others"
    assert persons == []
    personal = ["127.0.0.1", "Phone of a person", *numbers, *(number[3:] for number in numbers)]
    async with redis.Redis.from_url(settings.redis_url) as client_of_redis:
        names = [key async for key in client_of_redis.scan_iter(f"voting:{{{uid}}}:*")]
        values = [await client_of_redis.dump(name) for name in names]
    for text in (*everything, repr(names), repr(values)):
        assert not [datum for datum in personal if datum in text]


async def test_the_voters_page_shows_what_is_stored_and_erases_it(
    url: str, contests: Contests, gateway: Gateway
) -> None:
    contest = await contests.make(RULES.format(""))
    async with httpx.AsyncClient(base_url=url, timeout=60) as browser:
        assert "没有您" in (await browser.get(f"/c/{contest}/me")).text
        number = "+8613600000001"
        token = await sign_in(browser, gateway, contest, number)
        browser.cookies.set(f"voter-{contest}", token)
        assert (await cast(browser, contest, None, ["A001"])).status_code == 201
        page = (await browser.get(f"/c/{contest}/me?lang=en")).text
        assert "a code sent to a phone" in page
        assert "as keyed hashes only: 1" in page
        assert "1; of 1 what was observed" in page
        assert DEFAULT_NOTICE in page
        assert "A001" not in page, "who sees the page does not learn the picks"
        assert "Do you really want it?" in page.partition("<details")[2].partition(f'action="/c/{contest}/me/erase"')[0]
        # Another site's form is sent without the cookie.
        async with httpx.AsyncClient(base_url=url) as elsewhere:
            assert refusal(await elsewhere.post(f"/c/{contest}/me/erase")) == (401, "credential_missing")
        answer = await browser.post(f"/c/{contest}/me/erase")
        assert (answer.status_code, answer.headers["location"]) == (303, f"/c/{contest}/me?erased=true")
        assert f"voter-{contest}=; " in answer.headers["set-cookie"].replace('""', "")
        assert "Max-Age=0" in answer.headers["set-cookie"]
        page = (await browser.get(f"/c/{contest}/me?lang=en")).text
        assert "as keyed hashes only: 0" in page
        assert "You have asked for deletion" in page
        browser.cookies.clear()
        assert "Your wish is recorded" in (await browser.get(f"/c/{contest}/me?erased=true&lang=en")).text


async def test_a_contests_own_notice_is_shown_and_noted(url: str, contests: Contests) -> None:
    notice = '[privacy]\nversion = "2026-08"\nnotice = "本单位的说明"\nnotice_en = "Our own notice"\n'
    contest = await contests.make(notice + RULES.format(""))
    (token,) = contests.tokens(contest, 1)
    async with httpx.AsyncClient(base_url=url, timeout=60) as browser:
        assert "本单位的说明" in (await browser.get(f"/c/{contest}/privacy")).text
        assert "Our own notice" in (await browser.get(f"/c/{contest}/privacy?lang=en")).text
        assert (await browser.get(f"/c/{contest}/own")).status_code == 200
        browser.cookies.set(f"voter-{contest}", token)
        assert (await cast(browser, contest, None, ["A001"])).status_code == 201
        assert "2026-08" in (await browser.get(f"/c/{contest}/me")).text


async def test_a_wish_erases_no_traces_before_the_certification(
    url: str, contests: Contests, gateway: Gateway, settings: Settings
) -> None:
    contest = await contests.make(RULES.format(""))
    environment = environment_of(settings)
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        tokens = [await sign_in(client, gateway, contest, f"+861350000000{number}") for number in range(4)]
        for token in tokens:
            assert (await cast(client, contest, token, ["A001"], secrets.token_hex(4))).status_code == 201
        assert (await erase(client, contest, tokens[0])).status_code == 204

        async def purge(days: int) -> tuple[int, int, int, int]:
            done = run("retention", "purge", "--contest", contest, "--days", str(days), env=environment)
            assert done.returncode == 0, done.stderr
            assert "184 days" in done.stderr
            numbers = re.findall(r"of (\d+) |and (\d+) ", line_of(done.stdout, contest))
            ballots, identities, voters, erased = (int(one or other) for one, other in numbers)
            return ballots, identities, voters, erased

        assert await purge(0) == (0, 0, 0, 0)
        await close(settings, contest)
        assert await purge(0) == (0, 0, 0, 1), "the identity, once nobody can vote any more"
        async with as_owner(settings) as connection:
            assert all(isinstance(fact, list) for fact in await facts_of(connection, contest))
        assert run("certify", "--contest", contest, env=environment).returncode == 0
        assert await purge(30) == (0, 0, 1, 0)
        # A wish after the certification is fulfilled at once.
        await asyncio.sleep(1.1)
        assert (await erase(client, contest, tokens[1])).status_code == 204
        async with as_owner(settings) as connection:
            assert sum(isinstance(fact, list) for fact in await facts_of(connection, contest)) == 2
        assert await purge(30) == (0, 0, 0, 1)
        own = f"/c/{contest}/me?lang=en"
        client.cookies.set(voter_cookie_name(contest), tokens[2])
        assert "<dd>1; of" in (await client.get(own)).text
        assert await purge(0) == (2, 2, 0, 0)
        await asyncio.sleep(1.1)
        # Its voters cannot be found any more: the key of their hashes is destroyed.
        assert "<dd>0; of" in (await client.get(own)).text
    verified = run("verify", "results", "--contest", contest, env=environment)
    assert verified.returncode == 0, verified.stderr + verified.stdout
    async with as_owner(settings) as connection:
        assert not any(isinstance(fact, list) for fact in await facts_of(connection, contest))
        assert await connection.fetchval("select count(*) from persons where contest = $1", contest) == 0
    assert await contests.counted(contest) == {"A001": 4}
