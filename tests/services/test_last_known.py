"""The last known value is used while a new one cannot be read, up to its age limit."""

from __future__ import annotations

import asyncio
import time

import pytest

from voting.errors import ContestUnknown, TryAgain
from voting.services import last_known
from voting.services.last_known import LastKnown


async def give(value: int) -> int:
    return value


async def fail() -> int:
    raise TryAgain


async def hang() -> int:
    await asyncio.sleep(60)
    return 0


def never(_: int) -> bool:
    return False


async def test_a_slow_or_failing_read_is_answered_with_the_last_known_value() -> None:
    known: LastKnown[int] = LastKnown(10)
    assert await known.get("a", lambda: give(1), never) == 1
    assert await known.get("a", fail, never) == 1
    begun = time.monotonic()
    assert [await known.get("a", hang, never), await known.get("a", hang, never)] == [1, 1]
    assert time.monotonic() - begun < 2


async def test_a_late_read_is_kept_for_the_next_reader() -> None:
    known: LastKnown[int] = LastKnown(10)
    known.put("a", 1)

    async def late() -> int:
        await asyncio.sleep(0.4)
        return 2

    assert await known.get("a", late, never) == 1
    await asyncio.sleep(0.4)
    assert await known.get("a", fail, never) == 2


async def test_without_a_value_or_with_one_too_old_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    known: LastKnown[int] = LastKnown(10)
    with pytest.raises(TryAgain):
        await known.get("a", fail, never)
    known.put("a", 1)
    monkeypatch.setattr(last_known, "KNOWN_SECONDS", 0.0)
    with pytest.raises(TryAgain):
        await known.get("a", fail, never)


async def test_a_removed_value_is_not_returned_from_memory() -> None:
    known: LastKnown[int] = LastKnown(10)
    known.put("a", 1)

    async def unknown() -> int:
        raise ContestUnknown

    with pytest.raises(ContestUnknown):
        await known.get("a", unknown, never)


async def test_memory_is_bounded() -> None:
    known: LastKnown[int] = LastKnown(3)
    for number in range(10):
        known.put(number, number)
    assert [known.peek(number) for number in range(10)] == [None] * 7 + [7, 8, 9]
