"""One run: contests, credentials, fleets, faults, the evidence, and the verdict of the checker."""

from __future__ import annotations

import asyncio
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from random import Random
from uuid import UUID

import asyncpg
import msgspec

from loadtests.contests import SECRET, create_contest, credentials, entries
from loadtests.faults import client_log
from loadtests.faults.checker import check
from loadtests.faults.client import Client, Voter
from loadtests.faults.client_log import ClientLog
from loadtests.faults.environment import Environment
from loadtests.faults.evidence import Evidence, Fault, Poll, Rule, Violation
from loadtests.faults.fleet import Plan
from loadtests.faults.nemesis import Nemesis
from loadtests.faults.observer import Observer, observing
from loadtests.faults.schedule import Planned
from loadtests.service import ROOT
from voting.services.identity.keyring import Keyring
from voting.wiring import admin
from voting.wiring.admin import AdminServices

CROWD = {"honest": 16, "duplicate": 2, "greedy": 2, "pipelined": 2, "brief": 2, "intruder": 1, "careless": 1}
ENTRIES = 24
PROBES = 500
FLEET_SECONDS = 90.0
LEAD_SECONDS = 1.0
# Votes after the last fault.
AFTER_SECONDS = 1.0
RULES = (Rule(5, "contest"), Rule(4, "category"), Rule(1, "entry"))
BRIEF_RULES = (Rule(1, "contest"),)


@dataclass(frozen=True)
class Run:
    """A plan for `seconds`, or until the last listed fault. `think`: mean seconds between two ballots of a voter;
    `sql`: of a planted bug."""

    seed: int
    seconds: float
    faults: Iterable[Planned]
    settle: float = 7.0
    tokens: int = 4000
    fleets: int = 1
    think: float = 0.02
    sql: str = ""


@dataclass
class Outcome:
    """The evidence of a run, and the violations in it."""

    evidence: Evidence
    violations: list[Violation]
    seconds: float = 0.0
    logs: list[Path] = field(default_factory=list)

    @property
    def accepted(self) -> int:
        """The number of acknowledged ballots."""
        return len({(each.sent.voter, each.sent.key) for each in self.evidence.attempts if each.status == 201})


async def play(environment: Environment, run: Run, tell: Callable[[Fault], None]) -> Outcome:
    """Starts the service, plays the run, and checks the evidence after the service has stopped."""
    begun = time.monotonic()
    name = f"{run.seed}-{secrets.token_hex(3)}"
    main, brief = f"main-{name}", f"brief-{name}"
    environment.contest = main
    folder = environment.folder / name
    folder.mkdir()
    for contest, file in ((main, "main"), (brief, "brief")):
        (folder / file).write_text("\n".join(islice(credentials(contest), run.tokens)))
    opened = time.time() - 60
    polls = {main: Poll(main, opened, opened + 86400, entries(ENTRIES), RULES)}
    async with admin.services(environment.settings(), "campaign") as office:
        uid = await _create(office, polls[main])
        await environment.start()
        opens = time.time() + LEAD_SECONDS + run.seconds * 0.2
        polls[brief] = Poll(brief, opens, opens + run.seconds * 0.4, entries(ENTRIES), BRIEF_RULES)
        await _create(office, polls[brief])
    await execute(environment.addresses.owner_url, run.sql)
    with ClientLog(folder / "campaign.jsonl") as own:
        client = Client("campaign", own, Random(run.seed), [environment.service.port])
        async with observing(environment.addresses, uid, [main, brief], client) as observer:
            faults = await _vote(environment, run, folder, (main, brief), observer, client, tell)
            logs = sorted(folder.glob("*.jsonl"))
            attempts = client_log.read(logs)
            ballots = await observer.ballots(_labels(folder, await observer.hash_keys()))
            evidence = Evidence(attempts, polls, ballots, observer.snapshots, observer.readings, faults)
    await asyncio.to_thread(environment.service.stop)
    return Outcome(evidence, check(evidence), time.monotonic() - begun, logs)


async def _vote(
    environment: Environment,
    run: Run,
    folder: Path,
    contests: tuple[str, str],
    observer: Observer,
    client: Client,
    tell: Callable[[Fault], None],
) -> list[Fault]:
    voters = _probes(contests[0], folder / "main")
    nemesis = Nemesis(environment, client, voters, f"E{ENTRIES:03d}")
    ended = asyncio.Event()
    looking = asyncio.create_task(observer.run(ended))
    fleets = [_fleet(environment, run, folder, contests, number) for number in range(run.fleets)]
    try:
        until = time.monotonic() + run.seconds
        await nemesis.run(run.faults, until, tell)
        await asyncio.sleep(max(AFTER_SECONDS, until - time.monotonic()))
        for fleet in fleets:
            fleet.send_signal(signal.SIGTERM)
        for fleet in fleets:
            if code := await asyncio.to_thread(fleet.wait, FLEET_SECONDS):
                raise RuntimeError(f"a fleet ended with {code}")
        await asyncio.sleep(run.settle)
    finally:
        for fleet in fleets:
            fleet.kill()
        ended.set()
        await looking
    await observer.look()
    return nemesis.faults


def _fleet(
    environment: Environment, run: Run, folder: Path, contests: tuple[str, str], number: int
) -> subprocess.Popen[bytes]:
    share = (run.tokens - PROBES) // run.fleets
    plan = Plan(
        name=f"f{number}",
        seed=run.seed,
        # Half of the connections go through the clients' proxy.
        ports=[environment.service.port, environment.clients.port],
        main=contests[0],
        brief=contests[1],
        entries=list(entries(ENTRIES)),
        main_tokens=str(folder / "main"),
        brief_tokens=str(folder / "brief"),
        first=PROBES + number * share,
        count=share,
        log=str(folder / f"fleet{number}.jsonl"),
        crowd=CROWD,
        think=run.think,
    )
    path = folder / f"fleet{number}.json"
    path.write_bytes(msgspec.json.encode(plan))
    return subprocess.Popen([sys.executable, "-m", "loadtests.faults.fleet", str(path)], cwd=ROOT)


async def _create(office: AdminServices, poll: Poll) -> UUID:
    opens, closes = (datetime.fromtimestamp(moment, UTC) for moment in (poll.opens, poll.closes))
    quotas: dict[str, int] = {rule.per: rule.picks for rule in poll.rules}
    return await create_contest(office, poll.id, poll.entries, quotas, opens=opens, closes=closes)


async def execute(database: str, sql: str) -> None:
    """Plants a bug that is SQL, or removes it."""
    if sql:
        connection = await asyncpg.connect(database)
        await connection.execute(sql)
        await connection.close()


def _labels(folder: Path, hash_keys: dict[str, str]) -> dict[tuple[str, bytes], str]:
    """(contest, stored voter) -> label in the logs, for each credential; `hash_keys` by contest."""
    keyring = Keyring(SECRET.encode())
    found = {}
    for (contest, hash_key), file in zip(hash_keys.items(), ("main", "brief"), strict=True):
        for number, token in enumerate((folder / file).read_text().split()):
            identity = keyring.open_credential(contest, token).identity
            found[contest, keyring.voter(contest, hash_key, identity)] = f"{contest}/{number}"
    return found


def _probes(contest: str, file: Path) -> Iterator[Voter]:
    tokens = file.read_text().split()[:PROBES]
    return (Voter(f"{contest}/{number}", token, contest) for number, token in enumerate(tokens))
