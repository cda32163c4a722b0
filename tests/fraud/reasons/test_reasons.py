"""Every reason says itself in both languages, with its figures."""

from __future__ import annotations

import re

import pytest

from voting.fraud.evidence import online
from voting.fraud.facts.facts import Counts, Facts, Oddity
from voting.fraud.reasons.findings import Evidence
from voting.fraud.reasons.reasons import REASONS, details, explain, family_of
from voting.services.fraud.policy_files import load_policy


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


def test_what_a_group_has_in_common_is_said_in_small_numbers() -> None:
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


def test_the_evidence_of_a_judgement_made_online() -> None:
    counts = Counts(ballots=1000, entry=200, fingerprint=150, entry_fingerprint=140, place=90, voters=2)
    facts = Facts(
        device="d",
        age=4,
        reading=312,
        prefix="p",
        agent=5,
        oddities=int(Oddity.AUTOMATION),
        hosting=True,
        counts=counts,
    )
    found = online("A017", facts, load_policy().online)
    assert [evidence.code for evidence in found] == ["A1", "C1", "C3", "N1", "T1", "T5"]
    said = [explain(evidence, "en") for evidence in found]
    assert said[4] == "the ballot came faster than voters read and tap; reading time 0.312 s"
    assert said[2].startswith("140 ballots for entry A017 share one browser fingerprint; 30 expected (z ")
    assert said[5] == "90 ballots for entry A017 came in a burst"
    assert found[5].key == {"entry": "A017", "prefix": "p", "fingerprint": f"{facts.fingerprint:016x}"}
