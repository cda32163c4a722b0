"""Certified results: frozen, numbered; one stands, those before it are kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from voting.domain.scoring import Tally
from voting.postgres.database import Connection
from voting.postgres.queries import named

_QUERIES = named("certifications")


@dataclass(frozen=True, slots=True)
class Certification:
    """A contest's certified result, and what it follows from."""

    number: int
    certified_at: datetime
    actor: str
    policy_version: str
    policy_sha256: str
    ballots_sha256: str
    document_sha256: str
    tallies: Mapping[str, Tally]


@dataclass(frozen=True, slots=True)
class Draft:
    """A certification before it has a number."""

    actor: str
    policy_version: str
    policy_sha256: str
    ballots_sha256: str
    document_sha256: str
    tallies: Mapping[str, Tally]


async def insert(connection: Connection, contest: str, draft: Draft) -> Certification:
    """Stores it as the one that stands; a unique violation when one stands already."""
    lines = [
        [entry, tally.raw, tally.held, tally.raw - tally.held - tally.counted, tally.counted]
        for entry, tally in sorted(draft.tallies.items())
    ]
    head = (draft.actor, draft.policy_version, draft.policy_sha256, draft.ballots_sha256, draft.document_sha256)
    (row,) = await connection.fetch(_QUERIES["insert"], contest, *head, json.dumps(lines))
    return Certification(row["number"], row["certified_at"], *head, draft.tallies)


async def select(connection: Connection, contest: str) -> Certification | None:
    """The certification that stands, if one does."""
    row = await connection.fetchrow(_QUERIES["select"], contest)
    if row is None:
        return None
    tallies = {entry: Tally(raw, held, counted) for entry, raw, held, _, counted in json.loads(row["tallies"])}
    return Certification(**{**row, "tallies": tallies})


async def reopen(connection: Connection, contest: str, actor: str, reason: str) -> int | None:
    """Opens the contest for review again; the number of the certification that stood, or None."""
    number: int | None = await connection.fetchval(_QUERIES["reopen"], contest, actor, reason)
    return number
