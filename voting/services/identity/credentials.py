"""Credentials that the organiser issues to a closed circle of voters."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from voting.postgres.database import Database
from voting.services import audit
from voting.services.identity.keyring import Keyring


async def issue_credentials(
    database: Database, keyring: Keyring, actor: str, contest: str, count: int, now: datetime
) -> Iterator[str]:
    """Returns `count` bearer tokens, one for each voter. The audit log records the actor and the number."""
    await database.transact(lambda tx: audit.record(tx, actor, "credentials.issue", contest, {"count": count}))
    return (keyring.issue_credential(contest, "issued", now) for _ in range(count))
