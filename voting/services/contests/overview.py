"""What waits for people in the contests that somebody manages."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from voting.postgres import overview
from voting.postgres.database import Database
from voting.postgres.identity import proposals
from voting.postgres.identity.proposals import PendingProposal
from voting.postgres.overview import Counts

__all__ = ["Counts", "Overview", "PendingProposal"]


class Overview:
    """Reads several contests at once: a page with every contest must not ask about each."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def counts(self, contests: Collection[str]) -> Mapping[str, Counts]:
        """Returns the recorded picks of each contest, and how much waits in it."""
        async with self._database.connection() as connection:
            return await overview.select(connection, contests)

    async def hours(self, contests: Collection[str]) -> Mapping[str, Sequence[int]]:
        """Returns the ballots of each of the last 24 hours, oldest first; contests without any are left out."""
        async with self._database.connection() as connection:
            return await overview.select_hours(connection, contests)

    async def proposals(self, contests: Collection[str]) -> tuple[PendingProposal, ...]:
        """Returns the acts that wait for a second person, the oldest first; not those on groups and cells."""
        async with self._database.connection() as connection:
            return await proposals.select_all(connection, contests)
