"""Failovers of a real Patroni cluster during voting: three servers, etcd and HAProxy, as deploy/patroni has them.

Every vote is sent again with its key until it is known. What was acknowledged must be there, once; while no standby
confirms commits, nothing may be acknowledged.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP
from typing import Any

import psutil
import yaml

from loadtests.contests import create_contest, credentials, entries
from loadtests.faults.bugs import BUGS_OF_REPLICATION
from loadtests.faults.environment import planted
from loadtests.faults.pair import DATABASE, OWNER, ROLE
from loadtests.http import HOST, Link, Lost, ballot
from loadtests.service import ID, ROOT, Service, variables
from voting import engines
from voting.engines import Addresses, binaries, privileges, processes
from voting.errors import EnginesUnavailable
from voting.settings import load
from voting.wiring import admin

KINDS = ("switchover", "crash", "machine", "frozen", "hung", "hung_machine")
ASYNCHRONOUS = "commits wait for no standby"
BUGS = (ASYNCHRONOUS, *BUGS_OF_REPLICATION)
SHIPPED = ROOT / "deploy" / "patroni"
# Installed by tests/failover.sh.
PACKAGES = ROOT / ".tools" / "patroni"
PROGRAMS = ("etcd", "haproxy")
WHOLE_SECONDS = 120.0
BEFORE_SECONDS = 2.0
AFTER_SECONDS = 5.0
HUNG_SECONDS = 8.0
FROZEN_SECONDS = 40.0
GIVE_UP_SECONDS = 90.0
VOTE_EVERY_SECONDS = 0.1


def missing() -> list[str]:
    """Returns what is not installed."""
    programs = [name for name in PROGRAMS if shutil.which(name, path="/usr/sbin:/usr/bin:/usr/local/bin") is None]
    return programs + ([] if PACKAGES.is_dir() else ["patroni"])


@dataclass
class Trial:
    """One failover. `gap`: the longest time without an acknowledged ballot."""

    kind: str
    gap: float = 0.0
    acknowledged: int = 0
    lost: int = 0
    doubled: int = 0
    unreplicated: int = 0
    """Acknowledged while no standby could confirm."""

    @property
    def is_right(self) -> bool:
        """Whether nothing was lost, counted twice, or acknowledged too early."""
        return self.acknowledged > 0 and not (self.lost or self.doubled or self.unreplicated)

    def __str__(self) -> str:
        return (
            f"{self.kind:12} {self.gap:5.1f} s without ballots; {self.acknowledged} acknowledged, {self.lost} lost, "
            f"{self.doubled} doubled, {self.unreplicated} while no standby confirmed"
        )


@dataclass
class Votes:
    """Votes at a steady rate, each of another voter, sent again until known."""

    port: int
    tokens: Iterator[str]
    acknowledged: dict[str, float] = field(default_factory=dict)
    """Ballot's id -> when it was acknowledged."""

    async def run(self) -> None:
        """Votes until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                group.create_task(self._vote(next(self.tokens)))
                await asyncio.sleep(VOTE_EVERY_SECONDS)

    async def _vote(self, token: str) -> None:
        while True:
            answer = None
            with suppress(Lost), Link(self.port) as link:
                answer = await link.ask(ballot(ID, token, "k", ["E001"]))
            if answer is not None and answer.status == 201:
                self.acknowledged[answer.content()["ballot"]] = time.monotonic()
                return
            await asyncio.sleep(0.5)

    def gap(self, begin: float) -> float:
        """The longest time between two acknowledged ballots since then."""
        moments = [begin, *sorted(moment for moment in self.acknowledged.values() if moment > begin)]
        return max((after - before for before, after in pairwise(moments)), default=0.0)


class Member:
    """A machine of the cluster: Patroni and its PostgreSQL."""

    def __init__(self, folder: Path, name: str, etcd: int, parameters: dict[str, str]) -> None:
        self.name, self._folder, self._etcd, self._parameters = name, folder, etcd, parameters
        self.port, self.rest = processes.free_port(), processes.free_port()
        self.data, self.log = folder / name, folder / f"{name}.log"
        program = binaries.find_postgres().bin / "postgres"
        self._runner = privileges.choose(program, folder)
        self.bin = privileges.reachable(self._runner, program, folder / "programs").parent
        self._patroni: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts Patroni, which starts PostgreSQL."""
        file = self._folder / f"{self.name}.yml"
        file.write_text(yaml.safe_dump(self._configuration()))
        packages = self._folder / "packages"
        if not packages.exists():
            shutil.copytree(PACKAGES, packages)
        command = ["env", f"PYTHONPATH={packages}", "/usr/bin/python3", "-m", "patroni", str(file)]
        with self.log.open("ab") as log:
            self._patroni = self._runner.spawn(command, log, subprocess.DEVNULL)

    def _configuration(self) -> dict[str, Any]:
        """The shipped configuration, with addresses of this machine and without what it lacks."""
        config: dict[str, Any] = yaml.safe_load((SHIPPED / "patroni.yml").read_text("utf-8"))
        here, rest = f"{HOST}:{self.port}", f"{HOST}:{self.rest}"
        config |= {"name": self.name, "restapi": {"listen": rest, "connect_address": rest}}
        config["etcd3"]["hosts"] = [f"{HOST}:{self._etcd}"]
        config["postgresql"] |= {
            "listen": here,
            "connect_address": here,
            "data_dir": str(self.data),
            "bin_dir": str(self.bin),
            "pgpass": str(self._folder / f"{self.name}.pgpass"),
            "parameters": {"unix_socket_directories": "", "shared_buffers": "32MB"} | self._parameters,
            "pg_hba": [f"host all all {HOST}/32 trust", f"host replication all {HOST}/32 trust"],
        }
        config["postgresql"]["authentication"]["superuser"]["username"] = OWNER
        # No machine here has a watchdog to spare.
        del config["watchdog"]
        return config

    def servers(self, name: str = "") -> list[psutil.Process]:
        """PostgreSQL's processes; those only whose title has `name`."""
        with suppress(OSError, ValueError, IndexError, psutil.NoSuchProcess):
            postmaster = psutil.Process(int((self.data / "postmaster.pid").read_text().split()[0]))
            each = [postmaster, *postmaster.children(recursive=True)]
            return [one for one in each if name in " ".join(one.cmdline())]
        return []

    def signal(self, number: int, *, patroni: bool, servers: list[psutil.Process]) -> None:
        """Signals processes of this machine."""
        if patroni and self._patroni:
            with suppress(ProcessLookupError):
                self._patroni.send_signal(number)
        for process in servers:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def destroy(self) -> None:
        """Kills all."""
        self.signal(SIGKILL, patroni=True, servers=self.servers())
        if self._patroni:
            self._patroni.wait()

    def sql(self, statement: str, database: str = DATABASE, port: int = 0) -> str:
        """The result of a statement as text; `port`: of another way to a server."""
        address = ("-h", HOST, "-p", str(port or self.port), "-U", OWNER, "-d", database)
        return self._runner.run([str(self.bin / "psql"), *address, "-XAtqc", statement]).strip()


