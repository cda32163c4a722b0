"""make rolling: two nodes behind the shipped nginx restart and crash under a steady stream of ballots."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import click

from loadtests.contests import credentials, stored
from loadtests.http import Link, Lost, ballot
from loadtests.service import ID, Prepared, Service, prepared
from tests.deploy.test_nginx import running

# Between two faults; a node that has come back takes its share of the ballots.
CALM_SECONDS = 0.5
OWN = {"VOTING_SWEEP": "off", "VOTING_TRUSTED_PROXIES": "127.0.0.1/32"}


@dataclass
class Outcome:
    """Answers, 0 for a lost connection, compared with the database."""

    statuses: Counter[int] = field(default_factory=Counter)
    doubled: int = 0
    lost: int = 0
    slowest: float = 0.0

    @property
    def is_right(self) -> bool:
        """Whether each ballot was answered 201 and is stored once."""
        return set(self.statuses) == {201} and not self.doubled and not self.lost


def trial(restarts: int, kills: int, rate: int) -> Outcome:
    """Sends `rate` ballots a second, each of another voter, while nodes are restarted and killed in turn."""
    with prepared(entry_count=10, voters=0) as ready, _behind_nginx(ready) as (port, nodes):
        outcome = asyncio.run(_vote_during(port, rate, lambda: _disturb(nodes, restarts, kills)))
        found = asyncio.run(stored(ready.environment["DATABASE_URL"], ID))
    voters = len({voter for voter, _, _ in found.ballots})
    outcome.doubled, outcome.lost = len(found.ballots) - voters, max(0, outcome.statuses[201] - voters)
    return outcome


async def _vote_during(port: int, rate: int, disturb: Callable[[], None]) -> Outcome:
    outcome = Outcome()
    faults = asyncio.create_task(asyncio.to_thread(disturb))
    async with asyncio.TaskGroup() as group:
        tokens, begun, sent = credentials(ID), time.monotonic(), 0
        while not faults.done():
            group.create_task(_vote(port, next(tokens), outcome))
            sent += 1
            await asyncio.sleep(max(0.0, begun + sent / rate - time.monotonic()))
    await faults
    return outcome


@contextmanager
def _behind_nginx(ready: Prepared) -> Iterator[tuple[int, list[Service]]]:
    with ExitStack() as stack:
        nodes = [stack.enter_context(Service(ready.environment | OWN)) for _ in range(2)]
        proxy = stack.enter_context(running(*(f"127.0.0.1:{node.port}" for node in nodes)))
        yield urlsplit(proxy.url).port or 0, nodes


def _disturb(nodes: list[Service], restarts: int, kills: int) -> None:
    for number in range(restarts + kills):
        time.sleep(CALM_SECONDS)
        node = nodes[number % len(nodes)]
        if number >= restarts and node.process:
            os.killpg(node.process.pid, signal.SIGKILL)
        node.stop()
        node.start()


async def _vote(port: int, token: str, outcome: Outcome) -> None:
    begun = time.monotonic()
    with Link(port) as link:
        try:
            status = (await link.ask(ballot(ID, token, "k", ["E001"]))).status
        except Lost:
            status = 0
    outcome.statuses[status] += 1
    outcome.slowest = max(outcome.slowest, time.monotonic() - begun)


@click.command(epilog="Example: python -m loadtests.faults.rolling --restarts 20 --kills 5 --rate 200")
@click.option("--restarts", default=20, show_default=True, type=click.IntRange(0), help="Nodes stopped by SIGTERM.")
@click.option("--kills", default=5, show_default=True, type=click.IntRange(0), help="Nodes stopped by SIGKILL.")
@click.option("--rate", default=200, show_default=True, type=click.IntRange(1), help="Ballots a second.")
def main(restarts: int, kills: int, rate: int) -> None:
    """Exit code 1: an answer was not 201, or a ballot is lost or stored twice."""
    outcome = trial(restarts, kills, rate)
    click.echo(f"{outcome.statuses.total()} ballots, {restarts} restarts, {kills} kills: {dict(outcome.statuses)}")
    click.echo(f"doubled {outcome.doubled}, lost {outcome.lost}, slowest answer {outcome.slowest:.2f} s")
    sys.exit(not outcome.is_right)


if __name__ == "__main__":
    main()
