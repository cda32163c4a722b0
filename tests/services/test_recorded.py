"""What is frozen beside the recorded contests stays as it was: tests/recorded/README.md."""

from __future__ import annotations

import json

import httpx
import polars as pl

from tests.recorded import ALL, FREEZE
from tests.recorded.documents import DOCUMENTS, outcomes
from tests.recorded.interface import OPENAPI, PATH, written


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
