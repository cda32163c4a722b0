"""Shows voters what they may see: the tally as far as the display policy allows, and their own standing."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from voting.domain.contest import Contest
from voting.domain.display import shown_as_of
from voting.domain.quota import Remaining, remaining
from voting.domain.scoring import Tally
from voting.errors import TryAgain
from voting.postgres import ballots, tallies
from voting.postgres.database import Database
from voting.redis.tallies import TallyView
from voting.services.catalogue import Listing
from voting.services.keyring import Keyring
from voting.services.mirroring import Mirroring
from voting.services.sharing import Sharing
from voting.services.telling import describe

LIVE_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Shown:
    """Counted picks of every entry as of a moment; `picks` None where they stay hidden."""

    as_of: datetime
    picks: Mapping[str, int] | None
    tag: str
    """Changes when the picks do."""


@dataclass(frozen=True, slots=True)
class _Kept:
    tallies: Mapping[str, Tally]
    read_on: float


class Showing:
    """Reads tallies from Redis, or from PostgreSQL while Redis is away."""

    def __init__(self, database: Database, view: TallyView, mirroring: Mirroring, keyring: Keyring) -> None:
        self._database = database
        self._view = view
        self._mirroring = mirroring
        self._keyring = keyring
        self._kept: dict[tuple[str, str], _Kept] = {}
        self._sharing: Sharing[Mapping[str, Tally]] = Sharing()

    async def shown(self, listing: Listing) -> Shown:
        """What voters may see now."""
        now = listing.now()
        as_of = shown_as_of(listing.contest, now)
        if as_of is None:
            return Shown(now, None, "hidden")
        live = listing.contest.display.policy == "live"
        found = await (self.live(listing) if live else self._past(listing, as_of))
        picks = {code: found[code].counted if code in found else 0 for code in listing.entries}
        version = sum(tally.version for tally in found.values()) if live else int(as_of.timestamp())
        return Shown(as_of, picks, f"{listing.uid.hex[:8]}-{listing.revision}-{version}")

    async def live(self, listing: Listing) -> Mapping[str, Tally]:
        """The tally now, at most a quarter of a second old."""
        kept = self._kept.get((str(listing.uid), "live"))
        if kept and time.monotonic() - kept.read_on < LIVE_SECONDS:
            return kept.tallies
        return await self._sharing.once(listing.uid, lambda: self._read(listing))

    async def left(self, listing: Listing, token: str) -> Remaining:
        """The voter's remaining quota. Raises CredentialInvalid."""
        contest, now = listing.contest, listing.now()
        voter = self._voter(contest, token)
        async with self._database.connection() as connection:
            used = await ballots.select_used(connection, contest, voter, now)
        return remaining(contest, used, now)

    async def standing(self, listing: Listing, token: str) -> dict[str, Any]:
        """The voter's remaining quota and own ballots. A held ballot looks the same as a counted one."""
        contest = listing.contest
        left = await self.left(listing, token)
        async with self._database.connection() as connection:
            own = await ballots.select_own(connection, contest.id, self._voter(contest, token))
        rows = [
            {
                "ballot": str(ballot.id),
                "recorded_at": ballot.recorded_at.astimezone(contest.zone),
                "state": "void" if ballot.state == "void" else "recorded",
            }
            for ballot in own
        ]
        return {"remaining": describe(contest, left), "ballots": rows}

    def _voter(self, contest: Contest, token: str) -> bytes:
        return self._keyring.voter(contest.id, self._keyring.credential_of(contest, token).identity)

    async def _read(self, listing: Listing) -> Mapping[str, Tally]:
        found: Mapping[str, Tally] | None = None
        if self._mirroring.is_checked(listing.uid):
            with suppress(TryAgain):
                found = await self._view.read(listing.uid)
        if found is None:
            async with self._database.connection() as connection:
                found = await tallies.select(connection, listing.contest.id)
        return self._keep(listing, "live", found)

    async def _past(self, listing: Listing, as_of: datetime) -> Mapping[str, Tally]:
        """The tally as of a moment, the same in every process: the first that is asked for it writes it down."""
        kept = self._kept.get((str(listing.uid), as_of.isoformat()))
        return (
            kept.tallies if kept else await self._sharing.once((listing.uid, as_of), lambda: self._take(listing, as_of))
        )

    async def _take(self, listing: Listing, as_of: datetime) -> Mapping[str, Tally]:
        found = await self._database.transact(lambda tx: tallies.take_snapshot(tx, listing.contest.id, as_of))
        self._forget(listing)
        return self._keep(listing, as_of.isoformat(), found)

    def _keep(self, listing: Listing, name: str, found: Mapping[str, Tally]) -> Mapping[str, Tally]:
        self._kept[str(listing.uid), name] = _Kept(found, time.monotonic())
        return found

    def _forget(self, listing: Listing) -> None:
        for kept in [kept for kept in self._kept if kept[0] == str(listing.uid)]:
            del self._kept[kept]
