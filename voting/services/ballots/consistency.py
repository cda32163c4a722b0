"""Checks stored ballots against their decisions, batches and voters, which a receipt does not bind."""

from __future__ import annotations

from voting.postgres.database import Database
from voting.postgres.records import select_contradictions

_SAYS = {
    "missing": "ballots are gone that decisions name",
    "ordinal": "ballots do not follow their voter's former ballot, which is gone",
    "state": "ballots are in another state than the last decision about them says",
    "voter": "ballots belong to another voter than their batch says",
}


async def check_consistency(database: Database, contest: str) -> list[str]:
    """Returns a sentence for each kind of contradiction, from one snapshot."""
    async with database.connection() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        found = await select_contradictions(connection, contest)
    return [
        f"{each.ballots} {_SAYS[each.kind]}: {', '.join(map(str, each.sample))}"
        + (", ..." if each.ballots > len(each.sample) else "")
        for each in found
    ]
