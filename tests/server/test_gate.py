"""The gate: which ballots it admits, refusals and their waits; half a ballot takes no place."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections import Counter
from urllib.parse import urlsplit

import pytest

from tests.conftest import Contests, as_owner, environment_of, serving
from tests.raw_http import Answer, read_answer, request
from voting.errors import TryAgain
from voting.server.gate import (
    MOST_AT_ONCE,
    MOST_TURNS,
    MOST_WAIT_SECONDS,
    PAUSE_SECONDS,
    TURN_SECONDS,
    Gate,
    Line,
    Turnstile,
)
from voting.settings import Settings
from voting.web.problems import problem


def test_the_gate_is_full_until_one_leaves() -> None:
    gate = Gate(2, 2)
    entered = [gate.enter(), gate.enter()]
    assert gate.full
    gate.leave(entered[0])
    assert not gate.full


def test_slow_ballots_lower_the_limit() -> None:
    gate = Gate(2, 5)

    def room() -> int:
        entered = []
        while not gate.full:
            entered.append(gate.enter())
        for each in entered:
            gate.leave(each)
        return len(entered)

    assert room() == 5
    for seconds, places in ((1.0, 2), (0.0, 5)):
        for _ in range(300):
            gate.leave(gate.enter() - seconds)
        assert room() == places


def test_refused_ballots_come_back_one_after_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.random", lambda: 0.0)
    gate = Gate(100, 100)
    for _ in range(1000):
        # Each takes a second, so a hundred a second can come.
        gate.leave(gate.enter() - 1)
    waits = Counter(gate.refuse() for _ in range(500))
    assert sorted(waits) == [1, 2, 3, 4, 5]
    assert all(count == pytest.approx(100, abs=15) for seconds, count in waits.items() if seconds < 5)
    for _ in range(10_000):
        gate.refuse()
    assert gate.refuse() == 1 + MOST_WAIT_SECONDS


async def test_too_many_at_once_are_sent_away_and_their_connections_kept(
    settings: Settings, contests: Contests
) -> None:
    contest = await contests.make()
    tokens = contests.tokens(contest, 3 * MOST_AT_ONCE)
    unshielded = {"VOTING_SHIELD_WRITES": "1000000/second"}

    async def vote(number: int, token: str) -> list[Answer]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        opened.append(None)
        while len(opened) < len(tokens):
            await asyncio.sleep(0.01)
        # Most are refused without the parser; some need it, and some come in two parts.
        odd = {"Connection": ("keep-alive", "keep-alive, x")[number % 2]} if number % 3 else {}
        cut = 40 if number % 5 == 0 else 0
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "k", **odd}
        raw = request("POST", f"/api/v1/contests/{contest}/ballots", headers, b'{"entries": ["A001"]}')
        answers: list[Answer] = []
        while not answers or answers[-1].status != 201:
            writer.write(raw[:cut])
            if cut:
                await asyncio.sleep(0.001)
            writer.write(raw[cut:])
            answers.append(await read_answer(reader))
            await asyncio.sleep(0.2)
        writer.close()
        return answers

    opened: list[None] = []
    with serving(environment_of(settings) | unshielded) as (url, _):
        port = urlsplit(url).port or 0
        async with asyncio.timeout(60):
            told = await asyncio.gather(*(vote(number, token) for number, token in enumerate(tokens)))
    refused = [answer for answers in told for answer in answers[:-1]]
    assert refused
    for each in refused:
        content, headers = json.loads(each.body), each.headers
        assert (each.status, content["status"], content["code"]) == (503, 503, "try_again")
        assert each.body == problem(TryAgain(retry_after=content["retry_after"])).body, "as everywhere else"
        assert headers["content-type"] == "application/problem+json"
        assert headers["retry-after"] == str(content["retry_after"])
        assert headers["x-content-type-options"] == "nosniff"
    async with as_owner(settings) as owner:
        noted = await owner.fetch("select code, sum(refused) from refusals where contest = $1 group by 1", contest)
    assert [tuple(row) for row in noted] == [("try_again", len(refused))], "the boards show them"
    assert await contests.counted(contest) == {"A001": len(tokens)}, "the same key after a refusal is the first"


async def test_half_a_ballot_holds_no_place(settings: Settings, contests: Contests) -> None:
    contest = await contests.make()
    (token,) = contests.tokens(contest, 1)
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "k"}
    raw = request("POST", f"/api/v1/contests/{contest}/ballots", headers, b'{"entries": ["A001"]}')
    with serving(environment_of(settings)) as (url, _):
        port = urlsplit(url).port or 0
        halves = [await asyncio.open_connection("127.0.0.1", port) for _ in range(MOST_AT_ONCE + 10)]
        for _, writer in halves:
            writer.write(raw[:-5])
        await asyncio.sleep(0.5)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(raw)
        assert (await read_answer(reader)).status == 201
        for _, each in [*halves, (reader, writer)]:
            each.close()
        # Otherwise they would be closed only after the service has waited for them.
        await asyncio.sleep(0.1)


async def test_the_line_has_a_share_of_the_time_and_no_more() -> None:
    line, served = Line(), list[float]()

    def go_on() -> None:
        time.sleep(0.002)
        served.append(time.perf_counter())

    for _ in range(6):
        line.join(go_on)
    begun = time.perf_counter()
    while len(served) < 6:
        await asyncio.sleep(0.001)
    assert served[-1] - begun > 6 * 0.002 + 2 * PAUSE_SECONDS, "between two rounds the ballots go on"


async def test_other_requests_begin_one_after_another() -> None:
    turnstile, begun = Turnstile(), list[tuple[int, float]]()

    def begin(number: int) -> None:
        begun.append((number, time.perf_counter()))
        if number == 3:
            # One that comes while another begins waits for its turn, too.
            turnstile.join(lambda: begin(99))

    for number in range(6):
        turnstile.join(lambda number=number: begin(number))  # type: ignore[misc]
    while len(begun) < 7:
        await asyncio.sleep(0.001)
    assert [number for number, _ in begun] == [0, 1, 2, 3, 4, 5, 99]
    gaps = [after - before for (_, before), (_, after) in itertools.pairwise(begun)]
    assert min(gaps) >= TURN_SECONDS / 2, "between two of them the ballots go on"


async def test_no_request_waits_for_seconds_in_a_long_queue() -> None:
    turnstile, begun = Turnstile(), list[int]()
    for number in range(5 * MOST_TURNS):
        turnstile.join(lambda number=number: begun.append(number))  # type: ignore[misc]
    started = time.perf_counter()
    while len(begun) < 5 * MOST_TURNS:
        await asyncio.sleep(0.001)
    assert begun == sorted(begun)
    assert time.perf_counter() - started < 5 * MOST_TURNS * TURN_SECONDS


async def test_pages_and_ballots_at_once_are_all_answered(settings: Settings, contests: Contests) -> None:
    """Requests of every kind, split or pipelined, while ballots are inside: each gets its own response."""
    contest = await contests.make()
    tokens = contests.tokens(contest, 60)
    path = f"/api/v1/contests/{contest}"

    async def read(number: int, port: int) -> list[int]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        raw = request("GET", (f"{path}/tallies", f"/c/{contest}", path, "/health/live")[number % 4])
        statuses = []
        for turn in range(5):
            cut = 30 if (number + turn) % 3 == 0 else len(raw)
            writer.write(raw[:cut])
            await asyncio.sleep(0.002)
            twice = (number + turn) % 5 == 0
            writer.write(raw[cut:] + (raw if twice else b""))
            statuses += [(await read_answer(reader)).status for _ in range(1 + twice)]
        writer.close()
        return statuses

    async def vote(token: str, port: int) -> list[int]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        statuses = []
        for number in range(5):
            headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"k{number}"}
            writer.write(request("POST", f"{path}/ballots", headers, b'{"entries": ["A001"]}'))
            statuses.append((await read_answer(reader)).status)
        writer.close()
        return statuses

    with serving(environment_of(settings), "--workers", "1") as (url, _):
        port = urlsplit(url).port or 0
        voting = asyncio.gather(*(vote(token, port) for token in tokens))
        reading = asyncio.gather(*(read(number, port) for number in range(60)))
        assert {status for statuses in await reading for status in statuses} == {200}
        assert {status for statuses in await voting for status in statuses} == {201}


@pytest.mark.parametrize("kind", [Line, Turnstile])
async def test_a_request_that_fails_does_not_hold_up_the_others(kind: type[Line | Turnstile]) -> None:
    queue, served = kind(), asyncio.Event()

    def fail() -> None:
        raise RuntimeError("not the others' fault")

    queue.join(fail)
    queue.join(served.set)
    async with asyncio.timeout(30):
        await served.wait()
