"""Failovers of a real Patroni cluster lose nothing; answers that do not wait for a standby are found."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from loadtests.faults.patroni import BUGS, cluster, missing

pytestmark = [
    pytest.mark.campaign,
    pytest.mark.skipif(bool(missing()), reason=f"not installed, run sh tests/failover.sh: {', '.join(missing())}"),
]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that other users can pass through: as root, the servers run as another user."""
    with tempfile.TemporaryDirectory(prefix="patroni-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


async def test_nothing_is_lost_doubled_or_acknowledged_too_early(folder: Path) -> None:
    async with cluster(folder) as place:
        for kind in ("switchover", "crash", "machine", "hung"):
            trial = await place.trial(kind)
            assert trial.is_right, trial


@pytest.mark.parametrize("bug", BUGS)
async def test_a_ballot_that_is_acknowledged_too_early_is_found(folder: Path, bug: str) -> None:
    async with cluster(folder, bug=bug) as place:
        trial = await place.trial("hung")
        assert trial.unreplicated > 0
        assert not trial.is_right
