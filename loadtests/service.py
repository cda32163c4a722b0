"""The service of a bench: embedded engines in a folder that is thrown away, a contest, entries and voters."""

from __future__ import annotations

import csv
import io
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CONTEST = Path(__file__).with_name("contest.toml")
ID = "bench"
VOTING = [sys.executable, "-m", "voting"]
READY_SECONDS = 60
STOP_SECONDS = 30
# Every request of a bench comes from one address: the shield would shed it as the flood that it is.
UNSHIELDED = {"VOTING_SHIELD_READS": "1000000/second", "VOTING_SHIELD_WRITES": "1000000/second"}


@dataclass(frozen=True)
class Target:
    """A running service."""

    port: int
    entries: list[str]
    tokens: list[str]


@contextmanager
def running(workers: int, entries: int, voters: int) -> Iterator[Target]:
    """The service with its contest open; all of it is gone at the end."""
    with tempfile.TemporaryDirectory(prefix="voting-bench-") as name:
        # The engines work as another user where root starts them.
        Path(name).chmod(0o755)
        clean = {key: value for key, value in os.environ.items() if not key.startswith("VOTING_SHIELD")}
        clean = {key: value for key, value in clean.items() if key not in ("DATABASE_URL", "REDIS_URL")}
        own = {"VOTING_DATA": f"{name}/data", "VOTING_SECRET": secrets.token_hex(32), **UNSHIELDED}
        with _serving(clean | own, workers) as port:
            yield _prepare(clean | own, Path(name), port, (entries, voters))


def roster(count: int) -> str:
    """A roster of `count` entries, as CSV."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(["code", "title", "author", "category", "summary"])
    for number in range(1, count + 1):
        category = ("类别一", "类别二")[number % 2]
        table.writerow([f"E{number:03d}", f"作品 {number}", f"作者 {number % 40}", category, f"简介 {number} " * 5])
    return text.getvalue()


@contextmanager
def _serving(environment: dict[str, str], workers: int) -> Iterator[int]:
    port = _free_port()
    command = [*VOTING, "serve", "--port", str(port), "--workers", str(workers)]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, start_new_session=True) as process:
        try:
            _wait(port, process)
            yield port
        finally:
            process.terminate()
            process.wait(STOP_SECONDS)


def _prepare(environment: dict[str, str], folder: Path, port: int, size: tuple[int, int]) -> Target:
    entries, voters = size
    file = folder / "roster.csv"
    file.write_text(roster(entries), "utf-8")

    def voting(*arguments: str) -> list[str]:
        done = subprocess.run([*VOTING, *arguments], env=environment, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"voting {' '.join(arguments)}: {done.stderr}")
        return done.stdout.split()

    voting("contest", "create", str(CONTEST), "--open-now")
    voting("roster", "import", str(file), "--contest", ID)
    tokens = voting("credentials", "issue", "--contest", ID, "--count", str(voters))
    return Target(port, [f"E{number:03d}" for number in range(1, entries + 1)], tokens)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=2):
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the service did not become ready; try: voting serve")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
