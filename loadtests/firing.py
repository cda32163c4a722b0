"""Fires requests at a server: with wrk where it is installed, for it takes least from the cores that are measured."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import uvloop

from loadtests.client import measure

SCRIPT = Path(__file__).with_name("wrk.lua")


@dataclass(frozen=True)
class Volley:
    """What came of it. `failed`: answers other than 2xx, and none; times in milliseconds."""

    answered: int
    failed: int
    seconds: float
    p50: float
    p99: float

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answered / self.seconds


def fire(port: int, requests: Sequence[bytes], connections: int, seconds: int) -> Volley:
    """The requests over so many connections, from the first again when they are used up."""
    if shutil.which("wrk") is None:
        return _with_python(port, requests, connections, seconds)
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"\0".join(requests))
        file.flush()
        sizes = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "15s"]
        command = ["wrk", *sizes, "-s", str(SCRIPT), f"http://127.0.0.1:{port}", "--", file.name]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    numbers = next(line for line in said.splitlines() if line.startswith("found ")).split()[1:]
    answered, microseconds, wrong, broken, late, p50, p99 = (int(number) for number in numbers)
    return Volley(answered - wrong, wrong + broken + late, microseconds / 1e6, p50 / 1000, p99 / 1000)


def _with_python(port: int, requests: Sequence[bytes], connections: int, seconds: int) -> Volley:
    found = uvloop.run(measure("", port, requests, connections, seconds))
    answered = sum(count for status, count in found.statuses.items() if 200 <= status < 300)
    failed = sum(found.statuses.values()) - answered
    return Volley(answered, failed, found.seconds, found.quantile(0.5) * 1000, found.quantile(0.99) * 1000)
