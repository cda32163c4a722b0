"""The queue before the database: what goes together, what waits, what is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from voting.errors import TryAgain
from voting.services.ballots.group_commit import GroupCommit


class Work:
    """Answers each item with itself, after `gate` was opened; notes what went together."""

    def __init__(self, *, open: bool = True) -> None:
        self.batches: list[list[str]] = []
        self.gate = asyncio.Event()
        if open:
            self.gate.set()

    async def __call__(self, name: str, items: Sequence[str]) -> Sequence[str | Exception]:
        self.batches.append(list(items))
        await self.gate.wait()
        return [ValueError(item) if item == "bad" else item for item in items]


async def test_one_alone_goes_at_once() -> None:
    work = Work()
    assert await GroupCommit(work, 64, 4).result("a", "x") == "x"
    assert work.batches == [["x"]]


async def test_items_of_one_loop_round_share_a_batch() -> None:
    work = Work()
    queue = GroupCommit(work, 64, 4)
    assert await asyncio.gather(*(queue.result("a", f"{n}") for n in range(20))) == [f"{n}" for n in range(20)]
    assert work.batches == [[f"{n}" for n in range(20)]]


async def test_a_batch_has_a_bound() -> None:
    work = Work()
    queue = GroupCommit(work, 8, 4)
    await asyncio.gather(*(queue.result("a", f"{n}") for n in range(20)))
    assert [len(batch) for batch in work.batches] == [8, 8, 4]


async def test_while_a_batch_is_under_way_the_rest_is_collected() -> None:
    work = Work(open=False)
    queue = GroupCommit(work, 64, 4)
    first = asyncio.create_task(queue.result("a", "first"))
    await asyncio.sleep(0.001)
    rest = [asyncio.create_task(queue.result("a", f"{n}")) for n in range(3)]
    await asyncio.sleep(0.02)
    assert work.batches == [["first"], ["0", "1", "2"]]
    work.gate.set()
    await asyncio.gather(first, *rest)


async def test_an_error_is_its_own_items_alone() -> None:
    queue = GroupCommit(Work(), 64, 4)
    found = await asyncio.gather(*(queue.result("a", name) for name in ("x", "bad", "y")), return_exceptions=True)
    assert [str(each) for each in found] == ["x", "bad", "y"]
    assert isinstance(found[1], ValueError)


async def test_an_exception_of_the_work_reaches_all_callers() -> None:
    async def away(name: str, items: Sequence[str]) -> Sequence[str]:
        raise TryAgain

    queue = GroupCommit(away, 64, 4)
    found = await asyncio.gather(*(queue.result("a", "x") for _ in range(5)), return_exceptions=True)
    assert [type(each) for each in found] == [TryAgain] * 5
    with pytest.raises(TryAgain):
        await queue.result("a", "again")


async def test_a_stuck_contest_leaves_the_others_a_connection() -> None:
    gate = asyncio.Event()

    async def work(name: str, items: Sequence[str]) -> Sequence[str]:
        if "stuck" in items:
            await gate.wait()
        return items

    queue = GroupCommit(work, 1, 4)
    stuck = [asyncio.create_task(queue.result("one", "stuck")) for _ in range(10)]
    await asyncio.sleep(0.05)
    async with asyncio.timeout(30):
        assert await queue.result("two", "x") == "x"
    gate.set()
    assert await asyncio.gather(*stuck) == ["stuck"] * 10


async def test_items_that_would_wait_too_long_are_refused_at_once() -> None:
    async def slow(name: str, items: Sequence[str]) -> Sequence[str]:
        await asyncio.sleep(0.1)
        return items

    queue = GroupCommit(slow, 1, 2)
    for _ in range(10):
        await queue.result("a", "x")
    tasks = [asyncio.create_task(queue.result("a", "x")) for _ in range(50)]
    await asyncio.sleep(0.05)
    refused = [task for task in tasks if task.done() and isinstance(error := task.exception(), TryAgain)]
    assert 40 < len(refused) < 50, "what is refused is refused before the first is done"
    assert all(
        1 <= error.facts["retry_after"] <= 3 for task in refused if isinstance(error := task.exception(), TryAgain)
    )
    taken = await asyncio.gather(*(task for task in tasks if task not in refused))
    assert taken == ["x"] * (50 - len(refused))


async def test_cancelled_items_in_the_queue_are_skipped_and_counted_once() -> None:
    work, refused = Work(open=False), list[str]()
    queue = GroupCommit(work, 1, 1, refused=refused.append)
    first, second = (asyncio.create_task(queue.result("a", name)) for name in ("first", "second"))
    await asyncio.sleep(0.05)
    for task in (first, second):
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    work.gate.set()
    await queue.drain()
    assert await queue.result("a", "third") == "third"
    assert work.batches == [["first"], ["third"]]
    assert refused == ["a"], "the first is counted by the work"


async def test_a_cancelled_caller_does_not_stop_the_work() -> None:
    work = Work(open=False)
    queue = GroupCommit(work, 64, 4)
    left = asyncio.create_task(queue.result("a", "left"))
    stays = asyncio.create_task(queue.result("a", "stays"))
    await asyncio.sleep(0.02)
    left.cancel()
    work.gate.set()
    assert await stays == "stays"
    await queue.drain()
    assert work.batches == [["left", "stays"]]
    assert not queue._queues, "an idle queue is forgotten"
