"""Every fault of an organiser's file can be said in Chinese."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterator
from string import Formatter

import pytest

from tests.conftest import ROOT
from tests.domain.test_broken import BROKEN, CORPUS
from voting.domain.contest.contest_file import read_contest
from voting.errors import FileInvalid, Said, say
from voting.web.i18n import contest_faults, table_faults
from voting.web.i18n.faults import fault_text

ZH = contest_faults.ZH | table_faults.ZH
# Sentences of the TOML library that its faults are made of.
LIBRARY = ("cannot ", "expected ", "illegal ", "invalid ", "unclosed ", "unterminated ")
SAYING = {"Fault": 2, "Unread": 2, "say": 0, "Broken": 0, "Damaged": 0, "Unshowable": 0, "Known": 1}


def calls() -> Iterator[tuple[str, ast.expr]]:
    """Yields what is said in each call of the readers of organisers' files; only commands read media files."""
    code = ROOT / "voting"
    files = {*(code / "domain").rglob("*.py"), *(code / "spreadsheets").rglob("*.py")}
    files -= {code / "domain" / "roster" / "media.py"}
    for file in files | {code / "services" / "contests" / "covers.py"}:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SAYING:
                first = SAYING[node.func.id]
                yield from ((node.func.id, each) for each in node.args[first : 1 if first == 0 else None])


def fields(text: str) -> set[int]:
    """Returns which values of a template a text shows."""
    names = [name for _, name, _, _ in Formatter().parse(text) if name is not None]
    return {int(name or place) for place, name in enumerate(names)}


def test_each_sentence_is_in_the_chinese_table_and_shows_no_value_that_it_has_not() -> None:
    texts = [
        each for _, said in calls() for each in ([said.body, said.orelse] if isinstance(said, ast.IfExp) else [said])
    ]
    templates = {each.value for each in texts if isinstance(each, ast.Constant) and isinstance(each.value, str)} - {""}
    templates |= {"did you mean {}?", "is not UTF-8", "is not UTF-8 but {}, as far as can be told"}
    templates |= {"save the file as UTF-8", "give an existing file"}
    assert templates <= ZH.keys()
    assert {each for each in ZH.keys() - templates if not each.startswith(LIBRARY)} == set()
    assert not contest_faults.ZH.keys() & table_faults.ZH.keys()
    for template, chinese in ZH.items():
        assert fields(chinese) <= fields(template), template


def test_no_fault_is_a_sentence_that_cannot_be_said_otherwise() -> None:
    plain = [said for name, said in calls() if name != "say" and isinstance(said, ast.JoinedStr | ast.Constant)]
    assert [ast.unparse(each) for each in plain if ast.unparse(each) != "''"] == []


def test_faults_of_broken_contest_files_are_chinese() -> None:
    for mutant in CORPUS[::4]:
        lines = (BROKEN / mutant["base"]).read_text("utf-8").splitlines()
        lines[int(mutant["line"]) - 1] = mutant["text"]
        with pytest.raises(FileInvalid) as refused:
            read_contest("\n".join(lines))
        for fault in refused.value.faults:
            for text in (fault.what, fault.mend):
                assert re.search("[一-龥]", fault_text(text, "zh")), text
                assert fault_text(text, "en") == text


def test_a_sentence_within_a_sentence_is_translated_and_copies_keep_their_template() -> None:
    sentence = say("{} is nearly {} on line {}: they differ {}", "'A'", "'a'", 3, say("in upper and lower case"))
    assert sentence == "'A' is nearly 'a' on line 3: they differ in upper and lower case"
    assert fault_text(copy.deepcopy(sentence), "zh") == "'A' 与第 3 行的 'a' 几乎相同：两者在大小写上不同"
    assert fault_text(Said("is not TOML: {}", say("a new sentence")), "zh") == "不是正确的 TOML：a new sentence"
    assert fault_text("No such file", "zh") == "No such file"
