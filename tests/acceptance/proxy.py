"""A TCP proxy on loopback that breaks connections in chosen ways."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit, urlunsplit


class Proxy:
    """Stands between the service and one server."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._tasks: set[asyncio.Task[None]] = set()
        self._cut = False
        self._hang = False
        self.eat_after: bytes | None = None
        """When a client sends this, the server gets it, and the connection is cut before the answer. Once."""
        self.eaten = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        task = asyncio.current_task()
        if self._cut or task is None:
            writer.close()
            return
        self._tasks.add(task)
        try:
            server_reader, server_writer = await asyncio.open_connection(*self._target)
            with suppress(OSError, asyncio.CancelledError):
                await self._join(reader, writer, server_reader, server_writer)
            server_writer.close()
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _join(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        server_reader: asyncio.StreamReader,
        server_writer: asyncio.StreamWriter,
    ) -> None:
        back = asyncio.create_task(self._pump(server_reader, writer))
        try:
            while data := await reader.read(65536):
                await self._held()
                server_writer.write(data)
                await server_writer.drain()
                if self.eat_after and self.eat_after in data:
                    self.eat_after, self.eaten = None, self.eaten + 1
                    back.cancel()
                    await asyncio.sleep(0.3)
                    return
        finally:
            back.cancel()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            await self._held()
            writer.write(data)
            await writer.drain()
        writer.close()

    async def _held(self) -> None:
        while self._hang:
            await asyncio.sleep(0.05)

    def cut(self) -> None:
        """Ends every connection and takes no new one."""
        self._cut = True
        for task in self._tasks:
            task.cancel()

    def hang(self) -> None:
        """Lets nothing through, and ends nothing."""
        self._hang = True

    def heal(self) -> None:
        """Lets everything through again."""
        self._cut = self._hang = False


@asynccontextmanager
async def proxied(url: str) -> AsyncIterator[tuple[Proxy, str]]:
    """A proxy in front of the server of `url`, and the address that goes through it."""
    parts = urlsplit(url)
    proxy = Proxy(parts.hostname or "", parts.port or 0)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    credentials = parts.netloc.rpartition("@")[0]
    yield proxy, urlunsplit(parts._replace(netloc=f"{credentials}@127.0.0.1:{port}"))
    proxy.cut()
    server.close()
