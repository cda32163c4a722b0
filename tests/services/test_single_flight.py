"""One run of a task for all callers at once."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from voting.services.single_flight import SingleFlight


async def test_overlapping_calls_do_the_work_once_and_all_get_its_result() -> None:
    sharing: SingleFlight[int] = SingleFlight()
    runs = 0

    async def work() -> int:
        nonlocal runs
        runs += 1
        await asyncio.sleep(0.01)
        return runs

    assert await asyncio.gather(*(sharing.once("a", work) for _ in range(50))) == [1] * 50
    assert await sharing.once("a", work) == 2
    assert not sharing.busy("a")


async def test_other_names_are_other_work() -> None:
    sharing: SingleFlight[str] = SingleFlight()

    async def named(name: str) -> str:
        await asyncio.sleep(0.01)
        return name

    found = await asyncio.gather(*(sharing.once(name, partial(named, name)) for name in "abc"))
    assert found == ["a", "b", "c"]


async def test_a_failure_reaches_all_and_is_not_kept() -> None:
    sharing: SingleFlight[int] = SingleFlight()

    async def fail() -> int:
        await asyncio.sleep(0.01)
        raise ValueError("away")

    found = await asyncio.gather(*(sharing.once("a", fail) for _ in range(3)), return_exceptions=True)
    assert [str(each) for each in found] == ["away"] * 3
    with pytest.raises(ValueError, match="away"):
        await sharing.once("a", fail)


async def test_a_cancelled_caller_does_not_affect_the_others() -> None:
    sharing: SingleFlight[int] = SingleFlight()

    async def work() -> int:
        await asyncio.sleep(0.05)
        return 7

    leaver = asyncio.create_task(sharing.once("a", work))
    stayer = asyncio.create_task(sharing.once("a", work))
    await asyncio.sleep(0.01)
    leaver.cancel()
    assert await stayer == 7
