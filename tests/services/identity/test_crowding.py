"""What a new web voter pays, and that a solved challenge is good once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.conftest import Contests, environment_of, serving, solve
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.identity.crowding import ADDRESS_STEPS, AGENT_STEPS, PREFIX_STEPS
from voting.services.identity.proof_of_work import PRICES
from voting.settings import Settings
from voting.web.dependencies import Services
from voting.wiring import serving as wiring


@pytest.fixture(scope="module")
async def services(settings: Settings) -> AsyncIterator[Services]:
    async with wiring.services(settings) as ready:
        yield ready


async def price(services: Services, snapshot: ContestSnapshot, address: str, agent: str = "x") -> int:
    """Asks for a challenge; returns its place in the prices."""
    challenge = await services.web_provider.ask(snapshot, address, agent)
    return [each.cost for each in PRICES].index(challenge["parameters"]["cost"])


async def test_many_voters_of_one_address_pay_more_and_others_do_not(services: Services, contests: Contests) -> None:
    snapshot = await services.contest_cache.get(await contests.make())
    found = [await price(services, snapshot, "10.1.1.1", f"agent {number}") for number in range(130)]
    assert Counter(found) == {0: ADDRESS_STEPS[0], 1: ADDRESS_STEPS[1] - ADDRESS_STEPS[0], 2: 10}
    assert found == sorted(found)
    assert await price(services, snapshot, "10.1.2.1", "another") == 0
    elsewhere = await services.contest_cache.get(await contests.make())
    assert await price(services, elsewhere, "10.1.1.1") == 0


async def test_many_addresses_of_one_network_pay_more(services: Services, contests: Contests) -> None:
    snapshot = await services.contest_cache.get(await contests.make())
    for network in ("10.2.1.{}", "2001:db8:1:{:x}::1"):
        found = [await price(services, snapshot, network.format(n), f"agent {n}") for n in range(PREFIX_STEPS[0] + 20)]
        assert Counter(found) == {0: PREFIX_STEPS[0], 1: 20}


async def test_one_kind_of_client_from_everywhere_pays_more_unless_everybody_has_it(
    services: Services, contests: Contests
) -> None:
    snapshot = await services.contest_cache.get(await contests.make())
    for number in range(AGENT_STEPS[0]):
        assert await price(services, snapshot, f"10.{number}.3.1", "script") == 0
    assert await price(services, snapshot, "10.3.3.2", "script") == 1
    # A rush of all kinds of clients: each has a small share, and nobody pays more.
    snapshot = await services.contest_cache.get(await contests.make())
    rush = [await price(services, snapshot, f"10.{n % 250}.{n // 250}.1", f"kind {n % 6}") for n in range(2000)]
    assert set(rush) == {0}


async def test_a_wrong_solution_brings_no_cheaper_challenge(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make()
    base = f"/api/v1/contests/{contest}"
    asked = await asyncio.gather(*(http.post(f"{base}/challenges") for _ in range(ADDRESS_STEPS[0] + 1)))
    assert {each.status_code for each in asked} == {200}
    answers = [await http.post(f"{base}/voters", json={"challenge": "bm90IG9uZQ=="}) for _ in range(3)]
    assert {each.json()["challenge"]["parameters"]["cost"] for each in answers} == {PRICES[1].cost}


@pytest.mark.campaign
async def test_a_solved_challenge_is_good_once_on_four_workers(settings: Settings, contests: Contests) -> None:
    contest = await contests.make()
    with serving(environment_of(settings), "--workers", "4") as (url, _):
        for _ in range(5):
            async with httpx.AsyncClient(base_url=f"{url}/api/v1/contests/{contest}", timeout=30) as client:
                solved = solve((await client.post("/challenges")).json())
            # Each over a connection of its own, so that they spread over the workers.
            clients = [httpx.AsyncClient(base_url=f"{url}/api/v1/contests/{contest}", timeout=30) for _ in range(24)]
            answers = await asyncio.gather(*(each.post("/voters", json={"challenge": solved}) for each in clients))
            assert Counter(answer.status_code for answer in answers) == {201: 1, 403: 23}
            for each in clients:
                await each.aclose()
