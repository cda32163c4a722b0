"""The online stage on a running service: a held ballot looks accepted, and a challenged voter can still vote."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from tests.conftest import SECRET, Contests, Service, environment_of, refusal, serving, solve
from tests.fraud.people import CHROME
from voting.errors import FileInvalid
from voting.services.ballots.consistency import check_consistency
from voting.services.identity.keyring import Keyring
from voting.services.identity.proof_of_work import PRICES
from voting.settings import Settings
from voting.wiring.admin import AdminServices
from voting.wiring.serving import services

QUICK = 0.1
BROWSER = {
    "User-Agent": CHROME.format(major=130),
    "Accept-Language": "zh-CN,zh;q=0.9",
    "Sec-CH-UA": '"Chromium";v="130", "Google Chrome";v="130"',
    "Sec-CH-UA-Platform": '"Windows"',
    "Sec-CH-UA-Mobile": "?0",
    "Sec-Fetch-Site": "same-origin",
}
SCRIPT = {"User-Agent": "python-requests/2.32.3"}


def ticket(contest: str, seconds: float) -> str:
    """Returns the ticket of a page opened `seconds` ago."""
    return Keyring(SECRET.encode()).issue_ticket(contest, datetime.now(UTC) - timedelta(seconds=seconds))


async def send(
    http: httpx.AsyncClient, contest: str, token: str, agent: Mapping[str, str], key: str = "k", **more: Any
) -> httpx.Response:
    headers = {**agent, "Authorization": f"Bearer {token}", "Idempotency-Key": key}
    body = {"entries": ["A001"], **more}
    return await http.post(f"/api/v1/contests/{contest}/ballots", json=body, headers=headers)


async def rows(settings: Settings, contest: str) -> list[tuple[str, list[str]]]:
    connection = await asyncpg.connect(settings.database_url)
    found = await connection.fetch("select state, reasons from ballots where contest = $1 order by sequence", contest)
    await connection.close()
    return [(row["state"], row["reasons"]) for row in found]


def shape(value: Any) -> Any:
    """Returns names and types of values, and lengths of texts: everything that must not differ."""
    if isinstance(value, dict):
        return {name: shape(each) for name, each in value.items()}
    if isinstance(value, list):
        return [shape(each) for each in value]
    return len(value) if isinstance(value, str) else value


async def test_a_held_ballot_looks_accepted_and_is_not_counted(
    http: httpx.AsyncClient, contests: Contests, service: Service, office: AdminServices
) -> None:
    contest = await contests.make()
    one, other = contests.tokens(contest, 2)
    held = await send(http, contest, one, SCRIPT, ticket=ticket(contest, QUICK))
    fair = await send(http, contest, other, BROWSER, ticket=ticket(contest, 20))
    assert await rows(service.settings, contest) == [("hold", ["C1", "T1"]), ("count", [])]
    snapshot = await office.contest_cache.get(contest)
    assert await check_consistency(office.database, snapshot.contest.id) == [], "its decision is on record"
    assert held.status_code == fair.status_code == 201
    assert list(held.json()) == list(fair.json())
    assert shape(held.json()["remaining"]) == shape(fair.json()["remaining"])
    assert abs(len(held.content) - len(fair.content)) <= 8, "recorded_at has its microseconds or not"
    names = [[name for name, _ in answer.headers.multi_items()] for answer in (held, fair)]
    assert names[0] == names[1]
    mine = [
        (await http.get(f"/api/v1/contests/{contest}/me", headers={"Authorization": f"Bearer {token}"})).json()
        for token in (one, other)
    ]
    assert shape(mine[0]) == shape(mine[1])
    assert mine[0]["ballots"][0]["state"] == "recorded"
    judge = await contests.staff_key("judge", contest)
    path = f"/api/v1/contests/{contest}/results?format=json"
    results = (await http.get(path, headers={"Authorization": f"Bearer {judge}"})).json()
    (first,) = [entry for entry in results["entries"] if entry["entry"] == "A001"]
    assert (first["raw"], first["held"], first["counted"]) == (2, 1, 1)


async def test_a_replay_is_not_judged_again(http: httpx.AsyncClient, contests: Contests, service: Service) -> None:
    contest = await contests.make()
    one, other = contests.tokens(contest, 2)
    held = await send(http, contest, one, SCRIPT, ticket=ticket(contest, QUICK))
    fair = await send(http, contest, other, BROWSER, ticket=ticket(contest, 20))
    # The other way round, and with a challenge.
    assert (await send(http, contest, one, BROWSER, ticket=ticket(contest, 20))).content == held.content
    for agent in (SCRIPT, BROWSER):
        assert (await send(http, contest, other, agent, ticket=ticket(contest, QUICK))).content == fair.content
    assert await rows(service.settings, contest) == [("hold", ["C1", "T1"]), ("count", [])]


async def test_a_challenged_voter_solves_it_and_is_counted(
    http: httpx.AsyncClient, contests: Contests, service: Service
) -> None:
    contest = await contests.make()
    (token,) = contests.tokens(contest, 1)
    quick = ticket(contest, QUICK)
    asked = await send(http, contest, token, BROWSER, ticket=quick)
    assert refusal(asked) == (403, "challenge_required")
    assert await rows(service.settings, contest) == []
    challenge = asked.json()["challenge"]
    wrong = await send(http, contest, token, BROWSER, ticket=quick, challenge="bm90IG9uZQ==")
    assert refusal(wrong) == (403, "challenge_required")
    solved = solve(challenge)
    answer = await send(http, contest, token, BROWSER, ticket=quick, challenge=solved)
    assert answer.status_code == 201
    replayed = await send(http, contest, token, BROWSER, ticket=quick, challenge=solved)
    assert replayed.content == answer.content
    assert await rows(service.settings, contest) == [("count", [])]
    other = await send(http, contest, token, BROWSER, "other", ticket=ticket(contest, QUICK), challenge=solved)
    assert refusal(other) == (403, "challenge_required"), "each is good once"
    connection = await asyncpg.connect(service.settings.database_url)
    facts = json.loads(await connection.fetchval("select facts -> 0 from batches where contest = $1", contest))
    await connection.close()
    assert facts[-4] is True
    assert 0 <= facts[-3] < 60_000


async def test_the_more_there_is_the_harder_the_challenge(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make()
    (token,) = contests.tokens(contest, 1)
    odd = {name: value for name, value in BROWSER.items() if name != "Accept-Language"}
    asked = [await send(http, contest, token, odd, ticket=ticket(contest, QUICK)) for _ in range(16)]
    assert max(each.json()["challenge"]["parameters"]["cost"] for each in asked) > PRICES[0].cost


async def test_a_contest_that_challenges_every_ballot_still_does(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make('[challenge]\nask = "ballot"\n[[quota]]\npicks = 5\n')
    (token,) = contests.tokens(contest, 1)
    asked = await send(http, contest, token, BROWSER, ticket=ticket(contest, 20))
    assert refusal(asked) == (403, "challenge_required")
    solved = solve(asked.json()["challenge"])
    assert (await send(http, contest, token, BROWSER, ticket=ticket(contest, 20), challenge=solved)).status_code == 201


async def test_scripts_with_an_organisers_credentials_are_counted(
    http: httpx.AsyncClient, contests: Contests, service: Service
) -> None:
    """A closed circle may vote by script: many similar ballots from one address, but nothing else odd."""
    contest = await contests.make()
    for token in contests.tokens(contest, 80):
        assert (await send(http, contest, token, SCRIPT)).status_code == 201
    assert set(map(str, await rows(service.settings, contest))) == {str(("count", []))}


async def test_without_redis_the_facts_alone_are_judged(patient: Settings, contests: Contests) -> None:
    contest = await contests.make()
    one, other = contests.tokens(contest, 2)
    environment = environment_of(patient) | {"REDIS_URL": "redis://127.0.0.1:1/0", "VOTING_POLICY": str(patient.policy)}
    with serving(environment) as (url, _):
        async with httpx.AsyncClient(base_url=url, timeout=30) as http:
            assert (await send(http, contest, one, SCRIPT, ticket=ticket(contest, QUICK))).status_code == 201
            assert (await send(http, contest, other, SCRIPT)).status_code == 201
    assert await rows(patient, contest) == [("hold", ["C1", "T1"]), ("count", [])]


async def test_a_policy_with_a_fault_is_refused_at_the_start(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('version = "x"\n', "utf-8")
    with pytest.raises(FileInvalid, match="online: is missing"):
        async with services(replace(settings, policy=file)):
            pass
