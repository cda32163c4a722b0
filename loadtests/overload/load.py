"""Offers ballots: closed-loop, a fixed number at a time; or open-loop, at set times whatever is answered."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from math import inf
from random import Random
from statistics import median

from loadtests.http import Pool, milliseconds
from loadtests.overload.ballots import Ballots
from loadtests.overload.environment import Environment, Usage
from loadtests.overload.other_clients import Clients, Seen
from loadtests.overload.sizes import Sizes

TICK_SECONDS = 0.001
# Then answers are read before more is sent: a generator that has fallen behind must not only send.
MOST_IN_A_TICK = 100
SETTLE_SECONDS = 10.0
POLL_SECONDS = 0.01
# For the last arrivals; what is not sent then counts as unsent.
GRACE_SECONDS = 0.1
REFUSALS = (429, 503)


def arrivals(count: int, seconds: float, seed: int = 1) -> list[float]:
    """The times of `count` independent arrivals within `seconds`: a Poisson process with a known count."""
    random = Random(seed)
    return sorted(random.uniform(0, seconds) for _ in range(count))


async def offer(times: Sequence[float], send: Callable[[int, float], None], most_seconds: float = inf) -> int:
    """Calls `send` with each number at its time, and with its lateness in seconds; returns the number of calls."""
    begun = time.perf_counter()
    number = 0
    while number < len(times) and (now := time.perf_counter() - begun) < most_seconds:
        most = min(len(times), number + MOST_IN_A_TICK)
        while number < most and times[number] <= now:
            send(number, now - times[number])
            number += 1
        behind = number < len(times) and times[number] <= now
        await asyncio.sleep(0 if behind else TICK_SECONDS)
    return number


@dataclass
class Volley:
    """Answers to ballots that were each sent once; times in seconds."""

    seconds: float = 0.0
    in_time: int = 0
    """Accepted before the time was over."""
    statuses: Counter[int] = field(default_factory=Counter)
    accepted: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    unsent: int = 0
    """When their time came every connection was busy, or the generator was behind."""

    @property
    def goodput(self) -> float:
        """Ballots accepted a second."""
        return self.in_time / self.seconds if self.seconds else 0.0

    @property
    def not_accepted(self) -> int:
        """Ballots that were answered otherwise than 201."""
        return sum(self.statuses.values()) - self.statuses[201]

    @property
    def failed(self) -> int:
        """Answers that are neither 201 nor a refusal, and lost ones."""
        return self.not_accepted - sum(self.statuses[status] for status in REFUSALS)


class LoadGenerator:
    """Sends ballots over a pool of connections; a refused ballot may be offered again."""

    def __init__(self, port: int, ballots: Ballots) -> None:
        self._ballots = ballots
        self._unused = deque(range(len(ballots)))
        self._volley = Volley()
        self._under_way = 0
        self._budget = inf
        self._most = 0
        self._until = 0.0
        self.pool = Pool(port, self._answered)

    async def open_loop(self, rate: float, seconds: float) -> Volley:
        """Offers `rate` ballots a second."""
        times = arrivals(int(rate * seconds), seconds)
        volley = self._volley = Volley(seconds=seconds)
        self._most, self._until, self._budget = 0, time.perf_counter() + seconds, inf
        offered = await offer(times, self._offer, seconds + GRACE_SECONDS)
        volley.unsent += len(times) - offered
        await self._settle()
        return volley

    async def closed_loop(self, at_once: int, seconds: float, most: int | None = None) -> Volley:
        """Offers the next ballot when one is answered, until the seconds or `most` ballots are over."""
        volley = self._volley = Volley(seconds=seconds)
        self._most, self._until = at_once, time.perf_counter() + seconds
        self._budget = inf if most is None else most
        while self._budget and time.perf_counter() < self._until:
            # After a lost connection no answer triggers the next ballot.
            while self._under_way < at_once and self._send():
                pass
            await asyncio.sleep(POLL_SECONDS)
        self._most = 0
        await self._settle()
        return volley

    def _offer(self, number: int, late: float) -> None:
        self._volley.late.append(late)
        if not self._send():
            self._volley.unsent += 1

    def _send(self) -> bool:
        wire = self.pool.take() if self._unused and self._budget else None
        if wire is None:
            return False
        number = self._unused.popleft()
        self._under_way += 1
        self._budget -= 1
        wire.send(number, self._ballots.request(number))
        return True

    def _answered(self, number: int, status: int, seconds: float, data: bytes) -> None:
        self._under_way -= 1
        volley = self._volley
        volley.statuses[status] += 1
        if status == 201:
            volley.in_time += time.perf_counter() <= self._until
            volley.accepted.append(seconds)
        elif status in REFUSALS:
            volley.refused.append(seconds)
            self._unused.append(number)
        if self._under_way < self._most:
            self._send()

    async def _settle(self) -> None:
        until = time.monotonic() + SETTLE_SECONDS
        while self._under_way and time.monotonic() < until:
            await asyncio.sleep(POLL_SECONDS)
        if self._under_way:
            raise TimeoutError(f"{self._under_way} requests have no answer after {SETTLE_SECONDS:.0f} s")


@dataclass
class Rounds:
    """Rounds of steady load, alone and beside other clients in turn, so that noise of the machine meets both."""

    alone: list[Volley] = field(default_factory=list)
    beside: list[Volley] = field(default_factory=list)
    seen: list[list[Seen]] = field(default_factory=list)
    cores: list[dict[str, float]] = field(default_factory=list)

    def figures(self, *shares: float) -> dict[str, object]:
        """These quantiles of each round, in ms, and the cores in use."""
        found: dict[str, object] = {}
        for share in shares:
            for name, volleys in (("", self.beside), ("_without", self.alone)):
                found[f"p{round(100 * share)}_ms{name}"] = [milliseconds(each.accepted, share) for each in volleys]
        return found | {"cores": self.cores}

    @property
    def not_accepted(self) -> int:
        """Ballots of all rounds that were answered otherwise than 201."""
        return sum(volley.not_accepted for volley in (*self.alone, *self.beside))

    def ratios(self, share: float) -> list[float]:
        """For each round this quantile beside the others, divided by the one without them."""
        times = ([milliseconds(each.accepted, share) for each in volleys] for volleys in (self.alone, self.beside))
        return [beside / (alone or 1) for alone, beside in zip(*times, strict=True)]

    def ratio_of_medians(self, share: float) -> float:
        """The median of this quantile over the rounds beside the others, divided by the one without them."""
        alone, beside = (
            median(milliseconds(each.accepted, share) for each in volleys) for volleys in (self.alone, self.beside)
        )
        return round(beside / alone, 2) if alone else 0.0


async def rounds(
    place: Environment,
    sizes: Sizes,
    count: int,
    seconds: float,
    others: Callable[[], AbstractAsyncContextManager[Clients]],
    settle_seconds: float = 0.0,
) -> Rounds:
    """Plays `count` rounds; the other clients have `settle_seconds` before and after what is measured."""
    found, generator = Rounds(), LoadGenerator(place.service.port, place.ballots)
    await generator.pool.open(sizes.steady_connections)
    # The first ballots warm up.
    await generator.open_loop(sizes.steady_rate, sizes.calm_seconds)
    for _ in range(count):
        found.alone.append(await generator.open_loop(sizes.steady_rate, seconds))
        async with others() as clients:
            await asyncio.sleep(settle_seconds)
            usage = Usage(place.service)
            found.beside.append(await generator.open_loop(sizes.steady_rate, seconds))
            shares = usage.shares()
            seen, reading = await clients.leave()
            found.seen.append(seen)
            found.cores.append(shares | {"clients": reading})
        await asyncio.sleep(settle_seconds)
    generator.pool.close()
    return found
