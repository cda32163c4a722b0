"""Format, lint, types and import rules, as `make lint` has them: CI runs the tests, and so cannot miss them."""

from __future__ import annotations

import subprocess

from tests.conftest import ROOT


def test_lint() -> None:
    done = subprocess.run(
        ["make", "--no-print-directory", "lint"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
