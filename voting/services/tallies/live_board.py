"""Feeds the organisers' live boards: one look at the contest serves all its boards in this process.

Events carry absolute states, not deltas: a board that missed some is correct again with the next, and one that
reconnects with the id of the present state gets nothing twice.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from voting import telemetry
from voting.domain.identity.tier import Tier
from voting.domain.results.scoring import Tally, ranks
from voting.errors import CredentialInvalid, CredentialMissing, Forbidden, TryAgain
from voting.postgres import tallies
from voting.postgres.database import Database
from voting.services.contests.contest_cache import ContestCache, ContestSnapshot
from voting.services.single_flight import SingleFlight
from voting.services.tallies.projection import Reading
from voting.services.tallies.reader import TallyReader

LOOK_SECONDS = 0.5
RATE_EVERY_SECONDS = 5.0
RATE_OVER_SECONDS = 60
PING_SECONDS = 15.0
# Beyond this age the board reports that the data is away.
STALE = timedelta(seconds=5)
MOST_BOARDS = 2000
# One key's open boards must leave room for the others'.
MOST_BOARDS_OF_A_KEY = 200
# Boards updated every half second; with more, each is updated less often, so that voters do not wait.
BOARDS_AT_ONCE = 100


@dataclass(frozen=True, slots=True, eq=False)
class Event:
    """One server-sent event, the same object for all boards.

    An empty `name` makes it a comment that keeps the connection open. With `id` None, the board's resume point stays.
    """

    name: str
    id: str | None
    data: Any


PING = Event("", None, None)


@dataclass(frozen=True, slots=True)
class _State:
    """The state of one event name; it is sent when its marker changes."""

    marker: str
    event: Event


@dataclass(frozen=True, slots=True)
class _Look:
    states: tuple[_State, ...]
    taken_on: float


class _Slow(NamedTuple):
    """What is read from PostgreSQL every few seconds, for all boards: the ballots of the last minute, and the tiers."""

    rate: int
    tiers: Mapping[str, Mapping[Tier, int]]
    """Counted picks by entry and tier."""
    read_on: float


class LiveBoards:
    """The live boards of this process."""

    def __init__(self, database: Database, contest_cache: ContestCache, tally_reader: TallyReader) -> None:
        self._database = database
        self._contest_cache = contest_cache
        self._tally_reader = tally_reader
        self._boards: Counter[str] = Counter()
        self._slow: dict[str, _Slow] = {}
        self._looks: dict[str, _Look] = {}
        self._single_flight: SingleFlight[_Look] = SingleFlight()
        self._closing = False

    def close(self) -> None:
        """Ends every board soon, so that the process can stop; browsers reconnect to another one by themselves."""
        self._closing = True

    def admit(self, key: str) -> None:
        """Must be called before an answer begins. Raises TryAgain if there are too many boards, here or of the key."""
        if self._boards.total() >= MOST_BOARDS or self._boards[key] >= MOST_BOARDS_OF_A_KEY:
            raise TryAgain("too many live boards are open here")

    async def watch(
        self, contest: str, key: str, last_id: str | None, permit: Callable[[], Awaitable[object]]
    ) -> AsyncIterator[Sequence[Event]]:
        """Yields events for a board of a staff key, until the reader leaves, the process stops or `permit` refuses.

        `permit` is called repeatedly.
        """
        self._boards[key] += 1
        telemetry.BOARDS.inc()
        try:
            sent, spoke = {"tally": last_id, "decisions": last_id}, time.monotonic()
            while not self._closing:
                with suppress(TryAgain):
                    await permit()
                look = self._looks.get(contest)
                if look is None or time.monotonic() - look.taken_on > LOOK_SECONDS / 2:
                    look = await self._single_flight.once(contest, lambda: self._take(contest))
                news = [state for state in look.states if sent.get(state.event.name) != state.marker]
                if news:
                    sent.update((state.event.name, state.marker) for state in news)
                    spoke = time.monotonic()
                    yield tuple(state.event for state in news)
                elif time.monotonic() - spoke > PING_SECONDS:
                    spoke = time.monotonic()
                    yield (PING,)
                pause = LOOK_SECONDS * max(1.0, self._boards.total() / BOARDS_AT_ONCE)
                # Randomised so that boards do not stay in step.
                await asyncio.sleep(pause * random.uniform(0.75, 1.25))  # noqa: S311
        except (CredentialInvalid, CredentialMissing, Forbidden):
            return
        finally:
            self._boards -= Counter([key])
            telemetry.BOARDS.dec()
            if not self._boards:
                self._looks.clear()

    async def _take(self, contest: str) -> _Look:
        """Returns the states; an unchanged state keeps its event, so it is encoded once."""
        former = {state.event.name: state for state in self._looks[contest].states} if contest in self._looks else {}
        states = []
        for name, id, marker, data in await self._states(contest):
            known = former.get(name)
            states.append(known if known and known.marker == marker else _State(marker, Event(name, id, data())))
        self._looks[contest] = look = _Look(tuple(states), time.monotonic())
        return look

    async def _states(self, contest: str) -> list[tuple[str, str | None, str, Callable[[], Any]]]:
        """Returns name, id, marker and data of each present state; only a notice if the data cannot be read."""
        try:
            snapshot = await self._contest_cache.get(contest)
            reading = await self._tally_reader.live(snapshot)
            if snapshot.now() - reading.as_of > STALE:
                raise TryAgain
            slow = await self._read_slow(snapshot)
        except TryAgain:
            return [("notice", None, "data_away", lambda: {"code": "data_away"})]
        tallies = reading.tallies
        version = f"{snapshot.uid.hex[:8]}-{snapshot.revision}-{sum(tally.version for tally in tallies.values())}"
        code = f"phase_{snapshot.phase()}"
        return [
            ("tally", version, version, lambda: _tally(snapshot, reading)),
            ("decisions", version, version, lambda: _decisions(tallies)),
            ("rate", None, str(slow.rate), lambda: {"ballots": slow.rate, "seconds": RATE_OVER_SECONDS}),
            ("tiers", None, str(slow.tiers), lambda: {"entries": slow.tiers}),
            ("notice", None, code, lambda: {"code": code, "at": snapshot.now().astimezone(snapshot.contest.zone)}),
        ]

    async def _read_slow(self, snapshot: ContestSnapshot) -> _Slow:
        contest = snapshot.contest.id
        slow = self._slow.get(contest, _Slow(0, {}, -RATE_EVERY_SECONDS))
        if time.monotonic() - slow.read_on < RATE_EVERY_SECONDS:
            return slow
        self._slow[contest] = slow._replace(read_on=time.monotonic())
        async with self._database.connection() as connection:
            rate = await tallies.rate(connection, contest, RATE_OVER_SECONDS)
            found = await tallies.select(connection, contest)
        tiers = {entry: tally.by_tier for entry, tally in sorted(found.items())}
        self._slow[contest] = slow = _Slow(rate, tiers, time.monotonic())
        return slow


def _tally(snapshot: ContestSnapshot, reading: Reading) -> dict[str, Any]:
    every = {code: reading.tallies.get(code, Tally()) for code in snapshot.entries}
    places = ranks({code: tally.counted for code, tally in every.items()})
    rows = [
        {"entry": code, "raw": tally.raw, "held": tally.held, "counted": tally.counted, "rank": places[code]}
        for code, tally in sorted(every.items(), key=lambda item: (places[item[0]], item[0]))
    ]
    return {"as_of": reading.as_of.astimezone(snapshot.contest.zone), "entries": rows}


def _decisions(tallies: Mapping[str, Tally]) -> dict[str, int]:
    """Returns picks by decision."""
    raw, held, counted = (
        sum(getattr(tally, name) for tally in tallies.values()) for name in ("raw", "held", "counted")
    )
    return {"count": counted, "hold": held, "void": raw - held - counted}