@dataclass
class Cluster:
    """Three members, what leads to their primary, and a service."""

    members: list[Member]
    service: Service
    tokens: Iterator[str]

    def leader(self) -> Member:
        """The member that leads."""
        return next(member for member in self.members if states(self.members).get(member.name) == "leader")

    async def trial(self, kind: str) -> Trial:
        """One failover, after which the cluster is whole again."""
        votes, trial = Votes(self.service.port, self.tokens), Trial(kind)
        voting = asyncio.create_task(votes.run())
        try:
            await asyncio.sleep(BEFORE_SECONDS)
            begin, before = time.monotonic(), len(votes.acknowledged)
            trial.unreplicated = await getattr(self, f"_{kind}")(votes)
            until = time.monotonic() + GIVE_UP_SECONDS
            while max(votes.acknowledged.values(), default=0) < begin + AFTER_SECONDS and time.monotonic() < until:
                await asyncio.sleep(0.1)
            await asyncio.sleep(AFTER_SECONDS)
            trial.gap = votes.gap(begin)
            assert len(votes.acknowledged) > before, "no ballot was taken any more"
        finally:
            voting.cancel()
            await asyncio.gather(voting, return_exceptions=True)
        await asyncio.to_thread(wait_whole, self.members)
        leader, ids = self.leader(), ", ".join(f"'{id}'" for id in votes.acknowledged)
        there = await asyncio.to_thread(leader.sql, f"select count(*) from ballots where id in ({ids})")
        twice = await asyncio.to_thread(leader.sql, "select count(*) - count(distinct voter) from ballots")
        trial.acknowledged, trial.doubled = len(votes.acknowledged), int(twice)
        trial.lost = trial.acknowledged - int(there)
        return trial

    async def _switchover(self, _: Votes) -> int:
        """An administrator changes the leader."""
        await asyncio.to_thread(ask, self.leader(), "/switchover", {"leader": self.leader().name})
        return 0

    async def _crash(self, _: Votes) -> int:
        """PostgreSQL's processes die, its machine lives."""
        leader = self.leader()
        leader.signal(SIGKILL, patroni=False, servers=leader.servers())
        return 0

    async def _machine(self, votes: Votes) -> int:
        """The leader's machine dies, and comes back when another leads."""
        leader = self.leader()
        await asyncio.to_thread(leader.destroy)
        await self._until_recorded(votes)
        leader.start()
        return 0

    async def _frozen(self, _: Votes) -> int:
        """The leader's Patroni freezes while its PostgreSQL takes writes: for a while there are two primaries."""
        leader = self.leader()
        leader.signal(SIGSTOP, patroni=True, servers=[])
        await asyncio.sleep(FROZEN_SECONDS)
        leader.signal(SIGCONT, patroni=True, servers=[])
        return 0

    async def _hung(self, votes: Votes) -> int:
        """No standby receives anything. Returns how many ballots were acknowledged meanwhile."""
        return await self._hang(votes, self.leader())

    async def _hung_machine(self, votes: Votes) -> int:
        """The same, and then the leader's machine dies with what it alone had; it comes back when another leads."""
        leader = self.leader()
        early = await self._hang(votes, leader, then=leader.destroy)
        await self._until_recorded(votes)
        leader.start()
        return early

    async def _hang(self, votes: Votes, leader: Member, then: Callable[[], None] = lambda: None) -> int:
        receivers = [(m, m.servers("walreceiver")) for m in self.members if m is not leader]
        for member, servers in receivers:
            member.signal(SIGSTOP, patroni=False, servers=servers)
        begin = time.monotonic()
        await asyncio.sleep(HUNG_SECONDS)
        # What the standbys had received already counts for the first moment.
        early = sum(begin + 1 < moment for moment in votes.acknowledged.values())
        await asyncio.to_thread(then)
        for member, servers in receivers:
            member.signal(SIGCONT, patroni=False, servers=servers)
        return early

    async def _until_recorded(self, votes: Votes) -> None:
        begin, until = time.monotonic(), time.monotonic() + GIVE_UP_SECONDS
        while max(votes.acknowledged.values(), default=0) < begin + 1 and time.monotonic() < until:
            await asyncio.sleep(0.1)


