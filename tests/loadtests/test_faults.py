"""The campaign against the real service, short; and the checker against bugs planted in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path

import pytest
from click.testing import CliRunner

from loadtests.faults.__main__ import main
from loadtests.faults.bugs import BUGS
from loadtests.faults.campaign import Run
from loadtests.faults.checker import INVARIANTS, named
from loadtests.faults.fleet import main as fleet
from loadtests.faults.kinds import KINDS
from loadtests.faults.proxy import Proxy, proxy_to
from loadtests.faults.report import figures, lines
from loadtests.faults.schedule import Planned, planned
from loadtests.faults.session import Session, session
from loadtests.http import NOT_READ, Answer, Link, request
from tests.conftest import ROOT, free_port

pytestmark = pytest.mark.campaign

# One of each kind of thing that can be hit, close together; `make faults` has all kinds, and more time.
SHORT = (
    Planned(1.0, "worker_kill", 0.0, 1),
    Planned(0.5, "redis_flush", 0.0, 2),
    Planned(0.5, "postgres_kill", 0.0, 3),
    Planned(0.5, "redis_stop", 1.0, 4),
    Planned(0.5, "postgres_hangs", 1.0, 5),
    Planned(0.5, "clients_truncated", 0.5, 6),
)
# One bug of each place where bugs can be planted; `make faults-bugs` has all.
PLANTED = (
    "drops one ballot in fifty",
    "answers a replay otherwise",
    "quota is one too wide",
    "view is above after a flush",
    "gives ballots their neighbours' outcomes",
    "lane: casts twice what comes in two packets",
)


@pytest.fixture(scope="module")
def place() -> Iterator[Session]:
    with session(None, print, with_disk=False) as ready:
        yield ready


def in_a_thread(place: Session, name: str) -> set[str]:
    return named(place.hunt(BUGS[name]).violations)


async def test_the_service_keeps_its_invariants_through_six_faults(
    place: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The tests' machine may stand still for seconds: five seconds exactly are `make faults`' to ask for.
    monkeypatch.setattr("loadtests.faults.counts.HEAL_SECONDS", 8.0)
    outcome = await asyncio.to_thread(place.play, Run(1, 17.0, SHORT, settle=10.0))
    told = "\n".join(lines(outcome, 1))
    assert outcome.violations == [], told
    assert len(outcome.evidence.faults) == len(SHORT), told
    assert outcome.accepted > 200, told
    assert figures(1, outcome)["violations"] == []


@pytest.mark.parametrize("name", PLANTED)
async def test_a_planted_bug_is_caught(place: Session, name: str) -> None:
    assert BUGS[name].breaks <= await asyncio.to_thread(in_a_thread, place, name)


def test_there_are_enough_bugs_and_each_breaks_a_known_invariant() -> None:
    assert len(BUGS) >= 15
    broken = {invariant for bug in BUGS.values() for invariant in bug.breaks}
    assert broken == {"I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I13", "I14"}
    assert broken < set(INVARIANTS)
    assert all(bug.sql or bug.patch for bug in BUGS.values())
    assert all(fault.kind in KINDS for bug in BUGS.values() for fault in bug.faults)


def test_the_same_seed_plans_the_same_faults() -> None:
    kinds = list(KINDS)
    first = list(islice(planned(7, kinds), 100))
    assert first == list(islice(planned(7, kinds), 100))
    assert first != list(islice(planned(8, kinds), 100))
    assert {each.kind for each in first[: len(kinds)]} == set(kinds)
    assert {each.seconds for each in islice(planned(7, kinds, 60.0), 50)} == {60.0}


def test_every_command_has_an_example() -> None:
    for command in (main, *main.commands.values(), fleet):
        assert "Example:" in CliRunner().invoke(command, ["--help"]).output


def test_the_service_knows_nothing_of_the_bugs() -> None:
    for path in Path(ROOT, "voting").rglob("*.py"):
        assert "LOADTESTS" not in path.read_text("utf-8"), path


async def test_pipelined_requests_are_answered_until_the_connection_closes() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for head in (b"", b"connection: close\r\n"):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\n" + head + b"content-length: 2\r\n\r\nok")
        writer.close()

    port, asked = free_port(), request("GET", "/")
    async with await asyncio.start_server(answer, "127.0.0.1", port):
        with Link(port) as link:
            found = [each async for each in link.answers([asked * 3], 3)]
            assert [each.body if isinstance(each, Answer) else str(each) for each in found] == [b"ok", b"ok", NOT_READ]
            assert (await link.ask(asked)).body == b"ok", "over another connection"


@asynccontextmanager
async def echoing() -> AsyncIterator[Proxy]:
    """A proxy in front of a server that gives back what it gets."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1000):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with server, proxy_to("127.0.0.1", server.sockets[0].getsockname()[1]) as proxy:
        yield proxy


async def said(proxy: Proxy) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(b"12345678")
    try:
        async with asyncio.timeout(0.4):
            return await reader.read(100)
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


async def test_the_proxy_breaks_connections_as_it_is_told() -> None:
    async with echoing() as proxy:
        assert await said(proxy) == b"12345678"
        proxy.truncate(1)
        assert [await said(proxy), await said(proxy)] == [b"1234", b"12345678"]
        proxy.delay(0.05)
        begun = asyncio.get_running_loop().time()
        assert await said(proxy) == b"12345678"
        assert asyncio.get_running_loop().time() - begun >= 0.1
        proxy.heal()
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"1")
        assert await reader.read(100) == b"1"
        proxy.half_open()
        writer.write(b"2")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(100), 0.3)
        assert await said(proxy) == b"12345678", "new connections work"
        proxy.heal()
        assert await reader.read(100) == b"", "now the end is told"
        writer.close()
        proxy.hang()
        with pytest.raises(TimeoutError):
            await said(proxy)
        proxy.cut()
        assert await said(proxy) == b""
        proxy.heal()
        assert await said(proxy) == b"12345678"
