"""The pauses before a companion that died is started again."""

from __future__ import annotations

import itertools
import subprocess
from types import SimpleNamespace

import pytest

from voting.server.companion import Companion

STEP_SECONDS = 0.25


@pytest.mark.parametrize(("seconds", "pauses"), [(1.0, [1.0, 2.0, 4.0, 8.0, 10.0, 10.0]), (6.0, [1.0] * 6)])
def test_only_a_companion_that_dies_at_once_waits_longer_each_time(
    monkeypatch: pytest.MonkeyPatch, seconds: float, pauses: list[float]
) -> None:
    starts: list[float] = []
    now = 0.0

    def start(command: list[str], stdin: int) -> SimpleNamespace:
        starts.append(now)
        return SimpleNamespace(poll=lambda: None if now - starts[-1] < seconds else -9, stdin=None)

    monkeypatch.setattr("voting.server.companion.time", SimpleNamespace(monotonic=lambda: now))
    monkeypatch.setattr(subprocess, "Popen", start)
    companion = Companion("sweep")
    while len(starts) <= len(pauses):
        companion.keep_alive()
        now += STEP_SECONDS
    assert [later - earlier - seconds for earlier, later in itertools.pairwise(starts)] == pauses
