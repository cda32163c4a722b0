"""The doors to a vote: when a voter may come in, how often from one address, and what a credential is good for."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.cookiejar import DefaultCookiePolicy

import asyncpg
import httpx
import pytest

from tests.conftest import SECRET, Contests, cast, environment_of, refusal, serving, solve
from voting.domain.token import seal
from voting.services.keyring import Keyring
from voting.settings import Settings

SCHOOL = 200


@pytest.fixture(scope="module")
def proxied(settings: Settings) -> Iterator[str]:
    """A service that takes addresses from X-Forwarded-For."""
    with serving(environment_of(settings) | {"VOTING_TRUSTED_PROXIES": "127.0.0.0/8"}, "--workers", "2") as (url, _):
        yield url


async def register(http: httpx.AsyncClient, contest: str, headers: dict[str, str] | None = None) -> httpx.Response:
    base = f"/api/v1/contests/{contest}"
    asked = await http.post(f"{base}/challenges", headers=headers)
    assert asked.status_code == 200, asked.text
    solved = await asyncio.to_thread(solve, asked.json())
    return await http.post(f"{base}/voters", json={"challenge": solved}, headers=headers)


async def readings(settings: Settings, contest: str) -> list[int | None]:
    """Of each ballot, in order, the seconds that its voter read; None: not known."""
    connection = await asyncpg.connect(settings.database_url)
    rows = await connection.fetch(
        "select facts -> 3 as reading from ballot_facts f join ballots b on b.id = f.ballot and b.contest = f.contest"
        " where f.contest = $1 order by sequence",
        contest,
    )
    await connection.close()
    found = [json.loads(row["reading"]) for row in rows]
    return [None if each is None else each // 1000 for each in found]


async def test_a_ticket_is_good_for_an_hour_and_for_one_credential(
    http: httpx.AsyncClient, contests: Contests, settings: Settings
) -> None:
    contest, other = await contests.make(), await contests.make()
    keyring, now = Keyring(SECRET.encode()), datetime.now(UTC)

    def ticket(seconds: float, of: str = contest) -> str:
        return keyring.issue_ticket(of, now - timedelta(seconds=seconds))

    one, two, three = contests.tokens(contest, 3)
    shared, old, foreign = ticket(600), ticket(3601), ticket(600, other)
    # The payload of an earlier version has no nonce.
    former = seal(keyring.key("ticket", contest), int(now.timestamp() * 1000).to_bytes(8, "big"))
    wanted = [
        (one, shared, 600),
        (two, shared, None),
        (one, shared, 600),
        (three, shared, None),
        (two, ticket(1200), 1200),
        (three, old, None),
        (three, ticket(3400), 3400),
        (two, foreign, None),
        (two, former, None),
        (two, shared[:-2] + "AA", None),
    ]
    for token, given, _ in wanted:
        assert (await cast(http, contest, token, ["A001"], ticket=given)).status_code == 201
    found = await readings(settings, contest)
    for (_, _, expected), reading in zip(wanted, found, strict=True):
        assert (reading is None) == (expected is None)
        assert reading is None or 0 <= reading - (expected or 0) < 60


async def test_pages_of_the_same_moment_have_tickets_of_their_own(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make()
    tickets = [(await http.get(f"/api/v1/contests/{contest}")).json()["ticket"] for _ in range(3)]
    now = datetime.now(UTC)
    tickets += [Keyring(SECRET.encode()).issue_ticket(contest, now) for _ in range(3)]
    assert len(set(tickets)) == 6


@pytest.mark.parametrize(
    ("opens", "closes", "code"),
    [
        (timedelta(minutes=5), timedelta(days=1), "window_not_open"),
        (timedelta(days=190), timedelta(days=200), "window_not_open"),
        (timedelta(days=-2), timedelta(seconds=-1), "window_closed"),
    ],
)
async def test_nobody_comes_in_outside_the_window(
    http: httpx.AsyncClient, contests: Contests, opens: timedelta, closes: timedelta, code: str
) -> None:
    contest = await contests.make(opens=opens, closes=closes)
    base = f"/api/v1/contests/{contest}"
    for answer in (
        await http.post(f"{base}/challenges"),
        await http.post(f"{base}/voters", json={"challenge": "bm90IG9uZQ=="}),
    ):
        assert refusal(answer) == (409, code)
        assert {"opens_at", "closes_at", "server_time"} <= answer.json().keys()


async def test_a_credential_of_an_earlier_window_is_no_longer_good(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make(opens=timedelta(minutes=-5))
    keyring, now = Keyring(SECRET.encode()), datetime.now(UTC)
    early = keyring.issue_credential(contest, "web", now - timedelta(minutes=6))
    base = f"/api/v1/contests/{contest}"
    assert refusal(await cast(http, contest, early, ["A001"])) == (401, "credential_invalid")
    bearer = {"Authorization": f"Bearer {early}"}
    assert refusal(await http.get(f"{base}/me", headers=bearer)) == (401, "credential_invalid")
    assert (await http.get(f"/c/{contest}", headers={"Cookie": f"voter-{contest}={early}"})).status_code == 200
    # Who registers with it gets another, and what the organiser issued beforehand is good.
    http.cookies.clear()
    again = await register(http, contest, bearer)
    assert again.status_code == 201
    assert again.json()["token"] != early
    panel = keyring.issue_credential(contest, None, now - timedelta(days=30))
    for token in (again.json()["token"], panel):
        assert (await cast(http, contest, token, ["A001"])).status_code == 201


async def test_one_address_may_not_ask_without_end_and_others_are_let_in(
    settings: Settings, contests: Contests
) -> None:
    contest = await contests.make()
    limited = {"VOTING_TRUSTED_PROXIES": "127.0.0.0/8", "VOTING_LIMIT_REGISTRATION": "1/minute burst 3"}
    with serving(environment_of(settings) | limited, "--workers", "2") as (url, _):
        async with httpx.AsyncClient(base_url=url, timeout=30) as http:

            async def asked(address: str) -> httpx.Response:
                return await http.post(f"/api/v1/contests/{contest}/challenges", headers={"X-Forwarded-For": address})

            for first, same, other in (
                ("192.0.2.7", "192.0.2.7", "192.0.2.8"),
                ("2001:db8::7", "2001:db8::8", "2001:db8:0:1::7"),
                ("::ffff:192.0.2.9", "192.0.2.9", "::ffff:192.0.2.10"),
            ):
                answers = [await asked(first) for _ in range(3)]
                assert [answer.status_code for answer in answers] == [200] * 3
                refused = await asked(same)
                assert refusal(refused) == (429, "slow_down")
                assert 1 <= int(refused.headers["retry-after"]) <= 60
                assert (await asked(other)).status_code == 200
            # Registrations have a rate of their own.
            spent = {"X-Forwarded-For": "192.0.2.7"}
            answers = [
                await http.post(f"/api/v1/contests/{contest}/voters", json={"challenge": "x"}, headers=spent)
                for _ in range(4)
            ]
            assert [answer.status_code for answer in answers] == [403, 403, 403, 429]


async def test_a_school_behind_one_address_votes_within_a_minute(proxied: str, contests: Contests) -> None:
    contest = await contests.make()
    # A computer room: the same browser on every machine.
    room = {
        "X-Forwarded-For": "203.0.113.5",
        "User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/130.0.0.0 Safari/537.36",
        "Accept-Language": "zh-CN,zh;q=0.9",
    }
    statuses: Counter[int] = Counter()
    limits = httpx.Limits(max_connections=40)
    begun = datetime.now(UTC)
    async with httpx.AsyncClient(base_url=proxied, timeout=30, limits=limits) as http:

        async def vote(number: int) -> None:
            # Each pupil's page was opened a while ago.
            ticket = Keyring(SECRET.encode()).issue_ticket(contest, datetime.now(UTC) - timedelta(seconds=8 + number))
            registered = await register(http, contest, room)
            assert registered.status_code == 201, registered.text
            headers = room | {"Authorization": f"Bearer {registered.json()['token']}", "Idempotency-Key": "k"}
            body = {"entries": [f"A{number % 12 + 1:03d}"], "ticket": ticket}
            answer = await http.post(f"/api/v1/contests/{contest}/ballots", json=body, headers=headers)
            statuses[answer.status_code] += 1

        # Without cookies: they are 200 browsers.
        http.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        await asyncio.gather(*(vote(number) for number in range(SCHOOL)))
    assert statuses == {201: SCHOOL}, "none refused, none challenged"
    assert datetime.now(UTC) - begun < timedelta(minutes=1)
    assert sum((await contests.counted(contest)).values()) == SCHOOL, "none held"
