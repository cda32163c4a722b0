"""Ballots over both routes of the server: its lane for plain ballots, and the parser. Both must answer the same bytes.

Each ballot goes twice, with the same key: as it is, and spelt so that the lane does not take it. The first way also
pipelines ballots and cuts them anywhere; the second sends one after another, each in one packet.
"""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from random import Random

import uvicorn

from loadtests.fuzz.cases import ballot_case
from loadtests.fuzz.environment import ValidData
from loadtests.fuzz.framing import head
from loadtests.fuzz.in_process import ANSWER_SECONDS, MOST_SHOWN, Found
from loadtests.fuzz.judge import LoggedErrors, wrong
from loadtests.fuzz.sockets import parse
from loadtests.http import HOST
from voting.server.ballot_lane import read_plain
from voting.server.options import OPTIONS

AT_ONCE = 16
MOST_PIPELINED = 4
PAUSE_SECONDS = 0.001
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n")
_DIFFERS = re.compile(rb"\r\n(date|x-ratelimit-remaining|retry-after): [^\r]*")


@dataclass(frozen=True)
class Ballots:
    """Requests, each of another voter, and the packets in which they go over the first way."""

    requests: tuple[bytes, ...]
    packets: tuple[bytes, ...]

    def __str__(self) -> str:
        return f"{[len(packet) for packet in self.packets]} bytes a packet\n" + "\n".join(
            repr(request[:600]) for request in self.requests
        )


def ballots(seed: int, number: int, valid: ValidData) -> Ballots:
    """The ballots of this number."""
    random = Random(f"{seed}-{number}-routes")
    requests = []
    for place in range(random.choice((1, 1, 1, 2, MOST_PIPELINED))):
        token = valid.tokens[(number * MOST_PIPELINED + place) % len(valid.tokens)]
        each = ballot_case(random, replace(valid, tokens=[token]))
        fields = [each_field for each_field in each.headers if each_field[0] != b"content-length"]
        fields.append((b"content-length", b"%d" % len(each.body)))
        requests.append(head(b"POST", each.target, fields) + each.body)
    text = b"".join(requests)
    marks = sorted(random.randrange(len(text)) for _ in range(random.choice((0, 0, 1, 3))))
    pieces = (text[start:end] for start, end in zip((0, *marks), (*marks, len(text)), strict=True))
    return Ballots(tuple(requests), tuple(filter(None, pieces)))


def for_the_parser(request: bytes) -> bytes:
    """The same request, which the lane does not take."""
    return request.replace(b"\r\nhost: ", b"\r\nhost: \t", 1) if read_plain(request) else request


async def play(valid: ValidData, seed: int, numbers: Iterable[int]) -> Found:
    """Sends these ballots to a server in this process, with the settings of its environment."""
    errors, begun = LoggedErrors(), time.perf_counter()
    logging.getLogger().addHandler(errors)
    try:
        async with _server() as port:
            run = _Run(valid, seed, iter(numbers), port, errors)
            async with asyncio.TaskGroup() as group:
                for _ in range(AT_ONCE):
                    group.create_task(run.work())
    finally:
        logging.getLogger().removeHandler(errors)
    run.found.seconds = time.perf_counter() - begun
    return run.found


@asynccontextmanager
async def _server() -> AsyncIterator[int]:
    """The port of the application as `voting serve` serves it."""
    config = uvicorn.Config(
        "voting.asgi:application",
        factory=True,
        log_config=None,
        **OPTIONS,
    )
    server, listener = uvicorn.Server(config), socket.create_server((HOST, 0))
    task = asyncio.create_task(server.serve([listener]))
    while not server.started and not task.done():
        await asyncio.sleep(0.01)
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await task


