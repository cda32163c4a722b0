"""Makes the planned faults one after another, and measures the time until the service recovers by itself."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from random import Random

from loadtests.faults.client import Ask, Client, Voter
from loadtests.faults.environment import Environment
from loadtests.faults.evidence import Fault
from loadtests.faults.kinds import KINDS, reachable
from loadtests.faults.schedule import Planned

RECOVER_SECONDS = 20.0
ENGINE_SECONDS = 60.0


class Nemesis:
    """`voters` are fresh ones: an accepted ballot shows that the service has recovered."""

    def __init__(self, environment: Environment, client: Client, voters: Iterator[Voter], entry: str) -> None:
        self._environment = environment
        self._client = client
        self._voters = voters
        self._entry = entry
        self._numbers = itertools.count()
        self.faults: list[Fault] = []

    async def run(self, faults: Iterable[Planned], until: float, tell: Callable[[Fault], None]) -> None:
        """Makes all faults of a list, or those of an endless plan that are over by `until` (monotonic)."""
        for each in faults:
            if not isinstance(faults, Sequence) and time.monotonic() + each.pause + each.seconds > until:
                return
            await asyncio.sleep(each.pause)
            self.faults.append(await self._make(each))
            tell(self.faults[-1])

    async def _make(self, planned: Planned) -> Fault:
        kind, begun, note = KINDS[planned.kind], time.monotonic(), ""
        try:
            await kind.act(self._environment, Random(planned.seed), planned.seconds)
        except RuntimeError as error:
            note = str(error)
        there = await self._there()
        ended = time.monotonic()
        recovered = await self._recovered(ended) if there else None
        return Fault(kind.name, begun, ended, kind.mute, recovered, note or ("" if there else "an engine stayed away"))

    async def _there(self) -> bool:
        until = time.monotonic() + ENGINE_SECONDS
        while time.monotonic() < until:
            if await reachable(self._environment):
                return True
            await asyncio.sleep(0.02)
        return False

    async def _recovered(self, since: float) -> float | None:
        """Seconds until a fresh ballot was accepted and all workers were there; None if too many."""
        ask = Ask("probe", next(self._voters), f"probe-{next(self._numbers)}", (self._entry,))
        until = since + RECOVER_SECONDS
        with self._client.link() as link:
            while time.monotonic() < until:
                status, _ = await self._client.once(link, ask)
                if status == 201 and await self._environment.recovered(max(0.0, until - time.monotonic())):
                    return time.monotonic() - since
                await asyncio.sleep(0.05)
            return None
