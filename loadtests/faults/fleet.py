"""The fleet: honest voters and the other clients of a public vote, in one process that ends at SIGTERM.

Then nobody begins a new ballot, but each repeats its last one until it knows the outcome.
"""

from __future__ import annotations

import asyncio
import itertools
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random

import click
import msgspec
import uvloop

from loadtests.faults.client import Ask, Client, Voter
from loadtests.faults.client_log import ClientLog
from loadtests.http import request
from loadtests.popularity import Popularity

COPIES = 4
GREED = 8
KEPT = 200
LAST_TRIES_SECONDS = 25.0


class NoMoreVotersError(Exception):
    """Every credential was used."""


class Plan(msgspec.Struct):
    """Instructions. The files of tokens are of the main contest and of the brief one, whose window is a part of the
    run; `first` and `count` say which lines belong to this fleet."""

    name: str
    seed: int
    ports: list[int]
    main: str
    brief: str
    entries: list[str]
    main_tokens: str
    brief_tokens: str
    first: int
    count: int
    log: str
    crowd: dict[str, int]
    think: float


class Fleet:
    """Clients that share tokens; each has a random generator of its own, so that a seed decides what all of them do."""

    def __init__(self, plan: Plan, log: ClientLog) -> None:
        self._plan = plan
        self._log = log
        self._ending = asyncio.Event()
        self._main = self._voters(plan.main, plan.main_tokens)
        self._brief = self._voters(plan.brief, plan.brief_tokens)
        self._keys = itertools.count()
        self._clients: list[Client] = []

    def end(self) -> None:
        """No new ballots from now on; the others may be repeated for some time."""
        self._ending.set()
        for client in self._clients:
            client.ends_at = time.monotonic() + LAST_TRIES_SECONDS

    async def run(self) -> None:
        """Runs until the end, and until all outcomes are known."""
        acts: dict[str, Callable[[Client], Awaitable[None]]]
        acts = {
            "honest": self._honest,
            "duplicate": self._duplicate,
            "greedy": self._greedy,
            "pipelined": self._pipelined,
            "brief": self._in_brief,
            "intruder": self._intruder,
            "careless": self._careless,
        }
        async with asyncio.TaskGroup() as group:
            for role, count in self._plan.crowd.items():
                for number in range(count):
                    group.create_task(self._again(acts[role], f"{self._plan.name}.{role}{number}"))

    async def _again(self, act: Callable[[Client], Awaitable[None]], name: str) -> None:
        random = Random(f"{self._plan.seed}-{name}")
        client = Client(name, self._log, random, self._plan.ports)
        self._clients.append(client)
        while not self._ending.is_set():
            try:
                await act(client)
            except NoMoreVotersError:
                return
            await self._think(random)

    async def _think(self, random: Random) -> None:
        await asyncio.sleep(random.uniform(0, 2 * self._plan.think))

    async def _honest(self, client: Client) -> None:
        """One ballot after another, up to the quota and sometimes past it; some are repeated."""
        voter = _next(self._main)
        picks = Popularity(self._plan.entries, client.random).choose(5 + (client.random.random() < 0.2))
        with client.link() as link:
            for pick in picks:
                ask = Ask("honest", voter, self._key(), (pick,), split=client.random.random() < 0.4)
                await client.until_known(link, ask)
                if client.random.random() < 0.15:
                    await client.until_known(link, ask)
                if client.random.random() < 0.05:
                    other = client.random.choice(self._plan.entries)
                    await client.until_known(link, Ask("other body", voter, ask.key, (other, *ask.picks)))
                await self._think(client.random)
                if self._ending.is_set():
                    break

    async def _duplicate(self, client: Client) -> None:
        """The same ballot over several connections at once."""
        voter = _next(self._main)
        ask = Ask("duplicate", voter, self._key(), tuple(client.random.sample(self._plan.entries, 2)))
        await self._at_once(client, [ask] * COPIES)

    async def _greedy(self, client: Client) -> None:
        """More ballots at once than the quota has room for."""
        voter = _next(self._main)
        picks = client.random.sample(self._plan.entries, GREED - 1)
        await self._at_once(client, [Ask("greedy", voter, self._key(), (pick,)) for pick in [*picks, picks[0]]])

    async def _pipelined(self, client: Client) -> None:
        """Several ballots over one connection, all sent before the first answer."""
        voter = _next(self._main)
        picks = client.random.sample(self._plan.entries, 3)
        with client.link() as link:
            await client.in_a_row(link, [Ask("pipelined", voter, self._key(), (pick,)) for pick in picks])

    async def _at_once(self, client: Client, asks: list[Ask]) -> None:
        with ExitStack() as links:
            each = [(links.enter_context(client.link()), ask) for ask in asks]
            await asyncio.gather(*(client.until_known(link, ask) for link, ask in each))

    async def _in_brief(self, client: Client) -> None:
        """Votes before, in and after the window of the brief contest, and repeats accepted ballots after it."""
        kept = list[Ask]()
        with client.link() as link:
            while not self._ending.is_set():
                ask = Ask("brief", _next(self._brief), self._key(), (client.random.choice(self._plan.entries),))
                if await client.until_known(link, ask) == 201:
                    kept = [*kept, ask][-KEPT:]
                if kept and client.random.random() < 0.2:
                    await client.until_known(link, client.random.choice(kept))
                await asyncio.sleep(0.03)

    async def _intruder(self, client: Client) -> None:
        """No credential, another contest's, forged ones; and a request that only judges may make."""
        honest = _next(self._main)
        head, _, tag = honest.token.partition(".")
        flipped = ("A" if head[30] != "A" else "B").join((head[:30], head[31:]))
        tokens = ["", "garbage", f"{head}.{tag[::-1]}", f"{flipped}.{tag}", _next(self._brief).token]
        nobodies = [Voter("", token, self._plan.main, right=False) for token in tokens]
        path = f"/api/v1/contests/{self._plan.main}/results"
        raw = request("GET", path, {"Authorization": f"Bearer {honest.token}"})
        asks = [Ask("intruder", nobody, self._key(), (self._plan.entries[0],)) for nobody in nobodies]
        await self._one_by_one(client, [*asks, Ask("intruder", nobodies[0], raw=raw)])

    async def _careless(self, client: Client) -> None:
        """Malformed bodies, with a valid credential."""
        voter = _next(self._main)
        path = f"/api/v1/contests/{self._plan.main}/ballots"
        headers = {"Authorization": f"Bearer {voter.token}"}
        raw = [request("POST", path, headers | {"Idempotency-Key": self._key()}, body) for body in BAD_BODIES]
        await self._one_by_one(client, [Ask("careless", voter, sound=False, raw=each) for each in raw])

    async def _one_by_one(self, client: Client, asks: list[Ask]) -> None:
        """Sends each once."""
        with client.link() as link:
            for ask in asks:
                if not self._ending.is_set():
                    await client.once(link, ask)
                    await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)

    def _key(self) -> str:
        return f"{self._plan.name}-{next(self._keys)}"

    def _voters(self, contest: str, file: str) -> Iterator[Voter]:
        first = self._plan.first
        tokens = Path(file).read_text().split()[first : first + self._plan.count]
        return (Voter(f"{contest}/{first + number}", token, contest) for number, token in enumerate(tokens))


