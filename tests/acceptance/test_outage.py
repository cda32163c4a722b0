"""While PostgreSQL is away, pages, entries and tallies show the last known state; only ballots are refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

import httpx
import pytest

from tests.acceptance.test_faults import faulty
from tests.conftest import Contests, cast, eventually, refusal, solve
from tests.proxy import Proxy
from voting.settings import Settings

# Live figures: longer than the five seconds for which Redis counts as verified.
AWAY_SECONDS = {True: 8.0, False: 3.0}
LIVE = '[[quota]]\npicks = 5\nper = "contest"\n'
DELAYED = LIVE + '[display]\npolicy = "delayed"\nminutes = 1\n'
DAILY = LIVE + '[display]\npolicy = "daily"\nat = 00:00:00\n'
HIDDEN = LIVE + '[display]\npolicy = "hidden"\n'
READS_A_SECOND = 20
Parts = tuple[Proxy, Proxy, httpx.AsyncClient]


@pytest.fixture(scope="module")
async def parts(settings: Settings) -> AsyncIterator[Parts]:
    async with faulty(settings) as ready:
        yield ready


def public_paths(contest: str) -> list[str]:
    """Returns the routes that voters read: pages, entries and tallies."""
    api = f"/api/v1/contests/{contest}"
    pages = [f"/c/{contest}", f"/c/{contest}?sort=picks&page=1", f"/c/{contest}/entries/A001"]
    return [*pages, "/api/v1/contests", api, f"{api}/entries", f"{api}/tallies"]


async def read_steadily(client: httpx.AsyncClient, paths: list[str], seconds: float) -> list[httpx.Response]:
    """Returns the responses to reads at a steady rate, however long each takes."""

    async def read(number: int) -> httpx.Response:
        await asyncio.sleep(number / READS_A_SECOND)
        return await client.get(paths[number % len(paths)])

    return await asyncio.gather(*(read(number) for number in range(round(seconds * READS_A_SECOND))))


async def voted(client: httpx.AsyncClient, contests: Contests, rules: str) -> str:
    """A contest with three picks, read once."""
    contest = await contests.make(rules)
    for token in contests.tokens(contest, 3):
        assert (await cast(client, contest, token, ["A001"])).status_code == 201
    for path in public_paths(contest):
        assert (await client.get(path)).status_code == 200
    return contest


@pytest.mark.parametrize(
    ("fault", "rules"),
    [("cut", LIVE), ("cut", DELAYED), ("cut", DAILY), ("cut", HIDDEN), ("hang", LIVE), ("both cut", LIVE)],
    ids=["cut-live", "cut-delayed", "cut-daily", "cut-hidden", "hang-live", "both-cut-live"],
)
async def test_reads_go_on_while_postgresql_is_away(parts: Parts, contests: Contests, fault: str, rules: str) -> None:
    postgres, redis, client = parts
    contest = await voted(client, contests, rules)
    if rules == LIVE:
        await eventually(lambda: _shows_three(client, contest))
    before = (await client.get(f"/api/v1/contests/{contest}/tallies")).json()
    postgres.hang() if fault == "hang" else postgres.cut()
    if fault == "both cut":
        redis.cut()
    try:
        answers = await read_steadily(client, public_paths(contest), AWAY_SECONDS[rules == LIVE])
        assert {answer.status_code for answer in answers} == {200}
        assert max(answer.elapsed.total_seconds() for answer in answers) < 10, "nobody waits for what is away"
        (token,) = contests.tokens(contest, 1)
        assert refusal(await cast(client, contest, token, ["A002"])) == (503, "try_again")
        assert refusal(await client.get(f"/api/v1/contests/{contest}/me", headers=bearer(token))) == (503, "try_again")
        tallies = await client.get(f"/api/v1/contests/{contest}/tallies")
        assert "stale-if-error" in tallies.headers["cache-control"]
        assert tallies.json()["tallies"] == before["tallies"]
        if rules == LIVE:
            server_time = (await client.get(f"/api/v1/contests/{contest}")).json()["window"]["server_time"]
            age = datetime.fromisoformat(server_time) - datetime.fromisoformat(tallies.json()["as_of"])
            assert age.total_seconds() > 2, "old figures keep their moment"
    finally:
        postgres.heal()
        redis.heal()
    await eventually(lambda: _takes_a_ballot(client, contests, contest), 15)


async def test_a_page_known_to_a_voter_is_shown_without_the_quota(parts: Parts, contests: Contests) -> None:
    postgres, _, client = parts
    contest = await contests.make(LIVE)
    solved = solve((await client.post(f"/api/v1/contests/{contest}/challenges")).json())
    assert (await client.post(f"/api/v1/contests/{contest}/voters", json={"challenge": solved})).status_code == 201
    assert (await client.get(f"/c/{contest}")).status_code == 200
    assert (await client.get(f"/c/{contest}/own")).json()["remaining"]["picks"] == 5
    postgres.cut()
    try:
        await asyncio.sleep(1.1)
        own = await client.get(f"/c/{contest}/own")
        assert (own.status_code, own.json()["remaining"], own.json()["known"]) == (200, None, True)
        assert (await client.get(f"/c/{contest}")).status_code == 200
    finally:
        postgres.heal()
    await eventually(lambda: _takes_a_ballot(client, contests, contest), 15)


async def test_a_contest_that_was_never_read_is_refused_in_time(parts: Parts, contests: Contests) -> None:
    postgres, _, client = parts
    postgres.cut()
    try:
        # Not "unknown": nobody can know that.
        assert refusal(await client.get("/api/v1/contests/t-never-read")) == (503, "try_again")
    finally:
        postgres.heal()


async def test_old_figures_carry_their_moment_on_the_page(parts: Parts, contests: Contests) -> None:
    postgres, _, client = parts
    contest = await voted(client, contests, LIVE)
    english = {"accept-language": "en"}
    assert "Not updated" not in (await client.get(f"/c/{contest}", headers=english)).text
    postgres.cut()
    try:

        async def told() -> bool:
            return "Not updated" in (await client.get(f"/c/{contest}", headers=english)).text

        await eventually(told, 25)
    finally:
        postgres.heal()
    await eventually(lambda: _takes_a_ballot(client, contests, contest), 15)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def _shows_three(client: httpx.AsyncClient, contest: str) -> bool:
    rows = (await client.get(f"/api/v1/contests/{contest}/tallies")).json()["tallies"]
    return bool(rows[0] == {"entry": "A001", "picks": 3, "rank": 1})


async def _takes_a_ballot(client: httpx.AsyncClient, contests: Contests, contest: str) -> bool:
    (token,) = contests.tokens(contest, 1)
    return (await cast(client, contest, token, ["A003"])).status_code == 201


async def test_many_contests_wait_once_while_postgresql_hangs(parts: Parts, contests: Contests) -> None:
    postgres, _, client = parts
    ids = {await contests.make() for _ in range(50)}
    assert ids <= {each["id"] for each in (await client.get("/api/v1/contests")).json()["contests"]}
    postgres.hang()
    try:
        await asyncio.sleep(1.5)
        answer = await client.get("/api/v1/contests")
        assert ids <= {each["id"] for each in answer.json()["contests"]}
        assert answer.elapsed.total_seconds() < 25, "the wait for PostgreSQL is one for all, not one a contest"
    finally:
        postgres.heal()
