"""Sign-in by a code sent to the phone, over HTTP."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import redis.asyncio as redis

from tests.conftest import Contests, as_owner, cast, environment_of, refusal, serving
from tests.gateway import Gateway
from voting.errors import PhoneInvalid, SettingInvalid
from voting.services.identity.providers.phone import normal_number
from voting.settings import Settings, load

RULES = '[voters]\nchannels = ["phone"]\n[[quota]]\npicks = 2\nper = "contest"\n'


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with Gateway.running() as running:
        yield running


@pytest.fixture(scope="module")
def url(settings: Settings, gateway: Gateway) -> Iterator[str]:
    """Runs a service with two workers that sends codes."""
    environment = environment_of(settings) | {
        **gateway.settings,
        "VOTING_LIMIT_PHONE_ADDRESS": "10000/hour",
    }
    with serving(environment, "--workers", "2") as (url, _):
        yield url


@pytest.fixture
async def voter(url: str) -> Any:
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        yield client


def new_number() -> str:
    return f"+86138{secrets.randbelow(10**8):08}"


async def ask(voter: httpx.AsyncClient, contest: str, phone: str) -> httpx.Response:
    return await voter.post(f"/api/v1/contests/{contest}/voters/phone-codes", json={"phone": phone})


async def sign_in(voter: httpx.AsyncClient, contest: str, phone: str, code: str) -> httpx.Response:
    return await voter.post(f"/api/v1/contests/{contest}/voters", json={"phone": phone, "code": code})


async def test_a_voter_signs_in_by_phone_and_is_the_same_voter_on_the_next_device(
    voter: httpx.AsyncClient, contests: Contests, gateway: Gateway
) -> None:
    contest, number = await contests.make(RULES), new_number()
    # Written as its owner does, and as another device does.
    for written in (f"{number[3:6]} {number[6:10]} {number[10:]}", number):
        answer = await ask(voter, contest, written)
        assert (answer.status_code, answer.json()) == (202, {"expires_in": 300})
        token = (await sign_in(voter, contest, written, gateway.code(number))).json()["token"]
        voter.cookies.clear()
        assert (await cast(voter, contest, token, ["A001"])).status_code == 201
    assert refusal(await cast(voter, contest, token, ["A002"])) == (409, "quota_exhausted")
    message = gateway.messages[-1]
    assert message | {"code": ""} == {
        "phone": number,
        "code": "",
        "contest": contest,
        "language": "zh",
        "expires_in": 300,
    }
    assert message["code"].isdecimal()
    assert len(message["code"]) == 6
    assert gateway.refused == 0


async def test_a_code_is_accepted_once_also_at_the_same_moment(
    voter: httpx.AsyncClient, contests: Contests, gateway: Gateway
) -> None:
    contest, number = await contests.make(RULES), new_number()
    await ask(voter, contest, number)
    code = gateway.code(number)
    answers = await asyncio.gather(*(sign_in(voter, contest, number, code) for _ in range(20)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 403: 19}
    assert {refusal(answer)[1] for answer in answers if answer.status_code != 201} == {"code_wrong"}


async def test_five_tries_and_no_more_also_at_the_same_moment(
    voter: httpx.AsyncClient, contests: Contests, gateway: Gateway
) -> None:
    contest, number = await contests.make(RULES), new_number()
    await ask(voter, contest, number)
    right = gateway.code(number)
    wrong = [f"{(int(right) + step) % 10**6:06}" for step in range(1, 51)]
    answers = await asyncio.gather(*(sign_in(voter, contest, number, code) for code in wrong))
    assert {refusal(answer) for answer in answers} == {(403, "code_wrong")}
    assert refusal(await sign_in(voter, contest, number, right)) == (403, "code_wrong"), "the tries are used up"
    await ask(voter, contest, number)
    assert (await sign_in(voter, contest, number, gateway.code(number))).status_code == 201


async def test_a_code_is_for_its_number_its_contest_and_five_minutes(
    voter: httpx.AsyncClient, contests: Contests, gateway: Gateway, settings: Settings
) -> None:
    contest, another, number = await contests.make(RULES), await contests.make(RULES), new_number()
    await ask(voter, contest, number)
    await ask(voter, another, new_number())
    code = gateway.code(number)
    assert refusal(await sign_in(voter, contest, new_number(), code)) == (403, "code_wrong")
    assert refusal(await sign_in(voter, another, number, code)) == (403, "code_wrong")
    async with redis.Redis.from_url(settings.redis_url) as client:
        async with as_owner(settings) as connection:
            uid = await connection.fetchval("select uid from contests where id = $1", contest)
        names = [key async for key in client.scan_iter(f"voting:{{{uid}}}:phone:*")]
        values = [(key, await client.get(key), await client.pttl(key)) for key in names]
        assert len(values) == 3, "the code, and the tries at both numbers"
        assert all(0 < left <= 300_000 for _, _, left in values)
        assert all(plain not in repr(values) for plain in (code, number, number[3:])), "keyed hashes only"
        for key in names:
            await client.delete(key)
    assert refusal(await sign_in(voter, contest, number, code)) == (403, "code_wrong"), "as after five minutes"


async def test_a_number_is_sent_few_codes(voter: httpx.AsyncClient, contests: Contests, gateway: Gateway) -> None:
    contest, number = await contests.make(RULES), new_number()
    answers = [await ask(voter, contest, number) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [202, 202, 202, 429]
    assert int(answers[-1].headers["retry-after"]) > 60
    assert sum(message["phone"] == number for message in gateway.messages) == 3
    assert (await ask(voter, contest, new_number())).status_code == 202


@pytest.mark.parametrize(
    "text", ["", "110", "010 6655 4433", "138123456789", "+1 555", "abc", "+" * 50, "１３８", "\ud83d"]
)
async def test_other_texts_are_not_numbers(voter: httpx.AsyncClient, contests: Contests, text: str) -> None:
    with pytest.raises(PhoneInvalid):
        normal_number(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("138 1234 5678", "+8613812345678"),
        ("0086 138-1234-5678", "+8613812345678"),
        ("１３８１２３４５６７８", "+8613812345678"),
        ("+852 6123 4567", "+85261234567"),
        ("+1 (415) 555-2671", "+14155552671"),
    ],
)
def test_a_number_has_one_form(text: str, number: str) -> None:
    assert normal_number(text) == number


async def test_a_closed_channel_a_closed_window_and_other_bodies_are_refused(
    voter: httpx.AsyncClient, http: httpx.AsyncClient, contests: Contests, gateway: Gateway
) -> None:
    closed = await contests.make()
    before = len(gateway.messages)
    assert refusal(await ask(voter, closed, new_number())) == (403, "channel_closed")
    assert refusal(await sign_in(voter, closed, new_number(), "000000")) == (403, "channel_closed")
    open_one = await contests.make(RULES)
    assert refusal(await ask(voter, open_one, "110")) == (422, "phone_invalid")
    assert refusal(await ask(http, open_one, new_number())) == (403, "channel_closed"), "no sender is configured there"
    for body in ({}, {"phone": "1"}, {"code": "1"}, {"challenge": "x", "phone": "1", "code": "2"}):
        assert refusal(await voter.post(f"/api/v1/contests/{open_one}/voters", json=body)) == (400, "malformed")
    assert len(gateway.messages) == before


async def test_a_sender_that_fails_is_reported(voter: httpx.AsyncClient, contests: Contests, gateway: Gateway) -> None:
    contest = await contests.make(RULES)
    gateway.status = 500
    try:
        answer = await ask(voter, contest, new_number())
    finally:
        gateway.status = 200
    assert refusal(answer) == (503, "provider_away")
    assert answer.headers["retry-after"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"VOTING_PHONE_SENDER": "https://sms.example.org/"},
        {"VOTING_PHONE_SENDER": "http://sms.example.org/", "VOTING_PHONE_SECRET": "s"},
        {"VOTING_PHONE_SENDER": "https://user:word@sms.example.org/", "VOTING_PHONE_SECRET": "s"},
        {"VOTING_PHONE_SENDER": "file:///etc/passwd", "VOTING_PHONE_SECRET": "s"},
    ],
)
def test_settings_that_would_send_codes_in_the_clear_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(SettingInvalid):
        load({"VOTING_SECRET": "x" * 32, **wrong})
