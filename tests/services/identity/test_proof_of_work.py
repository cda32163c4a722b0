"""The prices of a proof of work: no counter can be skipped, and each next price is dearer for a script."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest

from tests.conftest import SECRET, solve
from voting.services.identity.keyring import Keyring
from voting.services.identity.proof_of_work import PRICES, ProofOfWork, Solved

NOW = datetime(2026, 11, 30, tzinfo=UTC)


@pytest.mark.parametrize("effort", range(len(PRICES)))
@pytest.mark.parametrize("last", [False, True])
async def test_counters_are_drawn_from_0_upwards(monkeypatch: pytest.MonkeyPatch, effort: int, last: bool) -> None:
    drawn: list[int] = []

    def draw(below: int) -> int:
        drawn.append(below)
        return below - 1 if last else 0

    monkeypatch.setattr("secrets.randbelow", draw)
    proof_of_work = ProofOfWork(Keyring(SECRET.encode()))
    solved = solve(await proof_of_work.ask("c", "ballot", NOW, effort))
    assert drawn == [PRICES[effort].counters]
    sent = json.loads(base64.b64decode(solved))
    assert sent["solution"]["counter"] == (PRICES[effort].counters - 1 if last else 0)
    assert sent["challenge"]["parameters"]["cost"] == PRICES[effort].cost
    assert isinstance(proof_of_work.judge("c", "ballot", solved, NOW), Solved)


def test_prices_rise_and_a_phone_solves_the_dearest_in_three_seconds() -> None:
    scripts = [price.cost * price.counters for price in PRICES]
    assert scripts == sorted(set(scripts))
    # Milliseconds of a try in a browser on a server's core: 1, and half a microsecond a round. A phone: six times that.
    assert all(6 * price.counters * (1 + price.cost * 0.0005) < 3000 for price in PRICES)