@dataclass
class _Run:
    valid: ValidData
    seed: int
    stream: Iterator[int]
    port: int
    errors: LoggedErrors
    found: Found = field(default_factory=Found)

    async def work(self) -> None:
        """Sends one number's ballots after another."""
        async with _connection(self.port) as first, _connection(self.port) as second:
            for number in self.stream:
                if len(self.found.faults) >= MOST_SHOWN:
                    return
                try:
                    fault = await self._compare(first, second, ballots(self.seed, number, self.valid), number)
                except TimeoutError as error:
                    fault = f"raised {error!r}"
                if fault or self.errors.lines:
                    said, self.errors.lines = "\n".join(self.errors.lines), []
                    self.found.faults.append((number, f"{fault}\n{said}".strip()))

    async def _compare(self, first: Connection, second: Connection, each: Ballots, number: int) -> str:
        """Empty, or what is wrong with the answers."""
        one_by_one = [for_the_parser(request) for request in each.requests]
        if number % 2:
            in_a_row = await first.ask(each.packets, len(each.requests))
            singly = [answer for request in one_by_one for answer in await second.ask([request], 1)]
        else:
            singly = [answer for request in one_by_one for answer in await second.ask([request], 1)]
            in_a_row = await first.ask(each.packets, len(each.requests))
        for answer in (*in_a_row, *singly):
            (parsed,) = parse(answer)
            self.found.statuses[parsed.status] += 1
            if fault := wrong(parsed.status, parsed.headers, parsed.body):
                return fault
        # An unreadable request ends the connection after the answer before. If more was sent behind a refusal that ends
        # the connection, the system may drop it.
        ends = len(each.packets) + len(singly) > 2 and any(b"\r\nconnection: close\r\n" in answer for answer in singly)
        if len(in_a_row) < len(singly) and not ends:
            return f"{len(in_a_row)} answers to {len(singly)} requests"
        for lane, parser in zip(in_a_row, singly, strict=False):
            # A busy server may refuse one of them.
            busy = any(answer.startswith(b"HTTP/1.1 503") for answer in (lane, parser))
            if not busy and comparable(lane, ends) != comparable(parser, ends):
                return f"in a row: {lane!r}\nsingly:   {parser!r}"
        return ""


def comparable(answer: bytes, ends: bool) -> bytes:
    """The answer without what differs from one moment to the next, and without the end of the connection if `ends`."""
    head, _, body = answer.partition(b"\r\n\r\n")
    fields = _DIFFERS.sub(b"", head)
    return (fields.replace(b"\r\nconnection: close", b"") if ends else fields) + b"\r\n\r\n" + body


class Connection:
    """A connection that is opened again when the server has closed it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, packets: Sequence[bytes], count: int) -> list[bytes]:
        """The answers to this many requests, as far as they come. Raises TimeoutError."""
        async with asyncio.timeout(ANSWER_SECONDS):
            used = self._streams is not None
            answers = await self._ask(packets, count)
            # A used connection may have been closed as idle.
            return answers if answers or not used else await self._ask(packets, count)

    async def _ask(self, packets: Sequence[bytes], count: int) -> list[bytes]:
        answers: list[bytes] = []
        try:
            if self._streams is None:
                self._streams = await asyncio.open_connection(HOST, self._port)
            reader, writer = self._streams
            for number, packet in enumerate(packets):
                if number:
                    await asyncio.sleep(PAUSE_SECONDS)
                if not writer.is_closing():
                    writer.write(packet)
            while len(answers) < count and self._streams:
                text = await reader.readuntil(b"\r\n\r\n")
                length = _LENGTH.search(text)
                answers.append(text + await reader.readexactly(int(length[1]) if length else 0))
                if b"\r\nconnection: close\r\n" in text:
                    self.close()
        except (OSError, asyncio.IncompleteReadError):
            self.close()
        return answers

    def close(self) -> None:
        """Ends the connection, if there is one."""
        if self._streams:
            self._streams[1].close()
            self._streams = None


@asynccontextmanager
async def _connection(port: int) -> AsyncIterator[Connection]:
    connection = Connection(port)
    try:
        yield connection
    finally:
        connection.close()
