"""The five documents' contests with made-up votes and marks of one seed: who wins what by each file's rules."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from tests.acceptance.test_cli import run
from tests.acceptance.test_judged_documents import RUBRICS, SIX
from tests.recorded import HERE

DOCUMENTS = HERE / "documents.json"
_STANDARDS = " ".join(RUBRICS.values()).split(" ")
# What the documents leave to the organiser: the weights of criteria, and how many of an award are given.
_OPEN: Mapping[str, tuple[Mapping[str, int], Mapping[str, int]]] = {
    "000-green-industry": (dict.fromkeys(("创新性", "科学性", "艺术性", "趣味性"), 25), {}),
    "001-industrial-power": (SIX, {"idea": 1, "organiser": 1, "contribution": 1}),
    "002-industry-stories": (SIX, {"showcase": 12}),
    "003-low-carbon-cases": (
        dict(zip(_STANDARDS[::2], map(int, _STANDARDS[1::2]), strict=True)),
        {"chosen": 3},
    ),
    "004-science-envoys": ({}, {}),
}
DOCUMENT_NAMES = tuple(_OPEN)


def outcomes() -> str:
    """For each document its entries in the order of the outcome, with scores and awards."""
    with tempfile.TemporaryDirectory() as folder:
        found = {name: _outcome(Path(folder, f"{name}.toml"), name) for name in _OPEN}
    lines = [f'"{name}": [\n' + ",\n".join(rows) + "\n]" for name, rows in found.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _outcome(file: Path, name: str) -> list[str]:
    file.write_text(completed(name), "utf-8")
    done = run("contest", "simulate", str(file), "--seed", "1", "--json")
    assert done.returncode == 0, done.stderr
    return [json.dumps(row, ensure_ascii=False) for row in json.loads(done.stdout)]


def completed(name: str) -> str:
    """The contest's file with what the organiser must still set."""
    text = (files("voting") / "contests" / f"{name}.toml").read_text("utf-8")
    weights, numbers = _OPEN[name]
    for criterion, weight in weights.items():
        text, count = re.subn(rf'^name = "{criterion}"\n', rf"\g<0>weight = {weight}\n", text, flags=re.MULTILINE)
        assert count, criterion
    for award, number in numbers.items():
        text, count = re.subn(rf'^id = "{award}"\n', rf"\g<0>count = {number}\n", text, flags=re.MULTILINE)
        assert count == 1, award
    return text
