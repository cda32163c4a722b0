"""Recorded ballots are judged again the same as live."""

from __future__ import annotations

import httpx

from tests.conftest import Contests, Service
from tests.fraud.rings import find_nothing
from tests.screening.test_export import RULES, vote
from voting.services.fraud.policy_comparison import PolicyComparison
from voting.services.fraud.policy_files import load_sweep_policy
from voting.wiring.admin import AdminServices


async def test_under_the_policy_in_force_nothing_differs(
    http: httpx.AsyncClient, contests: Contests, service: Service, office: AdminServices
) -> None:
    contest = await contests.make(RULES)
    await vote(http, contest, contests.tokens(contest, 60))
    snapshot = await office.contest_cache.get(contest)
    policy = load_sweep_policy(service.settings.policy)
    lines = await PolicyComparison(office.database, find_nothing).compare(snapshot, policy)
    assert sum(line.now.held for line in lines) > 0
    assert not [line for line in lines if line.differs]
