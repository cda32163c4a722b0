"""Rate limits shared by every process, for voters and addresses, and counters of similar ballots."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import NamedTuple
from uuid import UUID

import msgspec

from voting.domain.ballots.rate import Rate
from voting.fraud.online.counters import QUICK, SLOW, Cells
from voting.redis import keys
from voting.redis.breaker import Breaker
from voting.redis.client import Client
from voting.redis.parts import NO_CELLS, divided, joined, part_of

_LUA = files("voting.redis") / "lua"
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
    """Counts calls exactly, over all processes. Raises TryAgain when Redis is away.

    `parts`: into how many a contest is divided; every process must have the same number. One part takes one round trip,
    several take one for each rate and one for the counters.
    """

    def __init__(self, redis: Client, breaker: Breaker, parts: int = 1) -> None:
        self._breaker = breaker
        self._parts = parts
        self._take = redis.register_script((_LUA / "take_turns.lua").read_text("utf-8"))
        self._give_back = redis.register_script((_LUA / "give_back.lua").read_text("utf-8"))

    async def take(self, uid: UUID, calls: Sequence[Call], rates: Sequence[Rate], now: float) -> list[Taken]:
        """Returns the result of each call at `now` (seconds of Unix time); a call takes a turn of all subjects or none.

        Of several parts, a call that one of its subjects refuses may hold the turns of those before for a moment.
        Cells are defined in voting.fraud.online.counters; for a device, the values are its own two counters.
        """
        async with self._breaker.answered("turns"):
            if self._parts == 1:
                return await self._run(self._tag(uid, 0), calls, rates, now)
            return await self._take_apart(uid, calls, rates, now)

    async def _take_apart(self, uid: UUID, calls: Sequence[Call], rates: Sequence[Rate], now: float) -> list[Taken]:
        waits = [0.0] * len(calls)
        held: list[tuple[int, str, int]] = []
        for place, rate in enumerate(rates):
            asked: dict[int, list[int]] = defaultdict(list)
            for number, call in enumerate(calls):
                if not waits[number]:
                    asked[part_of(call.subjects[place], self._parts)].append(number)
            alone = {
                part: [Call((calls[number].subjects[place],), NO_CELLS) for number in numbers]
                for part, numbers in asked.items()
            }
            for part, found in (await self._run_all(uid, alone, [rate], now, place)).items():
                for number, taken in zip(asked[part], found, strict=True):
                    waits[number] = taken.wait
                    if taken.wait:
                        before = enumerate(zip(calls[number].subjects[:place], rates, strict=False))
                        held += [(earlier, subject, rate.interval) for earlier, (subject, rate) in before]
        admitted = {number: call for number, call in enumerate(calls) if not waits[number]}
        counted, _ = await asyncio.gather(self._count(uid, admitted, now), self._return(uid, held))
        return [counted[number] if number in counted else Taken(wait, None) for number, wait in enumerate(waits)]

    async def _count(self, uid: UUID, calls: Mapping[int, Call], now: float) -> dict[int, Taken]:
        """Counts admitted calls, and has them use their tickets."""
        portions: dict[int, dict[int, Call]] = defaultdict(dict)
        for number, call in calls.items():
            cells = divided(call.cells, self._parts)
            own = part_of(call.use.ticket, self._parts) if call.use else None
            for part in {*cells, *(() if own is None else (own,))}:
                portions[part][number] = Call((), cells.get(part, NO_CELLS), call.use if part == own else None)
        found = await self._run_all(uid, {part: list(each.values()) for part, each in portions.items()}, [], now)
        values: dict[int, dict[int, Taken]] = defaultdict(dict)
        for part, portion in portions.items():
            for number, taken in zip(portion, found[part], strict=True):
                values[number][part] = taken
        return {
            number: Taken(
                0,
                joined(
                    call.cells, {part: taken.cells or NO_CELLS for part, taken in values[number].items()}, self._parts
                ),
                all(taken.is_first for taken in values[number].values()),
            )
            for number, call in calls.items()
        }

    async def _return(self, uid: UUID, held: Sequence[tuple[int, str, int]]) -> None:
        """Gives back turns: the place of a subject, the subject, and the interval between its calls."""
        portions: dict[int, list[tuple[str, int]]] = defaultdict(list)
        for place, subject, interval in held:
            part = part_of(subject, self._parts)
            portions[part].append((keys.turns(self._tag(uid, part), place, subject), interval))
        await asyncio.gather(
            *(
                self._give_back(keys=[key for key, _ in portion], args=[interval for _, interval in portion])
                for portion in portions.values()
            )
        )

    async def _run_all(
        self, uid: UUID, calls: Mapping[int, Sequence[Call]], rates: Sequence[Rate], now: float, place: int = 0
    ) -> dict[int, list[Taken]]:
        """Runs the script on several parts at once."""
        found = await asyncio.gather(
            *(self._run(self._tag(uid, part), portion, rates, now, place) for part, portion in calls.items())
        )
        return dict(zip(calls, found, strict=True))

    async def _run(
        self, tag: str, calls: Sequence[Call], rates: Sequence[Rate], now: float, place: int = 0
    ) -> list[Taken]:
        """Runs the script; `place` is that of the calls' first subject."""
        windows = [(seconds, int(now // seconds)) for seconds in (QUICK, SLOW)]
        names = [keys.counters(tag, seconds, number) for seconds, number in windows]
        names += [keys.turns(tag, at, subject) for call in calls for at, subject in enumerate(call.subjects, place)]
        limits = [number for rate in rates for number in (rate.interval, rate.burst)]
        names += [keys.ticket(tag, call.use.ticket) for call in calls if call.use]
        ends = [((number + 1) * seconds + _SLACK_SECONDS) * 1000 for seconds, number in windows]
        packed = _PACK.encode(
            [
                (*call.cells, call.use.voter, max(1, round(call.use.seconds * 1000))) if call.use else call.cells
                for call in calls
            ]
        )
        answers = await self._take(keys=names, args=[len(rates), *limits, *ends, packed])
        return [_taken(call.cells, *answer) for call, answer in zip(calls, answers, strict=True)]

    def _tag(self, uid: UUID, part: int) -> str:
        return keys.tag(uid, part, self._parts)


def _taken(cells: Cells, wait: int, is_first: int = 1, *values: int) -> Taken:
    if wait:
        return Taken(wait / 1_000_000, None)
    slow = len(cells.quick)
    device = slow + len(cells.slow)
    return Taken(0, Cells(values[:slow], values[slow:device], values[device:]), bool(is_first))
