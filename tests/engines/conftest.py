"""Folders, notices and other processes for the tests of the launcher."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OWNER = """
import json, sys
from pathlib import Path
from voting.engines import running
with running(Path(sys.argv[1]), own=sys.argv[2] == "own", notice=print) as found:
    print(json.dumps([found.database_url, found.redis_url, found.owner_url]), flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def told() -> list[str]:
    """The notices received; its `append` is passed as `notice`."""
    return []


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="engines-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def spawn() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start another process that runs the engines until its input ends."""
    started: list[subprocess.Popen[str]] = []

    def start(folder: Path, how: str = "own", **environment: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", OWNER, str(folder), how],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]), **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()
