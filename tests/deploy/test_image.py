"""The image of deploy/Dockerfile is built, runs as its user, and has pages and no engines."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from tests.conftest import ROOT

MISSING = "; ".join(
    reason
    for reason, is_missing in {
        "only root can unpack a base": os.geteuid() != 0,
        "buildah is not installed and there is no apt-get": not (shutil.which("buildah") or shutil.which("apt-get")),
    }.items()
    if is_missing
)


@pytest.mark.campaign
@pytest.mark.skipif(bool(MISSING), reason=f"the image is not built here: {MISSING}")
def test_the_image_is_built_and_runs_as_its_user() -> None:
    done = subprocess.run(["sh", ROOT / "tests" / "image.sh"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "is built and runs as 10001" in done.stderr
