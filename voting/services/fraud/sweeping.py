"""Sweeps the open contests for rings at the moments that the policy sets, in one process of all servers.

A shadow policy is applied to the ballots of each round afterwards; its findings are counted and logged, never in force.
Ballots stay in memory, so that each round reads only newer ones. Beyond a limit the oldest are dropped: decisions about
them stay until certification.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from voting import telemetry
from voting.domain.contest.display import SETTLED
from voting.errors import TryAgain, VotingError
from voting.fraud.features.frame import SCHEMA, milliseconds
from voting.fraud.features.history import Past
from voting.fraud.policy import SweepPolicy
from voting.fraud.reasons.findings import Sweep
from voting.fraud.sweep import past_of, rounds, sweep
from voting.postgres import contests, leases
from voting.postgres.database import Connection, Database
from voting.postgres.fraud import decisions
from voting.postgres.fraud.decisions import Changed
from voting.services.contests.contest_cache import ContestCache, ContestSnapshot
from voting.services.fraud.apply_decisions import DecisionWriter, Detector, Swept
from voting.services.fraud.ballot_table import load_ballot_table
from voting.services.fraud.cells import Cells

LEASE = "sweep"
LEASE_SECONDS = 60.0
# Delay of a round after its ballots are settled.
SLACK_SECONDS = 1.0
RENEW_SECONDS = 15.0
# Picks kept in memory, over all contests: some 300 bytes each.
MOST_ROWS = 6_000_000


class LeaseLostError(Exception):
    """Another process sweeps now, or the window has ended, so this process must not change any more ballots."""


@dataclass
class _Kept:
    """The data of a contest kept in memory."""

    ballots: pl.DataFrame
    until: datetime | None = None
    """The moment up to which ballots were read."""
    swept: int = 0
    """The moment of the last round, in milliseconds."""
    past: tuple[int, Past] | None = None
    """The end of the days before, in milliseconds, and their history."""


class Sweeping:
    """The near-line sweeps."""

    def __init__(
        self, database: Database, policy: SweepPolicy, shadow: SweepPolicy | None = None, detect: Detector = sweep
    ) -> None:
        self._database = database
        self._contest_cache = ContestCache(database)
        self._decisions = DecisionWriter(database)
        self._cells = Cells(database)
        self._policy = policy
        self._rules = policy.sweep
        self._shadow = shadow
        self._detect = detect
        self._holder = uuid.uuid4()
        self._kept: dict[uuid.UUID, _Kept] = {}

    async def run(self) -> None:
        """Runs rounds until cancelled."""
        every = self._rules.every_minutes * 60
        while True:
            # Aligned with the clock, so that a restart neither advances nor delays a round.
            await asyncio.sleep(every - (time.time() - SETTLED.total_seconds() - SLACK_SECONDS) % every)
            try:
                await self.round()
            except VotingError as error:
                logging.getLogger("voting").warning("sweep: %s", error)
            except Exception:
                logging.getLogger("voting").exception("a sweep failed; the next begins in time")

    async def round(self) -> Changed:
        """Runs the latest due round of every open contest, unless another process does it."""
        total = Changed()
        async with self._leased() as is_ours:
            if not is_ours:
                self._kept.clear()
                return total
            snapshots = [
                snapshot for snapshot in await self._contest_cache.current() if snapshot.phase() in ("open", "paused")
            ]
            for uid in self._kept.keys() - {snapshot.uid for snapshot in snapshots}:
                del self._kept[uid]
            for snapshot in snapshots:
                try:
                    total += await self.sweep(snapshot, MOST_ROWS // len(snapshots))
                    await self._cells.watch(snapshot)
                except LeaseLostError as error:
                    logging.getLogger("voting").warning("sweep of %s: %s", snapshot.contest.id, error)
        return total

    async def sweep(self, snapshot: ContestSnapshot, most_rows: int = MOST_ROWS) -> Changed:
        """Runs the latest round of a contest if one is due, under this process's lease. Raises LeaseLostError."""
        begun, contest = time.monotonic(), snapshot.contest.id
        kept = await self._read(snapshot, most_rows)
        telemetry.SWEEP_PICKS.set(sum(kept.ballots.height for kept in self._kept.values()))
        swept = await asyncio.to_thread(self._look, kept)
        if swept is None:
            await self._end(contest)
            return Changed()

        async def guard(tx: Connection) -> None:
            stored = await contests.select(tx, contest)
            if stored is None or stored.read_at >= stored.window_end:
                raise LeaseLostError("the window has ended: what is left is certification's")
            if not await leases.hold(tx, LEASE, self._holder):
                raise LeaseLostError("another process sweeps now")

        changed = await self._decisions.apply(contest, swept, guard)
        await self._end(contest)
        telemetry.SWEEP_DECISIONS.labels("held").inc(changed.held)
        telemetry.SWEEP_DECISIONS.labels("released").inc(changed.released)
        if self._shadow:
            await asyncio.to_thread(self._compare, contest, swept, self._past(kept), self._shadow)
        telemetry.SWEEP_SECONDS.observe(time.monotonic() - begun)
        return changed

    async def _end(self, contest: str) -> None:
        """Tells the live boards that the sweep has ended; where a decision is under way, the next sweep tells it."""
        with suppress(TryAgain):
            await self._database.transact(lambda tx: decisions.set_swept(tx, contest))

    def _look(self, kept: _Kept) -> Swept | None:
        """Returns the findings of the latest round; None if it was done before."""
        until = milliseconds(kept.until) if kept.until else 0
        due = [moment for moment in rounds(kept.ballots["at"].to_numpy(), self._rules) if kept.swept < moment <= until]
        if not due:
            return None
        kept.swept = due[-1]
        at, back = pl.col("at"), self._rules.hours * 3_600_000
        ballots = kept.ballots.filter((at >= kept.swept - back) & (at < kept.swept))
        findings = self._detect(ballots, self._policy, "nearline", self._past(kept))
        return Swept(ballots, findings, self._policy, "nearline")

    def _compare(self, contest: str, swept: Swept, past: Past, shadow: SweepPolicy) -> None:
        """Counts and logs what the shadow policy would have held of the same ballots.

        Its failures do not affect rounds.
        """
        try:
            counts = compared(swept.found, self._detect(swept.ballots, shadow, "nearline", past))
        except Exception:
            logging.getLogger("voting").exception("sweep of %s: the shadow policy %s failed", contest, shadow.version)
            return
        for decided, ballots in counts.items():
            telemetry.SHADOW.labels("nearline", shadow.version, *decided).inc(ballots)
        logging.getLogger("voting").info(
            "sweep of %s: %d ballots held by both, %d by policy %s alone, %d by its shadow %s alone",
            *(contest, counts["hold", "hold"]),
            *(counts["hold", "count"], self._policy.version),
            *(counts["count", "hold"], shadow.version),
        )

    def _past(self, kept: _Kept) -> Past:
        begin, end = self._rules.past(kept.swept)
        if kept.past is None or kept.past[0] != end:
            days = kept.ballots.filter(pl.col("at").is_between(begin, end, closed="left"))
            kept.past = end, past_of(days, self._policy.model.first)
        return kept.past[1]

    async def _read(self, snapshot: ContestSnapshot, most_rows: int) -> _Kept:
        """Loads the contest's settled ballots: no earlier ballot can still be committed."""
        kept = self._kept.setdefault(snapshot.uid, _Kept(pl.DataFrame(schema=SCHEMA)))
        before = (await self._contest_cache.renew(snapshot.contest.id)).now() - SETTLED
        if kept.until is None or before > kept.until:
            more = await load_ballot_table(self._database, snapshot.contest.id, kept.until, before)
            # Rechunk into one block: otherwise the blocks of many rounds would each be kept whole.
            kept.ballots = pl.concat([kept.ballots, more], rechunk=True).tail(most_rows)
            kept.until = before
        return kept

    @asynccontextmanager
    async def _leased(self) -> AsyncIterator[bool]:
        """Takes the lease and renews it during the round."""
        if not await self._take():
            yield False
            return

        async def renew() -> None:
            while True:
                await asyncio.sleep(RENEW_SECONDS)
                with suppress(TryAgain):
                    await self._take()

        renewing = asyncio.create_task(renew())
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


def compared(own: Sweep, shadow: Sweep) -> Counter[tuple[str, str]]:
    """Counts ballots by the decisions of two sweeps of the same picks. A ballot is held if any of its picks is."""
    picks = own.verdicts.select("id", decided="hold").with_columns(shadow=shadow.verdicts["hold"])
    ballots = picks.group_by("id").agg(pl.col("decided", "shadow").any())
    word = {True: "hold", False: "count"}
    counts = ballots.group_by("decided", "shadow").len().iter_rows()
    return Counter({(word[decided], word[would_be]): number for decided, would_be, number in counts})
