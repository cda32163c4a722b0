"""A spike: everybody votes within seconds, and refused clients come back after `Retry-After`."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict, deque
from collections.abc import Mapping
from random import Random
from uuid import UUID

import msgspec

from loadtests.contests import Stored, stored
from loadtests.http import Pool, milliseconds
from loadtests.overload.environment import Environment, Usage
from loadtests.overload.load import POLL_SECONDS, REFUSALS, arrivals, offer
from loadtests.overload.outcome import Goal, Outcome
from loadtests.overload.sizes import Sizes
from loadtests.service import ID

GOAL_SECONDS = 30.0
MOST_SECONDS = 120.0
# A client that is asked to come back in 2 s comes in 2 to 3.
JITTER = 0.5
LOST_SECONDS = 1.0


class Spike:
    """Voters with one ballot each, which is sent with its key until it is answered 201."""

    def __init__(self, place: Environment, count: int) -> None:
        self._ballots = place.ballots
        self._random = Random(1)
        self._waiting: deque[int] = deque()
        self._arrived = [0.0] * count
        self._left = count
        self.pool = Pool(place.service.port, self._answered)
        self.answers: dict[str, UUID] = {}
        self.statuses: Counter[int] = Counter()
        self.tries: list[float] = []
        self.until_recorded: list[float] = []

    async def run(self, connections: int, seconds: float) -> float:
        """Offers all within `seconds`; returns the time until all were recorded."""
        await self.pool.open(connections)
        begun = time.perf_counter()
        await offer(arrivals(self._left, seconds), self._arrive)
        while self._left and time.perf_counter() - begun < MOST_SECONDS:
            # After a lost connection no answer triggers the next ballot.
            while self._waiting and self.pool.idle:
                self._try(self._waiting.popleft())
            await asyncio.sleep(POLL_SECONDS)
        self.pool.close()
        return time.perf_counter() - begun

    def _arrive(self, number: int, late: float) -> None:
        self._arrived[number] = time.perf_counter() - late
        self._try(number)

    def _try(self, number: int) -> None:
        """Sends a ballot, or waits for a connection as a browser does."""
        wire = self.pool.take()
        if wire is None:
            self._waiting.append(number)
        else:
            wire.send(number, self._ballots.request(number))

    def _answered(self, number: int, status: int, seconds: float, data: bytes) -> None:
        self.statuses[status] += 1
        self.tries.append(seconds)
        if status == 201:
            body = data.partition(b"\r\n\r\n")[2]
            self.answers[self._ballots.key(number)] = msgspec.json.decode(body, type=_Receipt).ballot
            self.until_recorded.append(time.perf_counter() - self._arrived[number])
            self._left -= 1
        elif status == 0 or status in REFUSALS:
            wait = retry_after(data) * (1 + JITTER * self._random.random()) if status else LOST_SECONDS
            asyncio.get_running_loop().call_later(wait, self._try, number)
        if self._waiting:
            self._try(self._waiting.popleft())


async def run(place: Environment, sizes: Sizes) -> Outcome:
    """Offers all ballots and compares the answers with PostgreSQL."""
    spike, usage = Spike(place, sizes.spike_ballots), Usage(place.service)
    seconds = await spike.run(sizes.connections, sizes.spike_seconds)
    figures: dict[str, object] = {
        "ballots": sizes.spike_ballots,
        "offered_in_s": sizes.spike_seconds,
        "connections": sizes.connections,
        "recorded_after_s": round(seconds, 2),
        "answers": dict(spike.statuses),
        "refusals": sum(spike.statuses[status] for status in REFUSALS),
        "connections_lost": spike.pool.lost,
        "try_p50_ms": milliseconds(spike.tries, 0.5),
        "try_p99_ms": milliseconds(spike.tries, 0.99),
        "until_recorded_p50_ms": milliseconds(spike.until_recorded, 0.5),
        "until_recorded_p99_ms": milliseconds(spike.until_recorded, 0.99),
        "cores": usage.shares(),
    }
    found = await stored(place.service.environment["DATABASE_URL"], ID)
    return judge(figures, seconds, spike.statuses, spike.answers, found)


def judge(
    figures: Mapping[str, object],
    seconds: float,
    statuses: Mapping[int, int],
    answers: Mapping[str, UUID],
    found: Stored,
) -> Outcome:
    """Every ballot is recorded once, under the id in its answer, and tallied."""
    ids: defaultdict[str, list[UUID]] = defaultdict(list)
    for _, key, id in found.ballots:
        ids[key].append(id)
    count = figures["ballots"]
    lost = sum(id not in ids.get(key, ()) for key, id in answers.items())
    twice = sum(len(each) > 1 for each in ids.values())
    odd = {status: n for status, n in statuses.items() if status not in (0, 201, *REFUSALS)}
    checks = {
        f"{len(answers)} of {count} ballots were answered 201": len(answers) != count,
        f"{len(ids)} of {count} ballots are stored": len(ids) != count,
        f"{lost} ballots that were answered 201 are not stored under their ids": lost,
        f"{twice} ballots are stored more than once": twice,
        f"the tallies of {found.drift} entries are not their recounts": found.drift,
        f"unexpected answers: {odd}": odd,
    }
    goal = Goal("until every ballot is recorded", round(seconds, 2), GOAL_SECONDS, "s")
    return Outcome("spike", figures, [goal], [text for text, wrong in checks.items() if wrong])


def retry_after(data: bytes) -> float:
    """The seconds that a refusal asks to wait; 1 if it does not say."""
    _, found, rest = data.partition(b"\r\nretry-after: ")
    return float(rest[: rest.index(b"\r")]) if found else 1.0


class _Receipt(msgspec.Struct):
    ballot: UUID