def _next(voters: Iterator[Voter]) -> Voter:
    voter = next(voters, None)
    if voter is None:
        raise NoMoreVotersError
    return voter


BAD_BODIES = (
    b"{",
    b'{"entries": ["A\\u0000"]}',
    b'{"entries": ["\xff\xfe"]}',
    b'{"entries": ["\\ud800"]}',
    b'{"entries": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    b'{"entries": ["E001"], "entries": ["E002"]}',
    b'{"entries": []}',
    b'{"entries": ["nobody"]}',
    b'{"entries": ["E001", "E001"]}',
    b'{"entries": ["E001"], "more": 1}',
    b'{"entries": ["' + b"x" * 20000 + b'"]}',
    b'{"entries": [1e999]}',
)


@click.command(epilog="Example: python -m loadtests.faults.fleet plan.json")
@click.argument("plan", type=click.Path(exists=True, path_type=Path))
def main(plan: Path) -> None:
    """Vote as PLAN says, until SIGTERM. Started by the campaign."""
    instructions = msgspec.json.decode(plan.read_bytes(), type=Plan)
    with ClientLog(Path(instructions.log)) as log:
        uvloop.run(_run(instructions, log))


async def _run(plan: Plan, log: ClientLog) -> None:
    fleet = Fleet(plan, log)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, fleet.end)
    await fleet.run()


if __name__ == "__main__":
    main()
