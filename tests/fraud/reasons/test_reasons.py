"""Every reason has a sentence in both languages, with its figures."""

from __future__ import annotations

import re

import pytest

from voting.fraud.reasons.findings import Evidence
from voting.fraud.reasons.reasons import REASONS, details, explain, family_of


def test_the_example_of_the_research_page() -> None:
    found = Evidence("C3", {"entry": "17"}, 1284, 31, 61, {"fresh": 0.97, "reading": 7.05})
    assert explain(found, "en") == (
        "1,284 ballots for entry 17 share one browser fingerprint; 31 expected (z 61); 97% fresh devices; "
        "reading time 7.05 s"
    )
    assert explain(found, "zh") == (
        "1,284张选票（作品 17）共用同一浏览器特征；按常理应为31张（z 61）；新设备占97%；阅读时间7.05秒"
    )


@pytest.mark.parametrize("code", REASONS)
@pytest.mark.parametrize("count", [1, 12])
def test_every_code_has_a_sentence_in_both_languages(code: str, count: int) -> None:
    evidence = Evidence(code, {"entry": "A017"}, count, 0, 0, {"something_new": 0.5})
    chinese, english = explain(evidence, "zh"), explain(evidence, "en")
    assert re.search("[一-鿿]", chinese)
    assert not re.search("[一-鿿]", english)
    assert "{" not in chinese + english
    assert english.endswith("; something_new 0.5")
    assert family_of(code) == code[0] or code == "P1"


def test_a_groups_common_values_are_given_in_small_numbers() -> None:
    profile = {
        "voters": 21.0,
        "first": 1_795_257_015.0,
        "last": 1_795_257_190.0,
        "reading_low": 2.1,
        "reading_high": 2.9,
    }
    assert details(profile, "en") == ["21 voters", "reading time 2.1–2.9 s", "within 3 minutes"]
    assert details(profile, "zh") == ["21个投票人", "阅读时间2.1–2.9秒", "集中在3分钟内"]
    for seconds, en in ((90, "within 90 s"), (9000, "within 2 hours"), (400_000, "within 5 days")):
        assert details({"first": 0.0, "last": seconds}, "en") == [en]