def ask(member: Member, path: str, content: dict[str, str] | None = None) -> dict[str, Any]:
    """Returns what Patroni answers."""
    data = json.dumps(content).encode() if content else None
    with urllib.request.urlopen(f"http://{HOST}:{member.rest}{path}", data, timeout=60) as answer:
        text = answer.read()
    found: dict[str, Any] = json.loads(text) if text.startswith(b"{") else {}
    return found


def states(members: list[Member]) -> dict[str, str]:
    """The role of each member that runs as it should, as one of them that answers has it."""
    for member in members:
        with suppress(OSError):
            found = ask(member, "/cluster")["members"]
            return {each["name"]: each["role"] for each in found if each["state"] in ("running", "streaming")}
    return {}


def wait_whole(members: list[Member]) -> None:
    """Returns when there are a leader, a synchronous standby and the others."""
    until = time.monotonic() + WHOLE_SECONDS
    while not {"leader", "sync_standby"} <= set((found := states(members)).values()) or len(found) < len(members):
        if time.monotonic() > until:
            said = [
                f"{member.name}: {member.log.read_text()[-1500:]}" for member in members if member.name not in found
            ]
            raise TimeoutError("\n".join([f"the cluster is not whole: {found}", *said]))
        time.sleep(0.5)


@asynccontextmanager
async def cluster(folder: Path, *, bug: str = "") -> AsyncIterator[Cluster]:
    """A cluster with a contest and a service, in a folder that other users can pass through.

    `bug`: one of BUGS, which the trial `hung` must find.
    """
    parameters = {"synchronous_commit": "local"} if bug == ASYNCHRONOUS else {}
    with ExitStack() as stack:
        etcd = stack.enter_context(_etcd(folder))
        members = [Member(folder, f"n{number}", etcd, parameters) for number in (1, 2, 3)]
        for member in members:
            stack.callback(member.destroy)
            member.start()
        await asyncio.to_thread(wait_whole, members)
        leader = next(member for member in members if states(members)[member.name] == "leader")
        await asyncio.to_thread(leader.sql, f"create database {DATABASE}", "postgres")
        primary = stack.enter_context(_haproxy(folder, members))
        # It takes every server for the primary until it has asked it.
        await asyncio.to_thread(processes.wait_until, lambda: _leads_to_the_primary(leader, primary), WHOLE_SECONDS)
        addresses = stack.enter_context(engines.running(folder, own=True, postgres=False, notice=lambda _: None))
        at = f"@{HOST}:{primary}/{DATABASE}"
        urls = Addresses(f"postgresql://{ROLE}{at}", addresses.redis_url, f"postgresql://{OWNER}{at}")
        settings = load(variables(folder, urls))
        await admin.migrate(settings, lambda _: None)
        async with admin.services(settings, "failover") as office:
            await create_contest(office, ID, entries(1), {"contest": 1})
        own = variables(folder, Addresses(urls.database_url, urls.redis_url))
        own["VOTING_SYNC"] = "optional" if bug else "required"
        own |= planted(bug) if bug in BUGS_OF_REPLICATION else {}
        service = Service(own, 2, folder / "service.log")
        stack.callback(service.stop)
        await asyncio.to_thread(service.start)
        yield Cluster(members, service, credentials(ID))


