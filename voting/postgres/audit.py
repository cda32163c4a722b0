"""The audit log, to which lines are only ever added."""

from __future__ import annotations

import json
from collections.abc import Mapping

from voting.postgres.database import Connection
from voting.postgres.queries import named

_QUERIES = named("audit")


async def insert(
    connection: Connection, actor: str, action: str, contest: str | None, details: Mapping[str, object]
) -> None:
    """Adds a line."""
    await connection.execute(_QUERIES["insert"], actor, action, contest, json.dumps(details, ensure_ascii=False))


async def last_details(connection: Connection, action: str) -> Mapping[str, object] | None:
    """Returns the details of the newest line of this action, or None."""
    text = await connection.fetchval(_QUERIES["last_details"], action)
    details: Mapping[str, object] | None = json.loads(text or "null")
    return details
