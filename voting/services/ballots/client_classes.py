"""Classifies the clients of recorded ballots, each distinct User-Agent once and never while its voter waits."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from voting.postgres import clients
from voting.postgres.clients import ClientRow
from voting.postgres.database import Database
from voting.services.background import repeat

ROUND_SECONDS = 1.0
# Bounds the memory if a script sends random User-Agents; those beyond are classified when they are sent again.
MOST_WAITING = 5_000
MOST_KNOWN = 50_000
AT_ONCE = 200

Key = tuple[str, int]
"""A contest and the keyed hash of a User-Agent, as stored in the facts of ballots."""


class ClientClasses:
    """Stores the class of each client under the hash of its User-Agent. The User-Agent itself is never stored."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: set[Key] = set()
        self._waiting: dict[Key, str] = {}

    def note(self, contest: str, agent: int, text: str) -> None:
        """Queues a User-Agent for classification; called for each recorded ballot."""
        key = contest, agent
        if key in self._known or len(self._waiting) >= MOST_WAITING:
            return
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known.add(key)
        self._waiting[key] = text

    async def run(self) -> None:
        """Classifies queued User-Agents until cancelled."""
        await repeat(self._store, ROUND_SECONDS)

    async def _store(self) -> None:
        while self._waiting:
            keys = list(self._waiting)[:AT_ONCE]
            rows = await asyncio.to_thread(_classified, {key: self._waiting[key] for key in keys})
            async with self._database.connection() as connection:
                await clients.insert(connection, rows)
            for key in keys:
                del self._waiting[key]


def _classified(agents: Mapping[Key, str]) -> list[ClientRow]:
    # Loading takes most of a second, so it is done in this thread.
    from voting.fraud.facts.client_class import classify

    return [ClientRow(*key, *classify(text)) for key, text in agents.items()]
