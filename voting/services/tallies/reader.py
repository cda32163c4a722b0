"""The tally as voters may see it under the display policy."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from uuid import UUID

from voting.domain.contest.display import shown_as_of
from voting.domain.results.scoring import ranks
from voting.errors import TryAgain
from voting.postgres import tallies
from voting.postgres.database import Database
from voting.redis.tallies import TallyView
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.last_known import LastKnown
from voting.services.tallies.projection import Reading, TallyProjection

LIVE = timedelta(seconds=0.25)
_MOST_CONTESTS = 1000


@dataclass(frozen=True)
class Shown:
    """Picks of every entry as of a moment; None if they are hidden.

    Until the result is certified these are all recorded picks (`raw`), whatever was decided about their ballots, and
    the tag depends on them alone: a figure that falls, or a tag that changes without a new pick, would show an attacker
    which ballots are held or void. Afterwards they are the counted picks. Invariant I5 holds for both: Redis has every
    figure of PostgreSQL's tally and is never above it, so the picks shown never exceed the recorded ballots.
    """

    as_of: datetime
    picks: Mapping[str, int] | None
    tag: str
    """Changes when the picks do."""

    @cached_property
    def places(self) -> dict[str, int]:
        """The rank of every entry; empty if picks are hidden."""
        return ranks(self.picks or {})


class TallyReader:
    """Reads tallies from Redis, or from PostgreSQL while Redis is away.

    While both are away, or PostgreSQL for too long to verify Redis, voters see the last figures that this process read,
    with their moment.
    """

    def __init__(self, database: Database, view: TallyView, tally_projection: TallyProjection) -> None:
        self._database = database
        self._view = view
        self._tally_projection = tally_projection
        self._moments: LastKnown[Reading] = LastKnown(_MOST_CONTESTS)
        self._latest: dict[UUID, tuple[Reading, int, bool, Shown]] = {}

    async def shown(self, snapshot: ContestSnapshot) -> Shown:
        """Returns the tally that voters may see now."""
        now = snapshot.now()
        as_of = shown_as_of(snapshot.contest, now)
        if as_of is None:
            return Shown(now, None, "hidden")
        # The display policy applies during voting; a certified tally is shown as it is.
        live = snapshot.certified or snapshot.contest.display.policy == "live"
        reading = await (self.live(snapshot) if live else self._past(snapshot, as_of))
        latest = self._latest.get(snapshot.uid)
        if latest and latest[0] is reading and latest[1:3] == (snapshot.revision, snapshot.certified):
            return latest[3]
        if len(self._latest) >= _MOST_CONTESTS:
            self._latest.clear()
        shown = _shown(snapshot, reading, live)
        self._latest[snapshot.uid] = (reading, snapshot.revision, snapshot.certified, shown)
        return shown

    async def live(self, snapshot: ContestSnapshot) -> Reading:
        """Returns the tally, at most a quarter of a second old; the last known one while PostgreSQL is away."""

        async def read() -> Reading:
            as_of = snapshot.now()
            if self._tally_projection.is_checked(snapshot.uid):
                with suppress(TryAgain):
                    if (viewed := await self._view.read(snapshot.uid)) is not None:
                        return Reading(viewed, as_of)
            async with self._database.connection() as connection:
                return Reading(await tallies.select(connection, snapshot.contest.id), as_of)

        return await self._tally_projection.readings.get(
            snapshot.uid, read, lambda reading: snapshot.now() - reading.as_of < LIVE
        )

    async def _past(self, snapshot: ContestSnapshot, as_of: datetime) -> Reading:
        """Returns the tally as of a moment, the same in every process: the first to ask for it stores it."""

        async def take() -> Reading:
            past = await self._database.transact(lambda tx: tallies.take_snapshot(tx, snapshot.contest.id, as_of))
            return Reading(past, as_of)

        return await self._moments.get(snapshot.uid, take, lambda reading: reading.as_of == as_of)


def _shown(snapshot: ContestSnapshot, reading: Reading, live: bool) -> Shown:
    found, tag = reading.tallies, f"{snapshot.uid.hex[:8]}-{snapshot.revision}"
    if snapshot.certified:
        picks = {code: found[code].counted if code in found else 0 for code in snapshot.entries}
        return Shown(reading.as_of, picks, f"{tag}-certified-{sum(tally.version for tally in found.values())}")
    picks = {code: found[code].raw if code in found else 0 for code in snapshot.entries}
    version = sum(picks.values()) if live else int(reading.as_of.timestamp())
    return Shown(reading.as_of, picks, f"{tag}-{version}")
