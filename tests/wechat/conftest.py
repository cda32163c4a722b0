"""Fixtures with the stand-in for WeChat."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.wechat.standin import Standin, standin


@pytest.fixture(scope="session")
def running_standin() -> Iterator[Standin]:
    """One stand-in for all tests."""
    with standin() as running:
        yield running


@pytest.fixture
def wechat_standin(running_standin: Standin) -> Standin:
    """The stand-in, as new."""
    running_standin.reset()
    return running_standin
