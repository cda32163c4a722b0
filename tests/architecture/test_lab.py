"""Product tests do not use load tests, and the fraud laboratory uses the product alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import ROOT


def imported(path: Path) -> Iterator[str]:
    """Yields the modules that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def importers(folder: Path, package: str) -> dict[str, list[str]]:
    """Returns the modules of `package` that each file imports."""
    found = {
        str(path.relative_to(ROOT)): [name for name in imported(path) if f"{name}.".startswith(f"{package}.")]
        for path in folder.rglob("*.py")
    }
    return {path: names for path, names in found.items() if names}


def test_only_tests_of_the_load_tests_import_them() -> None:
    found = importers(ROOT / "tests", "loadtests")
    assert "tests/loadtests/test_bench.py" in found
    wrong = {path: names for path, names in found.items() if not path.startswith("tests/loadtests/")}
    assert not wrong, "use tests/recorded, tests/fraud/{people,rings}.py, tests/proxy.py or tests/raw_http.py"


def test_the_laboratory_imports_nothing_of_its_neighbours() -> None:
    found = importers(ROOT / "loadtests" / "fraud_lab", "loadtests")
    outside = {name for names in found.values() for name in names if not f"{name}.".startswith("loadtests.fraud_lab.")}
    assert found
    assert not outside


def test_neither_the_service_nor_the_laboratory_imports_tests() -> None:
    assert not importers(ROOT / "voting", "loadtests") | importers(ROOT / "voting", "tests")
    assert not importers(ROOT / "loadtests" / "fraud_lab", "tests")
