"""Sweeps the open contests for rings every few minutes, at clock-aligned times: one process of all servers does.

What was read stays in memory, so that each round reads what came since. When there is more than it may keep, the
oldest goes: what was decided about that stands until certification.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime

import polars as pl

from voting import telemetry
from voting.domain.display import SETTLED
from voting.errors import TryAgain, VotingError
from voting.fraud.frame import SCHEMA
from voting.fraud.policy import Policy
from voting.fraud.sweep import sweep
from voting.postgres import contests, leases
from voting.postgres.database import Connection, Database
from voting.postgres.decisions import Changed
from voting.services.catalogue import Catalogue, Listing
from voting.services.deciding import Deciding, Detector, Swept
from voting.services.gathering import gather

LEASE = "sweep"
LEASE_SECONDS = 60.0
RENEW_SECONDS = 15.0
# Picks kept in memory, over all contests: some 300 bytes each.
MOST_ROWS = 6_000_000


class LeaseLostError(Exception):
    """Another process sweeps now, or the window has ended: what is left is not this one's to change."""


class Sweeping:
    """The near-line sweeps."""

    def __init__(self, database: Database, policy: Policy, minutes: float, detect: Detector = sweep) -> None:
        self._database = database
        self._catalogue = Catalogue(database)
        self._deciding = Deciding(database)
        self._policy = policy
        self._seconds = minutes * 60
        self._detect = detect
        self._holder = uuid.uuid4()
        self._tables: dict[uuid.UUID, tuple[pl.DataFrame, datetime]] = {}
        """By contest: its ballots, and up to which moment."""

    async def run(self) -> None:
        """Works until cancelled."""
        while True:
            # Aligned with the clock, so that a restart neither hastens a round nor delays it.
            await asyncio.sleep(self._seconds - time.time() % self._seconds)
            try:
                await self.round()
            except VotingError as error:
                logging.getLogger("voting").warning("sweep: %s", error)
            except Exception:
                logging.getLogger("voting").exception("a sweep failed; the next begins in time")

    async def round(self) -> Changed:
        """One sweep of every open contest, unless another process does."""
        total = Changed()
        async with self._leased() as is_ours:
            if not is_ours:
                self._tables.clear()
                return total
            listings = [each for each in await self._catalogue.all() if each.phase() in ("open", "paused")]
            for uid in self._tables.keys() - {listing.uid for listing in listings}:
                del self._tables[uid]
            for listing in listings:
                try:
                    total += await self.sweep(listing, MOST_ROWS // len(listings))
                except LeaseLostError as error:
                    logging.getLogger("voting").warning("sweep of %s: %s", listing.contest.id, error)
        return total

    async def sweep(self, listing: Listing, most_rows: int = MOST_ROWS) -> Changed:
        """One sweep of a contest, under this process's lease. Raises LeaseLostError."""
        begun, contest = time.monotonic(), listing.contest.id
        ballots = await self._read(listing, most_rows)
        found = await asyncio.to_thread(self._detect, ballots, self._policy, "nearline")
        swept = Swept(ballots, found, self._policy, "nearline")
        changed = await self._deciding.apply(contest, swept, lambda tx: self._guard(tx, contest))
        telemetry.SWEEP_SECONDS.observe(time.monotonic() - begun)
        telemetry.SWEEP_PICKS.set(sum(len(table) for table, _ in self._tables.values()))
        telemetry.SWEEP_DECISIONS.labels("held").inc(changed.held)
        telemetry.SWEEP_DECISIONS.labels("released").inc(changed.released)
        return changed

    async def _read(self, listing: Listing, most_rows: int) -> pl.DataFrame:
        """The contest's settled ballots: those that no ballot can still be committed before."""
        table, since = self._tables.get(listing.uid, (pl.DataFrame(schema=SCHEMA), None))
        before = (await self._catalogue.renew(listing.contest.id)).now() - SETTLED
        if since is None or before > since:
            more = await gather(self._database, listing.contest.id, since, before)
            # One piece of memory: the pieces of many rounds would each be kept whole.
            table = pl.concat([table, more], rechunk=True).tail(most_rows)
            self._tables[listing.uid] = table, before
        return table

    async def _guard(self, tx: Connection, contest: str) -> None:
        stored = await contests.select(tx, contest)
        if stored is None or stored.read_at >= stored.window_end:
            raise LeaseLostError("the window has ended: what is left is certification's")
        if not await leases.hold(tx, LEASE, self._holder):
            raise LeaseLostError("another process sweeps now")

    @asynccontextmanager
    async def _leased(self) -> AsyncIterator[bool]:
        """The lease, kept as long as the round takes."""
        if not await self._take():
            yield False
            return
        renewing = asyncio.create_task(self._renew())
        try:
            yield True
        finally:
            renewing.cancel()
            with suppress(asyncio.CancelledError):
                await renewing
            with suppress(TryAgain):
                await self._database.transact(lambda tx: leases.give_back(tx, LEASE, self._holder))

    async def _take(self) -> bool:
        return await self._database.transact(lambda tx: leases.take(tx, LEASE, self._holder, LEASE_SECONDS))

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            with suppress(TryAgain):
                await self._take()
