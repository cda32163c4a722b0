"""What was recorded is judged anew as it was judged live."""

from __future__ import annotations

from pathlib import Path

import httpx

from tests.conftest import Contests, Service
from tests.fraud.rings import find_nothing
from tests.screening.test_export import RULES, vote
from voting.services.fraud.policy_comparison import Retallying
from voting.services.fraud.policy_files import load_policy
from voting.wiring import Office


async def test_under_the_policy_in_force_nothing_differs(
    http: httpx.AsyncClient, contests: Contests, service: Service, office: Office
) -> None:
    contest = await contests.make(RULES)
    await vote(http, contest, contests.tokens(contest, 60))
    listing = await office.catalogue.get(contest)
    policy = load_policy(Path(service.settings.policy))
    lines = await Retallying(office.database, find_nothing).compare(listing, policy)
    assert sum(line.now.held for line in lines) > 0
    assert not [line for line in lines if line.differs]
