"""Where the scenarios play: a service of its own on fresh engines, what it uses of the machine, what it has stored."""

from __future__ import annotations

import resource
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import psutil

from loadtests.pressure.supply import BALLOTS_EACH, Supply
from loadtests.service import ID, VOTING, prepared, serving

ENTRIES = 60
READY_SECONDS = 30
PROBES = 8
PROBE_SECONDS = 0.2


@dataclass(frozen=True)
class Site:
    """A running service with its contest open."""

    port: int
    environment: Mapping[str, str]
    supply: Supply

    def organiser_key(self) -> str:
        """A staff key that opens live boards."""
        create = [*VOTING, "staff", "key", "create", "--role", "organiser", "--name", "pressure", "--contest", ID]
        done = subprocess.run(create, env=dict(self.environment), capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def workers(self) -> list[psutil.Process]:
        """The processes that answer."""
        serve = [*VOTING[1:], "serve", "--port", str(self.port)]
        ours = psutil.Process().children(recursive=True)
        parent = next(each for each in ours if each.cmdline()[1 : 1 + len(serve)] == serve)
        return [each for each in parent.children() if any("spawn_main" in part for part in each.cmdline())]

    def connections(self, worker: psutil.Process) -> int:
        """How many a worker has open to its clients."""
        return sum(each.laddr.port == self.port and bool(each.raddr) for each in worker.net_connections("tcp"))


@contextmanager
def site(ballots: int, workers: int) -> Iterator[Site]:
    """A service with voters for so many ballots; all of it is gone at the end."""
    raise_file_limit()
    with prepared(ENTRIES, -(-ballots // BALLOTS_EACH)) as ready, serving(ready.environment, workers) as port:
        place = Site(port, ready.environment, Supply(ready.tokens, ready.entries))
        _wait_for_all(place, workers)
        yield place


def _wait_for_all(place: Site, workers: int) -> None:
    """One worker that answers makes a service ready; the first would keep the connections of those that come later."""
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        with ExitStack() as probes:
            for _ in range(PROBES * workers):
                probes.enter_context(socket.create_connection(("127.0.0.1", place.port)))
            time.sleep(PROBE_SECONDS)
            found = place.workers()
            if len(found) == workers and all(place.connections(worker) for worker in found):
                return
    raise RuntimeError(f"{workers} workers did not become ready")


def raise_file_limit() -> None:
    """Lets this process open as many connections as the system allows it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Usage:
    """What takes the cores, from its making until it is asked. `others` are no part of this: where they take much, the
    figures tell of them."""

    def __init__(self, place: Site) -> None:
        self._workers = place.workers()
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
    """Of their lives; a connection's process of PostgreSQL may have gone."""
    found = 0.0
    for each in processes:
        with suppress(psutil.NoSuchProcess):
            found += sum(each.cpu_times()[:2])
    return found


@dataclass(frozen=True)
class Stored:
    """What PostgreSQL holds: the ballots' ids by idempotency key, their picks, and the tally, which should be equal."""

    ballots: Mapping[str, list[UUID]]
    recount: Mapping[str, int]
    tally: Mapping[str, int]


async def stored(environment: Mapping[str, str]) -> Stored:
    """Reads it, all as of one moment."""
    connection = await asyncpg.connect(environment["DATABASE_URL"])
    try:
        await connection.execute("begin isolation level repeatable read read only")
        ballots = "select idempotency_key, array_agg(id) from ballots where contest = $1 group by 1"
        recount = "select entry, count(*) from ballots, unnest(picks) as entry where contest = $1 group by 1"
        tally = "select entry, sum(counted)::bigint from tallies where contest = $1 group by 1 having sum(counted) > 0"
        found = [await connection.fetch(query, ID) for query in (ballots, recount, tally)]
        return Stored(*({each[0]: each[1] for each in rows} for rows in found))
    finally:
        await connection.close()
