"""A pooler between service and PostgreSQL is refused at the start, with the way out."""

from __future__ import annotations

import asyncio

import pytest

from voting.errors import SchemaUnfit
from voting.postgres.database import connected

# What pgbouncer 1.18 answers to a connection with parameters that it does not know.
FIELDS = b"SFATAL\0C08P01\0Munsupported startup parameter: lock_timeout\0\0"


async def test_a_pooler_is_named_and_not_waited_for() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        size = int.from_bytes(await reader.readexactly(4))
        await reader.readexactly(size - 4)
        writer.write(b"E" + (len(FIELDS) + 4).to_bytes(4) + FIELDS)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(SchemaUnfit, match=r"leads to a pooler, such as pgbouncer.*name PostgreSQL itself"):
            async with connected(f"postgresql://u@127.0.0.1:{port}/d?sslmode=disable", 1):
                pass
