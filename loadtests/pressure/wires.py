"""Many kept-alive connections, each with one request at a time, at a few microseconds a request.

It shares the cores with what it measures: no streams, no tasks, no parsing beyond status and length.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Any

HOST = "127.0.0.1"
AT_ONCE = 200
AGAIN_SECONDS = 0.1
CONNECT_SECONDS = 30.0

# The request's number, the answer's status (0: the connection was lost), its time in seconds, and all its bytes.
Answered = Callable[[int, int, float, bytes], None]


class Wire(asyncio.Protocol):
    """One connection."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._transport: Any = None
        self._buffer = b""
        self._item = -1
        self._begun = 0.0

    def connection_made(self, transport: Any) -> None:
        """The server took it."""
        self._transport = transport
        self._fleet.idle.append(self)

    def send(self, item: int, request: bytes) -> None:
        """Sends a request; the fleet hears of its answer."""
        self._item, self._begun = item, time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Some of an answer, mostly all of it."""
        if self._buffer:
            data = self._buffer + data
        end = data.find(b"\r\n\r\n")
        at = data.find(b"content-length: ")
        if end < 0 or len(data) < end + 4 + int(data[at + 16 : data.index(b"\r", at)]):
            self._buffer = data
            return
        self._buffer = b""
        item, self._item = self._item, -1
        seconds, status = time.perf_counter() - self._begun, int(data[9:12])
        if status < 300 or b"connection: close" not in data[:end]:
            self._fleet.idle.append(self)
        self._fleet.answered(item, status, seconds, data)

    def connection_lost(self, exc: Exception | None) -> None:
        """The server closed it, in the midst of a request or after one."""
        item, self._item = self._item, -1
        self._fleet.lose(self)
        if item >= 0:
            self._fleet.answered(item, 0, time.perf_counter() - self._begun, b"")

    def close(self) -> None:
        """Ends it from here."""
        self._transport.close()

    @property
    def closing(self) -> bool:
        """Whether it is about to be lost."""
        return bool(self._transport.is_closing())


class Fleet:
    """Connections to the service; one that is lost is replaced."""

    def __init__(self, port: int, answered: Answered) -> None:
        self._port = port
        self.answered = answered
        self.idle: deque[Wire] = deque()
        self.lost = 0
        self._wires: set[Wire] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    async def open(self, count: int) -> None:
        """Adds so many connections."""
        for first in range(0, count, AT_ONCE):
            await asyncio.gather(*(self._connect() for _ in range(first, min(first + AT_ONCE, count))))

    def close(self) -> None:
        """Ends them all."""
        self._closed = True
        for wire in self._wires.copy():
            wire.close()

    def take(self) -> Wire | None:
        """The connection that has been idle for longest, so that all are used."""
        while self.idle:
            wire = self.idle.popleft()
            if not wire.closing:
                return wire
        return None

    def lose(self, wire: Wire) -> None:
        """To be told by a connection that has ended."""
        self._wires.discard(wire)
        if not self._closed:
            self.lost += 1
            task = asyncio.create_task(self._connect())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        until = time.monotonic() + CONNECT_SECONDS
        while not self._closed:
            try:
                _, wire = await loop.create_connection(lambda: Wire(self), HOST, self._port)
            except OSError:
                if time.monotonic() > until:
                    raise
                await asyncio.sleep(AGAIN_SECONDS)
            else:
                self._wires.add(wire)
                return
