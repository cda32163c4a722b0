"""Checks that a commit waits until a standby has it on disk, where VOTING_SYNC requires that."""

from __future__ import annotations

import asyncio
import logging

from voting.errors import SchemaUnfit, TryAgain
from voting.postgres.database import Database

WATCH_SECONDS = 10.0
# Under remote_write a commit waits for the memory of the standby's system only, under local and off for no standby.
_DURABLE = ("on", "remote_apply")
_SETTINGS = """
select current_setting('synchronous_commit') as commit, current_setting('synchronous_standby_names') as names
"""
# Reading which standbys are connected would need more rights. This writes to the log only; its commit waits as any.
_COMMIT = "select pg_logical_emit_message(true, 'voting', '')"


class Standby:
    """Whether a standby confirms commits. If it is not required, nothing is checked."""

    def __init__(self, database: Database, required: bool) -> None:
        self._database = database
        self.required = required
        self.commits_wait = True
        """Whether no commit returns before a standby has it. If False, ballots are refused."""
        self.confirms = True
        """Whether a standby confirmed the latest trial."""

    async def check(self) -> None:
        """Raises SchemaUnfit for a wrong synchronous_commit; TryAgain while no standby confirms a commit."""
        if not self.required:
            return
        try:
            await self._try_a_commit()
        except (SchemaUnfit, TryAgain):
            self.confirms = False
            raise
        self.confirms = True

    async def run(self) -> None:
        """Checks repeatedly until cancelled: an administrator may change the settings, and Patroni does so."""
        while self.required:
            await asyncio.sleep(WATCH_SECONDS)
            before = self.confirms, self.commits_wait
            cause = "a standby confirms commits again"
            try:
                await self.check()
            except (SchemaUnfit, TryAgain) as error:
                cause = f"{error}; ballots are {'recorded' if self.commits_wait else 'refused'}"
            if before != (self.confirms, self.commits_wait):
                logging.getLogger("voting").warning("VOTING_SYNC: %s", cause)

    async def _try_a_commit(self) -> None:
        async with self._database.connection() as connection:
            (row,) = await connection.fetch(_SETTINGS)
            self.commits_wait = row["names"] != "" and row["commit"] in _DURABLE
            if row["commit"] not in _DURABLE:
                raise SchemaUnfit(
                    f"VOTING_SYNC is required and PostgreSQL's synchronous_commit is {row['commit']}, under which a"
                    " ballot could be lost with the primary; set it to on"
                )
            if not row["names"]:
                raise TryAgain(
                    "VOTING_SYNC is required and PostgreSQL has no synchronous standby; name one in"
                    " synchronous_standby_names, or with Patroni set synchronous_mode"
                )
            try:
                await connection.execute(_COMMIT)
            except TimeoutError as error:
                raise TryAgain("no standby confirmed a commit in time; look at pg_stat_replication") from error
