"""Scripts over raw sockets, whose answers are parsed strictly."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from loadtests.fuzz.environment import ValidData
from loadtests.fuzz.framing import PAUSE_SECONDS, Script, script
from loadtests.fuzz.in_process import MOST_SHOWN, Found
from loadtests.fuzz.judge import wrong

AT_ONCE = 64
ANSWER_SECONDS = 20.0
# The server keeps a connection open whose request does not end; this long is waited for an answer.
QUIET_SECONDS = 0.3


@dataclass(frozen=True)
class Answer:
    """One answer of a connection."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes


class NotHTTPError(Exception):
    """The bytes are no answer."""


async def send_all(valid: ValidData, port: int, seed: int, numbers: Iterable[int]) -> Found:
    """Sends these scripts to a server on this machine."""
    run, begun = _Run(valid, port, seed, iter(numbers)), time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(run.work())
    run.found.seconds = time.perf_counter() - begun
    return run.found


@dataclass
class _Run:
    valid: ValidData
    port: int
    seed: int
    stream: Iterator[int]
    found: Found = field(default_factory=Found)

    async def work(self) -> None:
        """One connection after another."""
        for number in self.stream:
            if len(self.found.faults) >= MOST_SHOWN:
                return
            each = script(self.seed, number, self.valid)
            try:
                answers = await exchange(self.port, each, source(number))
                fault = judged(each, answers)
            except (TimeoutError, NotHTTPError, OSError) as error:
                answers, fault = [], repr(error)
            self.found.statuses.update([answer.status for answer in answers] or [0])
            if fault:
                self.found.faults.append((number, f"{each}\n{fault}"))


def source(number: int) -> str:
    """One of many addresses of this machine, so that no port is used twice in a minute."""
    return f"127.0.{1 + number // 100 % 250}.{1 + number % 100}"


def judged(each: Script, answers: list[Answer]) -> str:
    """Empty, or what is wrong with the answers."""
    for answer in answers:
        if fault := wrong(answer.status, answer.headers, answer.body):
            return fault
    if each.whole and not answers:
        return "not answered"
    if each.answers and len(answers) != each.answers:
        return f"answered {[answer.status for answer in answers]} instead of {each.answers} times"
    if each.refused and answers and (answers[0].status < 400 or len(answers) > 1):
        return f"answered {[answer.status for answer in answers]}: bytes after its end were taken for a request"
    return ""


async def exchange(port: int, each: Script, address: str = "127.0.0.1") -> list[Answer]:
    """The answers until the server closes, or is quiet if none is due. Raises TimeoutError."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0), limit=2**22)
    sending = asyncio.create_task(_send(writer, each))
    try:
        text = await _receive(reader, each.whole)
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        writer.close()
    return list(parse(text))


async def _send(writer: asyncio.StreamWriter, each: Script) -> None:
    """A server that has refused may close before all is sent."""
    try:
        for piece in each.pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(PAUSE_SECONDS)
    except OSError:
        pass


async def _receive(reader: asyncio.StreamReader, whole: bool) -> bytes:
    """Reads until the connection ends. Raises TimeoutError if an answer is due and does not come, or does not end."""
    text, until = b"", time.monotonic() + ANSWER_SECONDS
    # The stream of a live board does not end.
    while b"content-type: text/event-stream" not in text:
        try:
            async with asyncio.timeout(until - time.monotonic() if whole else QUIET_SECONDS):
                more = await reader.read(65_536)
        except TimeoutError:
            if whole:
                raise
            break
        except ConnectionResetError:
            break
        if not more:
            break
        text += more
    return text


def parse(text: bytes) -> Iterator[Answer]:
    """All answers of a connection; the last may be cut off. Raises NotHTTPError."""
    while text:
        head, found, rest = text.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        if not found or not lines[0].startswith(b"HTTP/1.1 ") or not lines[0][9:12].isdigit():
            raise NotHTTPError(text[:200])
        status = int(lines[0][9:12])
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines[1:])}
        body, text = _body(status, headers, rest)
        if status != 100:
            yield Answer(status, headers, body)


def _body(status: int, headers: dict[bytes, bytes], rest: bytes) -> tuple[bytes, bytes]:
    if status in (100, 204, 304):
        return b"", rest
    if headers.get(b"transfer-encoding") == b"chunked":
        return _unchunked(rest)
    # An answer to HEAD has a length and no body: nothing follows, or the next answer.
    length = 0 if rest.startswith(b"HTTP/1.1 ") else int(headers.get(b"content-length", b"0"))
    return rest[:length], rest[length:]


def _unchunked(rest: bytes) -> tuple[bytes, bytes]:
    body = b""
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        if not (length := int(size, 16)):
            return body, rest[2:]
        body, rest = body + rest[:length], rest[length + 2 :]
    return body, b""
