"""The names of groups."""

from __future__ import annotations

import hashlib

import numpy as np

from voting.fraud.facts.facts import Facts
from voting.fraud.features.column_index import Survey
from voting.fraud.features.frame import Row, frame
from voting.fraud.features.preprocess import prepare
from voting.fraud.groups.groups import describe, label


def test_picks_of_one_ballot_in_two_groups_give_two_names() -> None:
    """A ring whose ballots each have two picks is found once for each entry."""
    facts = Facts(address="7", prefix="7", agent=3)
    rows = [
        Row(f"{voter:02d}", 1_790_000_000_000 + voter, f"v{voter}", entry, facts)
        for voter in range(9)
        for entry in ("A001", "A002")
    ]
    names = []
    for ballots in (frame(rows), frame(rows[::-1])):
        survey = Survey(prepare(ballots))
        held, reasons = np.arange(survey.size), np.zeros(survey.size, dtype=np.uint32)
        groups = describe(survey, ballots, held, label(survey, held, reasons), reasons, "nearline").values()
        assert sorted((group.ballots, *group.entries) for group in groups) == [(9, "A001"), (9, "A002")]
        names.append({entry: group.id for group in groups for entry in group.entries})
    assert names[0] == names[1], "the order of the ballots does not matter"
    assert names[0]["A001"] == hashlib.sha256(b"00").hexdigest()[:12], "as the ballot alone"
    assert names[0]["A002"] != names[0]["A001"]
