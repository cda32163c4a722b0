"""Workers stop one after another under load: every request that reached one is answered."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from tests.conftest import Contests, environment_of, eventually, serving
from tests.processes import command
from tests.raw_http import read_answer, request
from voting.settings import Settings

CONNECTIONS = 10


def workers_of(parent: int) -> list[int]:
    """Returns the worker processes, without multiprocessing's own helper."""
    children = psutil.Process(parent).children()
    return [each.pid for each in children if "spawn_main" in " ".join(command(each))]


@pytest.fixture(scope="module")
def service(settings: Settings) -> Iterator[tuple[int, int]]:
    """Yields the port and the supervisor's id of a service of two workers."""
    with serving(environment_of(settings) | {"VOTING_SHIELD_WRITES": "1000000/second"}, "--workers", "2") as found:
        yield urlsplit(found[0]).port or 0, found[1].pid


class Voting:
    """Casts ballots over connections that are kept until the server announces that it closes them."""

    def __init__(self, port: int, contest: str, tokens: Iterator[str]) -> None:
        self.port, self.contest, self.tokens = port, contest, tokens
        self.statuses: Counter[int] = Counter()
        self.closes = 0
        self.lost: list[str] = []
        self.ended = False

    async def run(self, think: float) -> None:
        """Uses one connection after another."""
        while not self.ended:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            kept = True
            while kept and not self.ended and not closed(writer):
                kept = await self._vote(reader, writer)
                await asyncio.sleep(think)
            writer.close()

    async def _vote(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        headers = {"Authorization": f"Bearer {next(self.tokens)}", "Idempotency-Key": "k"}
        path = f"/api/v1/contests/{self.contest}/ballots"
        try:
            writer.write(request("POST", path, headers, b'{"entries": ["A001"]}'))
            answer = await read_answer(reader)
        except (OSError, asyncio.IncompleteReadError) as error:
            self.lost.append(repr(error))
            return False
        self.statuses[answer.status] += 1
        closes = answer.headers.get("connection") == "close"
        self.closes += closes
        return not closes


def closed(writer: asyncio.StreamWriter) -> bool:
    """Whether the server had closed the connection before anything was sent on it."""
    connection = writer.get_extra_info("socket")
    try:
        with socket.fromfd(connection.fileno(), connection.family, connection.type) as same:
            return not same.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True


async def test_no_ballot_is_lost_while_workers_stop_one_after_another(
    service: tuple[int, int], contests: Contests
) -> None:
    port, parent = service
    contest = await contests.make()
    voting = Voting(port, contest, iter(contests.tokens(contest, 30_000)))
    async with asyncio.TaskGroup() as group:
        for number in range(CONNECTIONS):
            group.create_task(voting.run((0.0, 0.003, 0.02)[number % 3]))
        await asyncio.sleep(0.5)
        for _ in range(2):
            worker = workers_of(parent)[0]
            os.kill(worker, signal.SIGTERM)
            async with asyncio.timeout(20):
                while worker in workers_of(parent) or len(workers_of(parent)) < 2:
                    await asyncio.sleep(0.05)
            # Wait until the new worker takes its share.
            await asyncio.sleep(2.5)
        voting.ended = True
    assert voting.lost == []
    assert set(voting.statuses) <= {201, 503}
    assert voting.statuses[201] > 50
    assert voting.closes > 0, "nobody was told that the connection closes"
    assert sum((await contests.counted(contest)).values()) == voting.statuses[201]


async def test_a_rolling_restart_loses_no_ballot(service: tuple[int, int], contests: Contests) -> None:
    """SIGHUP: each worker stops once another serves in its place."""
    port, parent = service
    contest = await contests.make()
    voting, former = Voting(port, contest, iter(contests.tokens(contest, 30_000))), set(workers_of(parent))
    async with asyncio.TaskGroup() as group:
        for number in range(CONNECTIONS):
            group.create_task(voting.run((0.0, 0.003, 0.02)[number % 3]))
        os.kill(parent, signal.SIGHUP)
        async with asyncio.timeout(60):
            while former & set(workers_of(parent)):
                await asyncio.sleep(0.05)
        voting.ended = True
    assert voting.lost == []
    assert set(voting.statuses) <= {201, 503}
    assert sum((await contests.counted(contest)).values()) == voting.statuses[201] > 50


async def test_a_stopping_worker_is_not_ready_and_answers_its_connections(
    service: tuple[int, int], contests: Contests
) -> None:
    """Idle connections are kept for a moment, then closed; readiness returns 503 on them."""
    port, parent = service
    ready = b"GET /health/ready HTTP/1.1\r\nHost: a\r\n\r\n"
    links = [await asyncio.open_connection("127.0.0.1", port) for _ in range(16)]
    for _, writer in links:
        writer.write(ready)
    for reader, _ in links:
        answer = await read_answer(reader)
        assert (answer.status, "connection" in answer.headers) == (200, False)
    begun = time.monotonic()
    for worker in workers_of(parent):
        os.kill(worker, signal.SIGTERM)
    await asyncio.sleep(0.2)
    for _, writer in links[:8]:
        writer.write(ready)
    for reader, _ in links[:8]:
        answer = await read_answer(reader)
        assert (answer.status, answer.headers["connection"]) == (503, "close")
        assert b'"draining"' in answer.body
    async with asyncio.timeout(10):
        assert [await reader.read() for reader, _ in links] == [b""] * 16
    assert time.monotonic() - begun < 8
    for _, writer in links:
        writer.close()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:

        async def back() -> bool:
            return (await client.get("/health/ready")).status_code == 200

        await eventually(back, 20)


async def test_a_worker_that_hangs_is_killed_and_replaced(service: tuple[int, int]) -> None:
    _, parent = service
    async with asyncio.timeout(40):
        while len(found := workers_of(parent)) < 2:
            await asyncio.sleep(0.1)
        stopped, other = found
        os.kill(stopped, signal.SIGSTOP)
        while stopped in workers_of(parent):
            await asyncio.sleep(0.1)
    assert other in workers_of(parent), "and nobody else"


async def test_a_worker_killed_is_replaced_at_once(service: tuple[int, int]) -> None:
    _, parent = service
    async with asyncio.timeout(20):
        while len(found := workers_of(parent)) < 2:
            await asyncio.sleep(0.1)
        killed = found[0]
        os.kill(killed, signal.SIGKILL)
        while killed in (now := workers_of(parent)) or len(now) < 2:
            await asyncio.sleep(0.005)


@pytest.mark.campaign
def test_the_service_ends_though_a_worker_does_not_stop(settings: Settings) -> None:
    with serving(environment_of(settings), "--workers", "2") as (_, process):
        workers = workers_of(process.pid)
        os.kill(workers[0], signal.SIGSTOP)
        process.send_signal(signal.SIGTERM)
        # Wait as long as a worker may need for its responses.
        process.wait(timeout=28)
    assert not any(psutil.pid_exists(worker) for worker in workers)
