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
from typing import IO

from voting import engines

CONTEST = Path(__file__).with_name("contest.toml")
ID = "bench"
VOTING = [sys.executable, "-m", "voting"]
READY_SECONDS = 60
STOP_SECONDS = 30
# Every request of a bench comes from one address: the shield would shed it as the flood that it is.
UNSHIELDED = {
    "VOTING_SHIELD_READS": "1000000/second",
    "VOTING_SHIELD_WRITES": "1000000/second",
    "VOTING_LIMIT_ADDRESS": "1000000/second",
}


@dataclass(frozen=True)
class Target:
    """A running service."""

    port: int
    entries: list[str]
    tokens: list[str]


@contextmanager
def running(workers: int, entries: int, voters: int) -> Iterator[Target]:
    """The service with its contest open; all of it is gone at the end."""
    with prepared(entries, voters) as ready, serving(ready.environment, workers) as port:
        yield Target(port, ready.entries, ready.tokens)


@dataclass(frozen=True)
class Prepared:
    """Engines with a contest, and what a service on them needs to know."""

    environment: dict[str, str]
    entries: list[str]
    tokens: list[str]


@contextmanager
def prepared(entries: int, voters: int) -> Iterator[Prepared]:
    """Engines of our own with the contest open; they and their folder are gone at the end."""
    with tempfile.TemporaryDirectory(prefix="voting-bench-") as name:
        # The engines work as another user where root starts them.
        Path(name).chmod(0o755)
        clean = {key: value for key, value in os.environ.items() if not key.startswith("VOTING_")}
        with engines.running(Path(name, "data"), own=True, notice=print) as addresses:
            own = {
                "DATABASE_URL": addresses.database_url,
                "DATABASE_OWNER_URL": addresses.owner_url,
                "REDIS_URL": addresses.redis_url,
            }
            environment = clean | own | {"VOTING_SECRET": secrets.token_hex(32), **UNSHIELDED}
            yield Prepared(environment, *_prepare(environment, Path(name), entries, voters))


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
def serving(environment: dict[str, str], workers: int) -> Iterator[int]:
    """The service on a port of its own."""
    port = free_port()
    with started(
        [*VOTING, "serve", "--port", str(port), "--workers", str(workers)], environment, port, "/health/ready"
    ):
        yield port


@contextmanager
def started(
    command: list[str], environment: dict[str, str], port: int, path: str, log: IO[bytes] | int = subprocess.DEVNULL
) -> Iterator[None]:
    """A server's process, once it answers at `path`; stopped at the end. `log`: what it says on standard error."""
    with subprocess.Popen(command, env=environment, stderr=log, start_new_session=True) as process:
        try:
            _wait(f"http://127.0.0.1:{port}{path}", process)
            yield
        finally:
            process.terminate()
            process.wait(STOP_SECONDS)


def _prepare(environment: dict[str, str], folder: Path, entries: int, voters: int) -> tuple[list[str], list[str]]:
    """The entries' codes and the voters' tokens."""
    file = folder / "roster.csv"
    file.write_text(roster(entries), "utf-8")

    _voting(environment, "migrate")
    _voting(environment, "contest", "create", str(CONTEST), "--open-now")
    _voting(environment, "roster", "import", str(file), "--contest", ID)
    return [f"E{number:03d}" for number in range(1, entries + 1)], issued(ID, voters, environment)


def issued(contest: str, count: int, environment: dict[str, str] | None = None) -> list[str]:
    """Credentials for so many voters of a contest; by the settings of this process unless others are given."""
    return _voting(environment, "credentials", "issue", "--contest", contest, "--count", str(count))


def _voting(environment: dict[str, str] | None, *arguments: str) -> list[str]:
    done = subprocess.run([*VOTING, *arguments], env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"voting {' '.join(arguments)}: {done.stderr}")
    return done.stdout.split()


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"{address} did not become ready; try: voting serve")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
