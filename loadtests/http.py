"""HTTP/1.1 as bytes: one connection for a client that must know how an answer was lost, and a pool of many.

The pool shares the cores with what it measures: no streams, no tasks, no parsing beyond status and length.
"""

from __future__ import annotations

import asyncio
import json
import resource
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

HOST = "127.0.0.1"
ANSWER_SECONDS = 20.0
AT_ONCE = 200
RECONNECT_SECONDS = 0.1
CONNECT_SECONDS = 30.0
# A body in a second packet is so far behind its head.
BODY_LATER_SECONDS = 0.001


def request(method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> bytes:
    """A request as it goes over the wire."""
    fields = {"Host": HOST, **(headers or {})}
    if body:
        fields |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


def ballot(contest: str, token: str, key: str, entries: Sequence[str]) -> bytes:
    """The request that casts a ballot."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    body = json.dumps({"entries": list(entries)}).encode()
    return request("POST", f"/api/v1/contests/{contest}/ballots", headers | {"Idempotency-Key": key}, body)


class Lost(Exception):
    """There is no answer: refused, reset, cut short, none in time, or NOT_READ."""


# The server closed the connection after the answer to an earlier request: this one was not processed (RFC 9112, 9.6).
NOT_READ = "not read"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer; `headers` in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def content(self) -> dict[str, Any]:
        """The JSON object of the body; empty for anything else."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


class Link:
    """One connection, opened when it is needed and again after it was lost."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def ask(self, raw: bytes, *, body_later: bool = False) -> Answer:
        """The answer to one request. `body_later`: its body goes in a packet of its own. Raises Lost."""
        end = raw.index(b"\r\n\r\n") + 4 if body_later else len(raw)
        (answer,) = [each async for each in self.answers([raw[:end], raw[end:]], 1)]
        if isinstance(answer, Lost):
            raise answer
        return answer

    async def answers(self, packets: Sequence[bytes], count: int) -> AsyncIterator[Answer | Lost]:
        """The answers to this many pipelined requests; behind one that closes the connection the others are lost."""
        until = asyncio.get_running_loop().time() + ANSWER_SECONDS
        reader, lost = None, None
        for _ in range(count):
            if lost is None:
                try:
                    async with asyncio.timeout_at(until):
                        reader = reader or await self._send(packets)
                        answer = await self._answer(reader)
                except TimeoutError:
                    lost = Lost("no answer in time")
                except (OSError, asyncio.IncompleteReadError, ValueError) as error:
                    lost = Lost(type(error).__name__)
                else:
                    yield answer
                    lost = Lost(NOT_READ) if self._streams is None else None
                    continue
                self.close()
            yield lost

    async def _send(self, packets: Sequence[bytes]) -> asyncio.StreamReader:
        if self._streams is not None and self._streams[0].at_eof():
            self.close()
        if self._streams is None:
            self._streams = await asyncio.open_connection(HOST, self._port)
        reader, writer = self._streams
        for number, packet in enumerate(filter(None, packets)):
            if number:
                await asyncio.sleep(BODY_LATER_SECONDS)
            # uvloop raises a RuntimeError for what is written into a lost connection.
            if writer.is_closing():
                raise ConnectionResetError
            writer.write(packet)
        return reader

    async def _answer(self, reader: asyncio.StreamReader) -> Answer:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        if headers.get("connection", "").lower() == "close":
            self.close()
        return Answer(int(first.split(" ", 2)[1]), headers, body)

    def close(self) -> None:
        """Ends the connection, if there is one."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


# What was sent, the answer's status (0: the connection was lost), its time in seconds, and all its bytes.
Answered = Callable[[Any, int, float, bytes], None]


class Wire(asyncio.Protocol):
    """A connection of a pool, with one request at a time."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._transport: Any = None
        self._buffer = b""
        self._item: Any = None
        self._sent = 0.0

    def connection_made(self, transport: Any) -> None:
        """The server accepted the connection."""
        self._transport = transport
        self._pool.idle.append(self)

    def send(self, item: Any, raw: bytes, body: bytes = b"") -> None:
        """Sends a request; the pool is notified of its answer, with `item`. `body` goes in a packet of its own."""
        self._item, self._sent = item, time.perf_counter()
        self._transport.write(raw)
        if body:
            asyncio.get_running_loop().call_later(BODY_LATER_SECONDS, self._transport.write, body)

    def data_received(self, data: bytes) -> None:
        """A part of an answer, mostly all of it."""
        if self._buffer:
            data = self._buffer + data
        end = data.find(b"\r\n\r\n")
        at = data.find(b"content-length: ")
        if end < 0 or len(data) < end + 4 + int(data[at + 16 : data.index(b"\r", at)]):
            self._buffer = data
            return
        self._buffer = b""
        item, self._item = self._item, None
        seconds, status = time.perf_counter() - self._sent, int(data[9:12])
        if status < 300 or b"connection: close" not in data[:end]:
            self._pool.idle.append(self)
        self._pool.answered(item, status, seconds, data)

    def connection_lost(self, exc: Exception | None) -> None:
        """The server closed the connection, during a request or after one."""
        item, self._item = self._item, None
        self._pool.lose(self)
        if item is not None:
            self._pool.answered(item, 0, time.perf_counter() - self._sent, b"")

    def close(self) -> None:
        """Ends the connection from here."""
        self._transport.close()

    @property
    def closing(self) -> bool:
        """Whether it is about to be lost."""
        return bool(self._transport.is_closing())


class Pool:
    """Connections that are kept alive; one that is lost is replaced."""

    def __init__(self, port: int, answered: Answered) -> None:
        self._port = port
        self.answered = answered
        self.idle: deque[Wire] = deque()
        self.lost = 0
        self._wires: set[Wire] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    async def open(self, count: int) -> None:
        """Adds this many connections."""
        for first in range(0, count, AT_ONCE):
            await asyncio.gather(*(self._connect() for _ in range(first, min(first + AT_ONCE, count))))

    def close(self) -> None:
        """Ends all connections."""
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
        """Called by a connection that has ended."""
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
                await asyncio.sleep(RECONNECT_SECONDS)
            else:
                self._wires.add(wire)
                return


def milliseconds(times: Sequence[float], share: float) -> float:
    """The time within which this share of `times` (in seconds) lies; 0 if there are none."""
    ordered = sorted(times)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000, 1) if ordered else 0.0


@dataclass
class Measurement:
    """Answers to a stream of requests. `statuses`: 0 for a lost connection; `answers`: request -> body, of 2xx."""

    statuses: Counter[int] = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)
    answers: dict[bytes, bytes] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.times) / self.seconds if self.seconds else 0.0


class _Stream:
    """Requests that go out one after another, each when a connection is free."""

    def __init__(self, port: int, requests: Iterable[bytes], seconds: float, body_later: bool) -> None:
        self._requests = iter(requests)
        self._seconds = seconds
        self._body_later = body_later
        self._until = 0.0
        self._under_way = 0
        self._finished = asyncio.Event()
        self._pool = Pool(port, self._answered)
        self.found = Measurement()

    async def run(self, connections: int) -> None:
        """Returns when the requests or the seconds are over, and all is answered."""
        await self._pool.open(connections)
        begun = time.perf_counter()
        self._until = begun + self._seconds
        for _ in range(connections):
            self._send()
        try:
            async with asyncio.timeout(self._seconds + ANSWER_SECONDS):
                await self._finished.wait()
        except TimeoutError:
            self.found.statuses[0] += self._under_way
        self.found.seconds = time.perf_counter() - begun
        self._pool.close()

    def _send(self) -> None:
        wire = self._pool.take() if time.perf_counter() < self._until else None
        if wire is not None and (raw := next(self._requests, None)) is not None:
            self._under_way += 1
            end = raw.index(b"\r\n\r\n") + 4 if self._body_later else len(raw)
            wire.send(raw, raw[:end], raw[end:])
        if not self._under_way:
            self._finished.set()

    def _answered(self, raw: bytes, status: int, seconds: float, data: bytes) -> None:
        self._under_way -= 1
        self.found.statuses[status] += 1
        if status:
            self.found.times.append(seconds)
        if 200 <= status < 300:
            self.found.answers[raw] = data.partition(b"\r\n\r\n")[2]
        self._send()


async def measure(
    port: int, requests: Iterable[bytes], connections: int, seconds: float, *, body_later: bool = False
) -> Measurement:
    """Sends requests over this many connections, each waiting for its answer, until they or the seconds end.

    `body_later`: the body comes in a packet of its own, as many browsers send it.
    """
    stream = _Stream(port, requests, seconds, body_later)
    await stream.run(connections)
    return stream.found


def raise_file_limit() -> None:
    """Lets this process open as many connections as the system allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
