"""A proxy between voters and the service that loses, delays and replaces the responses to ballots on demand."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict, deque
from contextlib import closing, suppress
from types import TracebackType
from typing import Literal
from urllib.parse import urlsplit

Fault = Literal[
    "pass", "held", "lost_before", "lost_after", "delayed", "cut", "twice", "busy", "busy_after", "slow", "portal"
]
Picks = tuple[str, ...]

DELAY_SECONDS = 0.15
_BUSY = (503, "try_again")
_SLOW = (429, "slow_down")


class FaultyProxy:
    """Forwards every request; each ballot gets the next of `faults`, or none if they are used up."""

    def __init__(self, upstream: str) -> None:
        address = urlsplit(upstream)
        self._upstream = (address.hostname or "", address.port or 80)
        self.faults: deque[Fault] = deque()
        self.recorded: defaultdict[Picks, set[str]] = defaultdict(set)
        """The receipts that the service gave, by picks in order of their codes."""
        self.keys: defaultdict[Picks, set[str]] = defaultdict(set)
        self.pressed = asyncio.Event()
        """Set when all simultaneous presses are done; held requests go on then."""
        self.url = ""
        self._tasks: set[asyncio.Task[bytes]] = set()
        self._connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def __aenter__(self) -> FaultyProxy:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.settle()
        self._server.close()
        # A browser opens connections that it never uses.
        for connection, writer in self._connections.items():
            connection.cancel()
            writer.close()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def settle(self) -> None:
        """Waits until no delayed request is in progress."""
        await asyncio.gather(*self._tasks)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.create_task(self._serve(reader, writer))
        self._connections[connection] = writer
        connection.add_done_callback(lambda done: self._connections.pop(done, None))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError), closing(writer):
            head = await reader.readuntil(b"\r\n\r\n")
            fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:-2])
            body = await reader.readexactly(int(fields.get(b"content-length", b"0")))
            is_ballot = head.startswith(b"POST ") and head.split(b" ", 2)[1].endswith(b"/ballots")
            if is_ballot:
                self.keys[_picks(body)].add(fields[b"idempotency-key"].decode())
            fault = self.faults.popleft() if is_ballot and self.faults else "pass"
            writer.write(await self._answer(fault, head, body, is_ballot))
            await writer.drain()

    async def _answer(self, fault: Fault, head: bytes, body: bytes, is_ballot: bool) -> bytes:
        """Returns what the client receives; nothing if the connection is closed."""
        if fault == "portal":
            return _http("200 OK", "text/html", b"<p>Please sign in to this network.</p>")
        if fault in ("busy", "slow"):
            return _problem(*(_BUSY if fault == "busy" else _SLOW))
        if fault == "lost_before":
            return b""
        if fault == "delayed":
            task = asyncio.create_task(self._forward(head, body, is_ballot, DELAY_SECONDS))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            return b""
        if fault == "held":
            await self.pressed.wait()
        answer = await self._forward(head, body, is_ballot)
        if fault == "twice":
            answer = await self._forward(head, body, is_ballot)
        if fault == "busy_after":
            return _problem(*_BUSY)
        return {"lost_after": b"", "cut": answer[:-20]}.get(fault, answer)

    async def _forward(self, head: bytes, body: bytes, is_ballot: bool, delay: float = 0) -> bytes:
        await asyncio.sleep(delay)
        reader, writer = await asyncio.open_connection(*self._upstream)
        kept = [line for line in head.split(b"\r\n")[:-2] if not line.lower().startswith(b"connection:")]
        with closing(writer):
            writer.write(b"\r\n".join([*kept, b"Connection: close", b"", b""]) + body)
            answer = await reader.read(-1)
        if is_ballot and answer.startswith(b"HTTP/1.1 201"):
            self.recorded[_picks(body)].add(json.loads(answer.partition(b"\r\n\r\n")[2])["receipt"])
        return answer


def _picks(body: bytes) -> Picks:
    return tuple(sorted(json.loads(body)["entries"]))


def _problem(status: int, code: str) -> bytes:
    body = json.dumps({"title": code, "status": status, "detail": code, "code": code}).encode()
    return _http(f"{status} Refused", "application/problem+json", body, "Retry-After: 2\r\n")


def _http(status: str, kind: str, body: bytes, more: str = "") -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{more}Connection: close\r\n\r\n"
    )
    return head.encode() + body
