"""The layers of design.md, enforced, and the enforcement tested with planted faults."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

LINT = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(folder)}
    return subprocess.run(LINT, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_contracts_are_kept() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Yields a copy of the sources in which faults can be planted."""
    folder = tmp_path_factory.mktemp("planted")
    shutil.copytree(
        ROOT / "voting", folder / "voting", ignore=shutil.ignore_patterns("__pycache__", "static", "frontend")
    )
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


@pytest.mark.parametrize(
    ("file", "fault", "contract"),
    [
        ("domain/results/scoring.py", "import time", "The rules do no I/O"),
        ("domain/results/scoring.py", "import voting.postgres.database", "Layers"),
        ("domain/results/scoring.py", "from voting.telemetry import BALLOTS", "Layers"),
        ("services/ballots/cast.py", "import asyncpg", "One door: asyncpg"),
        ("services/ballots/cast.py", "import redis", "One door: redis"),
        ("services/ballots/cast.py", "import voting.web.problems", "Layers"),
        ("postgres/ballots.py", "import voting.redis.keys", "Layers"),
        ("postgres/ballots.py", "import voting.services.ballots.cast", "Layers"),
        ("web/api/ballots.py", "import voting.postgres.ballots", "The web calls services"),
        ("web/api/ballots.py", "import voting.web.pages.contests", "Web"),
        ("web/guard.py", "import slowapi", "One door: slowapi"),
        ("web/guard.py", "import user_agents", "One door: user-agents"),
        ("cli/serve.py", "import litestar", "One door: litestar"),
        ("engines/state.py", "import prometheus_client", "One door: prometheus_client"),
        ("cli/roster.py", "import pymediainfo", "One door: pymediainfo"),
        ("errors.py", "import voting.settings", "Layers"),
        ("cli/verify.py", "import voting.verifier.verify", "The verifiers stand apart: nothing"),
        ("verifier/verify.py", "import voting.errors", "The verifiers stand apart: they import"),
        ("stray.py", "", "Layers"),
    ],
)
def test_a_planted_fault_breaks_its_contract(copy: Path, file: str, fault: str, contract: str) -> None:
    path = copy / "voting" / file
    before = path.read_text("utf-8") if path.exists() else None
    path.write_text(f"{before or ''}\n{fault}\n", "utf-8")
    try:
        done = lint(copy)
    finally:
        path.unlink() if before is None else path.write_text(before, "utf-8")
    assert done.returncode == 1
    broken = [line for line in done.stdout.splitlines() if line.endswith("BROKEN")]
    assert any(line.startswith(contract) for line in broken) or contract in done.stdout, done.stdout
