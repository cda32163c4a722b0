"""Decides: puts what a sweep found into force. Ballots, tally and history move together, a thousand in a transaction.

Casting goes on meanwhile, and a sweep that was cut short is finished by the next.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import msgspec
import polars as pl

from voting.domain.ballots.ballot import State
from voting.domain.roster.sheet import Tick, silent
from voting.fraud.features.history import Past
from voting.fraud.groups.plan import STANDING, Plan, plan
from voting.fraud.policy import SweepPolicy
from voting.fraud.reasons.findings import Group, Stage, Sweep
from voting.postgres import certifications, decisions, groups
from voting.postgres.database import Connection, Database
from voting.postgres.decisions import Authority, Change, Changed
from voting.postgres.groups import GroupRow
from voting.services.fraud.ballot_table import voter_bytes, voter_text

AT_ONCE = 1000
ACTOR = "policy"


class Detector(Protocol):
    """What finds rings among ballots: `voting.fraud.sweep.sweep`."""

    def __call__(self, ballots: pl.DataFrame, policy: SweepPolicy, stage: Stage, past: Past | None = None) -> Sweep:
        """What is found; `past`: what a round knows of the days before."""


Guard = Callable[[Connection], Awaitable[None]]
"""Asked in each transaction, with the result locked; raises when it may not go on."""


@dataclass(frozen=True)
class Swept:
    """A sweep: over what, what it found, under which policy, and what the found ballots are to be."""

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
        """Holds (or voids) what was found among the ballots and counts the rest; the same again changes nothing.

        Groups about which a reviewer has decided, or is about to, stay as they are, with all that is in them.
        """
        intended, policy = await self._plan(contest, swept), swept.policy
        rows = [_row(group) for group in intended.groups]

        async def put(tx: Connection) -> None:
            await certifications.lock_open_result(tx, contest)
            await guard(tx)
            await groups.put(tx, contest, rows, swept.stage, (policy.version, policy.sha256))

        await self._database.transact(put)
        by = Authority(swept.stage, ACTOR, policy.version, policy.sha256)
        changed = await self.change(contest, _changes(intended), by, guard, tick)

        async def count(tx: Connection) -> None:
            await certifications.lock_open_result(tx, contest)
            await guard(tx)
            await groups.count_members(tx, contest, [row.id for row in rows])

        await self._database.transact(count)
        return changed

    async def change(
        self, contest: str, changes: Sequence[Change], by: Authority, guard: Guard, tick: Tick = silent
    ) -> Changed:
        """Changes ballots, a thousand in a transaction."""
        total = Changed()
        for first in range(0, len(changes), AT_ONCE):
            total += await self._some(contest, changes[first : first + AT_ONCE], by, guard)
            tick(first + AT_ONCE)
        return total

    async def _some(self, contest: str, some: Sequence[Change], by: Authority, guard: Guard) -> Changed:
        async def work(tx: Connection) -> Changed:
            await certifications.lock_open_result(tx, contest)
            await guard(tx)
            return await decisions.change(tx, contest, some, by)

        return await self._database.transact(work)

    async def _plan(self, contest: str, swept: Swept) -> Plan:
        async with self._database.connection() as connection:
            known = await groups.select_ids(connection, contest)
            standing = standing_table(await decisions.select_in_question(connection, contest))
        return plan(swept.ballots, swept.found, standing, known, swept.stage, swept.found_are)


def standing_table(rows: Sequence[decisions.Standing]) -> pl.DataFrame:
    """The decisions that stand, as a table."""
    values = [(str(row.sequence), voter_text(row.voter), row.state, row.reasons, row.group, row.frozen) for row in rows]
    return pl.DataFrame(values, schema=STANDING, orient="row")


def _changes(intended: Plan) -> list[Change]:
    """In the order of the voters, so that rows that are close are changed together."""
    found = [
        Change(int(id), voter_bytes(voter), _STATES[state], reasons, group)
        for id, voter, state, reasons, group in intended.changes.iter_rows()
    ]
    return sorted(found, key=lambda change: (change.voter, change.sequence))


_STATES: dict[str, State] = {"count": "count", "hold": "hold", "void": "void"}


def _row(group: Group) -> GroupRow:
    evidence = msgspec.json.encode(group.evidence).decode()
    return GroupRow(group.id, group.reasons, evidence, group.ballots, group.entries)
