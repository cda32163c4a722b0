"""Batches on the real database, past the edge: what no request can bring there too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.conftest import Contests, eventually
from voting.domain.ballots.client import ClientFacts
from voting.errors import Malformed, PicksInvalid, QuotaExhausted, TryAgain
from voting.services.ballots.cast import BallotRequest, CastBallot
from voting.settings import Settings
from voting.web.dependencies import Services
from voting.wiring import serving

FACTS = ClientFacts(None, None, {})


@pytest.fixture(scope="module")
async def services(settings: Settings) -> AsyncIterator[Services]:
    async with serving.services(settings) as ready:
        yield ready


def request(*picks: str) -> CastBallot:
    return CastBallot(list(picks))


async def test_a_poison_row_is_taken_out_and_its_neighbours_are_kept(services: Services, contests: Contests) -> None:
    contest = await contests.make()
    tokens = contests.tokens(contest, 21)
    # NUL: PostgreSQL's text does not take it. The edge refuses it long before.
    keys = ["k"] * 13 + ["\0"] + ["k"] * 7
    found = await asyncio.gather(
        *(
            services.casting.cast(contest, BallotRequest(token, key, request("A001"), FACTS))
            for token, key in zip(tokens, keys, strict=True)
        ),
        return_exceptions=True,
    )
    assert [type(each) for each in found] == [bytes] * 13 + [Malformed] + [bytes] * 7
    assert await contests.counted(contest) == {"A001": 20}

    async def is_shown() -> bool:
        return await tallied(services, contest) == {"A001": 20}

    # Readers share a figure for a quarter of a second.
    await eventually(is_shown)


async def test_each_ballot_of_a_batch_meets_the_ones_before_it(services: Services, contests: Contests) -> None:
    contest = await contests.make("[ballot]\nmost = 2\n[[quota]]\npicks = 3\nperiod = 'sliding'\nminutes = 5\n")
    one, two = contests.tokens(contest, 2)
    asked = [
        (one, "a", request("A001", "A002")),
        (two, "a", request("A001")),
        (one, "b", request("A003", "A004")),
        (one, "c", request("A003", "A003")),
        (one, "a", request("A002", "A001")),
        (one, "d", request("A005")),
        (one, "e", request("A006")),
    ]
    found = await asyncio.gather(
        *(services.casting.cast(contest, BallotRequest(token, key, each, FACTS)) for token, key, each in asked),
        return_exceptions=True,
    )
    assert [type(each) for each in found] == [bytes, bytes, QuotaExhausted, PicksInvalid, bytes, bytes, QuotaExhausted]
    assert found[4] == found[0]
    assert await contests.counted(contest) == {"A001": 2, "A002": 1, "A005": 1}


async def test_while_the_contest_is_locked_new_ballots_are_refused_soon(
    services: Services, contests: Contests, settings: Settings
) -> None:
    contest, other = await contests.make(), await contests.make()
    tokens = contests.tokens(contest, 30)
    connection = await asyncpg.connect(settings.database_url)
    async with connection.transaction():
        await connection.execute("select from gates where contest = $1 for update", contest)
        early = [
            asyncio.create_task(services.casting.cast(contest, BallotRequest(token, "k", request("A001"), FACTS)))
            for token in tokens[:20]
        ]
        await asyncio.sleep(1.2)
        async with asyncio.timeout(0.5):
            for token in tokens[20:]:
                with pytest.raises(TryAgain) as refused:
                    await services.casting.cast(contest, BallotRequest(token, "k", request("A001"), FACTS))
                assert refused.value.facts["retry_after"] >= 1
        async with asyncio.timeout(30):
            (token,) = contests.tokens(other, 1)
            assert await services.casting.cast(other, BallotRequest(token, "k", request("A001"), FACTS))
    await asyncio.gather(*early)
    await connection.close()
    assert await contests.counted(contest) == {"A001": 20}


async def tallied(services: Services, contest: str) -> dict[str, int]:
    snapshot = await services.contest_cache.get(contest)
    return {entry: tally.counted for entry, tally in (await services.tally_reader.live(snapshot)).tallies.items()}
