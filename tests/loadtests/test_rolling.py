"""Two nodes behind nginx: restarts and crashes that no voter sees."""

from __future__ import annotations

import pytest

from loadtests.faults.rolling import trial
from tests.deploy.test_nginx import NGINX

pytestmark = [pytest.mark.campaign, pytest.mark.skipif(not NGINX, reason="nginx is not installed")]


def test_ballots_pass_over_restarts_and_crashes_of_nodes() -> None:
    outcome = trial(restarts=3, kills=2, rate=40)
    assert outcome.is_right, outcome
    assert outcome.statuses[201] > 100
