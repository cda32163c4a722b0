"""Requests over HTTP to a service of their own: raw sockets, then schemathesis; and what its log says."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import uvloop

from loadtests.fuzz.environment import ValidData
from loadtests.fuzz.framing import Script, ballot
from loadtests.fuzz.in_process import Found
from loadtests.fuzz.judge import faults
from loadtests.fuzz.sockets import exchange, send_all
from loadtests.http import HOST
from loadtests.service import Service

WORKERS = 2


@contextmanager
def serving(environment: Mapping[str, str]) -> Iterator[tuple[int, Path]]:
    """The port of a service, and the file of its log."""
    with (
        tempfile.NamedTemporaryFile(suffix=".log") as log,
        Service(environment, WORKERS, Path(log.name)) as service,
    ):
        yield service.port, Path(log.name)


def send(valid: ValidData, port: int, seed: int, numbers: Iterable[int]) -> Found:
    """Scripts over raw sockets; then a ballot that must be accepted."""
    found = uvloop.run(send_all(valid, port, seed, numbers))
    raw = ballot(valid, valid.spare[0], "after-it-all")
    answers = uvloop.run(exchange(port, Script("valid", (raw,), whole=True)))
    if [answer.status for answer in answers] != [201]:
        found.faults.append((-1, f"afterwards a valid ballot was answered {answers}"))
    return found


def explore(port: int, seed: int, examples: int) -> str:
    """The findings of schemathesis from the served OpenAPI document; empty if there are none."""
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run"),
        f"http://{HOST}:{port}/api/v1/schema/openapi.json",
        *("--checks", "not_a_server_error", "--mode", "all", "--max-examples", str(examples)),
        *("--seed", str(seed), "--no-color", "--generation-database", "none", "--request-timeout", "20"),
    ]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    return "" if done.returncode == 0 else (done.stdout + done.stderr)[-6000:]


def logged(log: Path) -> list[str]:
    """The lines of a log that report something unexpected."""
    return faults(log.read_text("utf-8", "replace"))
