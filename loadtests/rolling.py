"""python -m loadtests.rolling: two nodes behind the shipped nginx restart and crash while ballots come steadily."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import asyncpg
import click
import httpx

from loadtests.service import ID, VOTING, Prepared, free_port, prepared
from tests.conftest import cast, wait_ready
from tests.deploy.test_nginx import running
from voting.services.identity.keyring import Keyring

# Between two faults: a node that has come back takes its share of the ballots.
CALM_SECONDS = 0.5


class Node:
    """One service on a port of its own."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.port = free_port()
        self._environment = environment | {"VOTING_SWEEP": "off", "VOTING_TRUSTED_PROXIES": "127.0.0.1/32"}
        self.start()

    def start(self) -> None:
        """Returns when it is ready."""
        self._process = subprocess.Popen(
            [*VOTING, "serve", "--port", str(self.port)],
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        wait_ready(f"http://127.0.0.1:{self.port}", self._process)

    def stop(self, number: signal.Signals) -> None:
        """Sends the signal; SIGKILL to its workers as well."""
        (os.killpg if number == signal.SIGKILL else os.kill)(self._process.pid, number)
        self._process.wait(30)


@dataclass
class Outcome:
    """What was answered, 0 for a connection lost, and what is in the database."""

    statuses: Counter[int] = field(default_factory=Counter)
    doubled: int = 0
    lost: int = 0
    slowest: float = 0.0

    @property
    def is_right(self) -> bool:
        """Whether each ballot was answered 201 and is there once."""
        return set(self.statuses) == {201} and not self.doubled and not self.lost


async def trial(restarts: int, kills: int, rate: int) -> Outcome:
    """Sends `rate` ballots a second, each of another voter, while nodes are restarted and killed in turn."""
    outcome = Outcome()
    with prepared(entries=10, voters=1) as ready, _fronted(ready) as (url, nodes):
        faults = asyncio.create_task(asyncio.to_thread(_disturb, nodes, restarts, kills))
        async with httpx.AsyncClient(base_url=url, timeout=30) as http, asyncio.TaskGroup() as group:
            now = datetime.fromtimestamp(time.time(), UTC)
            keyring, begun, sent = Keyring(ready.environment["VOTING_SECRET"].encode()), time.monotonic(), 0
            while not faults.done():
                group.create_task(_vote(http, keyring.issue_credential(ID, None, now), outcome))
                sent += 1
                await asyncio.sleep(max(0.0, begun + sent / rate - time.monotonic()))
        await faults
        await _compare(ready, outcome)
    return outcome


@contextmanager
def _fronted(ready: Prepared) -> Iterator[tuple[str, list[Node]]]:
    with ExitStack() as stack:
        nodes = []
        for _ in range(2):
            nodes.append(Node(ready.environment))
            stack.callback(nodes[-1].stop, signal.SIGTERM)
        proxy = stack.enter_context(running(*(f"127.0.0.1:{node.port}" for node in nodes)))
        yield proxy.url, nodes


def _disturb(nodes: list[Node], restarts: int, kills: int) -> None:
    signals = [signal.SIGTERM] * restarts + [signal.SIGKILL] * kills
    for number, kind in enumerate(signals):
        time.sleep(CALM_SECONDS)
        node = nodes[number % len(nodes)]
        node.stop(kind)
        node.start()


async def _vote(http: httpx.AsyncClient, token: str, outcome: Outcome) -> None:
    begun = time.monotonic()
    try:
        status = (await cast(http, ID, token, ["E001"], key="k")).status_code
    except httpx.HTTPError:
        status = 0
    outcome.statuses[status] += 1
    outcome.slowest = max(outcome.slowest, time.monotonic() - begun)


async def _compare(ready: Prepared, outcome: Outcome) -> None:
    connection = await asyncpg.connect(ready.environment["DATABASE_URL"])
    rows = await connection.fetchval("select count(*) from ballots where contest = $1", ID)
    voters = await connection.fetchval("select count(distinct voter) from ballots where contest = $1", ID)
    await connection.close()
    outcome.doubled, outcome.lost = rows - voters, max(0, outcome.statuses[201] - voters)


@click.command(epilog="Example: python -m loadtests.rolling --restarts 20 --kills 5 --rate 200")
@click.option("--restarts", default=20, show_default=True, type=click.IntRange(0), help="Nodes stopped by SIGTERM.")
@click.option("--kills", default=5, show_default=True, type=click.IntRange(0), help="Nodes stopped by SIGKILL.")
@click.option("--rate", default=200, show_default=True, type=click.IntRange(1), help="Ballots a second.")
def main(restarts: int, kills: int, rate: int) -> None:
    """Exit code 1 where a ballot was answered otherwise than 201, is lost or is there twice."""
    outcome = asyncio.run(trial(restarts, kills, rate))
    print(f"{sum(outcome.statuses.values())} ballots, {restarts} restarts, {kills} kills: {dict(outcome.statuses)}")
    print(f"doubled {outcome.doubled}, lost {outcome.lost}, slowest answer {outcome.slowest:.2f} s")
    sys.exit(not outcome.is_right)


if __name__ == "__main__":
    main()
