"""How requests are offered: closed-loop, so many at a time; or open-loop, at their times whatever is answered."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import inf
from random import Random

from loadtests.pressure.outcome import Series
from loadtests.pressure.supply import Supply
from loadtests.pressure.wires import Fleet

TICK_SECONDS = 0.001
# Then answers are read before more is sent: a generator that has fallen behind must not only send.
MOST_IN_A_TICK = 100
SETTLE_SECONDS = 10.0
LOOK_SECONDS = 0.01
# For the last arrivals' sake; what is still not sent then is told as unsent.
GRACE_SECONDS = 0.1
REFUSALS = (429, 503)


def arrivals(count: int, seconds: float, seed: int = 1) -> list[float]:
    """The times of `count` independent arrivals within `seconds`: a Poisson process of which the count is known."""
    random = Random(seed)
    return sorted(random.uniform(0, seconds) for _ in range(count))


async def offer(times: Sequence[float], send: Callable[[int, float], None], most_seconds: float = inf) -> int:
    """Calls `send` with each number at its time, and with the seconds it is late; answers how many had their turn."""
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
    """What came of ballots that nobody sent again."""

    seconds: float = 0.0
    in_time: int = 0
    """Accepted before the time was over."""
    statuses: Counter[int] = field(default_factory=Counter)
    accepted: Series = field(default_factory=Series)
    refused: Series = field(default_factory=Series)
    late: Series = field(default_factory=Series)
    unsent: int = 0
    """Every connection waited for its answer when their time came, or the generator was behind."""

    @property
    def goodput(self) -> float:
        """Ballots accepted a second."""
        return self.in_time / self.seconds if self.seconds else 0.0

    @property
    def failed(self) -> int:
        """Answers that are neither 201 nor a refusal, and none."""
        return sum(count for status, count in self.statuses.items() if status != 201 and status not in REFUSALS)


class Range:
    """Fires a supply of ballots over a fleet; a ballot that was refused may be offered anew."""

    def __init__(self, port: int, supply: Supply) -> None:
        self._supply = supply
        self._unused = deque(range(len(supply)))
        self._volley = Volley()
        self._flying = 0
        self._budget = inf
        self._most = 0
        self._until = 0.0
        self.fleet = Fleet(port, self._answered)

    async def open_loop(self, rate: float, seconds: float) -> Volley:
        """Offers `rate` a second."""
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
            # Whose connection was lost has nobody else to send the next.
            while self._flying < at_once and self._fire():
                pass
            await asyncio.sleep(LOOK_SECONDS)
        self._most = 0
        await self._settle()
        return volley

    def _offer(self, number: int, late: float) -> None:
        self._volley.late.times.append(late)
        if not self._fire():
            self._volley.unsent += 1

    def _fire(self) -> bool:
        wire = self.fleet.take() if self._unused and self._budget else None
        if wire is None:
            return False
        number = self._unused.popleft()
        self._flying += 1
        self._budget -= 1
        wire.send(number, self._supply.request(number))
        return True

    def _answered(self, number: int, status: int, seconds: float, data: bytes) -> None:
        self._flying -= 1
        volley = self._volley
        volley.statuses[status] += 1
        if status == 201:
            volley.in_time += time.perf_counter() <= self._until
            volley.accepted.times.append(seconds)
        elif status in REFUSALS:
            volley.refused.times.append(seconds)
            self._unused.append(number)
        if self._flying < self._most:
            self._fire()

    async def _settle(self) -> None:
        until = time.monotonic() + SETTLE_SECONDS
        while self._flying and time.monotonic() < until:
            await asyncio.sleep(LOOK_SECONDS)
        if self._flying:
            raise TimeoutError(f"{self._flying} requests have no answer after {SETTLE_SECONDS:.0f} s")
