"""Times every statement that boards and pages send about a contest of stored ballots, and reads its plan."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from importlib.resources import files
from itertools import islice
from typing import Any, TypeVar

from asyncpg.connection import LoggedQuery

from loadtests.contests import credentials
from loadtests.service import ID
from voting.postgres import database as postgres
from voting.postgres.database import Connection, Database
from voting.postgres.queries import named
from voting.redis.connection import connected
from voting.services.audit import AuditLog
from voting.services.ballots.own_receipts import OwnReceipts
from voting.services.ballots.voter_status import VoterStatus
from voting.services.contests.contest_cache import ContestCache
from voting.services.contests.overview import Overview
from voting.services.fraud.group_view import undecided_as_json
from voting.services.fraud.review import Reviews
from voting.services.identity.keyring import Keyring
from voting.services.results.objections import Objections
from voting.services.results.reports import Reports
from voting.services.tallies.activity import Activities
from voting.services.tallies.projection import TallyProjection
from voting.services.tallies.reader import TallyReader
from voting.settings import load

REPEATS = 5
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Timed:
    """A statement's least time of several, and what its plan reads: the nodes with their tables and indexes."""

    name: str
    milliseconds: float
    reads: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.milliseconds:8.2f} ms  {self.name}: {', '.join(self.reads) or 'no table'}"


class _Logged(Database):
    """A database that keeps the statements it is sent."""

    def __init__(self, inner: Database) -> None:
        self._inner = inner
        self.statements: dict[str, tuple[Any, ...]] = {}

    def _keep(self, statement: LoggedQuery) -> None:
        self.statements[statement.query] = tuple(statement.args or ())

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        async with self._inner.connection() as connection:
            with connection.query_logger(self._keep):
                yield connection

    async def transact(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        async def logged(tx: Connection) -> T:
            with tx.query_logger(self._keep):
                return await work(tx)

        return await self._inner.transact(logged)


async def timed(environment: Mapping[str, str]) -> list[Timed]:
    """Returns the statements of a voter's pages, a board's looks and the organiser's pages, the slowest first."""
    settings = load(environment)
    async with postgres.connected(settings.database_url, 2) as inner, connected(settings.redis_url) as redis:
        database = _Logged(inner)
        cache, keyring = ContestCache(database), Keyring(settings.secret)
        snapshot = await cache.renew(ID)
        (token,) = islice(credentials(ID), 1)
        projection, activities = TallyProjection(database, redis.view, cache), Activities(database, cache)
        await cache.all()
        # A board's minutes as a server has stored them since the vote opened.
        await activities.store(snapshot)
        database.statements.clear()
        await activities.store(snapshot)
        await activities.read(snapshot)
        await activities.read(snapshot)
        await projection.reconcile(snapshot)
        await TallyReader(database, redis.view, projection).shown(snapshot)
        await undecided_as_json(Reviews(database, settings.second_person), snapshot)
        await VoterStatus(database, keyring).status(snapshot, token)
        await OwnReceipts(database, keyring).latest(snapshot, token)
        await Overview(database).counts([ID])
        await Overview(database).proposals([ID])
        await Reports(database).report(snapshot)
        await Objections(database).published(snapshot)
        await AuditLog(database).latest(2**62, ID, 50)
        names = dict(_names())
        plans = [
            await _explained(inner, names[query], query, args)
            for query, args in database.statements.items()
            if query in names
        ]
    return sorted(plans, key=lambda each: -each.milliseconds)


def _names() -> Iterator[tuple[str, str]]:
    for file in (files("voting.postgres") / "queries").iterdir():
        noun = file.name.removesuffix(".sql")
        yield from ((statement, f"{noun}.{name}") for name, statement in named(noun).items())


async def _explained(database: Database, name: str, statement: str, args: tuple[Any, ...]) -> Timed:
    class _Undone(Exception):
        pass

    plans: list[dict[str, Any]] = []

    async def work(tx: Connection) -> None:
        for _ in range(REPEATS):
            plans.append(
                json.loads(await tx.fetchval(f"explain (analyze, format json) {statement}", *args, timeout=600))[0]
            )
        # A statement that writes does so once, for the service.
        raise _Undone

    with suppress(_Undone):
        await database.transact(work)
    return Timed(name, min(plan["Execution Time"] for plan in plans), tuple(dict.fromkeys(_reads(plans[-1]["Plan"]))))


def _reads(node: Mapping[str, Any]) -> Iterator[str]:
    if table := node.get("Relation Name") or node.get("Index Name"):
        by = f" by {node['Index Name']}" if "Index Name" in node and "Relation Name" in node else ""
        yield f"{node['Node Type'].lower()} of {table}{by}"
    for child in node.get("Plans", ()):
        yield from _reads(child)
