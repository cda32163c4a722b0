"""Every test here is one of the laboratory."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# LightGBM's threads wait by spinning: on a busy machine a small fit took half an hour, and a minute with one thread.
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.lab)
