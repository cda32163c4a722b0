"""The pauses before an engine that died is started again."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import cast

import pytest

from voting.engines.engine import Engine, Owner
from voting.engines.supervisor import LOOK_EVERY, Supervisor


class Clock(threading.Event):
    """Moves when somebody waits, and ends the watching after a number of pauses."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.now = 0.0
        self.pauses: list[float] = []
        self._most = most

    def wait(self, timeout: float | None = None) -> bool:
        self.now += timeout or 0.0
        if timeout is not None and timeout != LOOK_EVERY:
            self.pauses.append(timeout)
        return len(self.pauses) == self._most


class Mortal:
    """An engine that dies after a number of seconds."""

    title = "Mortal"

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self.started_at = 0.0

    def alive(self) -> bool:
        return self._clock.now - self.started_at < self._seconds

    def trim_log(self) -> None:
        pass

    def restart(self) -> None:
        self.started_at = self._clock.now


@pytest.mark.parametrize(("seconds", "pauses"), [(1.0, [0.0, 0.5, 1.0, 2.0, 4.0, 5.0, 5.0]), (12.0, [0.0] * 7)])
def test_only_an_engine_that_dies_at_once_waits_longer_each_time(
    monkeypatch: pytest.MonkeyPatch, seconds: float, pauses: list[float]
) -> None:
    clock = Clock(len(pauses))
    monkeypatch.setattr("voting.engines.supervisor.time", SimpleNamespace(monotonic=lambda: clock.now))
    owner = Owner(save=lambda: None, notice=lambda sentence: None, stopping=clock)
    supervisor = Supervisor([cast("Engine", Mortal(clock, seconds))], owner)
    supervisor.start()
    supervisor.stop()
    assert clock.pauses == pauses
