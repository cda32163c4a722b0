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
from typing import Any, Literal, NamedTuple

from voting import telemetry
from voting.domain.identity.tier import Tier
from voting.errors import CredentialInvalid, CredentialMissing, Forbidden, TryAgain
from voting.postgres import tallies
from voting.postgres.database import Database
from voting.services.contests.contest_cache import ContestCache, ContestSnapshot
from voting.services.readiness import Readiness
from voting.services.single_flight import SingleFlight
from voting.services.tallies import board_events
from voting.services.tallies.activity import Activities, Activity
from voting.services.tallies.reader import TallyReader

LOOK_SECONDS = 0.5
SLOW_SECONDS = 5.0
GROUPS_SECONDS = 15.0
RATE_OVER_SECONDS = 60
# Beyond this age the board reports that the data is away.
STALE = timedelta(seconds=5)
MOST_BOARDS = 2000
# One key's open boards must leave room for the others'.
MOST_BOARDS_OF_A_KEY = 200
# Boards updated every half second; with more, each is updated less often, so that voters do not wait.
BOARDS_AT_ONCE = 100


@dataclass(frozen=True, slots=True, eq=False)
class Event:
    """One server-sent event, the same object for all boards. With `id` None, the board's resume point stays."""

    name: str
    id: str | None
    data: Any


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
    """What is read from PostgreSQL every few seconds, for all boards."""

    activity: Activity
    tiers: Mapping[str, Mapping[Tier, int]]
    """Counted picks by entry and tier."""
    minutes_marker: str
    tiers_marker: str
    trend_marker: str
    groups: Sequence[Mapping[str, Any]]
    """Undecided groups, the greatest effect on the ranking first; read less often."""
    sorted_on: float
    read_on: float


_Present = tuple[str, str | None, str, Callable[[], Any]]
"""Name, id, marker and data of a state."""
View = Literal["staff", "screen"]
# What is in each view; nothing that is shown to a hall tells what is held.
_HALL = {"notice", "rate", "voters", "screen", "age"}


class LiveBoards:
    """The live boards of this process."""

    def __init__(
        self,
        database: Database,
        contest_cache: ContestCache,
        tally_reader: TallyReader,
        activities: Activities,
        readiness: Readiness,
        groups: Callable[[ContestSnapshot], Awaitable[Sequence[Mapping[str, Any]]]],
    ) -> None:
        self._database = database
        self._contest_cache = contest_cache
        self._tally_reader = tally_reader
        self._activities = activities
        self._readiness = readiness
        self._groups = groups
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
        self, contest: str, key: str, last_id: str | None, permit: Callable[[], Awaitable[object]], view: View = "staff"
    ) -> AsyncIterator[Sequence[Event]]:
        """Yields events for a board of a staff key, until the reader leaves, the process stops or `permit` refuses.

        `permit` is called repeatedly.
        """
        self._boards[key] += 1
        telemetry.BOARDS.inc()
        try:
            sent = {"tally": last_id, "decisions": last_id}
            while not self._closing:
                with suppress(TryAgain):
                    await permit()
                look = self._looks.get(contest)
                if look is None or time.monotonic() - look.taken_on > LOOK_SECONDS / 2:
                    look = await self._single_flight.once(contest, lambda: self._take(contest))
                news = [
                    state
                    for state in look.states
                    if sent.get(state.event.name) != state.marker and _is_in(view, state.event.name)
                ]
                if news:
                    sent.update((state.event.name, state.marker) for state in news)
                    yield tuple(state.event for state in news)
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

    async def _states(self, contest: str) -> list[_Present]:
        """Returns each present state; a notice and who answers if the data cannot be read."""
        answering = await self._readiness.probe()
        servers = {**answering.answers, "log": answering.log_state}
        try:
            snapshot = await self._contest_cache.get(contest)
            reading = await self._tally_reader.live(snapshot)
            if snapshot.now() - reading.as_of > STALE:
                raise TryAgain
            slow = await self._read_slow(snapshot)
            shown = await self._tally_reader.shown(snapshot)
        except TryAgain:
            unknown: dict[str, Any] = {**servers, "workers": None, "swept_at": None}
            return [
                ("notice", None, "data_away", lambda: {"code": "data_away"}),
                ("health", None, str(unknown), lambda: unknown),
            ]
        tallies, activity = reading.tallies, slow.activity
        version = f"{snapshot.uid.hex[:8]}-{snapshot.revision}-{sum(tally.version for tally in tallies.values())}"
        code, present = f"phase_{snapshot.phase()}", activity.present
        now = snapshot.now().astimezone(snapshot.contest.zone)
        age = round((snapshot.now() - reading.as_of).total_seconds(), 1)
        swept_at = present.swept_at and present.swept_at.astimezone(snapshot.contest.zone)
        health: dict[str, Any] = {**servers, "workers": present.workers, "swept_at": swept_at}
        before = {span: moment for span, (moment, _) in activity.before.items()}
        return [
            ("tally", version, version, lambda: board_events.tally(snapshot, reading)),
            ("decisions", version, version, lambda: board_events.decisions(tallies)),
            ("rate", None, str(present.ballots), lambda: {"ballots": present.ballots, "seconds": RATE_OVER_SECONDS}),
            ("tiers", None, slow.tiers_marker, lambda: {"entries": slow.tiers}),
            ("notice", None, code, lambda: {"code": code, "at": now}),
            ("voters", None, str(present.voters), lambda: {"voters": present.voters}),
            ("stake", None, version, lambda: {"place": board_events.at_stake(snapshot, tallies)}),
            ("minutes", None, slow.minutes_marker, lambda: board_events.minutes(snapshot, activity)),
            ("before", None, str(before), lambda: board_events.places_before(snapshot, activity)),
            ("trend", None, slow.trend_marker, lambda: board_events.trend(snapshot, activity)),
            ("groups", None, str(slow.groups), lambda: {"groups": slow.groups}),
            ("health", None, str(health), lambda: health),
            (
                "screen",
                None,
                shown.tag + slow.minutes_marker,
                lambda: board_events.screen(snapshot, shown, reading, activity),
            ),
            ("age", None, str(int(now.timestamp() / LOOK_SECONDS)), lambda: {"seconds": age, "now": now}),
        ]

    async def _read_slow(self, snapshot: ContestSnapshot) -> _Slow:
        contest = snapshot.contest.id
        slow = self._slow.get(contest)
        if slow and time.monotonic() - slow.read_on < SLOW_SECONDS:
            return slow
        if slow:
            # The looks of the next seconds do not wait where this one fails.
            self._slow[contest] = slow._replace(read_on=time.monotonic())
        activity = await self._activities.read(snapshot)
        async with self._database.connection() as connection:
            found = await tallies.select(connection, contest)
        tiers = {entry: tally.by_tier for entry, tally in sorted(found.items())}
        groups, sorted_on = (slow.groups, slow.sorted_on) if slow else ((), float("-inf"))
        if time.monotonic() - sorted_on > GROUPS_SECONDS:
            groups, sorted_on = await self._groups(snapshot), time.monotonic()
        markers = (
            str(activity.minutes),
            str(tiers),
            str([moment for moment, stored in activity.lately.items() if stored is not None]),
        )
        self._slow[contest] = slow = _Slow(activity, tiers, *markers, groups, sorted_on, time.monotonic())
        return slow


def _is_in(view: View, name: str) -> bool:
    return name in _HALL if view == "screen" else name != "screen"
