"""A shadow policy on a running service: it judges every ballot and decides none."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from tests.conftest import Contests, Service, environment_of, serving
from tests.fraud.rings import write_policy
from tests.screening.test_screening import BROWSER, QUICK, SCRIPT, rows, send, ticket
from voting.settings import Settings


@pytest.fixture(scope="module")
def service(patient: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Runs the service under a policy that counts what its shadow challenges and holds."""
    folder = tmp_path_factory.mktemp("policies")
    force, shadow = folder / "lenient.toml", folder / "strict.toml"
    patience = {"below = 150\n": "below = 9000\n", "below = 500\n": "below = 9001\n"}
    write_policy(shadow, "strict", edit=patience)
    write_policy(force, "strict", edit=patience | {"hold = 75": "hold = 100", "challenge = 50": "challenge = 90"})
    policies = {"VOTING_POLICY": str(force), "VOTING_SHADOW_POLICY": str(shadow)}
    with serving(environment_of(patient) | policies, "--workers", "2") as (url, process):
        yield Service(url, patient, process)


async def shadowed(http: httpx.AsyncClient) -> dict[tuple[str, str], float]:
    """Returns the number of ballots by the decision and the shadow's decision."""
    text = (await http.get("/metrics")).text
    line = r'^voting_shadow_total{decided="(\w+)",policy="strict",shadow="(\w+)",stage="online"} (\S+)$'
    return {(decided, would_be): float(value) for decided, would_be, value in re.findall(line, text, re.M)}


async def test_the_shadows_holds_and_challenges_are_counted(
    http: httpx.AsyncClient, contests: Contests, service: Service
) -> None:
    contest = await contests.make()
    for agent, seconds in ((BROWSER, 20), (BROWSER, QUICK), (SCRIPT, QUICK)):
        (token,) = contests.tokens(contest, 1)
        answer = await send(http, contest, token, agent, ticket=ticket(contest, seconds))
        assert answer.status_code == 201, answer.text
    assert await rows(service.settings, contest) == [("count", [])] * 3
    assert await shadowed(http) == {("count", "count"): 1, ("count", "challenge"): 1, ("count", "hold"): 1}
