"""One run: contests, credentials, a fleet, faults, the evidence, and what the checker makes of it."""

from __future__ import annotations

import asyncio
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from uuid import UUID

import asyncpg
import msgspec

from loadtests.faults import witness
from loadtests.faults.arena import ROOT, SECRET, Arena, environment
from loadtests.faults.checker import check
from loadtests.faults.client import Client, Voter
from loadtests.faults.evidence import Evidence, Fault, Poll, Rule, Violation
from loadtests.faults.fleet import Plan
from loadtests.faults.nemesis import Nemesis
from loadtests.faults.observer import Observer, observing
from loadtests.faults.schedule import Planned
from loadtests.faults.witness import Witness
from voting.domain.contest.contest_file import read_contest
from voting.domain.entry import Entry
from voting.services.identity.keyring import Keyring
from voting.wiring import admin
from voting.wiring.admin import AdminServices

CROWD = {"honest": 16, "twin": 2, "greedy": 2, "brief": 2, "intruder": 1, "careless": 1}
ENTRIES = 24
PROBES = 500
FLEET_SECONDS = 90.0
LEAD_SECONDS = 3.0
# Votes after the last fault.
AFTER_SECONDS = 1.0
RULES = (Rule(5, "contest"), Rule(4, "category"), Rule(1, "entry"))
BRIEF_RULES = (Rule(1, "contest"),)
CATEGORIES = ("one", "two")


@dataclass(frozen=True)
class Run:
    """What is to be done, for `seconds` or until the last listed fault. `think`: mean seconds between two ballots of
    a voter; `sql`: a planted bug's, or empty."""

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
    """What came of it."""

    evidence: Evidence
    violations: list[Violation]
    seconds: float = 0.0
    logs: list[Path] = field(default_factory=list)

    @property
    def accepted(self) -> int:
        """Ballots acknowledged."""
        return len({(each.sent.voter, each.sent.key) for each in self.evidence.attempts if each.status == 201})


async def play(arena: Arena, run: Run, tell: Callable[[Fault], None]) -> Outcome:
    """Does it. The arena's service is started here, and stopped before its evidence is judged."""
    begun = time.monotonic()
    name = f"{run.seed}-{secrets.token_hex(3)}"
    main, brief = f"main-{name}", f"brief-{name}"
    folder = arena.folder / name
    folder.mkdir()
    opened = time.time() - 60
    polls = {main: Poll(main, opened, opened + 86400, _categories(), RULES)}
    async with admin.services(arena.settings(), "campaign") as office:
        uid = await _make(office, polls[main])
        async with asyncio.TaskGroup() as group:
            group.create_task(arena.service.start())
            group.create_task(_issue(arena, main, run.tokens, folder / "main"))
        opens = time.time() + LEAD_SECONDS + run.seconds * 0.2
        polls[brief] = Poll(brief, opens, opens + run.seconds * 0.4, _categories(), BRIEF_RULES)
        await _make(office, polls[brief])
        await _issue(arena, brief, run.tokens, folder / "brief")
    await execute(arena.addresses.owner_url, run.sql)
    with Witness(folder / "campaign.jsonl") as own:
        client = Client("campaign", own, Random(run.seed), [arena.service.port])
        async with observing(arena.addresses, uid, [main, brief], client) as observer:
            faults = await _vote(arena, run, folder, (main, brief), observer, client, tell)
            logs = sorted(folder.glob("*.jsonl"))
            attempts = witness.read(logs)
            ballots = await observer.ballots(_labels(folder, main, brief))
            evidence = Evidence(attempts, polls, ballots, observer.snapshots, observer.readings, faults)
    await arena.service.stop()
    return Outcome(evidence, check(evidence), time.monotonic() - begun, logs)


async def _vote(
    arena: Arena,
    run: Run,
    folder: Path,
    contests: tuple[str, str],
    observer: Observer,
    client: Client,
    tell: Callable[[Fault], None],
) -> list[Fault]:
    voters = _probes(contests[0], folder / "main")
    nemesis = Nemesis(arena, client, voters, f"E{ENTRIES:03d}")
    looking = asyncio.create_task(observer.run())
    fleets = [_fleet(arena, run, folder, contests, number) for number in range(run.fleets)]
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
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking
    await observer.look()
    return nemesis.faults


def _fleet(arena: Arena, run: Run, folder: Path, contests: tuple[str, str], number: int) -> subprocess.Popen[bytes]:
    share = (run.tokens - PROBES) // run.fleets
    plan = Plan(
        name=f"f{number}",
        seed=run.seed,
        # Half of the connections go through the clients' proxy.
        ports=[arena.service.port, arena.clients.port],
        main=contests[0],
        brief=contests[1],
        entries=list(_categories()),
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


def _categories() -> dict[str, str]:
    return {f"E{number:03d}": CATEGORIES[number % 2] for number in range(1, ENTRIES + 1)}


async def _make(office: AdminServices, poll: Poll) -> UUID:
    opens, closes = (datetime.fromtimestamp(moment, UTC).isoformat() for moment in (poll.opens, poll.closes))
    quotas = "".join(
        f'[[quota]]\npicks = {rule.picks}\nper = "{rule.per}"\nperiod = "window"\n\n' for rule in poll.rules
    )
    categories = "".join(f'[[category]]\nid = "{each}"\nname = "{each}"\n\n' for each in CATEGORIES)
    text = (
        f'id = "{poll.id}"\ntitle = "故障演练"\nhost = "故障演练"\n\n'
        f"[window]\nopens_at = {opens}\ncloses_at = {closes}\n\n{categories}[ballot]\nleast = 1\nmost = 5\n\n{quotas}"
    )
    roster = [Entry(code, f"作品 {code}", "作者", category, "简介") for code, category in poll.entries.items()]
    await office.contest_admin.create(read_contest(text), text)
    await office.contest_admin.import_roster(poll.id, roster, {}, amend=True)
    return (await office.contest_cache.get(poll.id)).uid


async def _issue(arena: Arena, contest: str, count: int, file: Path) -> None:
    """Credentials as an organiser issues them."""
    command = [sys.executable, "-m", "voting", "credentials", "issue", "--contest", contest, "--count", str(count)]
    own = environment(arena.folder, arena.addresses.database_url, arena.addresses.redis_url)
    with file.open("wb") as tokens:
        process = await asyncio.create_subprocess_exec(*command, env=own, cwd=ROOT, stdout=tokens)
        if await process.wait():
            raise RuntimeError("voting credentials issue failed")


async def execute(database: str, sql: str) -> None:
    """Plants a bug that is SQL, or takes it out."""
    if sql:
        connection = await asyncpg.connect(database)
        await connection.execute(sql)
        await connection.close()


def _labels(folder: Path, *contests: str) -> dict[tuple[str, bytes], str]:
    """What is stored of each credential's voter -> the label that the witness knows it by."""
    keyring = Keyring(SECRET.encode())
    found = {}
    for contest, file in zip(contests, ("main", "brief"), strict=True):
        for number, token in enumerate((folder / file).read_text().split()):
            identity = keyring.open_credential(contest, token).identity
            found[contest, keyring.voter(contest, identity)] = f"{contest}/{number}"
    return found


def _probes(contest: str, file: Path) -> Iterator[Voter]:
    tokens = file.read_text().split()[:PROBES]
    return (Voter(f"{contest}/{number}", token, contest) for number, token in enumerate(tokens))
