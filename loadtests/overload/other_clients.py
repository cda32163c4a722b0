"""Clients that do not vote, in a process of their own: half-sent requests, live boards, floods of other requests.

The process reads its task as a line of JSON, prints "ready" when all are connected, and a summary when its input ends.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import uvloop

from loadtests.http import AT_ONCE, HOST, ballot, raise_file_limit, request
from loadtests.service import ID

BALLOTS = f"/api/v1/contests/{ID}/ballots"
LIVE = f"/api/v1/contests/{ID}/live"
CHALLENGES = f"/api/v1/contests/{ID}/challenges"
HALVES = {
    "head": f"POST {BALLOTS} HTTP/1.1\r\nHost: {HOST}\r\nAuthoriz".encode(),
    "body": ballot(ID, "", "half", ["E001"])[:-12],
}
READY_SECONDS = 60
LEAVE_SECONDS = 30


class Task(msgspec.Struct, frozen=True):
    """`count` connections that send these requests in turn; with `again` each repeats its own at every answer."""

    port: int
    count: int
    requests: list[bytes]
    again: bool = False


class Seen(msgspec.Struct, frozen=True):
    """One connection. `status`: of its latest answer. `events`: of a live board, or the answers of one that repeats.
    `closed_after`: seconds since it sent, None while it is open."""

    kind: int
    status: int
    events: int
    closed_after: float | None


class Client(asyncio.Protocol):
    """Sends a request, then counts events or answers until the server closes the connection."""

    def __init__(self, kind: int, raw: bytes, again: bool = False) -> None:
        self._kind, self._raw, self._again = kind, raw, again
        self._transport: Any = None
        self._status, self._events = 0, 0
        self._sent = 0.0
        self._closed: float | None = None

    def connection_made(self, transport: Any) -> None:
        """The server accepted the connection."""
        self._sent, self._transport = time.perf_counter(), transport
        transport.write(self._raw)

    def data_received(self, data: bytes) -> None:
        """A refusal, or events; the first bytes hold the status. An answer may come in two parts."""
        if self._again and data.startswith(b"HTTP/"):
            self._status, self._events = int(data[9:12]), self._events + 1
            self._transport.write(self._raw)
            return
        self._status = self._status or int(data[9:12])
        self._events += data.count(b"event: ")

    def connection_lost(self, exc: Exception | None) -> None:
        """The server closed the connection."""
        self._closed = time.perf_counter() - self._sent

    def seen(self) -> Seen:
        """The summary of this connection."""
        return Seen(self._kind, self._status, self._events, self._closed)


def board(key: str) -> bytes:
    """The request of a live board."""
    return request("GET", LIVE, {"Authorization": f"Bearer {key}", "Accept": "text/event-stream"})


def challenge() -> bytes:
    """The request of a challenge."""
    return request("POST", CHALLENGES, {"Content-Length": "0"})


class Clients:
    """A running process of clients."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def leave(self) -> tuple[list[Seen], float]:
        """The summary of each connection, and the cores that the process took."""
        async with asyncio.timeout(LEAVE_SECONDS):
            said, _ = await self._process.communicate(b"")
        return msgspec.json.decode(said, type=tuple[list[Seen], float])


@asynccontextmanager
async def clients(port: int, count: int, requests: Sequence[bytes], again: bool = False) -> AsyncIterator[Clients]:
    """This many connections, all open when this is entered, closed at the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdin
        assert process.stdout
        process.stdin.write(msgspec.json.encode(Task(port, count, list(requests), again)) + b"\n")
        async with asyncio.timeout(READY_SECONDS):
            said = await process.stdout.readline()
        if said != b"ready\n":
            raise RuntimeError("the other clients did not connect")
        yield Clients(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def main() -> None:
    """Runs the task of the standard input."""
    task = msgspec.json.decode(sys.stdin.buffer.readline(), type=Task)
    loop = asyncio.get_running_loop()
    clients_ = [
        Client(each % len(task.requests), task.requests[each % len(task.requests)], task.again)
        for each in range(task.count)
    ]
    for first in range(0, task.count, AT_ONCE):
        some = clients_[first : first + AT_ONCE]
        await asyncio.gather(*(loop.create_connection(lambda each=each: each, HOST, task.port) for each in some))  # type: ignore[misc]
    print("ready", flush=True)
    begun = time.perf_counter(), time.process_time()
    await asyncio.to_thread(sys.stdin.buffer.read)
    cores = (time.process_time() - begun[1]) / (time.perf_counter() - begun[0])
    sys.stdout.buffer.write(msgspec.json.encode(([each.seen() for each in clients_], round(cores, 2))))


if __name__ == "__main__":
    raise_file_limit()
    uvloop.run(main())
