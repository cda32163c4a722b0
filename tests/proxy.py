"""A TCP proxy on loopback that can be cut, hang, be slow, or lose a response."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit, urlunsplit

_CHUNK = 65536
_LOOK_SECONDS = 0.05


class Proxy:
    """Forwards connections to one server."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._connections: set[asyncio.Task[None]] = set()
        self._is_cut = self._hangs = False
        self._delay = {"requests": 0.0, "answers": 0.0}
        self.eat_after: bytes | None = None
        """When a client sends this, the server receives it, and the connection ends before the response. Once."""
        self.eaten = 0

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Handles one connection. Not a coroutine: a task cancelled before its first step would close nothing."""
        if self._is_cut:
            writer.close()
            return
        task = asyncio.create_task(self._serve(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)
        task.add_done_callback(lambda done: writer.close())

    def cut(self) -> None:
        """Ends every connection and accepts no new one."""
        self._is_cut = True
        for task in self._connections:
            task.cancel()

    def hang(self) -> None:
        """Keeps connections open and forwards nothing."""
        self._hangs = True

    def delay(self, seconds: float, *, requests: bool = True) -> None:
        """Delays each piece of data, in both directions or responses only."""
        self._delay = {"requests": seconds if requests else 0.0, "answers": seconds}

    def heal(self) -> None:
        """Forwards again."""
        self._is_cut = self._hangs = False
        self.delay(0.0)

    async def close(self) -> None:
        """Ends every connection and waits for their end."""
        self.cut()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            server_reader, server_writer = await asyncio.open_connection(*self._target)
            back = asyncio.create_task(self._pass_back(server_reader, writer))
            try:
                while data := await reader.read(_CHUNK):
                    await self._passable("requests")
                    server_writer.write(data)
                    await server_writer.drain()
                    if self.eat_after and self.eat_after in data:
                        self.eat_after, self.eaten = None, self.eaten + 1
                        back.cancel()
                        # The server finishes the request.
                        await asyncio.sleep(0.3)
                        return
            finally:
                back.cancel()
                server_writer.close()

    async def _pass_back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(_CHUNK):
                await self._passable("answers")
                writer.write(data)
                await writer.drain()
        writer.close()

    async def _passable(self, direction: str) -> None:
        await asyncio.sleep(self._delay[direction])
        while self._hangs:
            await asyncio.sleep(_LOOK_SECONDS)


@asynccontextmanager
async def proxied(url: str) -> AsyncIterator[tuple[Proxy, str]]:
    """Yields a proxy in front of the URL's server, and the URL that leads through it."""
    parts = urlsplit(url)
    proxy = Proxy(parts.hostname or "127.0.0.1", parts.port or 0)
    server = await asyncio.start_server(proxy.accept, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    user = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
    try:
        yield proxy, urlunsplit(parts._replace(netloc=f"{user}127.0.0.1:{port}"))
    finally:
        server.close()
        await proxy.close()
