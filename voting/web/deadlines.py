"""Deadlines of one length: the first to begin is the first to end, so that one timer does for all of them.

A timer of its own for each request costs more than all that the edge does besides.
"""

from __future__ import annotations

import asyncio
from types import TracebackType


class Deadlines:
    """Ends what takes longer than `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._running: dict[Deadline, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> Deadline:
        """For the current task, from now on: `with deadlines.begin(): ...` raises TimeoutError when it is past."""
        loop = asyncio.get_running_loop()
        deadline = Deadline(self, asyncio.current_task(loop), loop.time() + self._seconds)
        self._running[deadline] = None
        if self._timer is None:
            self._timer = loop.call_at(deadline.at, self._look, loop)
        return deadline

    def end(self, deadline: Deadline) -> None:
        """Forgets it."""
        self._running.pop(deadline, None)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        while self._running:
            first = next(iter(self._running))
            if first.at > loop.time():
                self._timer = loop.call_at(first.at, self._look, loop)
                return
            self.end(first)
            first.expire()


class Deadline:
    """One of them. As `asyncio.timeout`: it cancels the task, and turns that cancellation into TimeoutError."""

    __slots__ = ("_all", "_cancelling", "_task", "at", "expired")

    def __init__(self, all: Deadlines, task: asyncio.Task[object] | None, at: float) -> None:
        if task is None:
            raise RuntimeError("a deadline is a task's")
        self._all = all
        self._task = task
        self._cancelling = task.cancelling()
        self.at = at
        self.expired = False

    def lift(self) -> None:
        """It holds no longer."""
        self._all.end(self)

    def expire(self) -> None:
        """Its time is past."""
        self.expired = True
        self._task.cancel()

    def __enter__(self) -> Deadline:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._all.end(self)
        if self.expired and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error
