"""Shared rate limits on a real Redis: exact, all or nothing, and open while Redis is away."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis

from tests.proxy import proxied
from tests.redis.test_server import valkey
from voting.domain.ballots.rate import Rate, read_rate
from voting.errors import SlowDown, TryAgain
from voting.fraud.online.counters import Cells
from voting.redis.connection import Connected, connected
from voting.redis.turns import Call, Taken, Turns, Use
from voting.services.rate_limits import RateLimits
from voting.settings import Settings

WIDE = read_rate("1000000/second")
NOW = 1_800_000_000.0
UNCOUNTED = Cells((), (), ())


async def take(turns: Turns, uid: UUID, subjects: Sequence[tuple[str, str]], rates: Sequence[Rate]) -> list[float]:
    """Returns how long each call must wait; no counters are used."""
    calls = [Call(names, UNCOUNTED) for names in subjects]
    return [taken.wait for taken in await turns.take(uid, calls, rates, NOW)]


async def admit(rate_limits: RateLimits, uid: UUID, voter: str) -> Taken:
    return await rate_limits.admit(uid, Call((voter, "a"), UNCOUNTED), NOW)


@pytest.fixture(params=[1, 5])
async def ready(settings: Settings, request: pytest.FixtureRequest) -> AsyncIterator[Connected]:
    """A contest has one part, or several."""
    async with connected(settings.redis_url, request.param) as found:
        yield found


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("600/minute", Rate(100_000, 60_000_000)),
        ("1/second", Rate(1_000_000, 1_000_000)),
        ("7/hour", Rate(514_285_714, 3_600_000_000)),
        ("20/second burst 500", Rate(50_000, 25_000_000)),
    ],
)
def test_rates(text: str, rate: Rate) -> None:
    assert read_rate(text) == rate


@pytest.mark.parametrize(
    "text", ["", "600", "0/minute", "6/day", "-1/second", "1000001/second", "20/second burst 0", "20/second burst"]
)
def test_an_invalid_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="20/second burst 500"):
        read_rate(text)


@pytest.mark.parametrize("parts", [1, 5])
async def test_racing_processes_share_a_limit_exactly(settings: Settings, parts: int) -> None:
    """Five connections with 20 calls each at once, for one voter with 30 an hour: 30 are admitted."""
    uid, rates = uuid4(), (read_rate("30/hour"), WIDE)

    async def calls() -> list[float]:
        async with connected(settings.redis_url, parts) as found:
            return [wait for _ in range(20) for wait in await take(found.turns, uid, [("v", "a")], rates)]

    waits = [wait for some in await asyncio.gather(*(calls() for _ in range(5))) for wait in some]
    assert sum(wait == 0 for wait in waits) == 30
    # The next of 30 an hour is due after two minutes.
    assert all(0 < wait <= 120 for wait in waits if wait)


async def test_a_turn_comes_back_after_its_interval(ready: Connected) -> None:
    uid, rates = uuid4(), (read_rate("4/second"), WIDE)
    begun = time.monotonic()
    first = await take(ready.turns, uid, [("v", "a")] * 6, rates)
    assert first[:4] == [0, 0, 0, 0]
    assert all(0 < wait <= 0.25 for wait in first[4:])
    await asyncio.sleep(first[4] + 0.01)
    (again,) = await take(ready.turns, uid, [("v", "a")], rates)
    assert again == 0, time.monotonic() - begun


async def test_a_refused_call_takes_no_turn_of_its_other_subject(ready: Connected, settings: Settings) -> None:
    uid, rates = uuid4(), (read_rate("1/hour"), read_rate("2/hour"))
    calls = [("v1", "a"), ("v1", "a"), ("v1", "a"), ("v2", "a"), ("v3", "a")]
    assert [wait == 0 for wait in await take(ready.turns, uid, calls, rates)] == [True, False, False, True, False]
    # The third voter still has a turn, at another address.
    again = await take(ready.turns, uid, [("v3", "b"), ("v3", "b")], rates)
    assert [wait == 0 for wait in again] == [True, False]
    client = Redis.from_url(settings.redis_url)
    assert [0 < await client.pttl(key) <= 3_600_000 async for key in client.scan_iter(f"*{uid}*:turns:*")] == [True] * 5
    await client.aclose()


async def test_a_voter_who_is_too_fast_gets_the_time_to_wait(ready: Connected) -> None:
    rate_limits, uid = RateLimits(ready.turns, read_rate("10/minute"), WIDE), uuid4()
    answers = await asyncio.gather(*(admit(rate_limits, uid, "v") for _ in range(12)), return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, Exception)]
    assert len(refused) == 2
    assert all(isinstance(each, SlowDown) and each.facts["retry_after"] == 6 for each in refused)
    await admit(rate_limits, uuid4(), "v")


async def test_the_calls_of_a_batch_take_one_round_trip(ready: Connected, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    real = ready.turns.take

    async def counted(uid: UUID, calls: Sequence[Call], rates: Sequence[Rate], now: float) -> list[Taken]:
        sizes.append(len(calls))
        return await real(uid, calls, rates, now)

    # The class has slots, so the method is replaced on it.
    monkeypatch.setattr(type(ready.turns), "take", lambda self, *given: counted(*given))
    rate_limits = RateLimits(ready.turns, read_rate("2/hour"), WIDE)
    answers = await rate_limits.admit_all(
        uuid4(), [Call((f"{number % 60}", "a"), UNCOUNTED) for number in range(200)], NOW
    )
    assert sizes == [200]
    assert [isinstance(answer, SlowDown) for answer in answers] == [False] * 120 + [True] * 80


async def test_a_question_that_fails_lets_everyone_through_and_the_next_is_asked(
    ready: Connected, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*given: object) -> None:
        raise RuntimeError("not Redis' fault")

    rate_limits, uid = RateLimits(ready.turns, read_rate("1/hour"), WIDE), uuid4()
    with monkeypatch.context() as patched:
        patched.setattr(type(ready.turns), "take", fail)
        await asyncio.gather(*(admit(rate_limits, uid, "v") for _ in range(3)))
    assert "not Redis' fault" in caplog.text
    await admit(rate_limits, uid, "v")
    with pytest.raises(SlowDown):
        await admit(rate_limits, uid, "v")


async def test_a_ticket_belongs_to_its_first_user(ready: Connected, settings: Settings) -> None:
    """Also among calls of one round trip; a refused call does not use its ticket; each contest has separate tickets."""
    uid, rates = uuid4(), (read_rate("2/hour"), WIDE)

    def using(voter: str, ticket: str | None) -> Call:
        return Call((voter, "a"), Cells((), (5,), ()), Use(ticket, voter, 3600) if ticket else None)

    calls = [using("v", "t1"), using("w", "t1"), using("w", None), using("w", "t2"), using("x", "t2"), using("v", "t1")]
    taken = await ready.turns.take(uid, calls, rates, NOW)
    # The third ballot of w is too fast, so its ticket stays unused.
    assert [each.is_first for each in taken] == [True, False, True, True, True, True]
    assert [each.wait > 0 for each in taken] == [False, False, False, True, False, False]
    assert [each.cells.slow[0] for each in taken if each.cells] == [1, 2, 3, 4, 5]
    again = await ready.turns.take(uid, [using("y", "t2"), using("z", "t1")], rates, NOW)
    assert [each.is_first for each in again] == [False, False]
    (elsewhere,) = await ready.turns.take(uuid4(), [using("z", "t1")], rates, NOW)
    assert elsewhere.is_first
    client = Redis.from_url(settings.redis_url)
    lives = [await client.pttl(key) async for key in client.scan_iter(f"*{uid}*:ticket:t1")]
    assert len(lives) == 1
    assert 0 < lives[0] <= 3_600_000
    await client.aclose()


async def test_without_redis_everyone_is_let_through_and_only_one_call_waits(settings: Settings) -> None:
    async with connected("redis://127.0.0.1:1/0") as away:
        rate_limits = RateLimits(away.turns, read_rate("1/hour"), WIDE)
        for _ in range(50):
            use = Use("t", "v", 3600)
            taken = await rate_limits.admit(uuid4(), Call(("v", "a"), UNCOUNTED, use), NOW)
            assert (taken.cells, taken.is_first) == (None, True), "nothing is counted, and tickets are believed"
        begun = time.monotonic()
        with pytest.raises(TryAgain):
            await take(away.turns, uuid4(), [("v", "a")], (WIDE, WIDE))
        assert time.monotonic() - begun < 0.1, "the breaker is open: nobody waits for a connection"


async def test_the_breaker_closes_again(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voting.redis.breaker.OPEN_SECONDS", 0.05)
    async with connected("redis://127.0.0.1:1/0") as away, connected(settings.redis_url) as there:
        there.turns._breaker = away.turns._breaker
        with pytest.raises(TryAgain):
            await take(away.turns, uuid4(), [("v", "a")], (WIDE, WIDE))
        with pytest.raises(TryAgain):
            await take(there.turns, uuid4(), [("v", "a")], (WIDE, WIDE))
        await asyncio.sleep(0.1)
        assert await take(there.turns, uuid4(), [("v", "a")], (WIDE, WIDE)) == [0]


@pytest.mark.parametrize("fault", ["request late", "answer late", "answer lost", "server stopped"])
async def test_a_call_whose_answer_does_not_come_is_counted_once_at_most(settings: Settings, fault: str) -> None:
    """The script counts, so it is never sent twice; the caller goes on without limits."""
    uid, cell, calls = uuid4(), Cells((7,), (), ()), 0
    async with proxied(settings.redis_url) as (proxy, url), connected(url) as ready:
        for _ in range(3):
            # On an open connection.
            await ready.turns.take(uid, [Call(("v", "a"), cell)], [WIDE, WIDE], NOW)
            if fault == "request late":
                proxy.delay(0.4)
            elif fault == "answer late":
                proxy.delay(0.4, requests=False)
            elif fault == "answer lost":
                proxy.eat_after = b"EVALSHA"
            else:
                proxy.hang()
            taking = asyncio.create_task(ready.turns.take(uid, [Call(("v", "a"), cell)], [WIDE, WIDE], NOW))
            await asyncio.sleep(0.05)
            # A second attempt would succeed.
            proxy.heal()
            with contextlib.suppress(TryAgain):
                await taking
            calls += 2
            # The breaker closes again.
            await asyncio.sleep(1.1)
        (taken,) = await ready.turns.take(uid, [Call(("v", "a"), cell)], [WIDE, WIDE], NOW)
    assert taken.cells is not None
    assert taken.cells.quick[0] <= calls + 1


async def test_a_slow_redis_is_sent_the_script_once(tmp_path: Path) -> None:
    """A server sleeping beyond the call's time limit, but not a second attempt's, still runs the script it was sent."""
    call, uid = Call(("v", "a"), Cells((7,), (), ())), uuid4()
    with valkey(tmp_path, "--enable-debug-command", "local") as address:
        url = f"redis://{address}/0"
        async with connected(url) as ready, Redis.from_url(url) as other:
            await ready.turns.take(uid, [call], [WIDE, WIDE], NOW)
            for sent in range(1, 4):
                before = (await other.info("commandstats"))["cmdstat_evalsha"]["calls"]
                sleeping = asyncio.create_task(other.execute_command("DEBUG", "SLEEP", "0.28"))  # type: ignore[no-untyped-call]
                await asyncio.sleep(0.02)
                with pytest.raises(TryAgain):
                    await ready.turns.take(uid, [call], [WIDE, WIDE], NOW)
                await sleeping
                # The breaker closes again.
                await asyncio.sleep(1.1)
                assert (await other.info("commandstats"))["cmdstat_evalsha"]["calls"] == before + 1
                (taken,) = await ready.turns.take(uid, [call], [WIDE, WIDE], NOW)
                assert taken.cells == Cells((1 + 2 * sent,), (), ())


async def test_a_redis_that_answers_each_step_slowly_is_not_waited_for(settings: Settings) -> None:
    """Connecting, greeting and the call are each within their limit, but not all together."""
    async with proxied(settings.redis_url) as (proxy, url), connected(url) as ready:
        proxy.delay(0.08)
        begun = time.monotonic()
        with pytest.raises(TryAgain):
            await ready.turns.take(uuid4(), [Call(("v", "a"), UNCOUNTED)], [WIDE, WIDE], NOW)
        assert time.monotonic() - begun < 0.4 + 0.5
