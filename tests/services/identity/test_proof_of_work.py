"""The cost of a proof of work: no counter can be skipped, and tries are proportional to effort."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest

from tests.conftest import SECRET, solve
from voting.services.identity.keyring import Keyring
from voting.services.identity.proof_of_work import COUNTERS, ProofOfWork, Solved

NOW = datetime(2026, 11, 30, tzinfo=UTC)


@pytest.mark.parametrize("effort", [1, 2, 4])
@pytest.mark.parametrize("last", [False, True])
async def test_counters_are_drawn_from_0_upwards(monkeypatch: pytest.MonkeyPatch, effort: int, last: bool) -> None:
    drawn: list[int] = []

    def draw(below: int) -> int:
        drawn.append(below)
        return below - 1 if last else 0

    monkeypatch.setattr("secrets.randbelow", draw)
    proof_of_work = ProofOfWork(Keyring(SECRET.encode()))
    solved = solve(await proof_of_work.ask("c", "ballot", NOW, effort))
    assert drawn == [effort * COUNTERS]
    counter = json.loads(base64.b64decode(solved))["solution"]["counter"]
    assert counter == (effort * COUNTERS - 1 if last else 0)
    assert isinstance(proof_of_work.judge("c", "ballot", solved, NOW), Solved)
