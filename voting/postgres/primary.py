"""Connects to the PostgreSQL server that accepts writes, also after a failover."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from asyncpg.connect_utils import SessionAttribute

CONNECT_SECONDS = 2.0
# Compare the hosts that reply within this time; a frozen host must not delay connections to another.
COMPARE_SECONDS = 0.5
WATCH_SECONDS = 5.0
CLOSE_SECONDS = 1.0
# A promotion begins a new timeline: of two servers of one cluster that accept writes, the higher is the primary.
_IDENTITY = """
select system_identifier, ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint as timeline
from pg_control_system()
"""


class _Candidate(NamedTuple):
    connection: asyncpg.Connection[asyncpg.Record]
    system: int
    timeline: int


class Primary:
    """The primary server of every pool of this process.

    A former primary may still accept writes (if it was frozen, or cut off from the others). Its older timeline reveals
    it, and its connections are replaced.
    """

    def __init__(self, url: str) -> None:
        self._hosts = single_hosts(url)
        self._system, self._timeline = 0, 0
        self._pools: list[asyncpg.Pool[asyncpg.Record]] = []

    def add(self, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        """Registers a pool whose connections are replaced after a failover."""
        self._pools.append(pool)

    async def connect(self, _url: str | None = None, **options: Any) -> asyncpg.Connection[asyncpg.Record]:
        """Returns a connection to the host of the latest timeline that accepts writes. Pools use it as `connect`.

        Raises the first host's error if there is none.
        """
        attempts = [asyncio.ensure_future(_attempt(host, options)) for host in self._hosts]
        chosen = None
        try:
            await asyncio.wait(attempts, timeout=COMPARE_SECONDS)
            there = [attempt for attempt in attempts if attempt.done() and not attempt.exception()]
            if not there:
                await asyncio.wait(attempts)
                there = [attempt for attempt in attempts if not attempt.exception()]
            if not there:
                raise next(error for attempt in attempts if (error := attempt.exception()))
            latest = max(there, key=lambda attempt: attempt.result().timeline)
            await self._compare(latest.result())
            chosen = latest
            return chosen.result().connection
        finally:
            others = [attempt for attempt in attempts if attempt is not chosen]
            for attempt in others:
                attempt.cancel()
            # Otherwise a loop that ends now would leave their sockets open.
            await asyncio.gather(*others, return_exceptions=True)
            for attempt in others:
                if not attempt.cancelled() and not attempt.exception():
                    attempt.result().connection.terminate()

    async def replace(self) -> None:
        """Replaces every connection of every pool, when it is next taken or given back."""
        for pool in self._pools:
            # A closing pool has nothing to replace.
            with suppress(asyncpg.InterfaceError):
                await pool.expire_connections()

    async def watch(self) -> None:
        """Checks repeatedly which server is primary, until cancelled: idle connections would not notice a failover."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            with suppress(
                OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError
            ):
                connection = await self.connect(server_settings={"application_name": "voting-watch"})
                await connection.close(timeout=CLOSE_SECONDS)

    async def _compare(self, candidate: _Candidate) -> None:
        """Raises ConnectionRefusedError for a server that was primary before the known one."""
        if candidate.system != self._system:
            # The first server seen, or a database that was set up again.
            self._system, self._timeline = candidate.system, candidate.timeline
        elif candidate.timeline < self._timeline:
            raise ConnectionRefusedError(
                f"the server is on timeline {candidate.timeline}, and the primary has been on {self._timeline}"
            )
        elif candidate.timeline > self._timeline:
            logging.getLogger("voting").warning("PostgreSQL: a new primary, on timeline %d", candidate.timeline)
            self._timeline = candidate.timeline
            await self.replace()


def single_hosts(url: str) -> list[str]:
    """Returns a URL for each host of a URL that names several (libpq's form `a:5432,b:5432`)."""
    parts = urlsplit(url)
    if "," not in parts.netloc:
        # Keep it unchanged: a Unix socket's address cannot be reassembled.
        return [url]
    credentials, at, hosts = parts.netloc.rpartition("@")
    return [urlunsplit(parts._replace(netloc=f"{credentials}{at}{host}")) for host in hosts.split(",")]


async def _attempt(url: str, options: dict[str, Any]) -> _Candidate:
    async with asyncio.timeout(CONNECT_SECONDS):
        connection = await asyncpg.connect(url, target_session_attrs=SessionAttribute.read_write, **options)
        try:
            (row,) = await connection.fetch(_IDENTITY)
        except asyncpg.FeatureNotSupportedError:
            # Aurora's servers share one storage, and have no write-ahead log of their own.
            return _Candidate(connection, 0, 0)
        except BaseException:
            connection.terminate()
            raise
        return _Candidate(connection, row["system_identifier"], row["timeline"])
