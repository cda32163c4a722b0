"""Replays of the recorded contests, shared by all tests."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from tests.recorded import Recorded
from tests.services.fraud.test_backtest import Run

Replayed = Callable[[Recorded], Run]


@pytest.fixture(scope="session")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Replayed:
    """Returns the output of a recorded contest's backtest."""

    @cache
    def replay(recorded: Recorded) -> Run:
        out = tmp_path_factory.mktemp(recorded.name) / "out"
        return Run(out, recorded.replay(out))

    return replay
