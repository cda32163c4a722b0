"""A TCP proxy on loopback that breaks connections in chosen ways."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit, urlunsplit

LOOK_SECONDS = 0.05
CHUNK = 65536


class Proxy:
    """A proxy between clients and one server."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._tasks: set[asyncio.Task[None]] = set()
        self._cut = False
        self._hang = False
        self._delay = 0.0
        self._truncate = 0
        self._silent: set[asyncio.Task[None]] = set()
        self.port = 0

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serves one connection. Not a coroutine: a task cancelled before its first step would close nothing."""
        if self._cut:
            writer.close()
            return
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._ended(done, writer))

    def _ended(self, task: asyncio.Task[None], writer: asyncio.StreamWriter) -> None:
        self._tasks.discard(task)
        self._silent.discard(task)
        writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.CancelledError):
            server_reader, server_writer = await asyncio.open_connection(*self._target)
            try:
                await self._join(reader, writer, server_reader, server_writer)
            finally:
                server_writer.close()

    async def _join(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        server_reader: asyncio.StreamReader,
        server_writer: asyncio.StreamWriter,
    ) -> None:
        task = asyncio.current_task()
        back = asyncio.create_task(self._pump(server_reader, writer, task))
        try:
            while data := await reader.read(CHUNK):
                await self._held(task)
                await _send(server_writer, data)
        finally:
            back.cancel()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, task: asyncio.Task[None] | None
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                await self._held(task)
                if self._truncate:
                    self._truncate -= 1
                    await _send(writer, data[: len(data) // 2])
                    break
                await _send(writer, data)
        writer.close()

    async def _held(self, task: asyncio.Task[None] | None) -> None:
        if self._delay:
            await asyncio.sleep(self._delay)
        while self._hang or task in self._silent:
            await asyncio.sleep(LOOK_SECONDS)

    def cut(self) -> None:
        """Ends all connections and accepts no new ones."""
        self._cut = True
        self.drop()

    async def close(self) -> None:
        """As `cut`; returns when all connections have ended."""
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def drop(self) -> None:
        """Ends all connections; new ones are accepted."""
        for task in self._tasks:
            task.cancel()

    def point(self, port: int) -> None:
        """New connections go to another port of the host; existing ones stay."""
        self._target = (self._target[0], port)

    def hang(self) -> None:
        """Passes nothing on and ends nothing."""
        self._hang = True

    def delay(self, seconds: float) -> None:
        """Delays each piece of data, in both directions."""
        self._delay = seconds

    def truncate(self, answers: int) -> None:
        """Cuts the next pieces of data from the server in half, and ends their connections."""
        self._truncate = answers

    def half_open(self) -> None:
        """Existing connections fall silent without ending; new ones work."""
        self._silent |= self._tasks

    def heal(self) -> None:
        """Passes everything on again, and ends the connections that fell silent."""
        self._cut = self._hang = False
        self._delay, self._truncate = 0.0, 0
        for task in self._silent:
            task.cancel()


@asynccontextmanager
async def proxied(url: str) -> AsyncIterator[tuple[Proxy, str]]:
    """A proxy in front of the server of `url`, and the URL that goes through it."""
    parts = urlsplit(url)
    async with proxy_to(parts.hostname or "", parts.port or 0) as proxy:
        credentials, at, _ = parts.netloc.rpartition("@")
        yield proxy, urlunsplit(parts._replace(netloc=f"{credentials}{at}127.0.0.1:{proxy.port}"))


@asynccontextmanager
async def proxy_to(host: str, port: int) -> AsyncIterator[Proxy]:
    """A proxy in front of a server, on a port of its own."""
    proxy = Proxy(host, port)
    server = await asyncio.start_server(proxy.accept, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.close()


async def _send(writer: asyncio.StreamWriter, data: bytes) -> None:
    # uvloop raises a RuntimeError for what is written into a lost connection.
    if writer.is_closing():
        raise ConnectionResetError
    writer.write(data)
    await writer.drain()
