"""A lean HTTP/1.1 client: it must cost less than what it measures."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

ANSWER_SECONDS = 15.0


def request(method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> bytes:
    """A request as it goes over the wire."""
    fields = {"Host": "127.0.0.1", **(headers or {})}
    if body:
        fields |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass
class Measurement:
    """What came of a stream of requests. `statuses`: 0 for a connection lost; `answers`: request -> body, of 2xx."""

    name: str
    statuses: Counter[int] = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)
    answers: dict[bytes, bytes] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.times) / self.seconds if self.seconds else 0.0

    def quantile(self, share: float) -> float:
        """The time, in seconds, within which `share` of the requests were answered."""
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


async def measure(name: str, port: int, requests: Iterable[bytes], connections: int, seconds: float) -> Measurement:
    """Sends `requests` over so many connections, each waiting for its answer, until they or the seconds end."""
    found, stream = Measurement(name), iter(requests)
    begun = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(connections):
            group.create_task(_send(found, port, stream, begun + seconds))
    found.seconds = time.perf_counter() - begun
    return found


async def _send(found: Measurement, port: int, stream: Iterator[bytes], until: float) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        while (begun := time.perf_counter()) < until and (each := next(stream, None)):
            writer.write(each)
            async with asyncio.timeout(ANSWER_SECONDS):
                status, body = await _receive(reader)
            found.times.append(time.perf_counter() - begun)
            found.statuses[status] += 1
            if status < 300:
                found.answers[each] = body
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        found.statuses[0] += 1
    finally:
        writer.close()


async def _receive(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    _, _, rest = head.partition(b"\r\ncontent-length:")
    return int(head[9:12]), await reader.readexactly(int(rest[: rest.index(b"\r\n")]))
