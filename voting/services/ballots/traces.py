"""Checks every stored ballot against the rows written with it: a receipt binds neither its state nor its voter."""

from __future__ import annotations

from voting.domain.contest.contest import Contest
from voting.postgres.database import Database
from voting.postgres.traces import select_contradictions

_SAYS = {
    "missing": "ballots are gone that quota slots, facts or decisions name",
    "slots": "ballots have more or fewer quota slots than their picks take",
    "state": "ballots are in another state than the last decision about them says",
    "voter": "ballots belong to another voter than their quota slots or facts say, or to one who never cast",
}


async def check_traces(database: Database, contest: Contest) -> list[str]:
    """What is wrong, in words, from one snapshot; nothing where all is right."""
    async with database.connection() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        found = await select_contradictions(connection, contest)
    return [
        f"{each.ballots} {_SAYS[each.kind]}: {', '.join(map(str, each.sample))}"
        + (", ..." if each.ballots > len(each.sample) else "")
        for each in found
    ]
