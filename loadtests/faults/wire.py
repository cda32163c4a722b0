"""One client's connection: a lean HTTP/1.1 that tells how an answer was lost."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any, Self

ANSWER_SECONDS = 20.0
HOST = "127.0.0.1"


class Lost(Exception):
    """There is no answer: refused, reset, cut short, or none in time."""


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
    """A connection that is made when it is needed, and made anew after it was lost."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def ask(self, request: bytes) -> Answer:
        """The answer to one request as it goes over the wire. Raises Lost."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._ask(request)
        except TimeoutError:
            self.close()
            raise Lost("no answer in time") from None
        except (OSError, asyncio.IncompleteReadError, ValueError) as error:
            self.close()
            raise Lost(type(error).__name__) from None

    async def _ask(self, request: bytes) -> Answer:
        reader, writer = await self._open()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        status, headers = _head(head)
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        if headers.get("connection", "").lower() == "close":
            self.close()
        return Answer(status, headers, body)

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is not None and self._streams[0].at_eof():
            self.close()
        if self._streams is None:
            self._streams = await asyncio.open_connection(HOST, self._port)
        return self._streams

    def close(self) -> None:
        """Ends the connection, if there is one."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


def _head(raw: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = raw.decode("latin-1").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return int(first.split(" ", 2)[1]), headers
