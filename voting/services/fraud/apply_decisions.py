"""Applies the findings of a sweep: ballots, tally and history change together, a thousand ballots in a transaction.

Casting continues meanwhile, and the next sweep completes one that was interrupted.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, Protocol

import msgspec
import polars as pl

from voting.domain.ballots.ballot import State
from voting.domain.roster.sheet import Tick, silent
from voting.fraud.features.history import Past
from voting.fraud.groups.plan import STANDING, plan
from voting.fraud.policy import SweepPolicy
from voting.fraud.reasons.findings import Stage, Sweep
from voting.postgres.database import Connection, Database
from voting.postgres.fraud import decisions, groups
from voting.postgres.fraud.decisions import Authority, Change, Changed
from voting.postgres.fraud.groups import GroupRow
from voting.postgres.results import certifications
from voting.services.fraud.ballot_table import voter_bytes, voter_text

AT_ONCE = 1000
ACTOR = "policy"
_STATES: dict[str, State] = {"count": "count", "hold": "hold", "void": "void"}


class Detector(Protocol):
    """Detects rings among ballots; implemented by `voting.fraud.sweep.sweep`."""

    def __call__(self, ballots: pl.DataFrame, policy: SweepPolicy, stage: Stage, past: Past | None = None) -> Sweep:
        """Returns the findings; `past` holds the facts of the days before, for a round."""


Guard = Callable[[Connection], Awaitable[None]]
"""Called in each transaction, with the result locked; raises to stop the work."""


@dataclass(frozen=True)
class Swept:
    """A sweep: its ballots, findings and policy, and the state that its findings are given."""

    ballots: pl.DataFrame
    found: Sweep
    policy: SweepPolicy
    stage: Literal["nearline", "certification"]
    found_are: Literal["hold", "void"] = "hold"


class DecisionWriter:
    """Applies sweeps."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def apply(self, contest: str, swept: Swept, guard: Guard, tick: Tick = silent) -> Changed:
        """Holds (or voids) the ballots found and counts the rest; repeating it changes nothing.

        Groups with a decision or a proposal by a reviewer stay unchanged, with all their ballots.
        """
        async with self._database.connection() as connection:
            ids = await groups.select_ids(connection, contest)
            standing = standing_table(await decisions.select_in_question(connection, contest))
        intended = plan(swept.ballots, swept.found, standing, ids, swept.stage, swept.found_are)
        policy = swept.policy
        rows = [
            GroupRow(
                group.id, group.reasons, msgspec.json.encode(group.evidence).decode(), group.ballots, group.entries
            )
            for group in intended.groups
        ]
        changes = [
            Change(int(id), voter_bytes(voter), _STATES[state], reasons, group)
            for id, voter, state, reasons, group in intended.changes.iter_rows()
        ]
        # By voter, so that nearby rows are changed together.
        changes.sort(key=lambda change: (change.voter, change.sequence))

        async def put(tx: Connection) -> None:
            await certifications.lock_uncertified_result(tx, contest)
            await guard(tx)
            await groups.put(tx, contest, rows, swept.stage, (policy.version, policy.sha256))

        await self._database.transact(put)
        by = Authority(swept.stage, ACTOR, policy.version, policy.sha256)
        changed = await self.change(contest, changes, by, guard, tick)

        async def count(tx: Connection) -> None:
            await certifications.lock_uncertified_result(tx, contest)
            await guard(tx)
            await groups.count_members(tx, contest, [row.id for row in rows])

        await self._database.transact(count)
        return changed

    async def change(
        self, contest: str, changes: Sequence[Change], by: Authority, guard: Guard, tick: Tick = silent
    ) -> Changed:
        """Changes ballots, a thousand in a transaction."""

        async def work(tx: Connection, portion: Sequence[Change]) -> Changed:
            await certifications.lock_uncertified_result(tx, contest)
            await guard(tx)
            return await decisions.change(tx, contest, portion, by)

        total = Changed()
        for first in range(0, len(changes), AT_ONCE):
            portion = changes[first : first + AT_ONCE]
            total += await self._database.transact(partial(work, portion=portion))
            tick(first + AT_ONCE)
        return total


def standing_table(rows: Sequence[decisions.UnresolvedBallot]) -> pl.DataFrame:
    """Returns the decisions in force as a table."""
    values = [(str(row.sequence), voter_text(row.voter), row.state, row.reasons, row.group, row.frozen) for row in rows]
    return pl.DataFrame(values, schema=STANDING, orient="row")
