"""Sends requests with wrk if it is installed, since it takes least from the cores that are measured."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import uvloop

from loadtests.http import HOST, measure, milliseconds

SCRIPT = Path(__file__).with_name("wrk.lua")


@dataclass(frozen=True)
class Volley:
    """Answers. `failed`: others than 2xx, and lost ones; times in milliseconds."""

    answered: int
    failed: int
    seconds: float
    p50: float
    p99: float

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answered / self.seconds


def send(port: int, requests: Sequence[bytes], connections: int, seconds: int) -> Volley:
    """Sends the requests over this many connections, and again from the first when they are used up."""
    if shutil.which("wrk") is None:
        return _with_python(port, requests, connections, seconds)
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"\0".join(requests))
        file.flush()
        sizes = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "15s"]
        command = ["wrk", *sizes, "-s", str(SCRIPT), f"http://{HOST}:{port}", "--", file.name]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    numbers = next(line for line in said.splitlines() if line.startswith("found ")).split()[1:]
    answered, microseconds, wrong, broken, late, p50, p99 = (int(number) for number in numbers)
    return Volley(answered - wrong, wrong + broken + late, microseconds / 1e6, p50 / 1000, p99 / 1000)


def _with_python(port: int, requests: Sequence[bytes], connections: int, seconds: int) -> Volley:
    found = uvloop.run(measure(port, cycle(requests), connections, seconds))
    answered = sum(count for status, count in found.statuses.items() if 200 <= status < 300)
    failed = sum(found.statuses.values()) - answered
    return Volley(answered, failed, found.seconds, milliseconds(found.times, 0.5), milliseconds(found.times, 0.99))
