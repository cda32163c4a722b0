"""Sends requests with wrk if it is installed, since it takes least from the cores that are measured."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import uvloop

from loadtests.http import HOST, measure, milliseconds

SCRIPT = Path(__file__).with_name("wrk.lua")
EVENT_SECONDS = 10.0


@dataclass(frozen=True)
class Volley:
    """Answers. `failed`: others than 2xx, and lost ones; times in milliseconds. `by_wrk`: sent by it, not by Python."""

    answered: int
    failed: int
    seconds: float
    p50: float
    p99: float
    by_wrk: bool = False

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answered / self.seconds


def send(port: int, requests: Sequence[bytes], connections: int, seconds: int, *, body_later: bool = False) -> Volley:
    """Sends the requests over this many connections, and again from the first when they are used up.

    wrk cannot send bodies in packets of their own (`body_later`).
    """
    if body_later or shutil.which("wrk") is None:
        return uvloop.run(_with_python(port, requests, connections, seconds, body_later))
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"\0".join(requests))
        file.flush()
        sizes = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "15s"]
        command = ["wrk", *sizes, "-s", str(SCRIPT), f"http://{HOST}:{port}", "--", file.name]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    numbers = next(line for line in said.splitlines() if line.startswith("found ")).split()[1:]
    answered, microseconds, wrong, broken, late, p50, p99 = (int(number) for number in numbers)
    failed = wrong + broken + late
    return Volley(answered - wrong, failed, microseconds / 1e6, p50 / 1000, p99 / 1000, by_wrk=True)


async def _with_python(
    port: int, requests: Sequence[bytes], connections: int, seconds: int, body_later: bool
) -> Volley:
    found = await measure(port, cycle(requests), connections, seconds, body_later=body_later)
    answered = sum(count for status, count in found.statuses.items() if 200 <= status < 300)
    failed = sum(found.statuses.values()) - answered
    return Volley(answered, failed, found.seconds, milliseconds(found.times, 0.5), milliseconds(found.times, 0.99))


def connect(port: int, raw: bytes, at_once: int, seconds: float) -> Volley:
    """Opens streams of events, each on a connection of its own that ends with its first event."""
    return uvloop.run(_connect(port, raw, at_once, seconds))


async def _connect(port: int, raw: bytes, at_once: int, seconds: float) -> Volley:
    times: list[float] = []
    failed = 0
    begun = time.perf_counter()

    async def connect_again() -> None:
        nonlocal failed
        while (sent := time.perf_counter()) < begun + seconds:
            reader, writer = await asyncio.open_connection(HOST, port)
            writer.write(raw)
            try:
                async with asyncio.timeout(EVENT_SECONDS):
                    await reader.readuntil(b"\ndata: ")
                times.append(time.perf_counter() - sent)
            except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                failed += 1
            writer.close()

    await asyncio.gather(*(connect_again() for _ in range(at_once)))
    took = time.perf_counter() - begun
    return Volley(len(times), failed, took, milliseconds(times, 0.5), milliseconds(times, 0.99))
