"""Leaves that nobody queues: what the clock, a certified result, erasures of a day before or a new key make due."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from voting.domain.canonical_json import canonical
from voting.domain.contest.contest import Contest
from voting.domain.transparency import leaves
from voting.domain.transparency.growth import Growth, LogEnd
from voting.domain.transparency.witness import log_policy
from voting.postgres import contests, tallies
from voting.postgres.database import Connection
from voting.postgres.transparency import log
from voting.postgres.transparency.log import DueLog
from voting.services.transparency.bundles.files import certificate, store_opened


@dataclass(frozen=True)
class Due:
    """What is due for a contest's log. `seals`: the day that has ended, and has no seal yet."""

    log: DueLog
    seals: date | None

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to write."""
        return not (self.log.closes or self.log.certifies or self.log.erases or self.seals)

    @property
    def is_exact(self) -> bool:
        """Whether it counts ballots, so that none may be under way meanwhile."""
        return self.log.closes or self.seals is not None


def due_of(due: DueLog, contest: Contest) -> Due:
    """Returns what is due: each local day of the window is sealed once it has ended, and only the last one if late."""
    today, last = due.now.astimezone(contest.zone).date(), due.closes_at.astimezone(contest.zone).date()
    ended = min(today - timedelta(days=1), last)
    begins = due.opens_at.astimezone(contest.zone).date()
    is_sealed = due.sealed_on is not None and due.sealed_on >= ended
    return Due(due, None if ended < begins or is_sealed else ended)


async def key_change(tx: Connection, contest: Contest, vkeys: Sequence[str], new: str) -> bytes:
    """Returns the leaf that announces a log's new key; `vkeys`: all keys until now, the newest first."""
    opened = await store_opened(tx, log_policy([new, *vkeys], contest.witnesses, contest.witness_quorum))
    lines = [("old", vkeys[0]), ("new", new), ("witnesses", opened.witnesses)]
    return leaves.leaf("key", contest.id, await contests.clock(tx), lines)


async def append_due(
    tx: Connection, due: Due, end: LogEnd, entries: Sequence[bytes], counts: tuple[int, int]
) -> Growth:
    """Returns the growth by the entries and what is due after them, and marks it as done in the same transaction.

    `counts`: the ballots and picks of the log with these entries.
    """
    contest, now = due.log.contest, due.log.now
    if due.log.certifies:
        # Alone and first: it follows the very leaf that the witnesses have cosigned.
        number, leaf = await certificate(tx, contest, end, now)
        await log.mark(tx, contest, certified=number)
        return end.grown([leaf])
    counted = list(zip(("ballots", "picks"), counts, strict=True))
    more = [*entries]
    if due.log.erases:
        for day, voters in await log.take_erased_days(tx, contest):
            more.append(leaves.leaf("erasure", contest, now, [("date", day), ("voters", voters)]))
    if due.seals:
        raw = {entry: tally.raw for entry, tally in (await tallies.select(tx, contest)).items() if tally.raw}
        text = canonical(raw).decode()
        salt = secrets.token_bytes(16)
        await log.insert_seal(tx, contest, due.seals, salt, text)
        committed = hashlib.sha256(salt + text.encode()).hexdigest()
        more.append(leaves.leaf("seal", contest, now, [("day", due.seals), *counted, ("raw", committed)]))
    if due.log.closes:
        more.append(leaves.leaf("close", contest, now, counted))
    growth = end.grown(more)
    closed = (due.log.closes_at, growth.end.size) if due.log.closes else None
    await log.mark(tx, contest, closed=closed, sealed_on=due.seals)
    return growth
