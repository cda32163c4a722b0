"""Deadlines of one length: the first to begin is the first to end, so one timer serves all of them.

A timer for each request would cost more than the rest of the guard.
"""

from __future__ import annotations

import asyncio
from types import TracebackType


class Deadlines:
    """Cancels work that takes longer than `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._running: dict[Deadline, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> Deadline:
        """Starts a deadline for the current task: `with deadlines.begin(): ...` raises TimeoutError when it expires."""
        loop = asyncio.get_running_loop()
        deadline = Deadline(self, asyncio.current_task(loop), loop.time() + self._seconds)
        self._running[deadline] = None
        if self._timer is None:
            self._timer = loop.call_at(deadline.at, self._look, loop)
        return deadline

    def end(self, deadline: Deadline) -> None:
        """Removes a deadline."""
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
    """One deadline. Like `asyncio.timeout`, it cancels the task and turns that cancellation into TimeoutError."""

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
        """Removes the deadline."""
        self._all.end(self)

    def expire(self) -> None:
        """Cancels the task."""
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
