"""A service with a public log and a witness of its own, and the voters that cast ballots into it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from loadtests.contests import QUOTAS, contest_text, credentials, entries, now
from loadtests.http import HOST, Link, Lost, ballot
from loadtests.service import ID, VOTING, Service, inherited, running_engines, temporary_folder, variables
from voting.domain.contest.contest_file import read_contest
from voting.domain.entry import Entry
from voting.engines import processes
from voting.services.transparency.log_key import make_key, read_key
from voting.settings import load
from voting.wiring import admin
from voting.wiring.admin import AdminServices

ORIGIN = f"localhost/log/{ID}"
RETRY_SECONDS = 0.2


@dataclass
class Witness:
    """`voting witness serve` in a process that may be killed and started again."""

    folder: Path
    log: str
    port: int = field(default_factory=processes.free_port)
    process: subprocess.Popen[bytes] | None = None

    def rules(self) -> str:
        """Its part of a contest file."""
        key = read_key(self.folder / "witness.key").witness("w").key
        return f'[[witness]]\nname = "w"\nvkey = "{key}"\nurl = "http://{HOST}:{self.port}"\n'

    def start(self) -> None:
        """Starts it, or starts it again."""
        command = [*VOTING, "witness", "serve", "--name", "w", "--key", str(self.folder / "witness.key")]
        command += ["--log", self.log, "--store", str(self.folder / "witness.sqlite"), "--port", str(self.port)]
        self.process = subprocess.Popen(command, env=inherited(), stderr=subprocess.DEVNULL)

    def kill(self) -> None:
        """Ends it at once."""
        if self.process:
            self.process.kill()
            self.process.wait()


@dataclass(frozen=True)
class Logged:
    """The service, not yet started, on engines with an open contest; `folder` has everything."""

    folder: Path
    service: Service
    witness: Witness
    entries: list[str]

    @property
    def environment(self) -> dict[str, str]:
        """The service's settings."""
        return dict(self.service.environment)

    def office(self) -> AbstractAsyncContextManager[AdminServices]:
        """Opens the services of a command on the service's database."""
        return admin.services(load(self.environment), "loadtests")

    def command(self, *arguments: str) -> None:
        """Runs a command of `voting` on the service's database."""
        subprocess.run([*VOTING, *arguments], env=inherited() | self.environment, check=True, stderr=subprocess.DEVNULL)


@contextmanager
def logged() -> Iterator[Logged]:
    """Engines, a key of the log, and a contest with a witness."""
    with temporary_folder() as folder, running_engines(folder, lambda _: None) as addresses:
        for name in ("log.key", "witness.key"):
            make_key(folder / name)
        own = variables(folder, addresses) | {"VOTING_LOG_KEY": str(folder / "log.key"), "VOTING_SWEEP": "off"}
        own["VOTING_PRIVATE_PROVIDERS"] = "on"
        witness = Witness(folder, str(read_key(folder / "log.key").signer(ORIGIN).key))
        begin = now().replace(microsecond=0) - timedelta(minutes=1)
        text = "quorum = 1\n" + contest_text(ID, begin, begin + timedelta(days=1), QUOTAS) + witness.rules()
        codes = entries(10)

        async def create() -> None:
            async with place.office() as office:
                await office.contest_admin.create(read_contest(text), text)
                roster = [Entry(code, f"作品 {code}", "作者", category) for code, category in codes.items()]
                await office.contest_admin.import_roster(ID, roster, {}, amend=True)

        place = Logged(folder, Service(own, 1, folder / "service.log"), witness, list(codes))
        asyncio.run(create())
        try:
            yield place
        finally:
            place.service.stop()
            witness.kill()


@dataclass
class Acknowledged:
    """Receipts, and by batch when the first of its ballots was acknowledged."""

    receipts: list[str] = field(default_factory=list)
    at: dict[int, float] = field(default_factory=dict)


async def vote(place: Logged, acknowledged: Acknowledged, until: float, rate: float, voters: int = 24) -> None:
    """Casts ballots, each of another voter, at this rate until then (monotonic); each is repeated until it is there."""
    tokens = credentials(ID)
    due = time.monotonic()

    async def one() -> None:
        nonlocal due
        with Link(place.service.port) as link:
            while (begun := time.monotonic()) < until:
                due = max(due + 1 / rate, begun - 1)
                await asyncio.sleep(max(0.0, due - begun))
                raw = ballot(ID, next(tokens), "k", place.entries[:1])
                while not (content := await _accepted(link, raw)):
                    await asyncio.sleep(RETRY_SECONDS)
                acknowledged.receipts.append(content["receipt"])
                acknowledged.at.setdefault(content["log"]["batch"], time.monotonic())

    await asyncio.gather(*(one() for _ in range(voters)))


async def _accepted(link: Link, raw: bytes) -> dict[str, Any] | None:
    try:
        answer = await link.ask(raw)
    except Lost:
        return None
    return answer.content() if answer.status in (200, 201) else None


def proved(place: Logged, receipts: list[str]) -> list[str]:
    """Exports the log and checks it and every receipt with verify.py; returns its findings."""
    place.command("log", "export", "--contest", ID, str(place.folder / "log"))
    (place.folder / "receipts").write_text("".join(f"{receipt}\n" for receipt in receipts))
    program = Path(__file__).parents[2] / "voting" / "verifier" / "verify.py"
    key = (place.folder / "log" / "log.json").read_text().partition('"receipt_key":"')[2].partition('"')[0]
    command = [sys.executable, str(program), "log", "log", "--policy", "log/policy", "--json"]
    command += ["--receipt", "receipts", "--receipt-key", key]
    done = subprocess.run(command, cwd=place.folder, capture_output=True, text=True, check=False)
    return done.stdout.splitlines() if done.returncode in (0, 1) else [done.stderr[-500:]]
