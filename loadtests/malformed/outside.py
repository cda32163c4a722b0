"""The same over HTTP, against a service of its own: raw sockets, then schemathesis; and what its log says."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import uvloop

from loadtests.malformed.framing import Script, sound
from loadtests.malformed.ground import Ground
from loadtests.malformed.inside import Found
from loadtests.malformed.judge import faults
from loadtests.malformed.wire import exchange, fire
from loadtests.service import VOTING, free_port, started

WORKERS = 2


@contextmanager
def serving(environment: Mapping[str, str]) -> Iterator[tuple[int, Path]]:
    """A service's port, and the file of what it logs."""
    with tempfile.NamedTemporaryFile("wb", suffix=".log") as log:
        port = free_port()
        command = [*VOTING, "serve", "--port", str(port), "--workers", str(WORKERS)]
        with started(command, dict(environment), port, "/health/ready", log):
            yield port, Path(log.name)


def send(ground: Ground, port: int, seed: int, numbers: Iterable[int]) -> Found:
    """Scripts over raw sockets; then a ballot that must be taken."""
    found = uvloop.run(fire(ground, port, seed, numbers))
    answers = uvloop.run(exchange(port, Script("sound", (sound(ground, ground.spare[0], "after-it-all"),), whole=True)))
    if [answer.status for answer in answers] != [201]:
        found.faults.append((-1, f"after it all a sound ballot was answered {answers}"))
    return found


def explore(port: int, seed: int, examples: int) -> str:
    """What schemathesis finds, from the service's own OpenAPI document; empty where nothing."""
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run"),
        f"http://127.0.0.1:{port}/api/v1/schema/openapi.json",
        *("--checks", "not_a_server_error", "--mode", "all", "--max-examples", str(examples)),
        *("--seed", str(seed), "--no-color", "--generation-database", "none", "--request-timeout", "20"),
    ]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    return "" if done.returncode == 0 else (done.stdout + done.stderr)[-6000:]


def logged(log: Path) -> list[str]:
    """The lines that tell of something that nobody expected."""
    return faults(log.read_text("utf-8", "replace"))
