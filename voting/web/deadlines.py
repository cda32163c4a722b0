"""Deadlines of one length: the first to begin is the first to end, so one timer serves all of them.

A timer for each request would cost more than the rest of the guard.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from types import TracebackType


class Deadlines:
    """Ends work that takes longer than `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._running: dict[Deadline, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, expire: Callable[[], object]) -> Deadline:
        """Starts a deadline, which calls `expire` unless it is lifted before."""
        loop = asyncio.get_running_loop()
        deadline = Deadline(self, loop.time() + self._seconds, expire)
        self._running[deadline] = None
        if self._timer is None:
            self._timer = loop.call_at(deadline.at, self._look, loop)
        return deadline

    def begin_task(self) -> TaskDeadline:
        """Starts a deadline for the current task: `with deadlines.begin_task(): ...` raises TimeoutError."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a deadline is a task's")
        return TaskDeadline(self, task)

    def end(self, deadline: Deadline) -> None:
        """Removes a deadline."""
        self._running.pop(deadline, None)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        while self._running:
            first = next(iter(self._running))
            if first.at > loop.time():
                # It is set already if what expired has begun another.
                self._timer = self._timer or loop.call_at(first.at, self._look, loop)
                return
            self.end(first)
            try:
                first.expire()
            except Exception:
                # The others must end, too.
                logging.getLogger("voting").exception("a deadline could not end its work")


class Deadline:
    """One deadline."""

    __slots__ = ("_all", "at", "expire")

    def __init__(self, all: Deadlines, at: float, expire: Callable[[], object]) -> None:
        self._all = all
        self.at = at
        self.expire = expire

    def lift(self) -> None:
        """Removes the deadline."""
        self._all.end(self)


class TaskDeadline:
    """A deadline of a task. Like `asyncio.timeout`, it cancels the task and turns that into TimeoutError."""

    def __init__(self, all: Deadlines, task: asyncio.Task[object]) -> None:
        self._task = task
        self._cancelling = task.cancelling()
        self.expired = False
        self._deadline = all.begin(self._expire)

    def lift(self) -> None:
        """Removes the deadline."""
        self._deadline.lift()

    def _expire(self) -> None:
        self.expired = True
        self._task.cancel()

    def __enter__(self) -> TaskDeadline:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.lift()
        if self.expired and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error
