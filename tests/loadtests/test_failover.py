"""The primary PostgreSQL changes: votes are recorded again in seconds, and none that was acknowledged is lost.

`python -m loadtests.faults failover` tries the same more often.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from loadtests.faults.failover import theatre


@pytest.mark.parametrize(
    ("several_hosts", "kinds"),
    [(False, ["switchover", "frozen"]), (True, ["frozen", "returning"])],
    ids=["one address", "two hosts"],
)
async def test_votes_succeed_within_ten_seconds_of_a_writable_primary(several_hosts: bool, kinds: list[str]) -> None:
    # Not pytest's folder: the servers work as another user where root starts them.
    with tempfile.TemporaryDirectory(prefix="failover-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        async with theatre(folder, several_hosts=several_hosts) as place:
            for kind in kinds:
                trial = await place.trial(kind)
                assert trial.gap <= 10, trial
                assert trial.acknowledged > 10
                assert trial.lost == 0, trial
                assert trial.refused_after <= 2, trial
