"""Two hundred broken contest files: each is refused with the place and how to fix it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from voting.domain.contest.contest_file import read_contest
from voting.errors import FileInvalid

BROKEN = Path(__file__).parent / "broken"
CORPUS = [json.loads(line) for line in (BROKEN / "corpus.jsonl").read_text("utf-8").splitlines()]


def test_the_corpus_has_two_hundred_files() -> None:
    assert len(CORPUS) == 200


@pytest.mark.parametrize("mutant", CORPUS, ids=lambda each: f"{each['base']}:{each['line']} {each['what']}")
def test_a_broken_file_is_refused_with_place_and_mend(mutant: dict[str, str]) -> None:
    lines = (BROKEN / mutant["base"]).read_text("utf-8").splitlines()
    lines[int(mutant["line"]) - 1] = mutant["text"]
    with pytest.raises(FileInvalid) as refused:
        read_contest("\n".join(lines), "broken.toml")
    for fault in refused.value.faults:
        assert fault.line or fault.what == "is missing", fault
        assert fault.line or fault.place, fault
        assert fault.what
        assert fault.mend
    near = [fault for fault in refused.value.faults if abs(fault.line - int(mutant["line"])) <= 3 or not fault.line]
    assert near, refused.value
