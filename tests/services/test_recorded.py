"""The recorded contests are decided as when they were frozen, byte for byte: tests/recorded/README.md."""

from __future__ import annotations

import json

import httpx
import polars as pl
import pytest

from tests.recorded import ALL, RESULTS, Recorded
from tests.recorded.documents import DOCUMENTS, outcomes
from tests.recorded.interface import OPENAPI, PATH, written
from tests.services.conftest import Replayed

FREEZE = "if this is meant, run: python -m tests.recorded.freeze, and read the difference"


def first_difference(found: bytes, expected: bytes) -> str:
    """Returns the first line that differs."""
    pairs = zip(found.splitlines(), expected.splitlines(), strict=False)
    for number, (now, then) in enumerate(pairs, 1):
        if now != then:
            return f"line {number} is {now.decode()}, was {then.decode()}; {FREEZE}"
    return f"{len(found.splitlines())} lines, were {len(expected.splitlines())}; {FREEZE}"


@pytest.mark.parametrize(
    "recorded",
    [ALL[0], *(pytest.param(each, marks=pytest.mark.campaign) for each in ALL[1:])],
    ids=[recorded.name for recorded in ALL],
)
def test_a_recorded_contest_is_decided_as_before(recorded: Recorded, replayed: Replayed) -> None:
    for file in RESULTS:
        found, expected = (replayed(recorded).out / file).read_bytes(), recorded.expected(file)
        assert found == expected, f"{recorded.name}/{file}: {first_difference(found, expected)}"


def test_rings_are_held_crowds_and_the_public_are_not() -> None:
    """The frozen figures must stay above these limits."""
    shares: dict[tuple[str, bool], float] = {}
    for recorded in ALL:
        decisions = [json.loads(line) for line in recorded.expected("decisions.jsonl").splitlines()]
        held = recorded.labels().with_columns(held=pl.Series([each["decision"] == "hold" for each in decisions]))
        shares |= {
            (recorded.name, fraud): share
            for fraud, share in held.group_by("fraud").agg(pl.col("held").mean()).iter_rows()
        }
    assert shares["rings", True] > 0.75
    assert shares["rings", False] < 0.003
    assert shares["crowds", False] == shares["clean", False] == 0


def test_the_five_documents_have_the_same_outcomes() -> None:
    assert outcomes() == DOCUMENTS.read_text("utf-8"), FREEZE


async def test_the_http_interface_is_described_as_before(http: httpx.AsyncClient) -> None:
    found = written((await http.get(PATH)).raise_for_status().json())
    assert found == OPENAPI.read_text("utf-8"), FREEZE
