"""The connection pool, transactions that survive lost connections, and the check that this server may hold a vote."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

import asyncpg

from voting import telemetry
from voting.errors import SchemaUnfit, TryAgain
from voting.postgres.primary import Primary

T = TypeVar("T")
if TYPE_CHECKING:
    Connection = asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
else:
    Connection = asyncpg.pool.PoolConnectionProxy

ATTEMPTS = 3
STATEMENT_SECONDS = 3.0
# No replay begins after this time: the voter is asked to send the ballot again instead of waiting.
REPLAY_WITHIN_SECONDS = 4.0
# A server that takes longer to confirm a cancelled statement is frozen or gone.
CANCEL_SECONDS = 1.0
# After this many timeouts in a row, the server may be waiting for a standby that has become the primary.
TIMEOUTS = 2
_LOST = (
    OSError,
    asyncio.TimeoutError,
    asyncpg.InterfaceError,
    # Raised by asyncpg when the server goes away between two statements of one connection.
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
# The server is read-only or stopping, which applies to all its connections.
_MOVED = (
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    # Raised by the driver for a shutdown (57P01) in the middle of a statement.
    asyncpg.PostgresConnectionError,
)
_COLLIDED = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, asyncpg.UniqueViolationError)
# Errors about a value or a row that the server would refuse every time.
_REFUSED = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, asyncpg.ProgramLimitExceededError)
# The pool logs a traceback for each connection that it cannot reopen; we report failures where connections are used.
logging.getLogger("asyncpg.pool").setLevel(logging.ERROR)
_LIMITS = {
    "application_name": "voting",
    "lock_timeout": "2s",
    "statement_timeout": "3s",
    # A command may compute for a while within a transaction, but no hanging process may keep its locks for ever.
    "idle_in_transaction_session_timeout": "60s",
    "timezone": "UTC",
    # Fix the search path: no other schema may come first.
    "search_path": "public, pg_temp",
}
# Always find ballots by index: a plan made while the tables were small would keep scanning them whole.
_BY_KEY = {
    "idle_in_transaction_session_timeout": "10s",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "plan_cache_mode": "force_generic_plan",
    "jit": "off",
}
_SETTINGS = """
select current_setting('server_version_num')::int as version, current_setting('fsync') as fsync,
    current_setting('synchronous_commit') as synchronous_commit
