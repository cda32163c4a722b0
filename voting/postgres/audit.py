"""The audit log, to which records are only ever added."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Mapping
from typing import NamedTuple

from voting.domain.audit_chain import AuditRecord, Head
from voting.postgres.database import Connection
from voting.postgres.queries import named

_QUERIES = named("audit")


class LoggedDetails(NamedTuple):
    """What the public log says of an act's details: the details, or their hash with this salt."""

    salt: bytes | None
    text: str


async def insert(
    connection: Connection, actor: str, action: str, contest: str | None, details: str, logged: LoggedDetails | None
) -> None:
    """Adds a record, and the act to the contest's log unless `logged` is None.

    Other acts wait to add theirs until this transaction ends.
    """
    salt, text = logged or (None, None)
    await connection.execute(_QUERIES["insert"], actor, action, contest, details, salt, text)


async def last_details(connection: Connection, action: str) -> Mapping[str, object] | None:
    """Returns the details of the newest record of this action, or None."""
    text = await connection.fetchval(_QUERIES["last_details"], action)
    details: Mapping[str, object] | None = json.loads(text or "null")
    return details


async def select_head(connection: Connection) -> Head:
    """Returns the number and hash of the last record."""
    (row,) = await connection.fetch(_QUERIES["head"])
    return Head(*row)


async def select_page(connection: Connection, after: int, contest: str | None, most: int) -> tuple[AuditRecord, ...]:
    """Returns the first records after a number, of all contests or of one."""
    return tuple(AuditRecord(*row) for row in await connection.fetch(_QUERIES["select_after"], after, contest, most))


async def select_before(connection: Connection, before: int, contest: str | None, most: int) -> tuple[AuditRecord, ...]:
    """Returns the last records before a number, of all contests or of one, newest first."""
    return tuple(AuditRecord(*row) for row in await connection.fetch(_QUERIES["select_before"], before, contest, most))


async def select_acts(
    connection: Connection, contest: str, actions: Collection[str], most: int
) -> tuple[AuditRecord, ...]:
    """Returns the contest's last records of these actions, newest first."""
    rows = await connection.fetch(_QUERIES["select_acts"], contest, list(actions), most)
    return tuple(AuditRecord(*row) for row in rows)


async def select_all(connection: Connection) -> AsyncIterator[AuditRecord]:
    """Yields every record in order; needs a transaction."""
    async for row in connection.cursor(_QUERIES["select_after"], -1, None, None, prefetch=500):
        yield AuditRecord(*row)
