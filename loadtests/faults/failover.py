"""Failovers between two PostgreSQL servers while votes come in: when one is recorded again, and what is lost.

The service has either one address that moves to the new primary while old connections stay, or both servers' addresses.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from loadtests.faults.arena import SECRET, Service, environment, settings
from loadtests.faults.pair import DATABASE, OWNER, ROLE, Node
from loadtests.faults.proxy import Proxy, standing
from voting import engines
from voting.domain.contest.contest_file import read_contest
from voting.domain.entry import Entry
from voting.engines import processes
from voting.services.identity.keyring import Keyring
from voting.wiring import admin

KINDS = ("switchover", "frozen", "returning")
VOTE_EVERY_SECONDS = 0.2
BEFORE_SECONDS = 1.5
# The address moves so long after the new primary takes writes.
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
    """One vote after another's moment, each by a voter of its own."""

    url: str
    contest: str
    tokens: Iterator[str]
    acknowledged: dict[str, float] = field(default_factory=dict)
    """Ballot's id -> when its vote began."""
    refused: list[float] = field(default_factory=list)

    async def run(self, client: httpx.AsyncClient) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                group.create_task(self._vote(client))
                await asyncio.sleep(VOTE_EVERY_SECONDS)

    async def _vote(self, client: httpx.AsyncClient) -> None:
        begun = time.monotonic()
        headers = {"Authorization": f"Bearer {next(self.tokens)}", "Idempotency-Key": "k"}
        path = f"{self.url}/api/v1/contests/{self.contest}/ballots"
        try:
            answer = await client.post(path, json={"entries": ["A001"]}, headers=headers)
        except httpx.HTTPError:
            self.refused.append(begun)
            return
        if answer.status_code == 201:
            self.acknowledged[answer.json()["ballot"]] = begun
        else:
            self.refused.append(begun)


@dataclass
class Theatre:
    """Two servers, the address that moves, and a service on them."""

    nodes: list[Node]
    address: Proxy
    service: Service
    contest: str
    tokens: Iterator[str]
    several_hosts: bool

    async def trial(self, kind: str) -> Trial:
        """One failover, after which the servers have changed places."""
        former, latter = self.nodes
        trial = Trial(kind, self.several_hosts)
        votes = Votes(f"http://127.0.0.1:{self.service.port}", self.contest, self.tokens)
        async with httpx.AsyncClient(timeout=20) as client:
            voting = asyncio.create_task(votes.run(client))
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
                    # As a primary: nobody has told it.
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
        """The old primary becomes the standby of the new one, which waits for it."""
        if kind != "switchover":
            former.stop("immediate")
            former.clone(latter)
        latter.wait_for_standbys(wanted=True)


def _fail(kind: str, former: Node, latter: Node) -> None:
    """The old primary goes; returns when the new one takes writes."""
    if kind == "switchover":
        former.stop()
        latter.promote()
        former.follow(latter)
        return
    former.freeze() if kind == "frozen" else former.kill()
    latter.promote()


@asynccontextmanager
async def theatre(folder: Path, *, several_hosts: bool) -> AsyncIterator[Theatre]:
    """Everything for trials, in a folder that other users can pass through."""
    nodes = [Node(folder, "a"), Node(folder, "b")]
    first, second = nodes
    try:
        await asyncio.to_thread(first.create)
        await asyncio.to_thread(second.clone, first)
        await asyncio.to_thread(first.wait_for_standbys, True)
        with engines.running(folder, own=True, postgres=False, notice=lambda _: None) as addresses:
            async with standing(processes.HOST, first.port) as address:
                hosts = ",".join(f"{processes.HOST}:{node.port}" for node in nodes)
                at = hosts if several_hosts else f"{processes.HOST}:{address.port}"
                url = f"postgresql://{ROLE}@{at}/{DATABASE}"
                here = f"@{processes.HOST}:{first.port}/{DATABASE}"
                direct = replace(
                    settings(folder, f"postgresql://{ROLE}{here}", addresses.redis_url),
                    database_owner_url=f"postgresql://{OWNER}{here}",
                )
                await admin.migrate(direct, lambda _: None)
                contest, tokens = await made_contest(admin.services(direct, "trial"))
                service = Service(environment(folder, url, addresses.redis_url), folder / "service.log")
                await service.start()
                try:
                    yield Theatre(nodes, address, service, contest, tokens, several_hosts)
                finally:
                    await service.stop()
    finally:
        for node in nodes:
            await asyncio.to_thread(node.destroy)


async def made_contest(opening: AbstractAsyncContextManager[admin.AdminServices]) -> tuple[str, Iterator[str]]:
    """An open contest with one entry, and voters' credentials without end."""
    id, now = f"t-{secrets.token_hex(4)}", datetime.now(UTC).replace(microsecond=0)  # noqa: TID251
    opens_at, closes_at = ((now + timedelta(days=days)).isoformat() for days in (-1, 1))
    text = (
        f'id = "{id}"\ntitle = "故障演练"\nhost = "故障演练"\n\n'
        f"[window]\nopens_at = {opens_at}\ncloses_at = {closes_at}\n\n"
        '[[category]]\nid = "one"\nname = "one"\n\n[[quota]]\npicks = 1\nper = "contest"\nperiod = "window"\n'
    )
    async with opening as office:
        await office.contest_admin.create(read_contest(text), text)
        await office.contest_admin.import_roster(id, [Entry("A001", "作品", "作者", "one", "简介")], {}, amend=True)
    return id, _tokens(id)


def _tokens(contest: str) -> Iterator[str]:
    keyring = Keyring(SECRET.encode())
    while True:
        yield keyring.issue_credential(contest, None, datetime.now(UTC))  # noqa: TID251


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
