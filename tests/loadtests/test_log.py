"""The campaigns on the public log, in small."""

from __future__ import annotations

import pytest

from loadtests.log import kills, order, restored

pytestmark = pytest.mark.campaign


def test_every_ballot_is_in_the_log_and_proved_though_processes_are_killed() -> None:
    outcome = kills.trial(kills=3, every=5, rate=20, report=kills.report)
    assert outcome.is_right, outcome
    assert outcome.ballots > 100


def test_no_batch_is_skipped_in_whatever_order_they_commit() -> None:
    outcome = order.trial(batches=1000, seed=1)
    assert outcome.is_right, outcome
    assert outcome.committed > 900


def test_restored_backups_are_found_and_recovered() -> None:
    outcome = restored.trial(restores=2, seed=1)
    assert outcome.is_right, outcome
    assert outcome.lost > 0
