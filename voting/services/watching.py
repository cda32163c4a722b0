"""Feeds the organisers' live boards: one reading of the tally for all boards of a contest in this process.

Events are absolute states, not deltas: a board that missed some is right again with the next, and one that comes back
with the id of the state that stands gets nothing twice.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from voting import telemetry
from voting.domain.scoring import Tally, ranks
from voting.errors import CredentialInvalid, CredentialMissing, Forbidden, TryAgain
from voting.postgres import tallies
from voting.postgres.database import Database
from voting.services.catalogue import Catalogue, Listing
from voting.services.showing import Showing

LOOK_SECONDS = 0.5
RATE_EVERY_SECONDS = 5.0
RATE_OVER_SECONDS = 60
PING_SECONDS = 15.0
MOST_BOARDS = 500


@dataclass(frozen=True, slots=True)
class Event:
    """One server-sent event. `name` empty: a comment that keeps the connection open."""

    name: str
    id: str
    data: Any


@dataclass(frozen=True, slots=True)
class _State:
    """What a board should show under a name; it is sent when its marker changes."""

    name: str
    marker: str
    data: Callable[[], Any]


class Watching:
    """Live boards."""

    def __init__(self, database: Database, catalogue: Catalogue, showing: Showing) -> None:
        self._database = database
        self._catalogue = catalogue
        self._showing = showing
        self._boards = 0
        self._rates: dict[str, tuple[int, float]] = {}
        self._closing = False

    def close(self) -> None:
        """Ends every board soon, so that the process can stop; browsers come back to another by themselves."""
        self._closing = True

    def admit(self) -> None:
        """To be called before an answer is begun. Raises TryAgain when there are too many boards."""
        if self._boards >= MOST_BOARDS:
            raise TryAgain("too many live boards are open here")

    async def watch(
        self, contest: str, last_id: str | None, permit: Callable[[], Awaitable[object]]
    ) -> AsyncIterator[Event]:
        """Events until the reader goes away, the process stops or `permit`, asked again and again, refuses."""
        self._boards += 1
        telemetry.BOARDS.inc()
        try:
            async for event in self._events(contest, last_id, permit):
                yield event
        except (CredentialInvalid, CredentialMissing, Forbidden):
            return
        finally:
            self._boards -= 1
            telemetry.BOARDS.dec()

    async def _events(
        self, contest: str, last_id: str | None, permit: Callable[[], Awaitable[object]]
    ) -> AsyncIterator[Event]:
        sent, spoke = {"tally": last_id, "decisions": last_id}, time.monotonic()
        while not self._closing:
            with suppress(TryAgain):
                await permit()
            for state in await self._look(contest):
                if sent.get(state.name) != state.marker:
                    sent[state.name] = state.marker
                    spoke = time.monotonic()
                    yield Event(state.name, sent["tally"] or "", state.data())
            if time.monotonic() - spoke > PING_SECONDS:
                spoke = time.monotonic()
                yield Event("", "", None)
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self, contest: str) -> tuple[_State, ...]:
        """What stands now; a notice alone while the data cannot be read."""
        try:
            listing = await self._catalogue.get(contest)
            found = await self._showing.live(listing)
            rate = await self._rate(listing)
        except TryAgain:
            return (_State("notice", "data_away", lambda: {"code": "data_away"}),)
        version = f"{listing.uid.hex[:8]}-{listing.revision}-{sum(tally.version for tally in found.values())}"
        code = f"phase_{listing.phase()}"
        return (
            _State("tally", version, lambda: _tally(listing, found)),
            _State("decisions", version, lambda: _decisions(found)),
            _State("rate", str(rate), lambda: {"ballots": rate, "seconds": RATE_OVER_SECONDS}),
            _State("notice", code, lambda: {"code": code, "at": listing.now().astimezone(listing.contest.zone)}),
        )

    async def _rate(self, listing: Listing) -> int:
        """Ballots of the last minute, looked up every five seconds for all boards."""
        rate, read_on = self._rates.get(listing.contest.id, (0, 0.0))
        if time.monotonic() - read_on < RATE_EVERY_SECONDS:
            return rate
        self._rates[listing.contest.id] = (rate, time.monotonic())
        async with self._database.connection() as connection:
            rate = await tallies.rate(connection, listing.contest.id, RATE_OVER_SECONDS)
        self._rates[listing.contest.id] = (rate, time.monotonic())
        return rate


def _tally(listing: Listing, found: Mapping[str, Tally]) -> dict[str, Any]:
    every = {code: found.get(code, Tally()) for code in listing.entries}
    places = ranks({code: tally.counted for code, tally in every.items()})
    rows = [
        {"entry": code, "raw": tally.raw, "held": tally.held, "counted": tally.counted, "rank": places[code]}
        for code, tally in sorted(every.items(), key=lambda item: (places[item[0]], item[0]))
    ]
    return {"as_of": listing.now().astimezone(listing.contest.zone), "entries": rows}


def _decisions(found: Mapping[str, Tally]) -> dict[str, int]:
    """Picks by decision."""
    raw, held, counted = (sum(getattr(tally, name) for tally in found.values()) for name in ("raw", "held", "counted"))
    return {"count": counted, "hold": held, "void": raw - held - counted}
