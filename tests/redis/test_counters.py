"""The counters in Redis and in memory give the same numbers for the same ballots in the same order."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis

from voting.domain.ballots.rate import read_rate
from voting.fraud.facts.facts import Counts, Facts
from voting.fraud.online.counters import Counters
from voting.redis import keys
from voting.redis.connection import connected
from voting.redis.turns import Call, Turns
from voting.services.ballots.screen import counted, read_counts
from voting.settings import Settings

WIDE = (read_rate("1000000/second"), read_rate("1000000/second"))
Ballot = tuple[datetime, list[str], str, Facts]


def ballots(count: int, picks: int) -> Iterator[Ballot]:
    """Yields ballots, some similar, some with unknown facts, over three windows of ten minutes."""
    dice = random.Random(7)
    at = datetime.now(UTC).replace(microsecond=0)
    for _ in range(count):
        at += timedelta(seconds=dice.uniform(0, 2 * 1800 / count))
        facts = Facts(
            device=dice.choice([None, "d1", "d2", "d3"]),
            prefix=dice.choice([None, "p1", "p2"]),
            agent=dice.choice([0, 11, 12]),
            client=dice.choice([0, 0, 21]),
        )
        yield at, [f"E{dice.randrange(6)}" for _ in range(dice.randint(1, picks))], f"v{dice.randrange(40)}", facts


async def in_redis(turns: Turns, uid: UUID, some: list[Ballot]) -> list[Counts]:
    calls = [Call((voter, "a"), counted(picks, voter, facts)) for _, picks, voter, facts in some]
    taken = await turns.take(uid, calls, WIDE, some[-1][0].timestamp())
    return [read_counts(each.cells, picks) for each, (_, picks, _, _) in zip(taken, some, strict=True)]


def in_memory(counters: Counters, ballot: Ballot) -> Counts:
    at, picks, voter, facts = ballot
    found = [counters.add(at, pick, voter, facts) for pick in picks]
    return Counts(
        *(max(getattr(each, name) for each in found) for name in Counts.__struct_fields__),
    )


@pytest.mark.parametrize("parts", [1, 5])
async def test_the_same_ballots_give_the_same_counts_one_by_one_and_in_batches(settings: Settings, parts: int) -> None:
    some = list(ballots(300, 3))
    counters = Counters()
    expected = [in_memory(counters, ballot) for ballot in some]
    assert max(each.place for each in expected) > 3
    assert max(each.voters for each in expected) > 20
    async with connected(settings.redis_url, parts) as found:
        uid = uuid4()
        one_by_one = [(await in_redis(found.turns, uid, [ballot]))[0] for ballot in some]
    assert one_by_one == expected
    # Within one window: a batch has one moment.
    some = [(some[0][0], *rest) for _, *rest in some]  # type: ignore[misc]
    counters = Counters()
    expected = [in_memory(counters, ballot) for ballot in some]
    async with connected(settings.redis_url, parts) as found:
        uid = uuid4()
        in_batches = [
            each for at in range(0, 300, 100) for each in await in_redis(found.turns, uid, some[at : at + 100])
        ]
    assert in_batches == expected


async def test_a_ballot_of_very_many_picks_is_counted_by_its_first_twenty(settings: Settings) -> None:
    picks = [f"E{number}" for number in range(1000)]
    some: list[Ballot] = [(datetime.now(UTC), picks, "v", Facts(agent=5, prefix="p"))] * 128
    async with connected(settings.redis_url) as found:
        counts = await in_redis(found.turns, uuid4(), some)
    assert counts[-1].ballots == 128 * 20
    assert counts[-1].place == 128


async def test_a_refused_call_is_not_counted_and_a_window_is_forgotten(settings: Settings) -> None:
    uid, now = uuid4(), datetime.now(UTC).timestamp()
    rates = (read_rate("2/hour"), WIDE[1])
    call = Call(("v", "a"), counted(["E1"], "v", Facts(agent=5, prefix="p")))
    async with connected(settings.redis_url) as found:
        waits = [taken.wait for taken in await found.turns.take(uid, [call] * 5, rates, now)]
        (other,) = await found.turns.take(uid, [call._replace(subjects=("w", "a"))], rates, now)
    assert [wait == 0 for wait in waits] == [True, True, False, False, False]
    assert read_counts(other.cells, ["E1"]).place == 3
    client = Redis.from_url(settings.redis_url)
    for seconds in (600, 7200):
        key = keys.counters(str(uid), seconds, int(now // seconds))
        assert 0 < await client.pttl(key) <= (seconds + 60) * 1000
        assert await client.strlen(key) < 1 << 20
    await client.aclose()
