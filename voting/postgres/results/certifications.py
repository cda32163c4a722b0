"""Certified results: frozen and numbered.

One is in force, earlier ones are kept; while one is in force it cannot change.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields
from datetime import datetime

from voting.domain.results.scoring import Tally
from voting.errors import Certified
from voting.postgres.database import Connection
from voting.postgres.queries import named

_QUERIES = named("certifications")


@dataclass(frozen=True, slots=True)
class Bound:
    """SHA-256 of each input of a result. None means that the certification is older than this hash."""

    policy_sha256: str
    ballots_sha256: str
    document_sha256: str
    roster_sha256: str | None
    marks_sha256: str | None
    metrics_sha256: str | None
    revocations_sha256: str | None
    window_sha256: str | None


@dataclass(frozen=True, slots=True)
class Draft:
    """A certification before it has a number."""

    actor: str
    policy_version: str
    bound: Bound
    tallies: Mapping[str, Tally]
    public_only: bool
    """Certifies the public vote only, without checking that final scores and awards can be computed."""
    proposed_by: str | None
    """The account that proposed it, to another's; None: one person certified it."""
    without_witnesses: bool
    """Whether too few witnesses had cosigned the log, or the contest has none."""


@dataclass(frozen=True, slots=True)
class Certification(Draft):
    """A contest's certified result and the hashes of its inputs."""

    number: int
    certified_at: datetime


async def lock_result(connection: Connection, contest: str) -> None:
    """Locks a contest's result, by a row lock, until the transaction ends; casting ballots does not touch it."""
    await connection.execute(_QUERIES["make_book"], contest)
    await connection.execute(_QUERIES["lock_book"], contest)


async def lock_uncertified_result(connection: Connection, contest: str) -> None:
    """Locks the result for a change of its inputs; must come first in such a transaction. Raises Certified.

    Certification takes the same lock, so a change commits before it or is refused.
    """
    await lock_result(connection, contest)
    if stands := await select(connection, contest):
        raise Certified(
            f"the result is certified (number {stands.number}, policy {stands.policy_version}): what it follows from"
            f" cannot change; to open it again: voting certify --contest {contest} --reopen REASON"
        )


async def insert(connection: Connection, contest: str, draft: Draft) -> Certification:
    """Stores the certification in force; raises a unique violation if one is in force already."""
    lines = [
        [entry, tally.raw, tally.held, tally.raw - tally.held - tally.counted, tally.counted]
        for entry, tally in sorted(draft.tallies.items())
    ]
    tiers = [[entry, *tally.tiers] for entry, tally in sorted(draft.tallies.items())]
    head = (draft.actor, draft.policy_version, *astuple(draft.bound))
    more = (draft.public_only, json.dumps(lines), draft.proposed_by, json.dumps(tiers), draft.without_witnesses)
    (row,) = await connection.fetch(_QUERIES["insert"], contest, *head, *more)
    made = {field.name: getattr(draft, field.name) for field in fields(Draft)}
    return Certification(**made, number=row["number"], certified_at=row["certified_at"])


async def select(connection: Connection, contest: str, number: int | None = None) -> Certification | None:
    """Returns the certification in force, or the one of this number; None if there is none."""
    row = await connection.fetchrow(_QUERIES["select"], contest, number)
    if row is None:
        return None
    tiers = {entry: tuple(counts) for entry, *counts in json.loads(row["tiers"] or "[]")}
    tallies = {
        entry: Tally(raw, held, counted, tiers=tiers.get(entry, ()))
        for entry, raw, held, _, counted in json.loads(row["tallies"])
    }
    bound = Bound(*(row[field.name] for field in fields(Bound)))
    made = (row["actor"], row["policy_version"], bound, tallies, row["public_only"], row["proposed_by"])
    return Certification(*made, row["without_witnesses"], row["number"], row["certified_at"])


async def reopen(connection: Connection, contest: str, actor: str, reason: str) -> int | None:
    """Opens the contest for review again. Returns the number of the certification that was in force, or None."""
    number: int | None = await connection.fetchval(_QUERIES["reopen"], contest, actor, reason)
    return number
