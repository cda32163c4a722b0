"""The service that a scenario loads, and who uses the machine meanwhile."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

import psutil

from loadtests.http import HOST, raise_file_limit
from loadtests.overload.ballots import BALLOTS_EACH, Ballots
from loadtests.service import Service, prepared
from voting.engines.processes import wait_until

ENTRIES = 60
READY_SECONDS = 30
PROBES = 8
PROBE_SECONDS = 0.2


@dataclass(frozen=True)
class Environment:
    """A running service with an open contest, and ballots to cast."""

    service: Service
    ballots: Ballots


@contextmanager
def started(ballots: int, workers: int) -> Iterator[Environment]:
    """A service with voters for this many ballots; removed at the end."""
    raise_file_limit()
    with (
        prepared(ENTRIES, -(-ballots // BALLOTS_EACH)) as ready,
        Service(ready.environment, workers) as service,
    ):
        if not wait_until(lambda: _all_accept(service), READY_SECONDS):
            raise RuntimeError(f"{workers} workers did not become ready")
        yield Environment(service, Ballots(ready.tokens, ready.entries))


def _all_accept(service: Service) -> bool:
    """Whether every worker accepts connections; the first would keep those of workers that start later."""
    with ExitStack() as probes:
        for _ in range(PROBES * service.workers):
            probes.enter_context(socket.create_connection((HOST, service.port)))
        time.sleep(PROBE_SECONDS)
        workers = service.worker_processes()
        return len(workers) == service.workers and all(map(service.clients_of, workers))


class Usage:
    """Cores in use since it was made. Measure again if `others`, which are no part of the test, took much."""

    def __init__(self, service: Service) -> None:
        self._workers = service.worker_processes()
        self._engines = [each for each in psutil.Process().children(recursive=True) if each not in self._workers]
        self._begun = time.perf_counter(), self._taken()
        psutil.cpu_percent()

    def shares(self) -> dict[str, float]:
        """In cores."""
        passed = time.perf_counter() - self._begun[0]
        taken = {name: (now - self._begun[1][name]) / passed for name, now in self._taken().items()}
        machine = psutil.cpu_percent() / 100 * (psutil.cpu_count() or 1)
        return {name: round(share, 2) for name, share in {**taken, "others": machine - sum(taken.values())}.items()}

    def _taken(self) -> dict[str, float]:
        return {
            "generator": time.process_time(),
            "workers": _seconds(self._workers),
            "engines": _seconds(self._engines),
        }


def _seconds(processes: Sequence[psutil.Process]) -> float:
    """Processor time of these processes; a PostgreSQL backend may have ended."""
    found = 0.0
    for each in processes:
        with suppress(psutil.NoSuchProcess):
            found += sum(each.cpu_times()[:2])
    return found
