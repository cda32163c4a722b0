"""The bench's own arithmetic, and its client against a server."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from loadtests.bench.__main__ import Series, bench_table, cpu_ratios, figures
from loadtests.bench.load_generator import Volley
from loadtests.bench.processor_time import PARTS, measured, microseconds
from loadtests.bench.requests import lean, phones
from loadtests.contests import QUOTAS, contest_text, now
from loadtests.http import Measurement, measure, milliseconds, request
from loadtests.popularity import Popularity
from tests.conftest import free_port
from voting.domain.contest.contest_file import read_contest
from voting.server.ballot_lane import read_plain

pytestmark = pytest.mark.campaign

ENTRIES = [f"E{number:03d}" for number in range(1, 61)]


def body_of(raw: bytes) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(raw.partition(b"\r\n\r\n")[2])
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


def test_the_bench_has_medians_and_the_ratios_of_each_round() -> None:
    volley = Volley(answered=100, failed=0, seconds=2.0, p50=3.0, p99=9.0)
    assert volley.rate == 50
    costs = [dict.fromkeys(PARTS, 10.0)]
    series = {
        "noop": Series([100.0, 200.0, 400.0], [volley], costs),
        "ballot": Series([50.0, 50.0, 300.0], [volley], costs),
        "single": Series([10.0, 5.0, 10.0], [volley], costs),
        "insert": Series([1.0, 2.0, 3.0]),
    }
    found = figures(series)
    assert (found["noop_per_s"], found["noop_per_s_min"], found["noop_per_s_max"]) == (200, 100, 400)
    assert (found["ballot_vs_noop"], found["ballot_vs_noop_min"], found["ballot_vs_noop_max"]) == (0.5, 0.25, 0.75)
    assert found["ballot_vs_single"] == 10
    assert "| (d) batch insert without HTTP | 2 | 1 | 3 |  |  |" in bench_table(series)
    assert "| ballot_vs_noop | 0.50 | 0.25 | 0.75 |" in bench_table(series)


def rounds_of(*servers: float, client: float, by_wrk: bool) -> Series:
    volley = Volley(answered=100, failed=0, seconds=2.0, p50=3.0, p99=9.0, by_wrk=by_wrk)
    costs = [{"workers": each, "postgres": 0.0, "redis": 0.0, "client": client} for each in servers]
    return Series([50.0] * len(costs), [volley] * len(costs), costs, [{"stored": 400.0, "wal": 600.0}] * len(costs))


def test_ratios_by_processor_time_count_the_client_only_where_wrk_sent_both() -> None:
    noop = rounds_of(100.0, 200.0, client=20.0, by_wrk=True)
    ballot, phone = (rounds_of(400.0, 280.0, client=20.0, by_wrk=by_wrk) for by_wrk in (True, False))
    assert cpu_ratios(ballot, noop) == [120 / 420, 220 / 300]
    assert cpu_ratios(phone, noop) == [100 / 400, 200 / 280]
    found = figures({"noop": noop, "ballot": ballot, "phone": phone, "full": ballot, "full_noop": noop})
    assert found["ballot_vs_noop_cpu"] == found["full_vs_noop_cpu"] == 0.51
    assert found["phone_vs_noop_cpu"] == 0.482
    assert (found["phone_stored_bytes"], found["full_wal_bytes"]) == (400, 600)
    assert "full_phone_vs_noop_cpu" not in found


def test_no_voter_votes_twice_for_one_entry() -> None:
    made = list(lean(["t1", "t2", "t3"], ENTRIES))
    assert len(set(made)) == len(made) == 15
    picks = [body_of(raw)["entries"][0] for raw in made if b"Bearer t2\r\n" in raw]
    assert len(set(picks)) == 5


def test_a_phone_sends_what_a_browser_sends() -> None:
    made = list(phones([f"t{number}" for number in range(900)], ENTRIES, now()))
    assert len(set(made)) == len(made) == 4500
    senders = Counter(re.findall(rb"X-Forwarded-For: ([0-9.]+)\r\n", b"".join(made)))
    assert 300 < len(senders) <= 400
    plain = read_plain(made[0])
    assert plain, "the lane takes it"
    assert len(plain.fields) >= 15
    fields = dict(plain.fields)
    assert b"MicroMessenger" in fields[b"user-agent"]
    assert fields[b"cookie"] == b"lang=zh; voter-bench=t0"
    sent = body_of(made[0])
    assert sent.keys() == {"entries", "ticket", "client"}


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


async def test_a_body_can_come_in_a_packet_of_its_own() -> None:
    packets: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(10_000):
            packets.append(data)
            if data == b"{}":
                writer.write(b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n")
        writer.close()

    port, sent = free_port(), request("POST", "/", body=b"{}")
    async with await asyncio.start_server(answer, "127.0.0.1", port):
        found = await measure(port, [sent] * 3, 1, 5.0, body_later=True)
    assert found.statuses == {201: 3}
    assert packets == [sent[:-2], b"{}"] * 3


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
    with measured() as ended:
        busy = "import time\nwhile time.process_time() < 0.3: pass"
        subprocess.run([sys.executable, "-c", busy], check=True)
    assert ended["client"] >= 0.29
    seconds = 0.0
    with subprocess.Popen([sys.executable, "-c", "while True: pass", "spawn_main"]) as worker:
        while seconds < 0.2:
            with measured() as running:
                time.sleep(0.1)
            seconds += running["workers"]
        worker.kill()
    assert running["client"] < 0.1
    assert microseconds({"workers": 0.5, "client": 0.25}, 1000) == {"workers": 500.0, "client": 250.0}
