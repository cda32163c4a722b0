"""Experts' marks, figures from outside and revoked awards, as stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from voting.domain.results.marks import Mark
from voting.postgres.database import Connection
from voting.postgres.queries import named

_QUERIES = named("marks")


async def replace_round(connection: Connection, contest: str, round_: str, marks: Sequence[Mark]) -> int:
    """Replaces all marks of the round; returns how many it had."""
    before: int = await connection.fetchval(_QUERIES["clear"], contest, round_)
    await add(connection, contest, round_, marks)
    return before


async def add(connection: Connection, contest: str, round_: str, marks: Sequence[Mark]) -> None:
    """Adds marks to the round's."""
    columns = [[getattr(mark, name) for mark in marks] for name in ("judge", "entry", "criterion")]
    # This is exact: a mark is read from a decimal, so its denominator divides a power of ten.
    values = [Decimal(mark.value.numerator) / Decimal(mark.value.denominator) for mark in marks]
    await connection.execute(_QUERIES["insert"], contest, round_, *columns, values)


async def select(connection: Connection, contest: str) -> dict[str, list[Mark]]:
    """Returns every mark, by round."""
    found: dict[str, list[Mark]] = defaultdict(list)
    for row in await connection.fetch(_QUERIES["select"], contest):
        found[row["round"]].append(Mark(row["judge"], row["entry"], row["criterion"], Fraction(row["mark"])))
    return dict(found)


async def replace_metric(connection: Connection, contest: str, metric: str, values: Mapping[str, int]) -> int:
    """Replaces all figures of the metric; returns how many it had."""
    before: int = await connection.fetchval(_QUERIES["clear_metric"], contest, metric)
    await connection.execute(_QUERIES["insert_metric"], contest, metric, list(values), list(values.values()))
    return before


async def select_metrics(connection: Connection, contest: str) -> dict[str, dict[str, int]]:
    """Returns every figure, by metric and holder."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for row in await connection.fetch(_QUERIES["select_metrics"], contest):
        found[row["metric"]][row["entry"]] = row["value"]
    return dict(found)


async def revoke(connection: Connection, contest: str, award: str, holder: str, reason: str) -> bool:
    """Revokes an award; returns False if it was revoked before."""
    return await connection.fetchval(_QUERIES["revoke"], contest, award, holder, reason) is not None


async def select_revocations(connection: Connection, contest: str) -> dict[tuple[str, str], str]:
    """Returns the reasons of revoked awards, by (award, holder)."""
    rows = await connection.fetch(_QUERIES["select_revocations"], contest)
    return {(row["award"], row["entry"]): row["reason"] for row in rows}
