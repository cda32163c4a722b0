"""One read answers all callers that asked before it began."""

from __future__ import annotations

import asyncio

import pytest

from voting.services.next_read import NextRead


async def test_a_caller_gets_a_read_that_begins_after_the_call() -> None:
    stored, reads = 0, 0

    async def read() -> int:
        nonlocal reads
        reads += 1
        found = stored
        await asyncio.sleep(0.03)
        return found

    shared = NextRead(read)

    async def ask() -> bool:
        nonlocal stored
        stored += 1
        mine = stored
        return await shared.get() >= mine

    waves = []
    for _ in range(20):
        waves += [asyncio.create_task(ask()) for _ in range(100)]
        await asyncio.sleep(0.01)
    assert all(await asyncio.gather(*waves))
    assert reads <= 6


async def test_an_error_is_everyones_and_the_next_read_is_another() -> None:
    reads = 0

    async def read() -> str:
        nonlocal reads
        reads += 1
        if reads == 1:
            raise ValueError("away")
        return "there"

    shared = NextRead(read)
    assert all(
        isinstance(each, ValueError)
        for each in await asyncio.gather(*(shared.get() for _ in range(5)), return_exceptions=True)
    )
    leaving = asyncio.create_task(shared.get())
    staying = asyncio.create_task(shared.get())
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying == "there"
    with pytest.raises(asyncio.CancelledError):
        await leaving