def _leads_to_the_primary(member: Member, port: int) -> bool:
    with suppress(EnginesUnavailable):
        return [member.sql("select pg_is_in_recovery()", port=port) for _ in range(6)] == ["f"] * 6
    return False


@contextmanager
def _etcd(folder: Path) -> Iterator[int]:
    client, peer = (f"http://{HOST}:{processes.free_port()}" for _ in range(2))
    options = {
        "name": "e1",
        "data-dir": folder / "etcd",
        "listen-client-urls": client,
        "advertise-client-urls": client,
        "listen-peer-urls": peer,
        "initial-advertise-peer-urls": peer,
        "initial-cluster": f"e1={peer}",
    }
    with _running(folder / "etcd.log", "etcd", *(f"--{name}={value}" for name, value in options.items())):
        yield int(client.rpartition(":")[2])


@contextmanager
def _haproxy(folder: Path, members: list[Member]) -> Iterator[int]:
    """The shipped configuration, with addresses of this machine."""
    port = processes.free_port()
    text = (SHIPPED / "haproxy.cfg").read_text("utf-8").replace("127.0.0.1:5000", f"{HOST}:{port}")
    for member in members:
        line = f"server {member.name} {HOST}:{member.port} check port {member.rest}"
        text = re.sub(rf"server {member.name} .*", line, text)
    file = folder / "haproxy.cfg"
    file.write_text(text)
    with _running(folder / "haproxy.log", "haproxy", "-db", "-f", str(file)):
        yield port


@contextmanager
def _running(log: Path, program: str, *arguments: str) -> Iterator[None]:
    path = shutil.which(program, path="/usr/sbin:/usr/bin:/usr/local/bin")
    assert path
    with log.open("wb") as output:
        process = subprocess.Popen([path, *arguments], stdout=output, stderr=output)
    try:
        yield
    finally:
        process.kill()
        process.wait()
