"""Checks every stored ballot against its decisions, its batch and its voter's other ballots: no receipt binds them."""

from __future__ import annotations

from voting.postgres.database import Database
from voting.postgres.traces import select_contradictions

_SAYS = {
    "missing": "ballots are gone that decisions name",
    "ordinal": "ballots do not follow their voter's former ballot, which is gone",
    "state": "ballots are in another state than the last decision about them says",
    "voter": "ballots belong to another voter than their batch says",
}


async def check_traces(database: Database, contest: str) -> list[str]:
    """What is wrong, in words, from one snapshot; nothing where all is right."""
    async with database.connection() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        found = await select_contradictions(connection, contest)
    return [
        f"{each.ballots} {_SAYS[each.kind]}: {', '.join(map(str, each.sample))}"
        + (", ..." if each.ballots > len(each.sample) else "")
        for each in found
    ]