"""


class RowRefusedError(Exception):
    """PostgreSQL will never accept one of the rows."""


class CollidedError(Exception):
    """Every attempt collided with other transactions."""


class Database:
    """A pool of connections to one PostgreSQL cluster, whichever server is its primary."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], primary: Primary) -> None:
        self._pool = pool
        self._primary = primary
        self._timeouts = 0

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Yields a connection for reads. Raises TryAgain when PostgreSQL is away."""
        try:
            async with self._pool.acquire(timeout=STATEMENT_SECONDS) as connection:
                try:
                    yield connection
                except TimeoutError:
                    await self._cancelled(connection)
                    raise
        except _LOST as error:
            await self._follow(error)
            raise _away(error) from error

    async def transact(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Runs `work` in one transaction, as `run_with_retry` does; TryAgain also if all attempts collided."""
        try:
            return await self.run_with_retry(lambda connection: _in_transaction(connection, work))
        except CollidedError:
            raise TryAgain from None

    async def run_with_retry(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Runs `work` on one connection, where each statement commits by itself, and returns its result.

        It repeats `work` after a collision or an unknown outcome, so `work` must be idempotent. Raises TryAgain when
        PostgreSQL is away or the repetitions fail too; CollidedError if all collided; RowRefusedError if no repetition
        can help.
        """
        begun = time.monotonic()
        for attempt in range(ATTEMPTS):
            try:
                async with self._pool.acquire(timeout=STATEMENT_SECONDS) as connection:
                    try:
                        result = await work(connection)
                    except TimeoutError:
                        await self._timed_out(connection)
                        raise
                    self._timeouts = 0
                    return result
            except (*_LOST, *_COLLIDED, *_REFUSED) as error:
                if _is_refused(error):
                    raise RowRefusedError(_brief(error)) from error
                await self._follow(error)
                if attempt == ATTEMPTS - 1 or time.monotonic() - begun > REPLAY_WITHIN_SECONDS:
                    away = _away(error)
                    raise CollidedError(_brief(error)) if isinstance(error, _COLLIDED) else away from error
                telemetry.REPLAYS.inc()
                await asyncio.sleep(0.05 * attempt)
        raise AssertionError("unreachable")

    async def _timed_out(self, connection: Connection) -> None:
        await self._cancelled(connection)
        self._timeouts += 1
        if self._timeouts >= TIMEOUTS:
            self._timeouts = 0
            await self._primary.replace()

    async def _cancelled(self, connection: Connection) -> None:
        """Drops the connection if its server does not confirm the cancelling of a timed-out statement."""
        try:
            async with asyncio.timeout(CANCEL_SECONDS):
                # The server replies to this only after the cancelled statement has ended.
                await connection.execute("rollback")
        except _LOST:
            connection.terminate()
            await self._primary.replace()

    async def _follow(self, error: BaseException) -> None:
        """Replaces the connections to a server that is no longer the primary."""
        if isinstance(error, _MOVED):
            await self._primary.replace()

    @asynccontextmanager
    async def committing(self, size: int) -> AsyncIterator[Database]:
        """Yields a second pool for short transactions: connections opened in advance, with stable plans."""
        # These connections have no session state, so skip the reset and save a round trip.
        options = {"min_size": size, "max_size": size, "server_settings": _LIMITS | _BY_KEY, "reset": _keep}
        async with _opened(self._primary, **options) as database:
            yield database

    async def ping(self) -> None:
        """Checks that PostgreSQL accepts writes. Raises TryAgain."""
        async with self.connection() as connection:
            if await connection.fetchval("select current_setting('transaction_read_only')") == "on":
                raise TryAgain("PostgreSQL takes no writes")

    async def close(self) -> None:
        """Closes every connection; waits briefly for those in use."""
        try:
            await asyncio.wait_for(self._pool.close(), 5)
        except (TimeoutError, *_LOST):
            self._pool.terminate()


async def _in_transaction(connection: Connection, work: Callable[[Connection], Awaitable[T]]) -> T:
    transaction = connection.transaction()
    await transaction.start()
    try:
        result = await work(connection)
    except TimeoutError:
        raise
    except BaseException:
        # Raise the first error, even if the connection is lost during rollback.
        with suppress(*_LOST):
            await transaction.rollback()
        raise
    await transaction.commit()
    return result


@asynccontextmanager
async def connected(url: str, size: int) -> AsyncIterator[Database]:
    """Yields a checked pool of at most `size` connections.

    Raises SchemaUnfit for a server that may lose ballots or an address that cannot be right; TryAgain while no server
    that accepts writes can be reached.
    """
    primary = Primary(url)
    async with _opened(primary, min_size=1, max_size=size, server_settings=_LIMITS) as database:
        async with database.connection() as connection:
            (row,) = await connection.fetch(_SETTINGS)
        if row["version"] < 150000:
            raise SchemaUnfit(f"PostgreSQL {row['version'] // 10000} is too old; use 15 or later")
        if row["fsync"] != "on" or row["synchronous_commit"] == "off":
            raise SchemaUnfit("PostgreSQL could lose ballots; set fsync = on and synchronous_commit = on")
        watch = asyncio.create_task(primary.watch())
        try:
            yield database
        finally:
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch


@asynccontextmanager
async def _opened(primary: Primary, **options: Any) -> AsyncIterator[Database]:
    try:
        options |= {"connect": primary.connect, "init": _prepare, "command_timeout": STATEMENT_SECONDS}
        pool = await asyncpg.create_pool(**options)
    except (*_LOST, asyncpg.PostgresError, ValueError) as error:
        text = f"PostgreSQL cannot be reached ({_brief(error)}); check DATABASE_URL and that it runs"
        # Only a change of an address, a password, a certificate or the server's settings helps against these.
        lasting = isinstance(error, (ValueError, asyncpg.InvalidAuthorizationSpecificationError))
        if "unsupported startup parameter" in str(error):
            lasting, text = (
                True,
                (
                    "DATABASE_URL leads to a pooler, such as pgbouncer, under which connections lose their time limits"
                    f" ({_brief(error)}); name PostgreSQL itself, with nodes x workers x VOTING_POOL connections"
                ),
            )
        raise (TryAgain if isinstance(error, _LOST) and not lasting else SchemaUnfit)(text) from error
    primary.add(pool)
    database = Database(pool, primary)
    try:
        yield database
    finally:
        await database.close()


async def _keep(connection: Connection) -> None:
    """Does nothing: the reset of a connection without session state."""


async def _prepare(connection: asyncpg.Connection[Any]) -> None:
    """Reads json as text, so that the stored answer is returned byte for byte."""
    for name in ("json", "jsonb"):
        await connection.set_type_codec(name, encoder=str, decoder=str, schema="pg_catalog")


def _is_refused(error: BaseException) -> bool:
    """Whether the driver refused a value: it raises ValueError, or InterfaceError as for a lost connection."""
    if isinstance(error, asyncpg.InterfaceError):
        return isinstance(error, ValueError)
    return isinstance(error, _REFUSED) and not isinstance(error, _COLLIDED)


def _away(error: BaseException) -> TryAgain:
    logging.getLogger("voting").warning("PostgreSQL: %s", _brief(error))
    return TryAgain()


def _brief(error: BaseException) -> str:
    text = str(error).splitlines()
    return f"{type(error).__name__}: {text[0][:200]}" if text else type(error).__name__
