"""Voters chosen by chance are asked to confirm, over HTTP with a real sender of codes."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import httpx
import pytest

from tests.acceptance.test_cli import run
from tests.conftest import SECRET, Contests, as_owner, environment_of, refusal, serving
from tests.conftest import cast as cast_ballot
from tests.gateway import Gateway
from voting.domain.identity.channel import Channel
from voting.fraud.facts.facts import Facts
from voting.fraud.sample import Cell
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.identity.confirmations import ask
from voting.services.identity.keyring import Keyring
from voting.settings import Settings

KEYRING = Keyring(SECRET.encode())
RULES = """
[voters]
channels = ["web", "issued"]
[verification]
share = {share}
by = ["phone", "wechat"]
codes = {codes}
[[quota]]
picks = 5
"""


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with Gateway.running() as running:
        yield running


@pytest.fixture(scope="module")
def url(settings: Settings, gateway: Gateway) -> Iterator[str]:
    environment = environment_of(settings) | gateway.settings | {"VOTING_LIMIT_PHONE_ADDRESS": "10000/hour"}
    with serving(environment, "--workers", "1") as (url, _):
        yield url


@pytest.fixture
async def http(url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        yield client


class Voter:
    """A voter who has voted."""

    def __init__(self, http: httpx.AsyncClient, contest: str, channel: Channel = "web") -> None:
        self.http, self.contest = http, contest
        self.token = KEYRING.issue_credential(contest, channel, datetime.now(UTC))
        self.headers = {"Authorization": f"Bearer {self.token}"}

    async def vote(self, entry: str = "A001") -> None:
        assert (await cast_ballot(self.http, self.contest, self.token, [entry])).status_code == 201

    async def asked(self) -> dict[str, Any] | None:
        answer = await self.http.get(f"/api/v1/contests/{self.contest}/me", headers=self.headers)
        return cast(dict[str, Any] | None, answer.raise_for_status().json()["confirmation"])

    async def send_code(self, phone: str) -> httpx.Response:
        path = f"/api/v1/contests/{self.contest}/me/confirmation/phone-codes"
        return await self.http.post(path, json={"phone": phone}, headers=self.headers)

    async def confirm(self, phone: str, code: str) -> httpx.Response:
        path = f"/api/v1/contests/{self.contest}/me/confirmation"
        return await self.http.post(path, json={"phone": phone, "code": code}, headers=self.headers)


def new_number() -> str:
    return f"+86138{secrets.randbelow(10**8):08}"


async def test_a_voter_who_is_asked_confirms_once_and_stays_the_same_voter(
    http: httpx.AsyncClient, contests: Contests, gateway: Gateway, settings: Settings
) -> None:
    contest, number = await contests.make(RULES.format(share=1.0, codes=100)), new_number()
    voter, other, issued = Voter(http, contest), Voter(http, contest), Voter(http, contest, "issued")
    assert refusal(await voter.send_code(number)) == (409, "not_asked"), "nobody is asked before the ballot"
    for each in (voter, voter, other, issued):
        await each.vote()
    assert await issued.asked() is None, "the organiser has checked this voter"
    found = await voter.asked()
    assert found
    assert (found["state"], found["by"], found["required"]) == ("asked", ["phone", "wechat"], False)
    assert (await voter.send_code(number)).status_code == 202
    assert refusal(await voter.confirm(number, "000000")) == (403, "code_wrong")
    assert (await voter.confirm(number, gateway.code(number))).status_code == 204
    found = await voter.asked()
    assert found
    assert found["state"] == "confirmed"
    # One number confirms one voter, and is stored nowhere.
    assert (await other.send_code(number)).status_code == 202
    assert refusal(await other.confirm(number, gateway.code(number))) == (409, "confirmation_taken")
    async with as_owner(settings) as owner:
        rows = await owner.fetch("select * from confirmations where contest = $1", contest)
        assert {(row["channel"], row["share"], row["confirmed_by"]) for row in rows} == {
            ("web", 1.0, "phone"),
            ("web", 1.0, None),
        }
        assert number[3:] not in str([tuple(row) for row in rows])
        # No other count depends on it, and the answer counts as before.
        assert await owner.fetchval("select count(*) from ballots where contest = $1 and state = 'count'", contest) == 4
    # Who has no phone tells the organiser the code.
    found = await other.asked()
    assert found
    options = ("--contest", contest, "--reason", "known at the school")
    done = run("review", "confirm", found["code"], *options, env=environment_of(settings))
    assert done.returncode == 0, done.stderr
    found = await other.asked()
    assert found
    assert found["state"] == "confirmed"
    assert run("review", "confirm", found["code"], *options, env=environment_of(settings)).returncode == 1


async def test_codes_cost_no_more_than_the_contest_allows(
    http: httpx.AsyncClient, contests: Contests, gateway: Gateway
) -> None:
    contest, sent = await contests.make(RULES.format(share=1.0, codes=4)), len(gateway.messages)
    voters = [Voter(http, contest) for _ in range(3)]
    for voter in voters:
        await voter.vote()
    answers = [(await voter.send_code(new_number())).status_code for voter in voters for _ in range(4)]
    # Three for a voter, and four in all.
    assert answers == [202, 202, 202, 429, 202, *[429] * 7]
    assert len(gateway.messages) - sent == 4


async def test_the_page_asks_kindly_in_both_languages(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make(RULES.format(share=1.0, codes=4))
    voter = Voter(http, contest)
    http.cookies.set(f"voter-{contest}", voter.token)
    assert (await http.get(f"/c/{contest}/own")).json()["confirmation"] is None
    await voter.vote()
    assert (await http.get(f"/c/{contest}/own")).json()["confirmation"]["state"] == "asked"
    for language, words in {
        "zh": "抽到您，不表示您的票有问题",
        "en": "Not answering this time will not void your vote",
    }.items():
        # The page is the same for everybody; the script shows the panel to those who are asked.
        page = (await http.get(f"/c/{contest}?lang={language}")).text
        assert 'id="confirm" aria-labelledby="confirm-title" hidden>' in page
        assert words in page
        assert 'id="confirm-phone"' in page
        assert words in (await http.get(f"/c/{contest}/me?lang={language}")).text


async def test_chance_is_keyed_and_a_raised_cell_asks_its_own_voters_only(contests: Contests) -> None:
    contest = await contests.make(RULES.format(share=0.02, codes=4))
    async with contests.office() as office:
        # Of one moment, so that midnight does not part the calls.
        snapshot = replace(await office.contest_cache.get(contest), read_on=time.monotonic() + 3600)
    voters = [
        KEYRING.open_credential(contest, KEYRING.issue_credential(contest, "web", datetime.now(UTC)))
        for _ in range(5000)
    ]

    def asked(snapshot: ContestSnapshot, entry: str, prefix: str = "p", keyring: Keyring = KEYRING) -> set[bytes]:
        facts = Facts(channel="web", prefix=prefix)
        return {voter.identity for voter in voters if ask(keyring, snapshot, voter, facts, [entry])}

    chosen = asked(snapshot, "A001")
    assert 50 < len(chosen) < 160, "about 100"
    assert asked(snapshot, "A002") == chosen, "the same voters, whatever they vote for"
    assert asked(snapshot, "A001", keyring=Keyring(b"x" * 32)) != chosen, "nobody can foresee it without the key"
    raised = replace(snapshot, raised_shares={Cell("channel", "A001", "web"): 0.1, Cell("network", "A002", "q"): 1.0})
    assert chosen < asked(raised, "A001")
    assert 400 < len(asked(raised, "A001")) < 600
    assert len(asked(raised, "A002", "q")) == 5000
    assert asked(raised, "A002") == asked(raised, "A003") == chosen
