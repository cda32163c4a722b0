"""The pools follow the server that takes writes: real servers, a primary and its standby."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from loadtests.faults.pair import OWNER, Node
from loadtests.faults.proxy import proxy_to
from voting.errors import TryAgain
from voting.postgres import database as module
from voting.postgres.database import Connection, Database, connected
from voting.postgres.primary import WATCH_SECONDS, single_hosts
from voting.settings import Settings

HOST = "127.0.0.1"


@pytest.fixture(scope="module")
async def pair() -> AsyncIterator[tuple[Node, Node]]:
    """A primary and its synchronous standby."""
    with tempfile.TemporaryDirectory(prefix="pair-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        nodes = Node(folder, "a"), Node(folder, "b")
        try:
            await asyncio.to_thread(nodes[0].create)
            await asyncio.to_thread(nodes[1].clone, nodes[0])
            yield nodes
        finally:
            for node in nodes:
                await asyncio.to_thread(node.destroy)


def address(*ports: int) -> str:
    return f"postgresql://{OWNER}@{','.join(f'{HOST}:{port}' for port in ports)}/postgres"


async def ask(database: Database, what: str) -> int:
    async with database.connection() as connection:
        return int(await connection.fetchval(f"select {what}"))


async def write(connection: Connection) -> int:
    await connection.execute("create table if not exists written (at timestamptz)")
    await connection.execute("insert into written values (now())")
    return int(await connection.fetchval("select pg_backend_pid()"))


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("postgresql://u:p%40@a:1,b:2/d?x=y", ["postgresql://u:p%40@a:1/d?x=y", "postgresql://u:p%40@b:2/d?x=y"]),
        ("postgresql://a,b/d", ["postgresql://a/d", "postgresql://b/d"]),
        ("postgresql://u@[::1]:1,[::2]:2/d", ["postgresql://u@[::1]:1/d", "postgresql://u@[::2]:2/d"]),
        ("postgresql:///d?host=/run/postgresql", ["postgresql:///d?host=/run/postgresql"]),
    ],
)
def test_the_hosts_of_an_address(url: str, hosts: list[str]) -> None:
    assert single_hosts(url) == hosts


@pytest.mark.parametrize("trouble", ["read only", "connection ended", "cut"])
async def test_one_connection_that_fails_so_replaces_those_of_every_pool(settings: Settings, trouble: str) -> None:
    """Error codes 25006, 57P01; and a connection that is cut, which says nothing about the others."""
    async with connected(settings.database_url, 1) as reads, reads.committing(1) as ballots:
        before = await ask(reads, "pg_backend_pid()")
        failed = False

        async def work(connection: Connection) -> int:
            nonlocal failed
            if not failed:
                failed = True
                if trouble == "read only":
                    await connection.execute("set transaction read only")
                elif trouble == "connection ended":
                    await connection.execute("select pg_terminate_backend(pg_backend_pid()), pg_sleep(1)")
                else:
                    connection.terminate()
            await connection.execute("update contests set paused = paused where false")
            return int(await connection.fetchval("select pg_backend_pid()"))

        assert await ballots.transact(work) > 0, "the replay found a connection that works"
        assert (await ask(reads, "pg_backend_pid()") != before) == (trouble != "cut")


async def test_a_commit_that_waits_for_a_standby_in_vain_gives_up_its_server(
    pair: tuple[Node, Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server answers, but its standby may have become the primary: after two timeouts the host is chosen again."""
    monkeypatch.setattr(module, "STATEMENT_SECONDS", 1.0)
    former, latter = pair
    async with connected(address(former.port), 1) as database:
        before = await database.transact(write)
        await asyncio.to_thread(former.wait_for_standbys, True)
        await asyncio.to_thread(latter.freeze)
        try:
            with pytest.raises(TryAgain):
                await database.transact(write)
        finally:
            await asyncio.to_thread(latter.thaw)
            await asyncio.to_thread(former.wait_for_standbys, False)
        assert await database.transact(write) != before


async def test_a_standby_alone_is_no_server_for_votes(pair: tuple[Node, Node]) -> None:
    _, latter = pair
    with pytest.raises(TryAgain, match="cannot be reached"):
        async with connected(address(latter.port), 1):
            pass


async def test_idle_connections_leave_a_primary_that_was_replaced_and_never_return(pair: tuple[Node, Node]) -> None:
    """The former primary still takes writes, as one that was cut off does. The last test: it leaves two primaries."""
    former, latter = pair
    async with proxy_to(HOST, former.port) as moving, connected(address(moving.port), 2) as database:
        assert await ask(database, "inet_server_port()") == former.port
        await asyncio.to_thread(latter.promote)
        moving.point(latter.port)
        # The old connection stays, and works: only a new one can tell.
        await asyncio.sleep(WATCH_SECONDS + 3)
        assert await ask(database, "inet_server_port()") == latter.port
        moving.point(former.port)
        moving.drop()
        with pytest.raises(TryAgain):
            await database.transact(write)
        moving.point(latter.port)
        await database.transact(write)
    for ports in ((former.port, latter.port), (latter.port, former.port)):
        async with connected(address(*ports), 1) as database:
            assert await ask(database, "inet_server_port()") == latter.port
