"""Rate limits shared by every process, for voters and addresses, and counters of similar ballots."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import NamedTuple
from uuid import UUID

import msgspec

from voting.domain.ballots.rate import Rate
from voting.fraud.online.counters import QUICK, SLOW, Cells
from voting.redis import keys
from voting.redis.breaker import Breaker
from voting.redis.client import Client

_SCRIPT = (files("voting.redis") / "lua" / "take_turns.lua").read_text("utf-8")
_PACK = msgspec.msgpack.Encoder()
# Clocks differ: keep a window until it is over for every process.
_SLACK_SECONDS = 60


class Use(NamedTuple):
    """The user of a ticket, and how long to remember it."""

    ticket: str
    voter: str
    seconds: float


class Call(NamedTuple):
    """One call: a hash for each rate, such as the voter's and the address's; its counters; the ticket sent with it."""

    subjects: Sequence[str]
    cells: Cells
    use: Use | None = None


class Taken(NamedTuple):
    """`wait`: 0, or the seconds until the call would be admitted. `cells`: its counters, if it was admitted.

    `is_first`: whether no other voter has used its ticket before.
    """

    wait: float
    cells: Cells | None
    is_first: bool = True


class Turns:
    """Counts calls exactly, over all processes. Raises TryAgain when Redis is away."""

    def __init__(self, redis: Client, breaker: Breaker) -> None:
        self._breaker = breaker
        self._take = redis.register_script(_SCRIPT)

    async def take(self, uid: UUID, calls: Sequence[Call], rates: Sequence[Rate], now: float) -> list[Taken]:
        """Returns the result of each call at `now` (seconds of Unix time); a call takes a turn of all subjects or none.

        Cells are defined in voting.fraud.online.counters; for a device, the values are its own two counters.
        """
        windows = [(seconds, int(now // seconds)) for seconds in (QUICK, SLOW)]
        names = [keys.counters(uid, seconds, number) for seconds, number in windows]
        names += [keys.turns(uid, place, subject) for call in calls for place, subject in enumerate(call.subjects)]
        limits = [number for rate in rates for number in (rate.interval, rate.burst)]
        names += [keys.ticket(uid, call.use.ticket) for call in calls if call.use]
        ends = [((number + 1) * seconds + _SLACK_SECONDS) * 1000 for seconds, number in windows]
        packed = _PACK.encode(
            [
                (*call.cells, call.use.voter, max(1, round(call.use.seconds * 1000))) if call.use else call.cells
                for call in calls
            ]
        )
        async with self._breaker.answered("turns"):
            answers = await self._take(keys=names, args=[len(rates), *limits, *ends, packed])
        return [_taken(call.cells, *answer) for call, answer in zip(calls, answers, strict=True)]


def _taken(cells: Cells, wait: int, is_first: int = 1, *values: int) -> Taken:
    if wait:
        return Taken(wait / 1_000_000, None)
    slow = len(cells.quick)
    device = slow + len(cells.slow)
    return Taken(0, Cells(values[:slow], values[slow:device], values[device:]), bool(is_first))
