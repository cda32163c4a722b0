"""Cases called on the application directly, without a server: the fastest way."""

from __future__ import annotations

import asyncio
import itertools
import logging
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import click
import uvloop

from loadtests.fuzz.cases import Case, case
from loadtests.fuzz.environment import ValidData
from loadtests.fuzz.judge import LoggedErrors, wrong

AT_ONCE = 48
# Processor time in one round of the event loop; a case that takes longer blocks all others.
MOST_BUSY_SECONDS = 0.5
BEAT_SECONDS = 0.02
ANSWER_SECONDS = 20.0
MOST_SHOWN = 20
# Cases between two reports of progress.
PORTION = 10_000


@dataclass
class Found:
    """The outcome of cases; `faults` by number of the case."""

    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[tuple[int, str]] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, other: Found) -> None:
        """Adds another outcome to this one."""
        self.statuses += other.statuses
        self.faults += other.faults
        self.seconds += other.seconds


Play = Callable[[ValidData, int, Iterable[int]], Coroutine[Any, Any, Found]]
"""Sends the requests of these numbers, made from a seed."""


async def play(valid: ValidData, seed: int, numbers: Iterable[int]) -> Found:
    """Runs these cases in this process, with the settings of its environment."""
    run, begun = _Run(valid, seed, iter(numbers)), time.perf_counter()
    logging.getLogger().addHandler(run.errors)
    try:
        async with application_started() as app:
            beating = asyncio.create_task(run.beat())
            async with asyncio.TaskGroup() as group:
                for _ in range(AT_ONCE):
                    group.create_task(run.work(app))
            beating.cancel()
    finally:
        logging.getLogger().removeHandler(run.errors)
    run.found.seconds = time.perf_counter() - begun
    return run.found


@dataclass
class _Run:
    valid: ValidData
    seed: int
    stream: Iterator[int]
    found: Found = field(default_factory=Found)
    errors: LoggedErrors = field(default_factory=LoggedErrors)
    under_way: set[int] = field(default_factory=set)

    async def work(self, app: Any) -> None:
        """Runs one case after another."""
        for number in self.stream:
            if len(self.found.faults) >= MOST_SHOWN:
                return
            self.under_way.add(number)
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    status, fault = await answer(app, case(self.seed, number, self.valid))
            except Exception as error:
                status, fault = 0, f"raised {error!r}"
            self.under_way.discard(number)
            self.found.statuses[status] += 1
            if fault or self.errors.lines:
                said, self.errors.lines = "\n".join(self.errors.lines), []
                self.found.faults.append((number, f"{fault}\n{said}".strip()))
            # Most refusals wait for nothing: one task would keep the loop from all others.
            await asyncio.sleep(0)

    async def beat(self) -> None:
        """Reports cases that blocked the event loop."""
        while True:
            before, then = set(self.under_way), time.process_time()
            await asyncio.sleep(BEAT_SECONDS)
            if (busy := time.process_time() - then) > MOST_BUSY_SECONDS:
                suspects = sorted(before | self.under_way)
                fault = f"one of the cases {suspects} kept the loop busy for {busy:.1f} s"
                self.found.faults.append((suspects[0], fault))


@asynccontextmanager
async def application_started() -> AsyncIterator[Any]:
    """The application between the startup and shutdown events of a server."""
    # It cannot be imported before its settings are in the environment.
    from voting.asgi import application

    app: Any = application()
    given: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    said: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    task = asyncio.create_task(app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, given.get, said.put))
    await given.put({"type": "lifespan.startup"})
    if (await said.get())["type"] != "lifespan.startup.complete":
        raise RuntimeError("the application did not start")
    try:
        yield app
    finally:
        await given.put({"type": "lifespan.shutdown"})
        await task


async def answer(app: Any, each: Case) -> tuple[int, str]:
    """The status, and the fault of the answer."""
    messages: list[Any] = []

    async def send(message: Any) -> None:
        messages.append(message)

    await app(_scope(each), _receive(each), send)
    if not messages or messages[0]["type"] != "http.response.start":
        return 0, "not answered"
    status, headers = messages[0]["status"], {name.lower(): value for name, value in messages[0]["headers"]}
    body = b"".join(message.get("body", b"") for message in messages[1:])
    if messages[-1].get("more_body") and b"event-stream" not in headers.get(b"content-type", b""):
        return status, "the answer does not end"
    length = headers.get(b"content-length")
    if length is not None and int(length) != len(body) and each.method != "HEAD" and status != 304:
        return status, f"content-length {length!r}, but {len(body)} bytes"
    return status, wrong(status, headers, body)


def _scope(each: Case) -> dict[str, Any]:
    path, _, query = each.target.partition(b"?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": each.method,
        "scheme": "http",
        "path": unquote(path.decode("ascii", "replace")),
        "raw_path": path,
        "query_string": query,
        "root_path": "",
        "headers": list(each.headers),
        "client": ("127.0.0.1", 50_000),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }


def _receive(each: Case) -> Any:
    """The body in pieces, and then the disconnect. A false length ends early."""
    size = each.pieces or max(1, len(each.body))
    pieces = [each.body[at : at + size] for at in range(0, len(each.body), size)] or [b""]
    messages = itertools.chain(
        ({"type": "http.request", "body": piece, "more_body": True} for piece in pieces[:-1]),
        ({"type": "http.request", "body": pieces[-1], "more_body": False},),
        itertools.repeat({"type": "http.disconnect"}),
    )

    async def receive() -> Any:
        return next(messages)

    return receive


def drive(
    play: Play,
    valid: ValidData,
    environment: Mapping[str, str],
    seed: int,
    numbers: Sequence[int],
    processes: int = 1,
) -> Found:
    """Plays these numbers in processes of their own, whose environment has the settings, and shows the progress."""
    total, begun = Found(), time.perf_counter()
    context = multiprocessing.get_context("spawn")
    portions = [numbers[first : first + PORTION] for first in range(0, len(numbers), PORTION)]
    with (
        ProcessPoolExecutor(processes, context) as pool,
        click.progressbar(length=len(numbers), file=sys.stderr) as bar,
    ):
        runs = {pool.submit(_drive, play, valid, dict(environment), seed, portion): portion for portion in portions}
        for run in as_completed(runs):
            total.add(run.result())
            bar.update(len(runs[run]))
    total.seconds = time.perf_counter() - begun
    return total


def _drive(play: Play, valid: ValidData, environment: dict[str, str], seed: int, numbers: Iterable[int]) -> Found:
    os.environ.update(environment)
    return uvloop.run(play(valid, seed, numbers))
