"""The scenarios in small, and their judges against planted wrongs."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
import uvloop

from loadtests.contests import Stored
from loadtests.overload import boards, challenges, excess, memory, slow_clients, spike
from loadtests.overload.__main__ import SCENARIOS, Scenario
from loadtests.overload.ballots import Ballots
from loadtests.overload.environment import Environment
from loadtests.overload.load import LoadGenerator, Rounds, Volley, arrivals, offer
from loadtests.overload.other_clients import Seen
from loadtests.overload.outcome import Goal, Outcome, goals_table
from loadtests.overload.sizes import Sizes
from loadtests.service import Service, prepared
from tests.conftest import free_port

pytestmark = pytest.mark.campaign

ENTRIES = [f"E{number:03d}" for number in range(1, 61)]
SMALL = Sizes(
    connections=20,
    spike_ballots=60,
    spike_seconds=0.2,
    peak_at_once=(8,),
    peak_seconds=0.2,
    overloads=(2,),
    overload_seconds=0.2,
    steady_rate=50.0,
    steady_connections=10,
    slow_clients_seconds=1.0,
    board_rounds=1,
    board_seconds=2.0,
    challenge_connections=4,
    challenge_rounds=1,
    challenge_seconds=1.0,
    calm_seconds=0.2,
)


def test_every_scenario_in_small() -> None:
    """On one service, for starting it is what takes the time; each has voters of its own."""
    each, found = 400, {}
    with prepared(60, each * len(SCENARIOS)) as ready, Service(ready.environment) as service:
        for number, name in enumerate(SCENARIOS):
            ballots = Ballots(ready.tokens[number * each : (number + 1) * each], ready.entries)
            place = Environment(service, ballots)
            found[name] = uvloop.run(play_at(place, SCENARIOS[name]))
    stays_open = found.pop("slow_clients")
    assert len(stays_open.faults) == 2, "the service waits for ten seconds, and this run for one"
    assert all("10 of 10 connections" in fault for fault in stays_open.faults)
    assert {name: outcome.faults for name, outcome in found.items()} == {name: [] for name in found}
    assert all(outcome.goals for outcome in found.values())


async def play_at(place: Environment, scenario: Scenario) -> Outcome:
    return await scenario.run(place, SMALL)


def volley(accepted: int = 100, refused: int = 0, seconds: float = 1.0, time: float = 0.01) -> Volley:
    return Volley(seconds, accepted, Counter({201: accepted, 503: refused}), [time] * accepted, [time] * refused)


KEYS = {"k1": uuid4(), "k2": uuid4()}
BALLOTS = [(b"v", key, id) for key, id in KEYS.items()]
GOOD = Stored(BALLOTS, {"E001": 2}, {"E001": 2})


@pytest.mark.parametrize(
    ("answers", "found", "statuses", "says"),
    [
        (KEYS, GOOD, {201: 2, 503: 9, 0: 1}, ""),
        ({"k1": KEYS["k1"]}, GOOD, {201: 1}, "1 of 2 ballots were answered 201"),
        (
            KEYS,
            replace(GOOD, ballots=BALLOTS[:1]),
            {201: 2},
            "1 ballots that were answered 201 are not stored",
        ),
        (KEYS, replace(GOOD, ballots=[(b"v", key, uuid4()) for key in KEYS]), {201: 2}, "2 ballots that were answered"),
        (KEYS, replace(GOOD, ballots=[*BALLOTS, *BALLOTS]), {201: 2}, "2 ballots are stored mo"),
        (KEYS, replace(GOOD, ballots=[*BALLOTS, (b"v", "k3", uuid4())]), {201: 2}, "3 of 2 ballots are stored"),
        (KEYS, replace(GOOD, tally={"E001": 1, "E002": 1}), {201: 2}, "the tallies of 2 entries"),
        (KEYS, GOOD, {201: 2, 500: 1}, "unexpected answers: {500: 1}"),
    ],
)
def test_a_spike_sees_what_is_lost_or_twice(
    answers: dict[str, UUID], found: Stored, statuses: dict[int, int], says: str
) -> None:
    outcome = spike.judge({"ballots": 2}, 31.0, statuses, answers, found)
    assert says in "; ".join(outcome.faults)
    assert bool(outcome.faults) == bool(says)
    assert [goal.met for goal in outcome.goals] == [False]


def test_overload_sees_what_collapses() -> None:
    fine = excess.judge({}, 100, {2: volley(96, 100, time=0.04), 10: volley(81, 100, time=0.04)})
    assert all(goal.met for goal in fine.goals)
    assert not fine.faults
    bad = excess.judge({}, 100, {2: volley(90, 100, time=0.3)})
    assert [goal.met for goal in bad.goals] == [False, False, False]
    broken = volley()
    broken.statuses[500] = 1
    assert excess.judge({}, 100, {2: broken}).faults
    assert excess.judge({}, 0, {2: volley(0)}).faults


def test_slow_clients_see_what_stays_open_and_whom_it_harms() -> None:
    closed = [Seen(0, 0, 0, 10.0), Seen(1, 408, 0, 10.5)]
    assert slow_clients.judge({}, closed, volley()).faults == []
    assert [goal.met for goal in slow_clients.judge({}, [Seen(0, 0, 0, 16.0), closed[1]], volley()).goals] == [
        False,
        True,
    ]
    assert "half a body are still open" in slow_clients.judge({}, [closed[0], Seen(1, 0, 0, None)], volley()).faults[0]
    assert "1 ballots were not accepted" in slow_clients.judge({}, closed, volley(refused=1)).faults[0]


def test_boards_see_what_is_cut_refused_silent_or_slow() -> None:
    told = Seen(0, 200, 9, None)
    fine = boards.judge({}, Rounds([volley(time=0.010)], [volley(time=0.011)], [[told]]))
    assert (fine.faults, fine.goals[0].met) == ([], True)
    assert not boards.judge({}, Rounds([volley(time=0.010)], [volley(time=0.013)], [[told]])).goals[0].met
    for wrong, says in {
        Seen(0, 503, 0, None): "1 boards were not opened",
        Seen(0, 200, 9, 3.0): "1 boards were cut",
        Seen(0, 200, 4, None): "1 boards got no news",
    }.items():
        assert says in "; ".join(boards.judge({}, Rounds([volley()], [volley()], [[told, wrong]])).faults)
    assert boards.judge({}, Rounds([volley()], [volley(refused=1)], [[told]])).faults == ["1 ballots were not accepted"]


def test_challenges_see_whom_they_slow_down() -> None:
    fine = challenges.judge({}, Rounds([volley(time=0.010)], [volley(time=0.019)]))
    assert (fine.faults, fine.goals[0].met) == ([], True)
    slow = challenges.judge({}, Rounds([volley(time=0.010)] * 3, [volley(time=time) for time in (0.010, 0.022, 0.4)]))
    assert [(goal.measured, goal.met) for goal in slow.goals] == [(2.2, False)]
    assert challenges.judge({}, Rounds([volley()], [volley(refused=2)])).faults == ["2 ballots were not accepted"]


def test_memory_sees_a_large_worker_and_lost_connections() -> None:
    workers = [{"rss_mb": 120.0, "connections": 5}, {"rss_mb": 110.0, "connections": 5}]
    assert memory.judge({}, volley(), 10, 0, workers).faults == []
    assert not memory.judge({}, volley(), 10, 0, [{"rss_mb": 201.0, "connections": 10}]).goals[0].met
    assert memory.judge({}, volley(), 11, 0, workers).faults == ["10 of 11 connections were open"]
    assert memory.judge({}, volley(), 10, 1, workers).faults == ["1 connections were lost"]


def test_the_table_tells_what_is_missed() -> None:
    goals = [Goal("share", 96.5, 95, "%", at_least=True), Goal("time", 1234.5, 30, "s")]
    assert goals_table([Outcome("x", {}, goals)]).splitlines()[2:] == [
        "| x | share | 96.5 % | ≥ 95 % | met |",
        "| x | time | 1,234.5 s | ≤ 30 s | **missed** |",
    ]


async def test_arrivals_come_at_their_times_and_no_later_than_the_end() -> None:
    times = arrivals(500, 0.2)
    assert times == sorted(times)
    assert times == arrivals(500, 0.2)
    late: list[float] = []
    assert await offer(times, lambda number, seconds: late.append(seconds)) == 500 == len(late)
    assert min(late) >= 0
    assert await offer([0.0, 60.0], lambda number, seconds: None, most_seconds=0.05) == 1


def test_the_ballots_are_every_ballot_once_within_the_quota() -> None:
    ballots = Ballots(["t1.x", "t2.x"], ENTRIES)
    made = [ballots.request(number) for number in range(len(ballots))]
    assert len(made) == len(set(made)) == 10
    assert len({ballots.entry(number) for number in range(0, 10, 2)}) == 5, "a voter votes for an entry once"
    head, _, body = made[3].partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    assert b"Bearer t2.x\r\nIdempotency-Key: b0000003\r\n" in head


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\n{}", 201),
        (b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 2\r\ncontent-length: 2\r\n\r\n{}", 503),
        (b"", 0),
    ],
)
async def test_the_generator_sees_answers_in_pieces_refusals_and_lost_connections(answer: bytes, status: int) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while answer and await reader.read(1000):
            for part in (answer[:20], answer[20:-1], answer[-1:]):
                writer.write(part)
                await asyncio.sleep(0.001)
        if not answer:
            await reader.read(1000)
        writer.close()

    port = free_port()
    async with await asyncio.start_server(serve, "127.0.0.1", port):
        generator = LoadGenerator(port, Ballots(["t"], ENTRIES))
        await generator.pool.open(2)
        found = await generator.closed_loop(2, 1.0, most=4)
        generator.pool.close()
        await asyncio.sleep(0.1)
    assert found.statuses == {status: 4}
    assert found.failed == (4 if status == 0 else 0)
    assert spike.retry_after(answer) == (2 if status == 503 else 1)
