"""Logs of clients. A line is appended when a request goes out, and one when its answer is in or will never come.

Each line is written before the client does anything else, so that a killed client leaves what it knew. Monotonic times
are the machine's, and can be compared between processes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType

import msgspec

NO_ANSWER = 0


class Sent(msgspec.Struct, frozen=True, tag="sent"):
    """A request. `voter` is a label, never the token; `right`: the caller may do this; `sound`: it is well-formed. A
    read has no key."""

    id: str
    role: str
    contest: str
    voter: str
    key: str
    picks: tuple[str, ...]
    right: bool
    sound: bool
    mono: float
    wall: float


class Answered(msgspec.Struct, frozen=True, tag="answered"):
    """Its answer; status 0 if there is none, and `lost` says how the connection ended."""

    id: str
    status: int
    code: str
    ballot: str
    digest: str
    retry_after: str
    lost: str
    mono: float
    wall: float


class Attempt(msgspec.Struct, frozen=True):
    """A request and its answer; None if it was under way when its client ended."""

    sent: Sent
    answer: Answered | None

    @property
    def status(self) -> int:
        """The answer's status, 0 without one."""
        return self.answer.status if self.answer else NO_ANSWER

    @property
    def seconds(self) -> float:
        """From the first byte of the request to the last of the answer, or until the client gave up."""
        return self.answer.mono - self.sent.mono if self.answer else 0.0


class ClientLog:
    """Writes the log of one client."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._encode = msgspec.json.Encoder().encode

    def __enter__(self) -> ClientLog:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        os.close(self._file)

    def write(self, record: Sent | Answered) -> None:
        """Appends a line in one write."""
        os.write(self._file, self._encode(record) + b"\n")


def now() -> tuple[float, float]:
    """The machine's monotonic clock and time of day, which the embedded database shares."""
    return time.monotonic(), time.time()


def read(paths: Iterable[Path]) -> list[Attempt]:
    """All attempts of these logs in the order of sending, without a last line that was cut short."""
    sent: dict[str, Sent] = {}
    answers: dict[str, Answered] = {}
    for record in _records(paths):
        if isinstance(record, Sent):
            sent[record.id] = record
        else:
            answers[record.id] = record
    ordered = sorted(sent.values(), key=lambda each: each.mono)
    return [Attempt(each, answers.get(each.id)) for each in ordered]


def _records(paths: Iterable[Path]) -> Iterator[Sent | Answered]:
    decode = msgspec.json.Decoder(Sent | Answered).decode
    for path in paths:
        for line in path.read_bytes().splitlines(keepends=True):
            if line.endswith(b"\n"):
                yield decode(line)
