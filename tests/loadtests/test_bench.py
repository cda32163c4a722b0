"""The bench's own arithmetic, and its client against a server."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from random import Random

import pytest

from loadtests.bench.__main__ import Series, bench_table, figures
from loadtests.bench.load_generator import Volley
from loadtests.bench.processor_time import measured, microseconds
from loadtests.bench.routes import CAST, ECHO, ballots, check, check_ballots, routes_table
from loadtests.contests import QUOTAS, contest_text, now
from loadtests.http import Measurement, measure, milliseconds, request
from loadtests.popularity import Popularity
from tests.conftest import free_port
from voting.domain.contest.contest_file import read_contest

pytestmark = pytest.mark.campaign

ENTRIES = [f"E{number:03d}" for number in range(1, 61)]


def body_of(raw: bytes) -> dict[str, list[str]]:
    content: dict[str, list[str]] = json.loads(raw.partition(b"\r\n\r\n")[2])
    return content


def test_a_request_is_what_goes_over_the_wire() -> None:
    sent = request("POST", "/x", {"Idempotency-Key": "k"}, b"{}")
    assert sent == (
        b"POST /x HTTP/1.1\r\nHost: 127.0.0.1\r\nIdempotency-Key: k\r\n"
        b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    )


def test_rates_and_quantiles() -> None:
    times = [each / 1000 for each in range(100, 0, -1)]
    assert Measurement(times=times, seconds=2.0).rate == 50
    assert milliseconds(times, 0.5) == 51
    assert milliseconds(times, 0.99) == 100
    assert Measurement().rate == milliseconds([], 0.5) == 0


def test_the_table_compares_with_the_echo() -> None:
    echo = Measurement(times=[0.001] * 2000, seconds=1.0)
    other = Measurement(times=[0.004] * 500, seconds=1.0)
    assert routes_table({ECHO: echo, "other": other}).splitlines()[2:] == [
        f"| {ECHO} | 2,000 | 1.0 | 1.0 | 1.00 |",
        "| other | 500 | 4.0 | 4.0 | 0.25 |",
    ]


def test_the_bench_has_medians_and_the_ratios_of_each_round() -> None:
    volley = Volley(answered=100, failed=0, seconds=2.0, p50=3.0, p99=9.0)
    assert volley.rate == 50
    series = {
        "noop": Series([100.0, 200.0, 400.0], [volley]),
        "ballot": Series([50.0, 50.0, 300.0], [volley]),
        "single": Series([10.0, 5.0, 10.0], [volley]),
        "insert": Series([1.0, 2.0, 3.0]),
    }
    found = figures(series)
    assert (found["noop_per_s"], found["noop_per_s_min"], found["noop_per_s_max"]) == (200, 100, 400)
    assert (found["ballot_vs_noop"], found["ballot_vs_noop_min"], found["ballot_vs_noop_max"]) == (0.5, 0.25, 0.75)
    assert found["ballot_vs_single"] == 10
    assert "| (d) batch insert without HTTP | 2 | 1 | 3 |  |  |" in bench_table(series)
    assert "| ballot / noop | 0.50 | 0.25 | 0.75 |" in bench_table(series)


def test_what_is_wrong_is_told() -> None:
    fine = Measurement(Counter({201: 2}), [0.1, 0.1], {b"1": b"a", b"2": b"b"})
    assert [*check({CAST: fine}), *check_ballots(fine, fine, 2)] == []
    assert list(check({"x": Measurement(Counter({503: 3}), [0.1])})) == ["x: 3 answers 503"]
    assert list(check({"x": Measurement()})) == ["x: no answers"]
    assert list(check_ballots(fine, fine, 1)) == ["2 ballots were answered 201, and the tally has 1"]
    replays = Measurement(answers={b"1": b"a", b"2": b"c"})
    assert list(check_ballots(fine, replays, 2)) == ["1 replays were answered otherwise than their ballots"]


def test_no_voter_votes_twice_for_one_entry() -> None:
    made = list(ballots(["t1", "t2", "t3"], ENTRIES))
    assert len(set(made)) == len(made) == 15
    picks = [body_of(raw)["entries"][0] for raw in made if b"Bearer t2\r\n" in raw]
    assert len(set(picks)) == 5


def test_few_entries_take_most_of_the_votes() -> None:
    popularity = Popularity(ENTRIES, Random(1))
    votes = Counter(popularity.choose(1)[0] for _ in range(5000))
    assert sum(votes[entry] for entry in ENTRIES[:6]) > 2500
    assert len(set(popularity.choose(5))) == 5
    assert sorted(popularity.choose(100)) == ENTRIES


def test_the_contest_file_is_right() -> None:
    contest = read_contest(contest_text("bench", now(), now() + timedelta(days=1), QUOTAS))
    assert contest.id == "bench"
    assert [(quota.per, quota.picks) for quota in contest.quotas] == [("contest", 5), ("entry", 1)]


async def test_the_client_counts_answers_and_lost_connections() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number in range(3):
            await reader.readuntil(b"\r\n\r\n")
            writer.write((b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", b"")[number == 2])
        writer.close()
        await writer.wait_closed()

    port = free_port()
    async with await asyncio.start_server(answer, "127.0.0.1", port):
        found = await measure(port, [request("GET", "/")] * 12, 4, 5.0)
    assert found.statuses == {200: 8, 0: 4}
    assert len(found.times) == 8
    assert list(found.answers.values()) == [b"ok"]


def test_the_bench_tells_whose_processor_a_request_takes() -> None:
    ended: dict[str, float] = {}
    with measured(ended):
        busy = "import time\nwhile time.process_time() < 0.3: pass"
        subprocess.run([sys.executable, "-c", busy], check=True)
    assert ended["client"] >= 0.29
    running: dict[str, float] = {}
    with subprocess.Popen([sys.executable, "-c", "while True: pass", "spawn_main"]) as worker:
        while running.get("workers", 0.0) < 0.2:
            with measured(running):
                time.sleep(0.1)
        worker.kill()
    assert running["client"] < 0.1
    assert microseconds({"workers": 0.5, "client": 0.25}, 1000) == {"workers": 500.0, "client": 250.0}
