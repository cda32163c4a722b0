"""Cells of ballots whose voters confirm too seldom, and what people decided about them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Literal, NamedTuple

from voting.fraud.sample import Cell
from voting.postgres.database import Connection
from voting.postgres.queries import named

_QUERIES = named("suspect_cells")

CellState = Literal["suspected", "open", "asked", "accepted"]
CellAction = Literal["ask", "accept", "undo"]


@dataclass(frozen=True, slots=True)
class CellProposal:
    """What the first of two persons proposes. `person` identifies that person."""

    action: CellAction
    hours: int | None
    actor: str
    person: str
    reason: str


@dataclass(frozen=True, slots=True)
class StoredCell:
    """A cell with its state. `version` grows with every change."""

    cell: Cell
    state: CellState
    share: float
    """The share of its voters who are asked when they vote; 0: as many as elsewhere."""
    proposal: CellProposal | None
    hours: int | None
    """The time that all its voters have to confirm, once that was decided."""
    rate: float | None
    """The rate at which people elsewhere confirmed then; None: before this was stored."""
    decided_by: str | None
    reason: str | None
    version: int
    material_since: datetime | None
    """Since when every look finds it (`voting.fraud.naming`); None: the last did not."""
    found_at: datetime
    changed_at: datetime


class FoundCell(NamedTuple):
    """A cell as the latest estimate has it. `is_named`: people must decide about it. `material_since`: as stored."""

    cell: Cell
    is_named: bool
    share: float
    material_since: datetime | None


async def put(connection: Connection, contest: str, found: Sequence[FoundCell]) -> None:
    """Stores cells; those about which people decided stay as they are."""
    columns = [
        [each.cell.id for each in found],
        [each.cell.kind for each in found],
        [each.cell.entry for each in found],
        [each.cell.value for each in found],
        [each.is_named for each in found],
        [each.share for each in found],
        [each.material_since for each in found],
    ]
    await connection.execute(_QUERIES["put"], contest, *columns)


async def select_all(connection: Connection, contest: str) -> tuple[StoredCell, ...]:
    """Returns every cell that was ever suspected."""
    return tuple(_stored(row) for row in await connection.fetch(_QUERIES["select_all"], contest))


async def store(connection: Connection, contest: str, cell: StoredCell) -> StoredCell:
    """Stores what was decided or proposed about a cell; returns it with its new version."""
    proposal = json.dumps(asdict(cell.proposal)) if cell.proposal else None
    decided = (cell.state, cell.share, proposal, cell.hours, cell.rate, cell.decided_by, cell.reason)
    await connection.execute(_QUERIES["store"], contest, cell.cell.id, *decided)
    return replace(cell, version=cell.version + 1)


def _stored(row: Any) -> StoredCell:
    columns = dict(row)
    cell = Cell(columns.pop("kind"), columns.pop("entry"), columns.pop("value"))
    proposal = columns.pop("proposal")
    return StoredCell(cell, proposal=CellProposal(**json.loads(proposal)) if proposal else None, **columns)
