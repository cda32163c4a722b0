"""A TCP proxy on loopback that breaks connections in chosen ways."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit, urlunsplit

LOOK_SECONDS = 0.05
CHUNK = 65536


class Proxy:
    """Stands between a client and one server."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._tasks: set[asyncio.Task[None]] = set()
        self._cut = False
        self._hang = False
        self._delay = 0.0
        self._delays_requests = True
        self._truncate = 0
        self._silent: set[asyncio.Task[None]] = set()
        self.port = 0
        self.eat_after: bytes | None = None
        """When a client sends this, the server receives it, and the connection is cut before the answer; once."""
        self.eaten = 0

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection. Not a coroutine: one that was cancelled before its first step would close nothing."""
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
                await self._held(task, self._delay if self._delays_requests else 0.0)
                server_writer.write(data)
                await server_writer.drain()
                if self.eat_after and self.eat_after in data:
                    self.eat_after, self.eaten = None, self.eaten + 1
                    back.cancel()
                    await asyncio.sleep(0.3)
                    return
        finally:
            back.cancel()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, task: asyncio.Task[None] | None
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                await self._held(task, self._delay)
                if self._truncate:
                    self._truncate -= 1
                    writer.write(data[: len(data) // 2])
                    break
                writer.write(data)
                await writer.drain()
        writer.close()

    async def _held(self, task: asyncio.Task[None] | None, delay: float) -> None:
        if delay:
            await asyncio.sleep(delay)
        while self._hang or task in self._silent:
            await asyncio.sleep(LOOK_SECONDS)

    def cut(self) -> None:
        """Ends every connection and takes no new one."""
        self._cut = True
        self.drop()

    async def close(self) -> None:
        """Ends every connection, takes no new one, and returns when all have ended."""
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def drop(self) -> None:
        """Ends every connection; new ones are taken."""
        for task in self._tasks:
            task.cancel()

    def point(self, port: int) -> None:
        """New connections go to another port of the server's host; those that there are stay."""
        self._target = (self._target[0], port)

    def hang(self) -> None:
        """Lets nothing through, and ends nothing."""
        self._hang = True

    def delay(self, seconds: float, *, requests: bool = True) -> None:
        """Each piece of data waits so long on its way, in both directions, or answers only."""
        self._delay = seconds
        self._delays_requests = requests

    def truncate(self, answers: int) -> None:
        """Of so many of the server's next pieces of data only the first half arrives, and then the end."""
        self._truncate = answers

    def half_open(self) -> None:
        """The connections that there are fall silent, and nobody is told; new ones work."""
        self._silent |= self._tasks

    def heal(self) -> None:
        """Lets everything through again; of connections that fell silent the end is told."""
        self._cut = self._hang = False
        self._delay, self._truncate = 0.0, 0
        for task in self._silent:
            task.cancel()


@asynccontextmanager
async def proxied(url: str) -> AsyncIterator[tuple[Proxy, str]]:
    """A proxy in front of the server of `url`, and the address that goes through it."""
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
