"""Failovers between two PostgreSQL servers during voting: the time until votes are recorded again, and lost ballots.

The service has either one address that moves to the new primary while old connections stay, or both servers' addresses.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from loadtests.contests import create_contest, credentials, entries
from loadtests.faults.pair import DATABASE, OWNER, ROLE, Node
from loadtests.faults.proxy import Proxy, proxy_to
from loadtests.http import HOST, Link, Lost, ballot
from loadtests.service import ID, Service, variables
from voting import engines
from voting.engines import Addresses
from voting.settings import load
from voting.wiring import admin

KINDS = ("switchover", "frozen", "returning")
QUOTAS = {"contest": 1}
VOTE_EVERY_SECONDS = 0.2
BEFORE_SECONDS = 1.5
# The address moves this long after the new primary takes writes.
MOVES_AFTER_SECONDS = 1.0
GIVE_UP_SECONDS = 30.0
# Votes after they succeed again, with the old primary back.
AFTER_SECONDS = 4.0


@dataclass
class Trial:
    """One failover. `gap`: seconds from a primary that can be reached and written to the first vote begun after it."""

    kind: str
    several_hosts: bool
    gap: float = float("inf")
    acknowledged: int = 0
    refused_after: int = 0
    lost: int = 0

    def __str__(self) -> str:
        hosts = "two hosts" if self.several_hosts else "one address"
        return (
            f"{self.kind:10} {hosts:11} votes again after {self.gap:4.1f} s; {self.acknowledged} acknowledged, "
            f"{self.lost} lost, {self.refused_after} refused after that"
        )


@dataclass
class Votes:
    """Votes at a steady rate, each of another voter."""

    port: int
    tokens: Iterator[str]
    acknowledged: dict[str, float] = field(default_factory=dict)
    """Ballot's id -> when its vote began."""
    refused: list[float] = field(default_factory=list)

    async def run(self) -> None:
        """Votes until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                group.create_task(self._vote())
                await asyncio.sleep(VOTE_EVERY_SECONDS)

    async def _vote(self) -> None:
        begun = time.monotonic()
        with Link(self.port) as link:
            try:
                answer = await link.ask(ballot(ID, next(self.tokens), "k", ["E001"]))
            except Lost:
                answer = None
        if answer is not None and answer.status == 201:
            self.acknowledged[answer.content()["ballot"]] = begun
        else:
            self.refused.append(begun)


@dataclass
class Cluster:
    """Two servers, the address that moves, and a service on them."""

    nodes: list[Node]
    address: Proxy
    service: Service
    tokens: Iterator[str]
    several_hosts: bool

    async def trial(self, kind: str) -> Trial:
        """One failover, after which the servers have changed places."""
        former, latter = self.nodes
        trial = Trial(kind, self.several_hosts)
        votes = Votes(self.service.port, self.tokens)
        voting = asyncio.create_task(votes.run())
        try:
            await asyncio.sleep(BEFORE_SECONDS)
            await asyncio.to_thread(_fail, kind, former, latter)
            await asyncio.sleep(MOVES_AFTER_SECONDS)
            self.address.point(latter.port)
            writable = time.monotonic()
            again = await _until(lambda: _first_after(votes, writable))
            trial.gap = again - writable
            if kind == "frozen":
                await asyncio.to_thread(former.thaw)
            if kind == "returning":
                # As a primary, since nothing has told it otherwise.
                await asyncio.to_thread(former.start)
            await asyncio.sleep(AFTER_SECONDS)
        finally:
            voting.cancel()
            await asyncio.gather(voting, return_exceptions=True)
        trial.acknowledged = len(votes.acknowledged)
        trial.refused_after = sum(begun > again for begun in votes.refused)
        await asyncio.to_thread(self._settle, kind, former, latter)
        ids = ", ".join(f"'{id}'" for id in votes.acknowledged)
        there = int(await asyncio.to_thread(latter.sql, f"select count(*) from ballots where id in ({ids})", DATABASE))
        trial.lost = trial.acknowledged - there
        self.nodes.reverse()
        return trial

    def _settle(self, kind: str, former: Node, latter: Node) -> None:
        """Makes the old primary the synchronous standby of the new one."""
        if kind != "switchover":
            former.stop("immediate")
            former.clone(latter)
        latter.wait_for_standbys(wanted=True)


def _fail(kind: str, former: Node, latter: Node) -> None:
    """Takes the old primary away; returns when the new one takes writes."""
    if kind == "switchover":
        former.stop()
        latter.promote()
        former.follow(latter)
        return
    former.freeze() if kind == "frozen" else former.kill()
    latter.promote()


@asynccontextmanager
async def cluster(folder: Path, *, several_hosts: bool) -> AsyncIterator[Cluster]:
    """Servers, a contest and a service for trials, in a folder that other users can pass through."""
    nodes = [Node(folder, "a"), Node(folder, "b")]
    first, second = nodes
    try:
        await asyncio.to_thread(first.create)
        await asyncio.to_thread(second.clone, first)
        await asyncio.to_thread(first.wait_for_standbys, True)
        with engines.running(folder, own=True, postgres=False, notice=lambda _: None) as addresses:
            async with proxy_to(HOST, first.port) as address:
                redis, here = addresses.redis_url, f"@{HOST}:{first.port}/{DATABASE}"
                direct = Addresses(f"postgresql://{ROLE}{here}", redis, f"postgresql://{OWNER}{here}")
                settings = load(variables(folder, direct))
                await admin.migrate(settings, lambda _: None)
                async with admin.services(settings, "failover") as office:
                    await create_contest(office, ID, entries(1), QUOTAS)
                ports = [node.port for node in nodes] if several_hosts else [address.port]
                at = ",".join(f"{HOST}:{port}" for port in ports)
                own = variables(folder, Addresses(f"postgresql://{ROLE}@{at}/{DATABASE}", redis))
                service = Service(own, 2, folder / "service.log")
                try:
                    await asyncio.to_thread(service.start)
                    yield Cluster(nodes, address, service, credentials(ID), several_hosts)
                finally:
                    await asyncio.to_thread(service.stop)
    finally:
        for node in nodes:
            await asyncio.to_thread(node.destroy)


def _first_after(votes: Votes, moment: float) -> float | None:
    """When the first vote begun after `moment` was recorded; votes before it may hang for a while."""
    return time.monotonic() if any(begun >= moment for begun in votes.acknowledged.values()) else None


async def _until(look: Callable[[], float | None]) -> float:
    until = time.monotonic() + GIVE_UP_SECONDS
    while (found := look()) is None:
        if time.monotonic() > until:
            return float("inf")
        await asyncio.sleep(0.02)
    return found
