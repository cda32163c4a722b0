"""Voters chosen by chance are asked to confirm, over HTTP with a real sender of codes."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import httpx
import pytest

from tests.acceptance.test_cli import run
from tests.conftest import SECRET, Contests, as_owner, environment_of, refusal, serving
from tests.conftest import cast as cast_ballot
from tests.gateway import Gateway
from tests.web.test_staff import bearer
from voting.domain.identity.channel import Channel
from voting.fraud.facts.facts import Facts
from voting.fraud.sample import Cell
from voting.postgres.identity import confirmations
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.fraud.review import ReviewAction
from voting.services.identity.confirmations import ask
from voting.services.identity.keyring import Keyring
from voting.services.second_person import Person
from voting.settings import Settings
from voting.wiring.admin import AdminServices

KEYRING = Keyring(SECRET.encode())
RULES = """
[voters]
channels = ["web", "issued"]
[verification]
share = {share}
by = ["phone", "wechat"]
telephone = "010-1234 5678"
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


async def test_a_voter_says_that_the_ballot_is_anothers(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices, settings: Settings
) -> None:
    contest = await contests.make(RULES.format(share=1.0, codes=4))
    voter, other = Voter(http, contest), Voter(http, contest)
    denial = f"/api/v1/contests/{contest}/me/confirmation/denial"
    assert refusal(await http.post(denial, headers=voter.headers)) == (409, "not_asked")
    await voter.vote("A001")
    await voter.vote("A002")
    await other.vote("A001")
    # The form of the page needs no script.
    http.cookies.set(f"voter-{contest}", voter.token)
    for _ in range(2):
        assert (await http.post(f"/c/{contest}/me/deny")).headers["location"] == f"/c/{contest}/me"
    for language, words in {
        "zh": "这一票不是您投的，已不再计入",
        "en": "this ballot is not yours and no longer counts",
    }.items():
        assert words in (await http.get(f"/c/{contest}/me?lang={language}")).text
    assert refusal(await http.post(denial, headers=voter.headers)) == (409, "not_asked"), "there is an answer"
    assert refusal(await voter.send_code(new_number())) == (409, "not_asked")
    found = await voter.asked()
    assert found
    assert found["state"] == "denied"
    # Only the ballot that the voter was asked about is void, as a group with its reason.
    assert await contests.counted(contest) == {"A001": 1, "A002": 1}
    snapshot = await office.contest_cache.get(contest)
    (group,) = await office.reviews.all(snapshot)
    assert (group.group.id, group.group.state, group.group.ballots) == ("denied-A001", "void", 1)
    assert refusal(await http.post(denial, headers={"Authorization": "Bearer x"})) == (401, "credential_invalid")
    assert (await http.post(denial, headers=other.headers)).status_code == 204
    (group,) = await office.reviews.all(snapshot)
    assert (group.group.ballots, group.group.entries) == (2, {"A001": 2})
    async with as_owner(settings) as owner:
        log = await owner.fetch(
            "select actor, details::text from audit_log where contest = $1 and action = 'confirmation.denied'", contest
        )
        assert [row["actor"] for row in log] == ["voter", "voter"], "pressed twice it is one answer"
        assert not any(voter.token[:16] in row["details"] for row in log)
    async with office.database.connection() as connection:
        sample = await confirmations.select_sample(connection, contest, datetime.now(UTC))
    assert [(pick.entry, pick.confirmed) for pick in sample] == [("A001", False)] * 2, "they count as not confirmed"
    # Reviewers can take it back; who says so later, also while one of two has proposed that, is in a further group.
    release, further = ReviewAction("release", "a family with one phone"), {"denied-A001", "denied-A001-2"}
    for person in (Person("key:1", "wang"), Person("key:2", "li")):
        await office.reviews.rule(snapshot, "denied-A001", person, release)
        late = Voter(http, contest)
        await late.vote("A001")
        assert (await http.post(denial, headers=late.headers)).status_code == 204
        assert {each.group.id for each in await office.reviews.all(snapshot)} == further
    assert await contests.counted(contest) == {"A001": 2, "A002": 1}
    found = await other.asked()
    assert found
    assert found["state"] == "kept"


async def test_who_denied_by_mistake_tells_the_organiser_the_code(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices, settings: Settings
) -> None:
    contest = await contests.make(RULES.format(share=1.0, codes=4))
    voters = [Voter(http, contest) for _ in range(2)]
    for voter in voters:
        await voter.vote()
        path = f"/api/v1/contests/{contest}/me/confirmation/denial"
        assert (await http.post(path, headers=voter.headers)).status_code == 204
    found = await voters[0].asked()
    assert found
    http.cookies.set(f"voter-{contest}", voters[0].token)
    assert found["code"] in (await http.get(f"/c/{contest}/me")).text
    options = ("--contest", contest, "--reason", "pressed it by mistake")
    done = run("review", "confirm", found["code"], *options, env=environment_of(settings))
    assert done.returncode == 0, done.stderr
    assert await contests.counted(contest) == {"A001": 1}, "not the other's"
    (group,) = await office.reviews.all(await office.contest_cache.get(contest))
    assert (group.group.id, group.group.ballots) == ("denied-A001", 1)
    found = await voters[0].asked()
    assert found
    assert found["state"] == "confirmed"


async def test_who_has_no_phone_reads_the_code_out_and_the_organiser_confirms(
    http: httpx.AsyncClient, contests: Contests, settings: Settings
) -> None:
    contest = await contests.make(RULES.format(share=1.0, codes=4))
    voter = Voter(http, contest)
    await voter.vote()
    http.cookies.set(f"voter-{contest}", voter.token)
    found = await voter.asked()
    assert found
    assert found["telephone"] == "010-1234 5678"
    cast_at = datetime.fromisoformat(found["cast_at"])
    assert cast_at.utcoffset() == timedelta(hours=8)
    assert abs(datetime.now(UTC) - cast_at) < timedelta(minutes=5)
    for page in (f"/c/{contest}", f"/c/{contest}/me"):
        assert '<a href="tel:010-12345678">010-1234 5678</a>' in (await http.get(page)).text
    assert f"{cast_at:%H:%M}".lstrip("0") in (await http.get(f"/c/{contest}/me")).text
    path = f"/api/v1/staff/contests/{contest}/confirmations"
    headers = bearer(await contests.staff_key("organiser", contest, "wang"))
    known = {"code": f" {found['code'].lower()} ", "reason": "rang from the home of the aged"}
    assert (await http.post(path, json={"code": "AAAAAAAA", "reason": "x"}, headers=headers)).status_code == 404
    assert (await http.post(path, json=known, headers=headers)).status_code == 204
    found = await voter.asked()
    assert found
    assert found["state"] == "confirmed"
    async with as_owner(settings) as owner:
        details = await owner.fetchval(
            "select details::jsonb ->> 'reason' from audit_log where contest = $1 and action = 'confirmation.by_host'",
            contest,
        )
    assert details == "rang from the home of the aged"


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
