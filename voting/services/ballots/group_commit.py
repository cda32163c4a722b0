"""Group commit: collects items that arrive at about the same time and processes them in one batch.

Each contest has a queue of its own. A batch begins at once when none of its contest is under way; else what comes
is collected while that one runs, and another begins beside it when a batch is full or its first has waited as long as
a batch takes. The queue is bounded by the time that its last would wait, not by its length.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from voting import retry_after, telemetry
from voting.errors import TryAgain

MOST_WAIT_SECONDS = 0.2
# A batch under way for so long: PostgreSQL hangs or a lock is held, and what comes now would only wait too.
STALLED_SECONDS = 1.0
DRAIN_SECONDS = 5.0
# Over so many seconds those who are refused come back.
BUSY_SECONDS = 3
_FIRST_GUESS_SECONDS = 0.005
_WEIGHT_OF_THE_LATEST = 0.2

T = TypeVar("T")
R = TypeVar("R")


@dataclass(slots=True, eq=False)
class Waiting(Generic[T, R]):
    """An item in the queue or in a batch. `done` is called once with its result or error, unless it is abandoned."""

    item: T
    done: Callable[[R | Exception], None]
    since: float
    abandoned: bool = False
    """Set by who submitted it: it was answered otherwise, and is not begun any more."""


@dataclass(slots=True, eq=False)
class _Queue(Generic[T, R]):
    name: str
    waiting: deque[Waiting[T, R]] = field(default_factory=deque)
    begun: list[float] = field(default_factory=list)
    """The start times of the batches under way."""
    timer: asyncio.Handle | None = None


class GroupCommit(Generic[T, R]):
    """Does `work` on at most `most` items of one queue at a time, with at most `at_once` batches under way.

    While another is under way, a batch is collected for at least `collect` seconds.

    `work` returns for each item, in order, its result or its own error; what it raises is everyone's. It is not ended
    when those who wait leave: what was begun is found again by its key. `refused` is called with the queue of an item
    that is not taken, or was abandoned before its batch.
    """

    def __init__(
        self,
        work: Callable[[str, Sequence[T]], Awaitable[Sequence[R | Exception]]],
        most: int,
        at_once: int,
        collect: float = 0.004,
        refused: Callable[[str], None] = lambda queue: None,
    ) -> None:
        self._work = work
        self._refused = refused
        self._most = most
        self._at_once = at_once
        self._collect = collect
        # One connection is kept for the other contests, should this one's row be locked.
        self._in_a_queue = max(1, at_once - 1)
        self._queues: dict[str, _Queue[T, R]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._under_way = 0
        # What a batch took of late, in any queue: they share the database.
        self._seconds = _FIRST_GUESS_SECONDS

    def submit(self, queue: str, item: T, done: Callable[[R | Exception], None]) -> Waiting[T, R]:
        """Queues an item. Raises TryAgain if the wait would be too long."""
        found = self._queues.get(queue) or self._queues.setdefault(queue, _Queue(queue))
        now = time.monotonic()
        stalled = found.begun and now - found.begun[0] > STALLED_SECONDS
        expected_wait = len(found.waiting) / self._most / self._in_a_queue * self._seconds
        if stalled or expected_wait > MOST_WAIT_SECONDS:
            telemetry.QUEUE_REFUSALS.inc()
            self._refused(queue)
            raise TryAgain(retry_after=retry_after.spread(0, BUSY_SECONDS))
        waiting: Waiting[T, R] = Waiting(item, done, now)
        found.waiting.append(waiting)
        if found.timer is None or len(found.waiting) == self._most:
            # Not at once: what was read from other connections in this same round of the loop goes along.
            found.timer = asyncio.get_running_loop().call_soon(self._begin, found)
        return waiting

    async def result(self, queue: str, item: T) -> R:
        """Returns the item's result or raises its error."""
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()

        def done(outcome: R | Exception) -> None:
            if answer.done():
                return
            if isinstance(outcome, Exception):
                answer.set_exception(outcome)
            else:
                answer.set_result(outcome)

        waiting = self.submit(queue, item, done)
        try:
            return await answer
        except asyncio.CancelledError:
            waiting.abandoned = True
            raise

    async def drain(self) -> None:
        """Waits for the batches under way. Call it when nothing more is submitted."""
        until = time.monotonic() + DRAIN_SECONDS
        while self._tasks and time.monotonic() < until:
            await asyncio.wait(self._tasks, timeout=until - time.monotonic())

    def _begin(self, queue: _Queue[T, R]) -> None:
        """Starts as many batches as allowed and schedules the next check."""
        queue.timer = None
        while queue.waiting and self._under_way < self._at_once and len(queue.begun) < self._in_a_queue:
            early = queue.waiting[0].since + max(self._collect, self._seconds) - time.monotonic()
            if queue.begun and len(queue.waiting) < self._most and early > 0:
                queue.timer = asyncio.get_running_loop().call_later(early, self._begin, queue)
                return
            batch: list[Waiting[T, R]] = []
            while queue.waiting and len(batch) < self._most:
                waiting = queue.waiting.popleft()
                if waiting.abandoned:
                    self._refused(queue.name)
                else:
                    batch.append(waiting)
            if batch:
                begun = time.monotonic()
                queue.begun.append(begun)
                self._under_way += 1
                task = asyncio.create_task(self._run(queue, batch, begun))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        if not queue.waiting and not queue.begun and self._queues.get(queue.name) is queue:
            del self._queues[queue.name]

    async def _run(self, queue: _Queue[T, R], batch: Sequence[Waiting[T, R]], begun: float) -> None:
        outcomes: Sequence[R | Exception]
        try:
            outcomes = await self._work(queue.name, [waiting.item for waiting in batch])
        except Exception as error:
            outcomes = [error] * len(batch)
        finally:
            seconds = time.monotonic() - begun
            telemetry.BATCH_SECONDS.observe(seconds)
            queue.begun.remove(begun)
            self._seconds += _WEIGHT_OF_THE_LATEST * (seconds - self._seconds)
            self._under_way -= 1
            # The others have been waiting for the connection; this queue comes last.
            for each in (*(other for other in self._queues.values() if other is not queue), queue):
                asyncio.get_running_loop().call_soon(self._begin, each)
        telemetry.BATCH_BALLOTS.observe(len(batch))
        for waiting, outcome in zip(batch, outcomes, strict=True):
            if waiting.abandoned:
                continue
            try:
                waiting.done(outcome)
            except Exception:
                # The others must be answered.
                logging.getLogger("voting").exception("an answer could not be given")
