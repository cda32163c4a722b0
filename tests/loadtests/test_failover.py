"""The primary PostgreSQL changes: votes are recorded again in seconds, and none that was acknowledged is lost.

`python -m loadtests.faults failover` tries the same more often.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from loadtests.faults.failover import cluster
from loadtests.faults.pair import Node

pytestmark = pytest.mark.campaign


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that other users can pass through: as root, the servers run as another user."""
    with tempfile.TemporaryDirectory(prefix="failover-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_commits_wait_for_a_standby_after_every_change_of_places(folder: Path) -> None:
    primary, standby = Node(folder, "a"), Node(folder, "b")
    try:
        primary.create()
        standby.clone(primary)
        primary.wait_for_standbys(wanted=True)
        for _ in range(2):
            primary.stop()
            standby.promote()
            primary.follow(standby)
            primary, standby = standby, primary
            primary.wait_for_standbys(wanted=True)
            assert primary.sql("show synchronous_standby_names") == "*"
    finally:
        primary.destroy()
        standby.destroy()


@pytest.mark.parametrize(
    ("several_hosts", "kinds"),
    [(False, ["switchover", "frozen"]), (True, ["frozen", "returning"])],
    ids=["one address", "two hosts"],
)
async def test_votes_succeed_within_ten_seconds_of_a_writable_primary(
    several_hosts: bool, kinds: list[str], folder: Path
) -> None:
    async with cluster(folder, several_hosts=several_hosts) as place:
        for kind in kinds:
            trial = await place.trial(kind)
            assert trial.gap <= 10, trial
            assert trial.acknowledged > 10
            assert trial.lost == 0, trial
            assert trial.refused_after <= 2, trial
