"""A rush: everyone votes within seconds, and whoever is asked to wait comes back politely."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Mapping
from random import Random
from uuid import UUID

import msgspec

from loadtests.pressure.outcome import Goal, Outcome, Series
from loadtests.pressure.pacing import LOOK_SECONDS, REFUSALS, arrivals, offer
from loadtests.pressure.site import Site, Stored, Usage, stored
from loadtests.pressure.sizes import Sizes
from loadtests.pressure.wires import Fleet

GOAL_SECONDS = 30.0
MOST_SECONDS = 120.0
# A voter who is asked to come back in 2 s comes in 2 to 3.
JITTER = 0.5
LOST_SECONDS = 1.0


class Rush:
    """Voters, each with one ballot and its key; a ballot is sent until it is answered 201."""

    def __init__(self, place: Site, count: int) -> None:
        self._supply = place.supply
        self._random = Random(1)
        self._waiting: deque[int] = deque()
        self._arrived = [0.0] * count
        self._left = count
        self.fleet = Fleet(place.port, self._answered)
        self.answers: dict[str, UUID] = {}
        self.statuses: Counter[int] = Counter()
        self.tries: Series = Series()
        self.until_recorded: Series = Series()

    async def run(self, connections: int, seconds: float) -> float:
        """Offers them all within `seconds`; answers how long it took until all were recorded."""
        await self.fleet.open(connections)
        begun = time.perf_counter()
        await offer(arrivals(self._left, seconds), self._come)
        while self._left and time.perf_counter() - begun < MOST_SECONDS:
            # Whose connection was lost has nobody else to take the next.
            while self._waiting and self.fleet.idle:
                self._try(self._waiting.popleft())
            await asyncio.sleep(LOOK_SECONDS)
        self.fleet.close()
        return time.perf_counter() - begun

    def _come(self, number: int, late: float) -> None:
        self._arrived[number] = time.perf_counter() - late
        self._try(number)

    def _try(self, number: int) -> None:
        """Sends it, or waits for a connection as a browser's requests do."""
        wire = self.fleet.take()
        if wire is None:
            self._waiting.append(number)
        else:
            wire.send(number, self._supply.request(number))

    def _answered(self, number: int, status: int, seconds: float, data: bytes) -> None:
        self.statuses[status] += 1
        self.tries.times.append(seconds)
        if status == 201:
            self.answers[self._supply.key(number)] = _ballot(data)
            self.until_recorded.times.append(time.perf_counter() - self._arrived[number])
            self._left -= 1
        elif status == 0 or status in REFUSALS:
            wait = retry_after(data) * (1 + JITTER * self._random.random()) if status else LOST_SECONDS
            asyncio.get_running_loop().call_later(wait, self._try, number)
        if self._waiting:
            self._try(self._waiting.popleft())


async def run(place: Site, sizes: Sizes) -> Outcome:
    """Plays it."""
    rush, usage = Rush(place, sizes.rush_ballots), Usage(place)
    seconds = await rush.run(sizes.connections, sizes.rush_seconds)
    figures: dict[str, object] = {
        "ballots": sizes.rush_ballots,
        "offered_in_s": sizes.rush_seconds,
        "connections": sizes.connections,
        "recorded_after_s": round(seconds, 2),
        "answers": dict(rush.statuses),
        "refusals": sum(rush.statuses[status] for status in REFUSALS),
        "connections_lost": rush.fleet.lost,
        "try_p50_ms": rush.tries.milliseconds(0.5),
        "try_p99_ms": rush.tries.milliseconds(0.99),
        "until_recorded_p50_ms": rush.until_recorded.milliseconds(0.5),
        "until_recorded_p99_ms": rush.until_recorded.milliseconds(0.99),
        "cores": usage.shares(),
    }
    return judge(figures, seconds, rush.statuses, rush.answers, await stored(place.environment))


def judge(
    figures: Mapping[str, object],
    seconds: float,
    statuses: Mapping[int, int],
    answers: Mapping[str, UUID],
    found: Stored,
) -> Outcome:
    """Every ballot is recorded once, under the id that its voter was told, and tallied."""
    count = figures["ballots"]
    lost = sum(id not in found.ballots.get(key, ()) for key, id in answers.items())
    twice = sum(len(ids) > 1 for ids in found.ballots.values())
    drift = sum(found.tally.get(entry) != found.recount.get(entry) for entry in {*found.tally, *found.recount})
    odd = {status: n for status, n in statuses.items() if status not in (0, 201, *REFUSALS)}
    checks = {
        f"{len(answers)} of {count} ballots were answered 201": len(answers) != count,
        f"{len(found.ballots)} of {count} ballots are stored": len(found.ballots) != count,
        f"{lost} ballots that were answered 201 are not stored under their ids": lost,
        f"{twice} ballots are stored more than once": twice,
        f"the tallies of {drift} entries are not their recounts": drift,
        f"answers that nobody should have had: {odd}": odd,
    }
    goal = Goal("until every ballot is recorded", round(seconds, 2), GOAL_SECONDS, "s")
    return Outcome("rush", figures, [goal], [text for text, wrong in checks.items() if wrong])


def retry_after(data: bytes) -> float:
    """The seconds that a refusal asks to wait; 1 where it does not say."""
    _, found, rest = data.partition(b"\r\nretry-after: ")
    return float(rest[: rest.index(b"\r")]) if found else 1.0


def _ballot(data: bytes) -> UUID:
    return msgspec.json.decode(data.partition(b"\r\n\r\n")[2], type=_Receipt).ballot


class _Receipt(msgspec.Struct):
    ballot: UUID
