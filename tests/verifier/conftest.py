"""The verifier as a person runs it: one file, loaded from where it lies, and bundles to check."""

from __future__ import annotations

import importlib.util
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest
from playwright.async_api import Page, async_playwright

from tests.acceptance.test_browser import QUIET, chromium
from tests.verifier import made
from tests.verifier.case import Case
from tests.verifier.tampering import KINDS

PATIENCE = 60_000  # milliseconds
GO_PACKAGES = Path("/usr/share/gocode")


@dataclass(frozen=True)
class Verdict:
    """What verify.py said: its exit status, its findings and its words."""

    status: int
    findings: list[dict[str, str]]
    words: str

    @property
    def codes(self) -> set[str]:
        return {finding["code"] for finding in self.findings}


Verify = Callable[..., Verdict]


@pytest.fixture(scope="session")
def program() -> ModuleType:
    spec = importlib.util.spec_from_file_location("verify_file", made.VERIFIER / "verify.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["verify_file"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def verify(program: ModuleType, capsys: pytest.CaptureFixture[str]) -> Verify:
    def run(*arguments: object) -> Verdict:
        capsys.readouterr()
        status = program.main([str(argument) for argument in arguments])
        lines: list[str] = []
        words: list[str] = []
        for line in capsys.readouterr().out.split("\n"):
            (lines if line.startswith("{") else words).append(line)
        return Verdict(status, [json.loads(line) for line in lines], "\n".join(words))

    return run


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certified bundle that nobody has touched."""
    folder = tmp_path_factory.mktemp("untouched") / "bundle"
    made.write_bundle(folder, made.make_world())
    return folder


@pytest.fixture(scope="session")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("policy") / "policy"
    path.write_text(made.POLICY)
    return path


@pytest.fixture(scope="session")
def bent(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Case]:
    """The bundle, bent in every kind."""
    cases = {}
    for name, kind in KINDS.items():
        folder = tmp_path_factory.mktemp("bent") / "bundle"
        shutil.copytree(bundle, folder)
        cases[name] = Case(folder, made.make_world(), random.Random(name))
        kind.bend(cases[name])
    return cases


@pytest.fixture(scope="module")
async def page() -> AsyncIterator[Page]:
    """verify.html, opened from disk in Chromium."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=QUIET)
        page = await browser.new_page(viewport={"width": 390, "height": 844})
        page.set_default_timeout(PATIENCE)
        await page.goto((made.VERIFIER / "verify.html").as_uri())
        yield page
        await browser.close()


@pytest.fixture(scope="session")
def go_check(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checker of Go's own sumdb packages."""
    if not shutil.which("go") or not (GO_PACKAGES / "src/golang.org/x/mod/sumdb/tlog").is_dir():
        pytest.skip("Go's verifier was left out: it needs Debian's golang-go and golang-golang-x-mod-dev")
    folder = tmp_path_factory.mktemp("go")
    shutil.copy(Path(__file__).parent / "go" / "check.go", folder)
    environment = os.environ | {"GO111MODULE": "off", "GOPATH": f"{folder}:{GO_PACKAGES}", "GOFLAGS": ""}
    subprocess.run(["go", "build", "-o", "check", "check.go"], cwd=folder, env=environment, check=True)
    return folder / "check"
