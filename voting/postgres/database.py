"""The connection pool, transactions that survive lost connections, and the check that this server may hold a vote."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import asyncpg

from voting import telemetry
from voting.errors import SchemaUnfit, TryAgain

T = TypeVar("T")
if TYPE_CHECKING:
    Connection = asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
else:
    Connection = asyncpg.pool.PoolConnectionProxy

ATTEMPTS = 3
STATEMENT_SECONDS = 3.0
# After so long no replay is begun: the voter is told to send the ballot again, rather than left waiting.
REPLAY_WITHIN_SECONDS = 4.0
_LOST = (
    OSError,
    asyncio.TimeoutError,
    asyncpg.InterfaceError,
    # What asyncpg says when the server goes away between two statements of one connection.
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.PostgresSystemError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCachedStatementError,
)
_COLLIDED = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.UniqueViolationError)
# What the server says of a value or a row that it would refuse every time.
_REFUSED = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, asyncpg.ProgramLimitExceededError)
_LIMITS = {"application_name": "voting", "lock_timeout": "2s", "statement_timeout": "3s", "timezone": "UTC"}
# Ballots are found by their keys, always: a plan made while the tables were small would read them whole for ever.
_BY_KEY = {
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "plan_cache_mode": "force_generic_plan",
    "jit": "off",
}
_SETTINGS = """
select current_setting('server_version_num')::int as version, current_setting('fsync') as fsync,
    current_setting('synchronous_commit') as synchronous_commit, pg_is_in_recovery() as replica
"""


class RowRefusedError(Exception):
    """PostgreSQL does not take one of the rows, now or later."""


class Database:
    """A pool of connections to one PostgreSQL."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self._pool = pool

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection for reads. Raises TryAgain when PostgreSQL is away."""
        try:
            async with self._pool.acquire(timeout=STATEMENT_SECONDS) as connection:
                yield connection
        except _LOST as error:
            raise _away(error) from error

    async def transact(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """`work` in one transaction, replayed when its outcome is unknown or it collided: it must be idempotent.

        Raises TryAgain when PostgreSQL is away or the replays fail too; RowRefusedError when that would not help.
        """
        begun = time.monotonic()
        for attempt in range(ATTEMPTS):
            try:
                async with self._pool.acquire(timeout=STATEMENT_SECONDS) as connection, connection.transaction():
                    return await work(connection)
            except (*_LOST, *_COLLIDED, *_REFUSED) as error:
                if _is_refused(error):
                    raise RowRefusedError(_brief(error)) from error
                if attempt == ATTEMPTS - 1 or time.monotonic() - begun > REPLAY_WITHIN_SECONDS:
                    raise _away(error) from error
                telemetry.REPLAYS.inc()
                await asyncio.sleep(0.05 * attempt)
        raise AssertionError("unreachable")

    async def ping(self) -> None:
        """Answers when PostgreSQL takes writes. Raises TryAgain."""
        async with self.connection() as connection:
            if await connection.fetchval("select current_setting('transaction_read_only')") == "on":
                raise TryAgain("PostgreSQL takes no writes")

    async def close(self) -> None:
        """Ends every connection; waits a little for those in use."""
        try:
            await asyncio.wait_for(self._pool.close(), 5)
        except (TimeoutError, *_LOST):
            self._pool.terminate()


@asynccontextmanager
async def connected(url: str, size: int) -> AsyncIterator[Database]:
    """A checked pool of at most `size` connections. Raises SchemaUnfit for a server that may lose ballots."""
    async with _opened(url, min_size=1, max_size=size, server_settings=_LIMITS) as database:
        yield database


@asynccontextmanager
async def committing(url: str, size: int) -> AsyncIterator[Database]:
    """As `connected`, for transactions that must be short: opened beforehand, and with plans that cannot turn slow."""
    # Nothing is set on these connections, so nothing need be reset: that would be one more round trip.
    options = {"min_size": size, "max_size": size, "server_settings": _LIMITS | _BY_KEY, "reset": _keep}
    async with _opened(url, **options) as database:
        yield database


@asynccontextmanager
async def _opened(url: str, **options: Any) -> AsyncIterator[Database]:
    try:
        pool = await asyncpg.create_pool(url, command_timeout=STATEMENT_SECONDS, init=_prepare, **options)
    except (*_LOST, asyncpg.PostgresError, ValueError) as error:
        raise SchemaUnfit(
            f"PostgreSQL cannot be reached ({_brief(error)}); check DATABASE_URL and that it runs"
        ) from error
    database = Database(pool)
    try:
        await _check_server(database)
        yield database
    finally:
        await database.close()


async def _keep(connection: Connection) -> None:
    """Leaves the connection as it is."""


async def _prepare(connection: asyncpg.Connection[Any]) -> None:
    """json as text: what was stored is what is answered."""
    for name in ("json", "jsonb"):
        await connection.set_type_codec(name, encoder=str, decoder=str, schema="pg_catalog")


async def _check_server(database: Database) -> None:
    async with database.connection() as connection:
        (row,) = await connection.fetch(_SETTINGS)
    if row["version"] < 150000:
        raise SchemaUnfit(f"PostgreSQL {row['version'] // 10000} is too old; use 15 or later")
    if row["fsync"] != "on" or row["synchronous_commit"] == "off":
        raise SchemaUnfit("PostgreSQL could lose ballots; set fsync = on and synchronous_commit = on")
    if row["replica"]:
        raise SchemaUnfit("this PostgreSQL is a replica; point DATABASE_URL to the primary")


def _is_refused(error: BaseException) -> bool:
    """The driver's own refusal of a value is an InterfaceError, as a lost connection's, and a ValueError."""
    if isinstance(error, asyncpg.InterfaceError):
        return isinstance(error, ValueError)
    return isinstance(error, _REFUSED) and not isinstance(error, _COLLIDED)


def _away(error: BaseException) -> TryAgain:
    logging.getLogger("voting").warning("PostgreSQL: %s", _brief(error))
    return TryAgain()


def _brief(error: BaseException) -> str:
    text = str(error).splitlines()
    return f"{type(error).__name__}: {text[0][:200]}" if text else type(error).__name__
